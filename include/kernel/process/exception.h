/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals for the exceptions of programs, as Linux sends them.
 */
#ifndef KERNEL_PROCESS_EXCEPTION_H
#define KERNEL_PROCESS_EXCEPTION_H

#include <kernel/lib/compiler.h>

struct exception_signal {
	uint8_t number; /* 0: no signal, since it was an interrupt and is handled */
	uint8_t code;   /* of siginfo_t; SIGNAL_BY_KERNEL: without an address */
};

/*
 * Returns the signal for a vector that brought a program into the kernel (TRAP_...), other than
 * page faults and system calls. An exception that is not in the table is SIGSEGV: without a signal
 * the program would raise it for ever. Pure function.
 */
struct exception_signal exception_signal(uint64_t vector);

#endif
