#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a person at a terminal gets from scripts/run: the prompt, with keys that reach it one by one,
# Ctrl-A x to end QEMU. script(1) provides the terminal.

. "$(dirname "$0")/lib.sh"

# at_terminal CASE: like boot, with a terminal between us and scripts/run.
at_terminal() {
	stop
	log=$logs/$name-$1.log
	position=1
	rm -f "$work/keys" "$log"
	mkfifo "$work/keys"
	script -qefc "'$top/scripts/run' --timeout 60 --log '$log'" /dev/null <"$work/keys" \
		>/dev/null 2>"$work/errors" &
	runner=$!
	exec 8>"$work/keys"
}

at_terminal prompt
expect "pinwheel> "
send 'hulp\x1b[D\x1b[D\x1b[D\x1b[3~e\r'
expect "this list, or what one command does"
wait_for "pinwheel> "
send 'poweroff\r'
ends 0

at_terminal quit
wait_for "pinwheel> "
send '\x01x'
ends 0
