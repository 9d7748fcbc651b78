#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where Xen, as the builder of dom0, can put the P2M, and both ways of moving it; the mapping is by
# large pages where the domain is large enough.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/p2m-places.sh"

places
guest_suites copied -- p2m=copy selftest=$suites
guest_suites elsewhere-copied --kernel "$work/slot" -- p2m=copy selftest=$suites
check "elsewhere: copied when asked" logged "P2M copied to ffffc80000000000 (asked for)"
# In the middle of it, where new tables replace the old ones.
guest_suites in-window-remapped --kernel "$(kernel_asking_for 0xffffc84000000000 in)" -- p2m=remap selftest=$suites
guest_suites large-copied --memory 4096 -- p2m=copy selftest=$suites

boot word -- p2m=nonsense
expect '"p2m=nonsense" needs "copy" or "remap", as in p2m=copy; ignored'
expect "pinwheel> "
