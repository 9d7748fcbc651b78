// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loop of a thread: it runs the program, handles what brought it back, and runs it again.
 *
 * To the kernel a program is a function call: user_run() lets it run, and returns the vector that
 * brought it back, which is a system call, a page fault, another exception or an event. Before the
 * thread runs its program again it settles what is due: the end of its time slice, signals, its own
 * end.
 *
 * The loop itself runs without the kernel lock (arch/kernel_lock.h), and so with events masked.
 * Page faults need no more. Most system calls, and whatever sends a signal, take the lock.
 */
#include "trace.h"

#include <arch/kernel_lock.h>
#include <arch/user.h>
#include <kernel/process/exception.h>
#include <kernel/process/oom.h>
#include <kernel/syscall/run.h>
#include <kernel/syscall/table.h>
#include <mm/user/fault.h>

/* Maps the page that a program has accessed, or sends it a signal. */
static void handle_page_fault(struct thread *thread, const struct regs *regs)
{
	uintptr_t address = trap_fault_address();
	/* As on Linux, an instruction fetch from an absent page counts as a read. */
	unsigned int wanted = regs->error & 2            ? SPACE_WRITE
			      : (regs->error & 17) == 17 ? SPACE_EXECUTE
							 : SPACE_READ;
	enum fault result;

	thread->fault_address = address;
	result = fault_resolve(thread->process->space, address, wanted);
	if (likely(result == FAULT_DONE))
		return;
	kernel_enter();
	while (result == FAULT_NO_MEMORY && oom_make_room(true))
		result = fault_resolve(thread->process->space, address, wanted);
	if (result == FAULT_UNMAPPED)
		signal_force(SIGSEGV, SEGV_UNMAPPED, address);
	else if (result == FAULT_FORBIDDEN)
		signal_force(SIGSEGV, SEGV_FORBIDDEN, address);
	else if (result == FAULT_PAST_END || result == FAULT_NO_SPACE)
		signal_force(SIGBUS, BUS_PAST_END, address);
	kernel_leave();
}

/* Sends the signal of an exception, if it has one. */
static void handle_exception(const struct regs *regs)
{
	struct exception_signal signal = exception_signal(regs->vector);

	if (!signal.number)
		return;
	kernel_enter();
	signal_force(signal.number, signal.code, signal.code == SIGNAL_BY_KERNEL ? 0 : regs->rip);
	kernel_leave();
}

/*
 * Does what is due before the program runs: yields, delivers signals, stops or ends. Whatever
 * becomes due afterwards also interrupts this CPU, and so the program as soon as it runs.
 */
static void settle(struct thread *thread, struct regs *regs)
{
	while (unlikely(task_is_due() || thread->call >= 0 || thread_interrupted())) {
		kernel_enter();
		task_yield_if_due();
		if (thread->call >= 0 || thread_interrupted())
			signal_deliver(regs);
		kernel_leave();
	}
}

/* Runs the program. A non-canonical rip would fault in the kernel, on the way out. */
static uint64_t run_program(struct regs *regs)
{
	if (likely(regs->rip <= pt_user_limit()))
		return user_run(regs);
	regs->error = 0;
	return regs->vector = TRAP_GENERAL_PROTECTION;
}

typedef void make_call(struct thread *thread, struct regs *regs);

/* Inlined into each caller, so that the calls are direct. */
static inline __attribute__((always_inline)) void run(struct thread *thread, make_call *make,
						      make_call *make_32)
{
	struct regs *regs = task_regs(thread->task);

	kernel_leave();
	for (;;) {
		uint64_t vector;

		settle(thread, regs);
		vector = run_program(regs);
		if (likely(vector == TRAP_SYSCALL))
			make(thread, regs);
		else if (vector == TRAP_PAGE_FAULT)
			handle_page_fault(thread, regs);
		else if (vector == TRAP_SYSCALL_32)
			make_32(thread, regs);
		else
			handle_exception(regs);
	}
}

void run_thread(struct thread *thread)
{
	run(thread, syscall_make, syscall_make_32);
}

void run_thread_traced(struct thread *thread)
{
	run(thread, trace_make, trace_make_32);
}
