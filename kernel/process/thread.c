// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads: how one begins, when it must stop waiting, and how it ends. What it does in between is
 * the loop in kernel/syscall/run.c.
 */
#include "create.h"

#include <kernel/file/user_memory.h>
#include <kernel/process/futex.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>
#include <mm/frame/slab.h>

static struct slab_cache threads = SLAB_CACHE(struct thread);

bool thread_must_end(const struct thread *thread)
{
	const struct process *process = thread->process;

	return process->dying || (process->alone && process->alone != thread);
}

bool thread_interrupted(void)
{
	const struct thread *thread = thread_current();

	return thread_must_end(thread) || thread->process->stopped || signal_is_pending(thread);
}

static void begin(void *thread)
{
	((struct thread *)thread)->process->run(thread);
}

struct thread *thread_create(struct process *process)
{
	struct thread *thread = slab_alloc(&threads);

	if (!thread)
		return NULL;
	thread->task = task_create(begin, thread, process->space);
	if (!thread->task) {
		slab_free(&threads, thread);
		return NULL;
	}
	thread->task->interrupted = thread_interrupted;
	thread->process = process;
	thread->call = -1;
	list_add(process->threads.previous, &thread->link);
	process->thread_count++;
	return thread;
}

/* Clears the word that pthread_join() waits for, and wakes its waiters. */
static void clear_tid(struct thread *thread)
{
	static const int zero;

	if (!thread->clear_child_tid || !thread->process->space)
		return;
	if (user_write(thread->clear_child_tid, &zero, sizeof(zero)) == 0)
		futex_wake_word(thread->clear_child_tid);
}

void thread_exit(int status)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	bool last;

	clear_tid(thread);
	last = process->threads.next->next == &process->threads;
	if (last && !process->dying)
		process_die(process, status << 8);
	if (last)
		process_end(process);
	else
		task_set_space(NULL, 0);
	list_remove(&thread->link);
	process->thread_count--;
	pids_remove_thread(thread);
	slab_free(&threads, thread);
	if (!last)
		signal_retarget(process);
	if (last)
		process_tell_parent(process, 0, 0);
	task_end(last ? &files_ready : &process->changed);
}
