#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Machines without Xen that differ from the usual one, and what a program does to the one under it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program machine --native -- machine

# What is a program's, the processor keeps the kernel off; and the kernel says so. (The programs go
# without SMAP: QEMU's emulation of a far return takes the program's stack for the kernel's.)
make -s -C "$top" BUILD="$build/failing" EXTRA_SOURCES=tests/system/failing.c \
	"$build/failing/pinwheel" >"$work/make.log" 2>&1 || last_lines "$work/make.log"
guest_suites processor --native --cpu max -- selftest=processor,user,tasks
boot touching --native --cpu max --kernel "$build/failing/pinwheel" -- selftest=touching
expect "PANIC: unexpected page fault"
expect "reading from the protected address 0000000000400000"
expect "It belongs to programs: the kernel may not touch it (SMAP)"
ends 1
program machine-max --native --cpu max,-smap -- machine
