#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hypervisor model against real Xen: the same random sequences of page-table operations, valid
# and not, are played on both, and every return value, count and resulting entry must be the same.
# A sequence has 60 operations, most of them of several requests.
#
#     tests/system/xen-model.sh                 the seeds of make check
#     tests/system/xen-model.sh 5000 1000       1000 others, from seed 5000 on

. "$(dirname "$0")/lib.sh"

first=${1:-1}
count=${2:-250}
kind=${kind:-} # --domu: created by xl, with what a domain without privileges is allowed
# Where nobody will want to destroy the domain, also what makes Xen lose a frame of it for good.
leaks=leaks
[ -z "$kind" ] || leaks=

# digests LOG: the lines that both sides print.
digests() {
	without_xen "$1" | grep -a '^sequence [0-9]*: '
}

# What differs first, operation by operation, for the seed that differs first.
show_difference() {
	local seed
	seed=$(diff "$work/xen" "$work/model" | sed -n 's/^< sequence \([0-9]*\):.*/\1/p' | head -n 1)
	[ -n "$seed" ] || return
	boot "seed-$seed" $kind
	wait_for "pinwheel> "
	send "sequence $seed 1 verbose $leaks\n"
	wait_for "sequence: done"
	without_xen "$log" | sed '/^$/d' | sed -n '/sequence .* verbose/,/^sequence [0-9]/p' | tail -n +2 >"$work/xen.text"
	"$build/host/sequence" $kind "$seed" 1 verbose $leaks | sed '/^sequence: done/d' >"$work/model.text"
	echo "--- seed $seed: real Xen (<) and the model (>)"
	diff "$work/xen.text" "$work/model.text" | head -n 20
}

make -s -C "$top" host-tests >&2
boot play $kind
check "boots" wait_for "pinwheel> "
send "sequence $first $count $leaks\n"
check "plays $count sequences on Xen" wait_for "sequence: done"
digests "$log" >"$work/xen"
"$build/host/sequence" $kind "$first" "$count" $leaks | digests /dev/stdin >"$work/model"
check "every sequence was played" [ "$(wc -l <"$work/xen")" = "$count" ]
operations=$(sed 's/^sequence [0-9]*: \([0-9]*\).*/\1/' "$work/xen" | awk '{ sum += $1 } END { print sum }')
check "at least 10000 operations" [ "${operations:-0}" -ge 10000 ]
if diff -q "$work/xen" "$work/model" >/dev/null; then
	pass "$count sequences, $operations operations: the model agrees with Xen"
else
	fail "the model differs from Xen in $(diff "$work/xen" "$work/model" | grep -c '^<') of $count sequences"
	show_difference
fi
