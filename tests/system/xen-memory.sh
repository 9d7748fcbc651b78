#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# When memory is out: the process that holds it is ended, whatever it is that it holds, and said to
# be; number 1 and the prompt are not. (tests/user/oom.c says who is who.)

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

boot oom --memory 64 --ramdisk "$programs" -- init=/bin/oom
ends 0
check "as number 1: every hog has ended, nobody else" logged "oom: passed"
sed 's/\r$//' "$log" | sed -nE "s/^(oom): ([a-z_]+) is right$/ok $name: \1: \2/p; \
	s/^(oom): ([a-z_]+) is wrong$/not ok $name: \1: \2/p"
check "number 1, which has two thirds of all memory, is kept" logged "number_one_is_kept is right"
check "the log says who was ended, and why" \
	grep -qaE 'memory is out: process [0-9]+ \(oom\), which has [0-9]+ pages, is ended to make room for process' "$log"
