# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests of the whole: boot Pinwheel with scripts/run, type at its console, look at what it says.
# Sourced by the files beside it, each of which is run by scripts/check as
#
#     tests/system/GROUP-NAME.sh
#
# and reports every case by "ok NAME" or "not ok NAME". A test waits for text to appear, never for
# time to pass.

. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
set +e

name=$(basename "$0" .sh)
work=$(mktemp -d)
logs=$build/test-logs
export RAMDISK=none # unless a test says otherwise
mkdir -p "$logs"
trap 'stop; rm -rf "$work"' EXIT

# A guest that has died must not take the test along when it is typed at.
trap '' PIPE

# Builds the kernel with the suites that fail (failing.c beside this file), "$build/failing/pinwheel".
# Several tests want it, at the same time perhaps.
make_failing_kernel() {
	(
		flock 9
		make -s -C "$top" BUILD="$build_name/failing" EXTRA_SOURCES=tests/system/failing.c \
			"$build_name/failing/pinwheel"
	) 9>"$build/failing.lock" >"$work/make.log" 2>&1 || last_lines "$work/make.log"
}

# How long a machine may run, and say nothing while something is waited for, in seconds. Only one that
# hangs, or an expectation that is wrong, comes to that: all others end by themselves, though on a busy
# workstation that may take ten times as long as on an idle one.
time_limit=900
silence_limit=300

log=
runner=
position=1
shown=

pass() {
	echo "ok $name: $*"
}

fail() {
	echo "not ok $name: $*"
	# Once a boot: what fails after it fails for the same reason.
	[ -z "$log" ] || [ "$log" = "$shown" ] || last_lines "$log" 20
	shown=$log
}

# check "what is tested" COMMAND...
check() {
	local what=$1
	shift
	if "$@"; then pass "$what"; else fail "$what"; fi
}

# boot CASE [options of scripts/run] [-- words]: starts it, with its standard input at our hands.
# Without words the prompt comes.
boot() {
	local words=()
	stop
	log=$logs/$name-$1.log
	shift
	case " $* " in *" -- "*) ;; *) words=(-- "") ;; esac
	position=1
	rm -f "$work/keys" "$log"
	mkfifo "$work/keys"
	"$top/scripts/run" --timeout "$time_limit" --log "$log" "$@" "${words[@]}" <"$work/keys" >/dev/null 2>"$work/errors" &
	runner=$!
	exec 8>"$work/keys"
}

# Ends what boot started, if it is still there.
stop() {
	[ -n "$runner" ] || return 0
	exec 8>&-
	kill "$runner" 2>/dev/null
	wait "$runner" 2>/dev/null
	runner=
}

send() {
	{ printf '%b' "$1" >&8; } 2>/dev/null
}

# What has come since the last text that was waited for.
unread() {
	tail -c "+$position" "$log" 2>/dev/null
}

# wait_for TEXT: until it appears after what was waited for last. False when the guest has ended
# without it, or has been silent for so long that it never will: then it is stopped.
wait_for() {
	local at running=yes size=-1 spoke=$SECONDS now
	while :; do
		kill -0 "$runner" 2>/dev/null || running=
		at=$(unread | grep -aobF -m1 -- "$1" | head -n 1 | cut -d: -f1)
		if [ -n "$at" ]; then
			position=$((position + at + ${#1}))
			return 0
		fi
		[ -n "$running" ] || return 1
		now=$(stat -c %s "$log" 2>/dev/null)
		[ "$now" = "$size" ] || spoke=$SECONDS size=$now
		[ $((SECONDS - spoke)) -lt "$silence_limit" ] || stop
		sleep 0.05
	done
}

# expect TEXT: the same, as a test case.
expect() {
	check "prints \"$1\"" wait_for "$1"
}

# type LINE TEXT...: enters a command; each text must be in the answer, in that order.
type() {
	local line=$1 text
	shift
	send "$line\\r"
	for text; do
		check "\"$line\" answers \"$text\"" wait_for "$text"
	done
	wait_for "pinwheel> "
}

# ends STATUS: waits for the end of the run; its exit status is the test.
ends() {
	local status
	status=124 # it was silent and has been stopped
	[ -z "$runner" ] || { wait "$runner"; status=$?; }
	runner=
	exec 8>&-
	check "exit status is $1" [ $status = "$1" ]
	[ $status = "$1" ] || [ $status != 2 ] || cat "$work/errors" >&2
}

# Whether the whole log has that text.
logged() {
	grep -aqF -- "$1" "$log"
}

# suite_cases CASE: the tests in a guest's report, under this script's name.
suite_cases() {
	sed -nE "s/^ {4}(ok|not ok) [0-9]+ (.*)/\1 $name-$1: \2/p"
}

# guest_suites CASE [options] [-- words]: runs suites to the end and passes their report on, every
# test of it under this script's name.
guest_suites() {
	local which=$1 passed failed
	boot "$@"
	exec 8>&-
	wait "$runner"
	local status=$?
	runner=
	without_xen "$log" >"$work/said"
	suite_cases "$which" <"$work/said" | tee "$work/cases"
	read -r passed failed < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$work/said" | tail -n 1)
	check "$which: the suites pass and the exit status says so" \
		[ "$status:${passed:+ran}:$failed" = "0:ran:0" ]
	check "$which: every test was counted here too" \
		[ "$(wc -l <"$work/cases")" = "$((passed + failed))" ]
}
