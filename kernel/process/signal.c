// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals: default actions, sending, taking and delivering them, in that order.
 *
 * The frames of handlers are in signal_frame.c, the system calls in signal_calls.c.
 */
#include "signal_parts.h"

#include <arch/ipi.h>
#include <arch/user.h>
#include <kernel/lib/errno.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>

#define STOPPING \
	(signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define HARMLESS \
	(signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT))

/*
 * Returns true for process 1, which takes only signals that it has a handler for (kill(2)): without
 * it the system ends.
 */
static bool is_protected(const struct process *process)
{
	return process->pid == 1;
}

bool signal_is_ignored(struct process *process, unsigned int number)
{
	uintptr_t handler = signal_action_of(process, number)->handler;

	return handler == SIGNAL_IGNORED ||
	       (handler == SIGNAL_DEFAULT &&
		(signal_is_in(HARMLESS, number) || is_protected(process)));
}

/* ---- sending ---- */

void signal_forget(struct process *process, uint64_t set)
{
	process->signals.pending.set &= ~set;
	for_each_thread(thread, process) thread->pending.set &= ~set;
}

static void stop_or_continue(struct process *process, unsigned int number)
{
	if (signal_is_in(STOPPING, number)) {
		signal_forget(process, signal_bit(SIGCONT));
	} else if (number == SIGCONT) {
		signal_forget(process, STOPPING);
		if (process->stopped) {
			process->stopped = false;
			process->told_stop = false;
			process->told_continue = true;
			process_tell_parent(process, CHILD_CONTINUED, SIGCONT);
		}
		for_each_thread(thread, process) task_wake(thread->task);
	}
}

/* Wakes a thread that can take a signal that is pending for its process. */
static void wake_one(struct process *process, unsigned int number)
{
	for_each_thread(thread, process)
	{
		if (!signal_is_in(thread->blocked & ~thread->wanted, number)) {
			task_wake(thread->task);
			return;
		}
	}
}

void signal_retarget(struct process *process)
{
	for (uint64_t set = process->signals.pending.set; set; set &= set - 1)
		wake_one(process, (unsigned int)__builtin_ctzl(set) + 1);
}

void signal_set_blocked(struct thread *thread, uint64_t set)
{
	uint64_t added = set & ~thread->blocked;

	thread->blocked = set & ~SIGNALS_NEVER_BLOCKED;
	if (added & thread->process->signals.pending.set)
		signal_retarget(thread->process);
}

static bool is_blocked_everywhere(struct process *process, unsigned int number)
{
	for_each_thread(thread, process)
	{
		if (!signal_is_in(thread->blocked, number))
			return false;
	}
	return true;
}

void signal_send(struct process *process, struct thread *thread, unsigned int number,
		 const struct signal_info *info)
{
	struct pending *pending = thread ? &thread->pending : &process->signals.pending;
	bool blocked = thread ? signal_is_in(thread->blocked, number)
			      : is_blocked_everywhere(process, number);

	if (list_empty(&process->threads) || process->dying)
		return;
	if (signal_is_in(SIGNALS_NEVER_BLOCKED, number) && is_protected(process))
		return;
	if (number == SIGKILL) {
		process->stopped = false;
		process_die(process, SIGKILL);
		return;
	}
	stop_or_continue(process, number);
	/* A blocked signal is kept, since it may have a handler by the time it is unblocked. */
	if (signal_is_ignored(process, number) && !blocked)
		return;
	if (!signal_is_in(pending->set, number)) {
		pending->set |= signal_bit(number);
		pending->info[number - 1] = *info;
	}
	if (thread)
		task_wake(thread->task);
	else
		wake_one(process, number);
}

unsigned int signal_send_group(uint32_t group, unsigned int number)
{
	const struct signal_info info = {.code = SIGNAL_BY_KERNEL};
	unsigned int count = 0;

	for_each_in_group(process, group)
	{
		signal_send(process, NULL, number, &info);
		count++;
	}
	return count;
}

void signal_force(unsigned int number, int32_t code, uintptr_t address)
{
	const struct signal_info info = {code, 0, address};
	struct thread *thread = thread_current();
	struct signal_action *action = signal_action_of(thread->process, number);

	if (action->handler == SIGNAL_IGNORED || signal_is_in(thread->blocked, number)) {
		action->handler = SIGNAL_DEFAULT;
		thread->blocked &= ~signal_bit(number);
	}
	/* A fault of its own ends process 1, too. */
	if (is_protected(thread->process) && action->handler == SIGNAL_DEFAULT)
		process_die(thread->process, (int)number);
	signal_send(thread->process, thread, number, &info);
}

/* ---- taking ---- */

uint64_t signal_pending_for(const struct thread *thread)
{
	return thread->pending.set | thread->process->signals.pending.set;
}

static uint64_t waiting(const struct thread *thread)
{
	return signal_pending_for(thread) & ~thread->blocked;
}

bool signal_is_pending(const struct thread *thread)
{
	return waiting(thread);
}

unsigned int signal_take(struct thread *thread, uint64_t set, struct signal_info *info)
{
	const uint64_t mistakes = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) |
				  signal_bit(SIGILL) | signal_bit(SIGTRAP);
	struct pending *pending;
	unsigned int number;

	if (!set)
		return 0;
	if (set & mistakes)
		set &= mistakes;
	number = (unsigned int)__builtin_ctzl(set) + 1;
	pending = signal_is_in(thread->pending.set, number) ? &thread->pending
							    : &thread->process->signals.pending;
	pending->set &= ~signal_bit(number);
	*info = pending->info[number - 1];
	return number;
}

static void do_nothing(void *unused)
{
	(void)unused;
}

/* Stops the process until it is sent SIGCONT. */
static void stop(struct process *process, unsigned int number)
{
	cpu_set_t running = 0;

	process->stopped = true;
	process->told_stop = process->told_continue = false;
	process->status = (int)number << 8 | 0x7f;
	for_each_thread(thread, process)
	{
		if (thread == thread_current())
			continue;
		task_wake(thread->task);
		if (thread->task->cpu)
			running |= cpu_set_of(thread->task->cpu);
	}
	/* Before the parent is told, no thread may execute one more instruction of the program. */
	cpu_call(running, do_nothing, NULL);
	process_tell_parent(process, CHILD_STOPPED, (int)number);
}

static void wait_while_stopped(struct process *process)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();

	while (process->stopped && !process->dying)
		task_sleep(&nothing);
	events_restore(events);
}

static void call_handler(struct thread *thread, struct regs *regs, unsigned int number,
			 const struct signal_info *info)
{
	struct signal_action *action = signal_action_of(thread->process, number);
	uint64_t mask = action->mask, flags = action->flags;

	if (!signal_frame_push(thread, regs, number, info)) {
		/* A handler of SIGSEGV cannot report that its own frame does not fit. */
		if (number == SIGSEGV)
			action->handler = SIGNAL_DEFAULT;
		signal_force(SIGSEGV, SIGNAL_BY_KERNEL, 0);
		return;
	}
	if (flags & SA_RESETHAND)
		action->handler = SIGNAL_DEFAULT;
	thread->suspended = false;
	/*
	 * The deadline of an interrupted call does not apply to the calls that the handler makes.
	 */
	thread->sleep_until = 0;
	if (!(flags & SA_NODEFER))
		mask |= signal_bit(number);
	signal_set_blocked(thread, thread->blocked | mask);
}

/* Ends an interrupted system call: it is made again, or fails with EINTR. */
static void end_call(struct thread *thread, struct regs *regs, bool again)
{
	if (thread->call < 0)
		return;
	if (again) {
		regs->rax = (uint64_t)thread->call;
		regs->rip -= SYSCALL_BYTES;
	} else {
		regs->rax = (uint64_t)-EINTR;
		thread->sleep_until = 0;
	}
	thread->call = -1;
}

/* Performs the action of a signal that was taken. */
static void act(struct thread *thread, struct regs *regs, unsigned int number,
		const struct signal_info *info)
{
	struct process *process = thread->process;
	const struct signal_action *action = signal_action_of(process, number);

	if (signal_is_ignored(process, number))
		return;
	if (action->handler != SIGNAL_DEFAULT) {
		end_call(thread, regs,
			 (action->flags & SA_RESTART) && (long)regs->rax == -ERESTART);
		call_handler(thread, regs, number, info);
	} else if (signal_is_in(STOPPING, number)) {
		/* No process would ever continue an orphaned group. */
		if (number == SIGSTOP || !process_group_is_orphaned(process->group))
			stop(process, number);
	} else {
		process_die(process, (int)number);
	}
}

void signal_deliver(struct regs *regs)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct signal_info info;
	unsigned int number;

	for (;;) {
		if (thread_must_end(thread))
			thread_exit(0);
		if (process->stopped)
			wait_while_stopped(process);
		else if ((number = signal_take(thread, waiting(thread), &info)))
			act(thread, regs, number, &info);
		else
			break;
	}
	/* No handler was entered. */
	end_call(thread, regs, true);
	if (thread->suspended) {
		thread->suspended = false;
		signal_set_blocked(thread, thread->blocked_after);
	}
}

void signal_reset(struct process *process)
{
	for (unsigned int number = 1; number <= SIGNALS; number++) {
		struct signal_action *action = signal_action_of(process, number);
		bool ignored = action->handler == SIGNAL_IGNORED;

		*action = (struct signal_action){.handler =
							 ignored ? SIGNAL_IGNORED : SIGNAL_DEFAULT};
	}
}
