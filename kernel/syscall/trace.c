// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tracing: system calls printed as they return. Traced threads have a loop of their own
 * (kernel/syscall/run.c), so tracing costs other threads nothing.
 */
#include "trace.h"

#include <arch/kernel_lock.h>
#include <kernel/lib/printk.h>
#include <kernel/syscall/table.h>
#include <kernel/syscall/text.h>

/*
 * Makes a call by "function" and prints it. "asked" has its number and arguments in the registers
 * of the 64-bit interface.
 */
static void make(struct thread *thread, struct regs *regs, const struct regs *asked,
		 void (*function)(struct thread *, struct regs *))
{
	char text[SYSCALL_TEXT], result[SYSCALL_RESULT];
	uint64_t number = asked->rax;
	uint32_t tid = thread->tid;

	/* Paths must be read before execve() replaces the memory. */
	kernel_enter();
	syscall_text(text, sizeof(text), asked);
	kernel_leave();
	function(thread, regs);
	kernel_enter();
	syscall_text_result(result, sizeof(result), number, (long)regs->rax);
	printk(PRINTK_OUTPUT, "%u: %s = %s\n", tid, text, result);
	kernel_leave();
}

void trace_make(struct thread *thread, struct regs *regs)
{
	make(thread, regs, regs, syscall_make);
}

void trace_make_32(struct thread *thread, struct regs *regs)
{
	struct regs wide;

	syscall_widen(regs, &wide);
	make(thread, regs, &wide, syscall_make_32);
}
