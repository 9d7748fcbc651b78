#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Address spaces, compared with Linux's: the same program of random operations (tests/user/addresses.c)
# runs on Debian's Linux as PV dom0 of the same Xen and on Pinwheel, and every log must be the same.
# SEEDS=1-500 plays more of them.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

seeds=${SEEDS:-1-40}

sums() {
	without_xen "$log" | grep -a '^seed [0-9]*: '
}

programs=$work/programs.gz
"$top/scripts/programs" --add "$top/scripts/linux-init=linux-init" "$programs" "$build/user/addresses"
boot linux --linux --ramdisk "$programs" -- rdinit=/linux-init -- /bin/addresses "$seeds" 300 sums
ends 0
sums >"$work/linux"
boot pinwheel --ramdisk "$programs" -- init=/bin/addresses -- "$seeds" 300 sums
ends 0
sums >"$work/pinwheel"
boot native --native --ramdisk "$programs" -- init=/bin/addresses -- "$seeds" 300 sums
ends 0
sums >"$work/native"

check "Linux has played them" [ "$(wc -l <"$work/linux")" = $((${seeds#*-} - ${seeds%-*} + 1)) ]
while read -r line; do
	seed=${line%%:*}
	check "$seed on Xen goes as on Linux" grep -qxF "$line" "$work/pinwheel"
	check "$seed on bare hardware goes as on Linux" grep -qxF "$line" "$work/native"
done <"$work/linux"
