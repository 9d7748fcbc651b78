#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A failure must look like one: an assertion, a fault, a wrong suite name, a panic, too little
# memory each end with exit status 1 and are named. The failing suite (failing.c beside this file)
# is in a kernel of its own.

. "$(dirname "$0")/lib.sh"

make_failing_kernel

boot assertion --kernel "$build/failing/pinwheel" -- selftest=failing
expect "# failing.c:"
expect "expected: one + one == three"
expect "#   left:  2 (0x2)"
expect "#   right: 3 (0x3)"
expect "not ok 1 an_assertion"
expect "# unexpected page fault at"
expect "write_to_page_zero+0x"
expect "not ok 2 a_fault"
expect "# unexpected invalid opcode at"
expect "not ok 3 an_invalid_instruction"
expect "ok 4 the_next_test_runs"
expect "not ok 1 failing"
expect "1 passed, 3 failed"
ends 1

boot storm --kernel "$build/failing/pinwheel" -- selftest=storm
expect "PANIC: events do not end: each of 100000 rounds of one upcall found another"
expect ", storm)"
expect "evtchn_upcall+0x"
ends 1

boot unknown-suite -- selftest=nosuch
expect "there is no suite \"nosuch\""
expect "0 passed, 1 failed"
ends 1

boot panic
wait_for "pinwheel> "
send 'panic\r'
expect "PANIC: because you asked for it"
expect "command_panic+0x"
expect "monitor_run+0x"
expect "kernel_main+0x"
expect "xen_pv_entry+0x"
expect "The console before that:"
expect "list of commands"
ends 1

boot fault
wait_for "pinwheel> "
send 'panic fault\r'
expect "PANIC: unexpected page fault (vector 14)"
expect "command_panic+0x"
expect "rax "
expect "writing to the unmapped address 0000000000000000"
expect "root in pfn"
expect "pgd[  0] 0000000000000000"
expect "not mapped: the pgd entry is not present"
expect "monitor_execute+0x"
expect 'ending the domain with reason "crash"'
ends 1

# 8 MiB is the least that Xen can build this kernel into; with a ramdisk of nearly four, too little.
truncate -s 3900K "$work/ramdisk"
boot memory --memory 8 --ramdisk "$work/ramdisk"
expect "FATAL: too little memory: there are 8192 KiB, and at least"
ends 1
