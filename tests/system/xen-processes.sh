#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The prompt's commands about processes; and that whatever programs do, nothing is left of them
# afterwards and the prompt can be used: many of them, hungry ones, hostile ones.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

# count: what the kernel says of memory, page tables, pins and the P2M, in $counted.
count() {
	local from=$position
	type mem "in all"
	type pins "tables are held by Xen"
	type p2m "tree"
	type frames "the invariants hold"
	counted=$(tail -c "+$from" "$log" 2>/dev/null | head -c $((position - from)) |
		grep -a "pages\|held by\|tree" | grep -av "pages in a block")
}

# unchanged WHAT: whether it says the same as before.
unchanged() {
	count
	check "$1" [ "$before" = "$counted" ]
	[ "$before" = "$counted" ] || diff <(echo "$before") <(echo "$counted")
}

# shows STATE NAME: asks "ps" until that program is in that state: on a busy machine it takes a while.
shows() {
	local from answer
	for _ in $(seq 200); do
		from=$position
		send 'ps\r'
		wait_for "pinwheel> " || break
		answer=$(tail -c "+$from" "$log" | head -c $((position - from)) | tr -d '\r')
		if grep -aq " $1 .* $2\$" <<<"$answer"; then
			pass "$2 $1"
			return
		fi
	done
	fail "$2 $1: not so by \"ps\""
}

boot processes --memory 64 --ramdisk "$programs"
wait_for "pinwheel> "
type "run hello 4 and words" 'hello: "hello" "4" "and" "words"' "hello: exit status 4"
type "run" "which program?"
type "trace hello 4" "brk(0) = 0x" "write(1, 0x" "exit_group(4) = 0" "hello: exit status 4"
type "trace cat /nothing" '"/nothing", 0, 0) = -ENOENT' "cat: exit status 1"
# Children are traced as well; programs that are merely run are not.
type "trace sh -c hello;true" 'execve("/bin/hello", 0x' 'hello: "hello"' "exit_group(0) = 0"
type "trace" "which program?"
type "trace nothing" "trace: /bin/nothing: there is no such file"
from=$position
type "run hello 4" "hello: exit status 4"
check "run prints no calls" [ -z "$(tail -c "+$from" "$log" | grep -a 'exit_group')" ]
type "run nothing" "run: /bin/nothing: there is no such file"
type "run /etc/passwd" "it is no file that may be executed"
type "maps 1" "there is no process"
type "run sleep 1000 &" "process "
pid=$(sed -n 's/^process \([0-9]*\).*/\1/p' "$log" | tail -n 1)
shows sleeps sleep
type "maps $pid" "r-xp" "[stack]"
type "kill $pid 77" "is not a number from 1 to 64"
send "kill $pid\\r"
expect "sleep: killed by signal 9"
type ''
send 'run cat\r'
wait_for "cat"
send '\x03'
expect "cat: killed by signal 2"
wait_for "pinwheel> "

# One that stops itself must not take the prompt along; files leave memory for programs.
type 'run sh -c kill${IFS}-STOP${IFS}$$' "is stopped;"
type ps "stopped"
send 'kill sh\r'
expect "sh: killed by signal 9"
type ''
# (Page by page: old busybox has nothing to say of a write that was done in part.)
type "run dd if=/dev/zero of=/tmp/full bs=4k" "No space left on device" "dd: exit status 1"
type "run rm /tmp/full"
type "run touch /tmp/more"
type "files /tmp" "/tmp/more"
type "run rm /tmp/more"

# A program that takes everything: the prompt goes on. (Page tables for as many kernel stacks as there
# ever were stay: so this comes before anything is counted.)
type "run bomb &" "process "
expect "memory is out"
type "ps" "bomb"
type time "UTC"
type "kill bomb"
type "run hello" "hello: "
type "kill bomb" "there is no process"

# A soak: everything is as it was.
type "run soak 5" "soak: passed"
count
before=$counted
type "run soak ${SOAK_CYCLES:-1500} pressure" "soak: passed"
unchanged "rounds of fork, exec and exit leave nothing behind"

# One that takes all memory, and one that tries every system call with every kind of wild argument.
type "run hog" "memory is out" "hog: killed by signal 9"
unchanged "and nothing of it is left"
type "run hostile ${HOSTILE_SECONDS:-8} 1" "hostile: passed"
# A random path may have led it out of its directory: files that it made there are no leak.
type "run find / -maxdepth 1 -type f -newer /etc/passwd -exec rm {} ;"
unchanged "and nothing of that is left either"
send 'poweroff\r'
ends 0

# All suites pass, and pass a second time. The one that takes all memory harms no program in the
# background, neither one that sleeps nor one that is busy. (On a fresh machine: some want memory in
# large blocks.)
boot suites --memory 64 --ramdisk "$programs"
wait_for "pinwheel> "
type "selftest" " 0 failed"
type "run sleep 1000 &" "process "
type "run dd if=/dev/zero of=/dev/null &" "process "
shows sleeps sleep
type "selftest processes" " 0 failed"
shows sleeps sleep
shows runs dd
send 'kill dd\r'
expect "dd: killed by signal 9"
type ''
type "selftest" " 0 failed"
shows sleeps sleep
send 'poweroff\r'
ends 0
