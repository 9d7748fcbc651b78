#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The in-guest suites with Pinwheel as dom0, in the smallest and the largest domain that it is made
# for.

. "$(dirname "$0")/lib.sh"

guest_suites default -- selftest
guest_suites 32MiB --memory 32 -- selftest
# The other compiler lays everything out differently.
if have clang; then
	make -s -C "$top" CC=clang BUILD="$build_name/clang" all >&2
	guest_suites clang --kernel "$build/clang/pinwheel" -- selftest
fi
guest_suites 12GiB --memory 12288 -- selftest=boot,direct_map,frames,protect
