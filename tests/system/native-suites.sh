#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The in-guest suites without Xen: four levels of page tables and five, little memory and much, with
# a hole in it, and the other compiler's kernel.

. "$(dirname "$0")/lib.sh"

guest_suites 4-levels --native --cpu qemu64 -- selftest
guest_suites 5-levels --native -- selftest
guest_suites nola57 --native -- nola57 selftest=direct_map,native
guest_suites 16MiB --native --memory 16 -- selftest
# Memory goes on above 4 GiB, behind the devices.
guest_suites 5GiB --native --memory 5120 -- selftest
guest_suites max --native --cpu max -- selftest
# Pages of 1 GiB, with four levels and with five.
guest_suites 1GiB-pages --native --cpu qemu64,+pdpe1gb --memory 5120 -- selftest=direct_map,native,protect
guest_suites 1GiB-pages-5 --native --cpu max --memory 5120 -- selftest=direct_map,native,protect
if have clang; then
	make -s -C "$top" CC=clang BUILD="$build_name/clang" all >&2
	guest_suites clang --native --kernel "$build/clang/pinwheel" -- selftest
fi
