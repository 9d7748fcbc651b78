// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about signals: setting actions, blocking, waiting, sending.
 */
#include "signal_parts.h"

#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>

long sys_rt_sigaction(unsigned int number, uintptr_t new_action, uintptr_t old, uint64_t size)
{
	struct process *process = process_current();
	struct signal_action action;

	if (size != 8 || number < 1 || number > SIGNALS ||
	    (new_action && signal_is_in(SIGNALS_NEVER_BLOCKED, number)))
		return -EINVAL;
	if (new_action && user_read(new_action, &action, sizeof(action)))
		return -EFAULT;
	if (old && user_write(old, signal_action_of(process, number), sizeof(action)))
		return -EFAULT;
	if (!new_action)
		return 0;
	action.mask &= ~SIGNALS_NEVER_BLOCKED;
	*signal_action_of(process, number) = action;
	if (signal_is_ignored(process, number))
		signal_forget(process, signal_bit(number));
	return 0;
}

long sys_rt_sigprocmask(unsigned int how, uintptr_t set_address, uintptr_t old, uint64_t size)
{
	enum { BLOCK, UNBLOCK, SET };
	struct thread *thread = thread_current();
	uint64_t set = 0, before = thread->blocked;

	if (size != 8)
		return -EINVAL;
	if (set_address) {
		if (user_read(set_address, &set, sizeof(set)))
			return -EFAULT;
		if (how > SET)
			return -EINVAL;
		signal_set_blocked(thread, how == BLOCK     ? before | set
					   : how == UNBLOCK ? before & ~set
							    : set);
	}
	return old ? user_write(old, &before, sizeof(before)) : 0;
}

long sys_rt_sigpending(uintptr_t set_address, uint64_t size)
{
	const struct thread *thread = thread_current();
	uint64_t set = signal_pending_for(thread) & thread->blocked;

	return size > 8 ? -EINVAL : user_write(set_address, &set, size);
}

/*
 * Takes a signal of a set, waiting for one until the deadline. Returns its number, EAGAIN or EINTR.
 */
static long wait_for_signal(struct thread *thread, uint64_t set, uint64_t deadline,
			    struct signal_info *info)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();
	long result;

	thread->wanted = set;
	while (!(result = signal_take(thread, signal_pending_for(thread) & set, info))) {
		result = time_system() >= deadline ? -EAGAIN : thread_interrupted() ? -EINTR : 0;
		if (result)
			break;
		task_sleep_until(&nothing, deadline);
	}
	thread->wanted = 0;
	events_restore(events);
	return result;
}

long sys_rt_sigtimedwait(uintptr_t set_address, uintptr_t info_address, uintptr_t timeout,
			 uint64_t size)
{
	uint64_t set, deadline = TASK_FOR_EVER;
	struct signal_info info;
	struct siginfo written;
	long result;

	if (size != 8)
		return -EINVAL;
	if (user_read(set_address, &set, sizeof(set)))
		return -EFAULT;
	result = timeout ? clock_read_deadline(timeout, CLOCK_MONOTONIC, false, &deadline) : 0;
	if (result)
		return result;
	result = wait_for_signal(thread_current(), set & ~SIGNALS_NEVER_BLOCKED, deadline, &info);
	if (result <= 0 || !info_address)
		return result;
	written = signal_siginfo((unsigned int)result, &info);
	return user_write(info_address, &written, sizeof(written)) ? -EFAULT : result;
}

static void sleep_until_interrupted(void)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();

	while (!thread_interrupted())
		task_sleep(&nothing);
	events_restore(events);
}

long sys_rt_sigsuspend(uintptr_t set_address, uint64_t size)
{
	struct thread *thread = thread_current();
	uint64_t set;

	if (size != 8)
		return -EINVAL;
	if (user_read(set_address, &set, sizeof(set)))
		return -EFAULT;
	if (!thread->suspended)
		thread->blocked_after = thread->blocked;
	thread->suspended = true;
	signal_set_blocked(thread, set);
	return sys_pause();
}

/* Sleeps until a signal has a handler. If something else interrupts it, it is made again. */
long sys_pause(void)
{
	sleep_until_interrupted();
	return -ERESTART_UNLESS_HANDLED;
}

/* Sends a signal (0: none) to all processes of a group. Returns 0, or ESRCH if there are none. */
static long kill_group(uint32_t group, unsigned int number, const struct signal_info *info)
{
	for_each_in_group(process, group)
	{
		if (number)
			signal_send(process, NULL, number, info);
	}
	return pids_group_first(group) ? 0 : -ESRCH;
}

/*
 * Sends a signal (0: none) to all processes except number 1 and the caller. Returns 0, or ESRCH if
 * there are none.
 */
static long kill_all(unsigned int number, const struct signal_info *info)
{
	bool found = false;

	for_each_process(process)
	{
		if (process->pid == 1 || process == process_current())
			continue;
		found = true;
		if (number)
			signal_send(process, NULL, number, info);
	}
	return found ? 0 : -ESRCH;
}

long sys_kill(int32_t pid, unsigned int number)
{
	struct process *self = process_current(), *process;
	const struct signal_info info = {SIGNAL_BY_USER, self->pid, 0};

	if (number > SIGNALS)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_all(number, &info);
	if (pid <= 0)
		return kill_group(pid ? (uint32_t)-pid : self->group, number, &info);
	process = pids_find((uint32_t)pid);
	if (!process)
		return -ESRCH;
	if (number)
		signal_send(process, NULL, number, &info);
	return 0;
}

long sys_tgkill(int32_t pid, int32_t tid, unsigned int number)
{
	const struct signal_info info = {SIGNAL_BY_TKILL, process_current()->pid, 0};
	struct thread *thread;

	if (number > SIGNALS || tid <= 0 || (pid <= 0 && pid != -1))
		return -EINVAL;
	thread = pids_find_thread((uint32_t)tid);
	/*
	 * The pid stays a valid tid as long as the process exists, even if the first thread has
	 * ended.
	 */
	if (!thread && (pid == -1 || pid == tid) && pids_find((uint32_t)tid))
		return 0;
	if (!thread || (pid != -1 && thread->process->pid != (uint32_t)pid))
		return -ESRCH;
	if (number)
		signal_send(thread->process, thread, number, &info);
	return 0;
}
