/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program is told of its exceptions: the signals that Linux sends for them.
 */
#ifndef KERNEL_PROCESS_EXCEPTION_H
#define KERNEL_PROCESS_EXCEPTION_H

#include <kernel/lib/compiler.h>

struct exception_signal {
	uint8_t number; /* 0: none, for it was an interrupt, and was handled */
	uint8_t code;   /* of siginfo_t; SIGNAL_BY_KERNEL: without an address */
};

/*
 * Returns the signal for a vector that brought a program into the kernel (enum TRAP_...), page
 * faults and system calls apart. An exception that is not in the table is SIGSEGV: were it nothing,
 * the program would run into it for ever. A pure function.
 */
struct exception_signal exception_signal(uint64_t vector);

#endif
