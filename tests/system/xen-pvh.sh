#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same image as a PVH dom0 of real Xen: page tables of its own, Xen's console and event channels.

. "$(dirname "$0")/lib.sh"

guest_suites suites --pvh -- selftest

boot prompt --pvh --memory 64 --
expect "a PVH guest of Xen"
expect "on the hypervisor console"
wait_for "pinwheel> "
send 'pt kernel_main\r'
expect "pgd[511]"
expect "pte table"
send 'p2m 200\r'
expect "stands for the mfn of the same number"
send 'events\r'
expect "timer"
expect "console"
wait_for "pinwheel> "
type selftest " 0 failed"
type selftest " 0 failed"
send 'panic\r'
expect "PANIC: because you asked for it"
ends 1
