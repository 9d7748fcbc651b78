// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes: how they come to be, what a thread does from its first instruction to its last, and
 * what is left behind. See the header. Replacing the program is in kernel/process/exec.c, waiting
 * for children in kernel/process/wait.c.
 */
#include "job_control.h"

#include <arch/user.h>
#include <kernel/file/tty.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/process/exec.h>
#include <kernel/process/futex.h>
#include <kernel/process/oom.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>
#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/user/copy.h>
#include <mm/user/fault.h>

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

/* How many processes there can be, those included that nobody has waited for yet. */
#define PROCESSES_MOST 4096

struct process process_zero;
struct list_node process_list = {&process_list, &process_list};

static struct slab_cache processes = SLAB_CACHE(struct process);
static struct slab_cache threads = SLAB_CACHE(struct thread);
static unsigned int process_count;

void processes_init(bool has_init, void (*run)(struct thread *))
{
	user_memory_make_room = oom_make_room;
	process_zero.run = run;
	job_control_init();
	pids_init(has_init);
	list_init(&process_zero.link);
	list_init(&process_zero.children);
	list_init(&process_zero.threads);
	list_init(&process_zero.changed.tasks);
}

/* ---- the life of a thread ---- */

bool thread_must_end(const struct thread *thread)
{
	const struct process *process = thread->process;

	return process->dying || (process->alone && process->alone != thread);
}

bool thread_interrupted(void)
{
	const struct thread *thread = thread_current();

	return thread_must_end(thread) || thread->process->stopped || signal_waits(thread);
}

/* Takes a number from a program's memory away, and tells who waits for that: pthread_join(). */
static void clear_word(struct thread *thread)
{
	static const int zero;

	if (!thread->cleared_word || !thread->process->space)
		return;
	if (user_write(thread->cleared_word, &zero, sizeof(zero)) == 0)
		futex_wake_word(thread->cleared_word);
}

/* vfork(): the parent has its memory for itself again. */
void process_stop_borrowing(struct process *process)
{
	if (!process->borrowing)
		return;
	*process->borrowing = false;
	process->borrowing = NULL;
	task_wake(&process->parent->changed);
}

static void leave_space(struct process *process)
{
	struct space *space = process->space;

	process->space = NULL;
	task_enter(NULL, 0);
	space_put(space);
}

/* Nobody is left who could let a stopped group go on: it hangs up, and does. */
static void let_orphans_go(const struct process *child)
{
	if (!child->stopped || !process_group_is_orphaned(child->group))
		return;
	signal_send_group(child->group, SIGHUP);
	signal_send_group(child->group, SIGCONT);
}

/* Children go to number 1, or to the kernel, which does not care how they end. */
static void give_children_away(struct process *process)
{
	struct process *heir = process_find(1);

	if (!heir || heir == process || heir->dying)
		heir = &process_zero;
	while (!list_empty(&process->children)) {
		struct process *child = child_at(process->children.next);

		process_set_parent(child, heir);
		let_orphans_go(child);
		if (list_empty(&child->threads))
			process_tell_parent(child, 0, 0);
	}
}

/* The last thread of a process: what is left is its status. */
static void end_process(struct process *process)
{
	process_stop_borrowing(process);
	tty_leave(process->pid);
	files_put(process->files);
	inode_put(process->directory);
	object_put(process->executable);
	leave_space(process);
	give_children_away(process);
}

void thread_exit(int status)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	bool last;

	clear_word(thread);
	last = process->threads.next->next == &process->threads;
	if (last && !process->dying)
		process_die(process, status << 8);
	if (last)
		end_process(process);
	else
		task_enter(NULL, 0);
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

void process_reap(struct process *process)
{
	list_remove(&process->link);
	pids_remove(process);
	slab_free(&processes, process);
	process_count--;
}

void process_die(struct process *process, int status)
{
	if (process->dying)
		return;
	process->dying = true;
	process->stopped = false;
	process->status = status;
	for_each_thread(thread, process)
	{
		/* Its end must not wait for the memory that it gives back. */
		thread->task->ending = true;
		task_spend_reserve(thread->task, true);
		task_rouse(thread->task);
	}
}

long sys_exit_group(int status)
{
	process_die(process_current(), (status & 0xff) << 8);
	return 0;
}

/* ---- new ones ---- */

static void begin(void *thread)
{
	((struct thread *)thread)->process->run(thread);
}

static struct thread *new_thread(struct process *process)
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

/* One that has nothing yet but its parent's place in the world. NULL: out of memory. */
static struct process *new_process(struct process *parent)
{
	struct process *process = slab_alloc(&processes);

	if (!process)
		return NULL;
	process->parent = parent;
	process->group = parent->group;
	process->session = parent->session;
	process->umask = parent->umask;
	process->run = parent->run;
	list_init(&process->link);
	list_init(&process->threads);
	list_init(&process->children);
	list_init(&process->changed.tasks);
	return process;
}

/* Gives up one that never ran. */
static void discard_process(struct process *process)
{
	if (process->files)
		files_put(process->files);
	if (process->directory)
		inode_put(process->directory);
	if (process->executable)
		object_put(process->executable);
	if (process->space)
		space_put(process->space);
	slab_free(&processes, process);
}

static void publish(struct process *process)
{
	list_add(process_list.previous, &process->link);
	pids_add(process);
	process_count++;
}

/* A copy of the running process, without a thread. NULL: out of memory, and nothing happened. */
static struct process *copy_process(struct process *parent, uint64_t flags)
{
	struct process *process = new_process(parent);

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
	discard_process(process);
	return NULL;
}

/* The registers of a thread that comes out of the same system call, with 0. */
static void copy_registers(struct thread *from, struct thread *to, uintptr_t stack)
{
	struct regs *regs = task_regs(to->task);

	*regs = *task_regs(from->task);
	regs->rax = 0;
	if (stack)
		regs->rsp = stack;
	task_keep_fpu();
	memcpy(to->task->fpu, from->task->fpu, sizeof(to->task->fpu));
	to->task->thread_pointer = from->task->thread_pointer;
	to->blocked = from->blocked;
	if (to->process != from->process)
		to->stack = from->stack;
}

/*
 * Waits for a child that runs in our memory to have some of its own. If we are to die meanwhile it
 * is left to itself.
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

/* Writes the number of the new thread where the flags say that it is wanted, if that can be. */
static void tell_tid(const struct thread *thread, uint64_t flags, uintptr_t parent_tid,
		     uintptr_t child_tid)
{
	uint32_t tid = thread->tid;

	/* The child relies on finding its number: its page must not be what memory is out for. */
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
	/* Everything in common is a thread; memory alone is for vfork() and posix_spawn(). */
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
		      : process_count >= PROCESSES_MOST)
		return -EAGAIN;
	if (!is_thread)
		process = copy_process(process, flags);
	thread = process ? new_thread(process) : NULL;
	if (!thread) {
		if (process && !is_thread)
			discard_process(process);
		return -ENOMEM;
	}
	tid = pids_add_thread(thread);
	copy_registers(self, thread, stack);
	if (flags & CLONE_SETTLS)
		thread->task->thread_pointer = thread_pointer;
	if (flags & CLONE_CHILD_CLEARTID)
		thread->cleared_word = child_tid;
	if (!is_thread) {
		process->pid = tid;
		publish(process);
	}
	if (flags & CLONE_VFORK)
		process->borrowing = &borrowing;
	/* From here on it may run. */
	tell_tid(thread, flags, parent_tid, child_tid);
	if (flags & CLONE_VFORK)
		wait_for_borrower(process, &borrowing);
	return (long)tid;
}

/* Opens the files 0, 1 and 2 of a first process: the tty, or nothing to read. */
static bool open_terminal(struct process *process, bool background)
{
	for (unsigned int i = 0; i < 3; i++) {
		const char *path = background && i == 0 ? "/dev/null" : "/dev/console";
		struct inode *inode;
		struct file *file;
		long error = path_lookup(fs_root(), path, true, &inode);

		if (error)
			return false;
		error = file_open(inode, O_RDWR, &file);
		inode_put(inode);
		if (error || files_add(process->files, file, i, false) < 0)
			return false;
	}
	return true;
}

static const char first_environment[] = "PATH=/bin\0HOME=/root\0TERM=linux";

long process_start(const char *path, const struct strings *words, bool background,
		   struct process **result)
{
	static const struct strings environment = {3, first_environment, sizeof(first_environment)};
	struct process *process = new_process(&process_zero);
	struct exec_image image;
	struct thread *thread;
	long error = -ENOMEM;

	if (!process)
		return error;
	process->umask = 022;
	process->directory = inode_get(fs_root());
	process->files = files_create();
	if (process->files && open_terminal(process, background))
		error = exec_prepare(process, path, words, &environment, &image);
	if (!error) {
		process->space = image.space;
		exec_name_process(process, &image);
	}
	thread = error ? NULL : new_thread(process);
	if (!thread) {
		discard_process(process);
		return error ? error : -ENOMEM;
	}
	mm_activate(&process->space->mm);
	user_init(task_regs(thread->task), image.start.entry, image.start.stack);
	process->pid = process->group = process->session = pids_add_thread(thread);
	publish(process);
	process->awaited = !background;
	if (!background)
		tty_set_foreground(process->session, process->group);
	*result = process;
	return 0;
}
