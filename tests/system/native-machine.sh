#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Machines without Xen that differ from the usual one, and what a program does to the one under it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program machine --native -- machine

# What is a program's, the processor keeps the kernel off; and the kernel says so. (The programs go
# without SMAP: QEMU's emulation of a far return takes the program's stack for the kernel's.)
make_failing_kernel
guest_suites processor --native --cpu max -- selftest=processor,user,tasks
boot touching --native --cpu max --kernel "$build/failing/pinwheel" -- selftest=touching
expect "PANIC: unexpected page fault"
expect "reading from the protected address 0000000000400000"
expect "It belongs to programs: the kernel may not touch it (SMAP)"
ends 1
program machine-max --native --cpu max,-smap -- machine

# QEMU's other machines: another chipset, and one that lacks most of a PC. Both are switched off and
# reset by what their ACPI tables say.
for machine in q35 microvm; do
	guest_suites $machine --native --machine $machine -- selftest=time,boot,traps,processor
	boot $machine-reboot --native --machine $machine --memory 64
	wait_for "pinwheel> "
	send 'reboot\r'
	ends 0
done
boot no-clock --native --machine microvm,pit=off
expect "FATAL: no clock: neither KVM's, nor a rate of the time-stamp counter in cpuid, nor"
ends 1

# Without a serial port nothing is printed and nothing typed; the end tells what the suites say.
boot no-serial --native --machine microvm,isa-serial=off -- selftest=processor,time
ends 0

# A loader may have chosen five levels: the kernel begins with four.
entry=$(nm "$build/pinwheel" | sed -n 's/^ffffffff\([0-9a-f]*\) T pvh_entry$/\1/p')
${CC:-cc} -nostdlib -static -no-pie -Wl,-Ttext=0x4000000,-z,noexecstack,--build-id=none,-e,start \
	-DENTRY="0x$entry - 0x80000000" -o "$work/found-on" "$(dirname "$0")/found-on.S"
for levels in la57 nola57; do
	guest_suites found-$levels --native --kernel "$work/found-on" \
		--qemu "-device loader,file=$build/pinwheel" -- $levels selftest=boot,native
done
