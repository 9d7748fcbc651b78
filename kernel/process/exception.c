// SPDX-License-Identifier: GPL-2.0-or-later
/* Turning the exceptions of programs into signals, with the codes that sigaction(2) lists. */
#include <arch/traps.h>
#include <kernel/process/exception.h>
#include <kernel/process/signal.h>

#define EXCEPTIONS 32 /* later vectors are interrupts */

struct exception_signal exception_signal(uint64_t vector)
{
	static const struct exception_signal signals[EXCEPTIONS] = {
		[TRAP_DIVIDE] = {SIGFPE, 1}, /* FPE_INTDIV */
		[TRAP_DEBUG] = {SIGTRAP, 2}, /* TRAP_TRACE */
		[TRAP_BREAKPOINT] = {SIGTRAP, SIGNAL_BY_KERNEL},
		[TRAP_INVALID_OPCODE] = {SIGILL, 2}, /* ILL_ILLOPN */
		[11] = {SIGBUS, SIGNAL_BY_KERNEL},
		[12] = {SIGBUS, SIGNAL_BY_KERNEL},
		[16] = {SIGFPE, 3}, /* FPE_FLTDIV stands for all x87 errors */
		[17] = {SIGBUS, 1}, /* BUS_ADRALN */
		[19] = {SIGFPE, 3},
	};
	const struct exception_signal mistake = {SIGSEGV, SIGNAL_BY_KERNEL};

	if (vector == TRAP_FAILSAFE)
		return mistake;
	if (vector >= EXCEPTIONS || vector == TRAP_NMI)
		return (struct exception_signal){0};
	return signals[vector].number ? signals[vector] : mistake;
}
