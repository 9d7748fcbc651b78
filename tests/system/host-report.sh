#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How the system tests read a console: Xen's messages come between the guest's, and on a busy machine
# in the middle of a line. No test may be lost by that.

. "$(dirname "$0")/lib.sh"

console() {
	printf '(XEN) Xen version 4\r\n    # Subtest: one\r\n    1..4\r\n'
	printf '    ok 1 wh(XEN) d1v0 some message\r\nole\r\n'
	printf '    (XEN) two\r\n(XEN) in a row\r\nok 2 begins\r\n'
	printf '    not ok 3 fai(XEN) not ok 9 of Xen\r\nls\r\n    ok 4 ends(XEN) a message\r\n\r\nok 1 one\r\n'
	printf '3 pass(XEN) ok 7 of Xen\r\ned, 1 failed\r\n'
}

console >"$work/console"
without_xen "$work/console" >"$work/guest"
printf '%s\n' "ok $name-case: whole" "ok $name-case: begins" "not ok $name-case: fails" \
	"ok $name-case: ends" >"$work/expected"
suite_cases case <"$work/guest" >"$work/cases"
check "every test is counted, whatever Xen says in between" cmp "$work/expected" "$work/cases"
check "and so is the verdict" grep -qx "3 passed, 1 failed" "$work/guest"
