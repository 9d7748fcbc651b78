#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same suites in a domain that the real xl created: 64 MiB, and 8 GiB.

. "$(dirname "$0")/lib.sh"

guest_suites 64MiB --domu --memory 64 -- selftest
guest_suites 8GiB --domu --memory 8192 -- selftest
