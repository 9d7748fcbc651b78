// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clone(2), which adds a thread to a process or makes a child. The child's address space is a copy
 * for fork(); for vfork() and posix_spawn() it is shared until the child runs another program.
 */
#include "create.h"

#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>
#include <mm/user/copy.h>

/* Flags of clone(2). */
enum {
	CLONE_SIGNAL = 0xff,
	CLONE_VM = 0x100,
	CLONE_FS = 0x200,
	CLONE_FILES = 0x400,
	CLONE_SIGHAND = 0x800,
	CLONE_VFORK = 0x4000,
	CLONE_THREAD = 0x10000,
	CLONE_SYSVSEM = 0x40000,
	CLONE_SETTLS = 0x80000,
	CLONE_PARENT_SETTID = 0x100000,
	CLONE_CHILD_CLEARTID = 0x200000,
	CLONE_DETACHED = 0x400000,
	CLONE_CHILD_SETTID = 0x1000000,
};

#define CLONE_OF_THREADS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define CLONE_KNOWN                                                                     \
	(CLONE_SIGNAL | CLONE_OF_THREADS | CLONE_VFORK | CLONE_SYSVSEM | CLONE_SETTLS | \
	 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_CHILD_SETTID)

/*
 * Returns a copy of the running process without threads. Returns NULL if out of memory; then
 * nothing was allocated.
 */
static struct process *copy_process(struct process *parent, uint64_t flags)
{
	struct process *process = process_create(parent);

	if (!process)
		return NULL;
	memcpy(process->name, parent->name, sizeof(process->name));
	memcpy(process->signals.action, parent->signals.action, sizeof(process->signals.action));
	process->directory = inode_get(parent->directory);
	process->executable = object_get(parent->executable);
	process->files = files_copy(parent->files);
	if (process->files)
		process->space =
			flags & CLONE_VM ? space_get(parent->space) : space_fork(parent->space);
	if (process->space)
		return process;
	process_discard(process);
	return NULL;
}

/* Copies the registers for a thread that returns 0 from the same system call. */
static void copy_registers(struct thread *from, struct thread *to, uintptr_t stack)
{
	struct regs *regs = task_regs(to->task);

	*regs = *task_regs(from->task);
	regs->rax = 0;
	if (stack)
		regs->rsp = stack;
	task_save_fpu();
	memcpy(to->task->fpu, from->task->fpu, sizeof(to->task->fpu));
	to->task->thread_pointer = from->task->thread_pointer;
	to->blocked = from->blocked;
	if (to->process != from->process)
		to->stack = from->stack;
}

/*
 * Sleeps until a vfork() child has memory of its own. If the caller must end first, the child keeps
 * the shared memory.
 */
static void wait_for_borrower(struct process *child, const bool *borrowing)
{
	struct process *process = process_current();
	bool events = events_mask();

	while (*borrowing && !thread_must_end(thread_current()))
		task_sleep(&process->changed);
	if (*borrowing)
		child->borrowing = NULL;
	events_restore(events);
}

/* Writes the tid of the new thread where the flags ask for it. Errors are ignored, as on Linux. */
static void tell_tid(const struct thread *thread, uint64_t flags, uintptr_t parent_tid,
		     uintptr_t child_tid)
{
	uint32_t tid = thread->tid;

	/* The child relies on its tid being there, so writing it may use the reserve. */
	task_spend_reserve(task_current(), true);
	if (flags & CLONE_CHILD_SETTID)
		copy_to_space(thread->process->space, child_tid, &tid, sizeof(tid));
	if (flags & CLONE_PARENT_SETTID)
		user_write(parent_tid, &tid, sizeof(tid));
	task_spend_reserve(task_current(), false);
}

static bool flags_are_possible(uint64_t flags)
{
	uint64_t shared = flags & CLONE_OF_THREADS;

	if ((flags & ~(uint64_t)CLONE_KNOWN) || (flags & CLONE_VFORK && flags & CLONE_THREAD))
		return false;
	/*
	 * A thread shares everything; a child may share memory only, for vfork() and posix_spawn().
	 */
	return shared == CLONE_OF_THREADS || shared == 0 || shared == CLONE_VM;
}

long sys_clone(uint64_t flags, uintptr_t stack, uintptr_t parent_tid, uintptr_t child_tid,
	       uintptr_t thread_pointer)
{
	struct thread *self = thread_current(), *thread;
	struct process *process = self->process;
	bool is_thread = flags & CLONE_THREAD, borrowing = true;
	uint32_t tid;

	if (!flags_are_possible(flags))
		return -EINVAL;
	if ((flags & CLONE_SETTLS) && thread_pointer > pt_user_limit())
		return -EPERM;
	if (is_thread ? process->alone || process->thread_count >= PROCESS_THREADS_MOST
		      : processes_are_full())
		return -EAGAIN;
	if (!is_thread)
		process = copy_process(process, flags);
	thread = process ? thread_create(process) : NULL;
	if (!thread) {
		if (process && !is_thread)
			process_discard(process);
		return -ENOMEM;
	}
	tid = pids_add_thread(thread);
	copy_registers(self, thread, stack);
	if (flags & CLONE_SETTLS)
		thread->task->thread_pointer = thread_pointer;
	if (flags & CLONE_CHILD_CLEARTID)
		thread->clear_child_tid = child_tid;
	if (!is_thread) {
		process->pid = tid;
		process_publish(process);
	}
	if (flags & CLONE_VFORK)
		process->borrowing = &borrowing;
	/* The new thread may run from here on. */
	tell_tid(thread, flags, parent_tid, child_tid);
	if (flags & CLONE_VFORK)
		wait_for_borrower(process, &borrowing);
	return (long)tid;
}
