#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The prompt on the serial port of a bare machine: the same as under Xen, five levels to look at, and
# commands about Xen that say so.

. "$(dirname "$0")/lib.sh"

(mkdir -p "$work/files/etc" && echo hello >"$work/files/etc/motd" &&
	cd "$work/files" && find . | cpio --quiet -o -H newc >"$work/ramdisk")

boot 5-levels --native --memory 64 --ramdisk "$work/ramdisk" -- nonsense
expect 'command line: "nonsense" is not a word'
expect "on bare hardware, with 5 levels of page tables on the serial port"
wait_for "pinwheel> "
# Above 2^48 (and above 2^56): every level is walked.
type "pt kernel_main" "root in pfn" "pgd[511]" "p4d[511]" "pud[510]" "pmd[  0]" "pte[" "kernel text"
type "pt ff11000000400000" "pgd[273]" "p4d[  0]" "pud[  0]" "pmd[  2]" "HUGE"
type "pt ff11000000100000" "pmd[  0]" "pte[256]" "kernel text"
type "pt 1000000000000" "pgd[  1] 0000000000000000" "not mapped: the pgd entry"
type "pt 800000000000" "pgd[  0]" "not mapped"
type "pt 100000000000000" "is not canonical"
type p2m "every pfn below"
type "p2m a0 150" "pfn     a0  has no memory" "stands for the mfn of the same number"
type "m2p 150 fffffff" "mfn    150  pfn 150" "is not this domain's"
type bootinfo "PVH" "no memory    pfn 0 .. ff" "mapped"
type pins "kernel   root pfn" "not pinned" "pgd 1  p4d 3" "0 tables are held by Xen"
type mem "kernel text" "absent" "in all" "the direct map" "by 4 KiB" "by 2 MiB"
type "files /etc" "/etc/motd"
type time "UTC," "s since boot"
type "explain pte 0" "only where Xen validates the page tables"
type "sequence 1 1" "only where Xen validates"
type bench "only where Xen validates"
type "selftest time pins" 'the suite "pins" is about another machine' " passed, 1 failed"
type "selftest list" "(not on this machine)"
# All suites, twice: they leave everything as it was.
type selftest " 0 failed"
type selftest " 0 failed"
send 'panic fault\r'
expect "writing to the unmapped address 0000000000000000"
expect "pgd[  0] 0000000000000000"
expect "pvh_entry+0x"
ends 1

boot la57-absent --native --cpu qemu64 --memory 64 -- la57
expect "with 4 levels of page tables"
expect "la57: this machine has no five levels of page tables; there are four"
wait_for "pinwheel> "
type "pt kernel_main" "pgd[511]" "pud[510]" "pmd[  0]" "pte["
type selftest " 0 failed"
type selftest " 0 failed"
send 'poweroff\r'
ends 0

# Pages of 1 GiB, where the processor has them and memory is as large.
boot 1GiB-pages --native --cpu qemu64,+pdpe1gb --memory 2560
wait_for "pinwheel> "
type "pt ffff888040000000" "pgd[273]" "pud[  1]" "HUGE"
type mem "by 4 KiB" "by 2 MiB" "by 1 GiB" "1 entries   1048576 KiB"
send 'poweroff\r'
ends 0

boot reboot --native --memory 64
wait_for "pinwheel> "
send 'reboot\r'
ends 0

# A processor that is not up to it, and memory that is not enough.
boot no-nx --native --cpu qemu64,-nx
expect "FATAL: this processor cannot make pages non-executable (NX)"
ends 1
boot no-long-mode --native --cpu qemu32
expect "FATAL: this processor has no 64-bit mode"
ends 1
boot no-apic --native --cpu qemu64,-apic
expect "FATAL: this processor has no APIC"
ends 1
boot bench --native -- bench
expect "only where Xen validates the page tables"
ends 1
boot memory --native --memory 5
expect "FATAL: too little memory"
ends 1
