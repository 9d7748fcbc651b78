#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where xl's builder can put the P2M, and both ways of moving it. It ignores an INIT_P2M behind the
# kernel's own base: then the list lies in the initial mapping, and has no tables of its own.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/p2m-places.sh"

places --domu
kernel=$(kernel_asking_for 0xffffffffc0000000 ignored)
guest_suites initial-mapping --domu --kernel "$kernel" -- selftest=$suites
guest_suites initial-mapping-copied --domu --kernel "$kernel" -- p2m=copy selftest=$suites
