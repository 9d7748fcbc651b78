// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes: the list of them, the programs that the kernel starts, and the end of a process. See
 * the header. kernel/process/clone.c makes a process from another, kernel/process/exec.c replaces
 * its program, kernel/process/wait.c tells its parent.
 */
#include "create.h"
#include "job_control.h"

#include <arch/kernel_lock.h>
#include <arch/user.h>
#include <kernel/file/tty.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/exec.h>
#include <kernel/process/oom.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>
#include <mm/frame/slab.h>

/* The most processes that can exist, zombies included. */
#define PROCESSES_MOST 4096

struct process process_zero;
struct list_node process_list = {&process_list, &process_list};

static struct slab_cache processes = SLAB_CACHE(struct process);
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

bool processes_are_full(void)
{
	return process_count >= PROCESSES_MOST;
}

/* ---- beginning ---- */

struct process *process_create(struct process *parent)
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

void process_discard(struct process *process)
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

void process_publish(struct process *process)
{
	list_add(process_list.previous, &process->link);
	pids_add(process);
	process_count++;
}

/*
 * Opens descriptors 0, 1 and 2 of a program that the kernel starts: the tty, or /dev/null for
 * reading.
 */
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
	struct process *process = process_create(&process_zero);
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
	thread = error ? NULL : thread_create(process);
	if (!thread) {
		process_discard(process);
		return error ? error : -ENOMEM;
	}
	mm_activate(&process->space->mm);
	user_init(task_regs(thread->task), image.start.entry, image.start.stack);
	process->pid = process->group = process->session = pids_add_thread(thread);
	process_publish(process);
	process->awaited = !background;
	if (!background)
		tty_set_foreground(process->session, process->group);
	*result = process;
	return 0;
}

/* ---- ending ---- */

/* Ends a vfork(): the parent has its memory for itself again. */
void process_stop_borrowing(struct process *process)
{
	if (!process->borrowing)
		return;
	*process->borrowing = false;
	process->borrowing = NULL;
	task_wake_all(&process->parent->changed);
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
		/*
		 * A thread that is ending must not have to wait for the memory that it is about to
		 * free.
		 */
		thread->task->ending = true;
		task_spend_reserve(thread->task, true);
		task_wake(thread->task);
	}
}

long sys_exit_group(int status)
{
	process_die(process_current(), (status & 0xff) << 8);
	return 0;
}

void process_put_space(struct space *space)
{
	bool events = events_mask();

	kernel_unlock();
	space_put(space);
	kernel_lock();
	events_restore(events);
}

static void leave_space(struct process *process)
{
	struct space *space = process->space;

	process->space = NULL;
	task_set_space(NULL, 0);
	process_put_space(space);
}

/* Sends SIGHUP and SIGCONT to a stopped group that has become orphaned, as POSIX says. */
static void continue_orphans(const struct process *child)
{
	if (!child->stopped || !process_group_is_orphaned(child->group))
		return;
	signal_send_group(child->group, SIGHUP);
	signal_send_group(child->group, SIGCONT);
}

/*
 * Gives the children to process 1, or else to process 0, which reaps them without asking how they
 * ended.
 */
static void reparent_children(struct process *process)
{
	struct process *heir = pids_find(1);

	if (!heir || heir == process || heir->dying)
		heir = &process_zero;
	while (!list_empty(&process->children)) {
		struct process *child = child_at(process->children.next);

		pids_set_parent(child, heir);
		continue_orphans(child);
		if (list_empty(&child->threads))
			process_tell_parent(child, 0, 0);
	}
}

void process_end(struct process *process)
{
	process_stop_borrowing(process);
	tty_leave(process->pid);
	files_put(process->files);
	inode_put(process->directory);
	object_put(process->executable);
	leave_space(process);
	reparent_children(process);
}

void process_reap(struct process *process)
{
	list_remove(&process->link);
	pids_remove(process);
	slab_free(&processes, process);
	process_count--;
}
