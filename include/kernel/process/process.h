/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes and their threads: fork(2), clone(2), execve(2), exit(2), wait4(2).
 *
 * A process is what threads share: an address space, open files, what to do on which signal. It
 * ends when its last thread has; what is left until its parent has asked for its status is this
 * struct. A thread is a task that runs a program: run_thread() in kernel/syscall/run.c is its whole
 * life.
 *
 * Everything here runs in tasks, never in event handlers, and a task is not interrupted by another
 * in the kernel: so between two places where it sleeps, a function has all of this to itself.
 */
#ifndef KERNEL_PROCESS_PROCESS_H
#define KERNEL_PROCESS_PROCESS_H

#include <kernel/file/file.h>
#include <kernel/process/program.h>
#include <kernel/process/signal.h>
#include <kernel/task/task.h>
#include <mm/kernel/stacks.h>

#define PROCESS_NAME 16

/* Threads that one process can have: half of the kernel stacks that there are (mm/kernel/stacks.h).
 */
#define PROCESS_THREADS_MOST (STACKS_MOST / 2)

struct process {
	struct list_node link;    /* of all processes, oldest first */
	struct list_node threads; /* empty once it has ended */
	uint32_t thread_count;
	struct list_node children, sibling;
	struct process *parent;
	uint32_t pid, group, session; /* changed by kernel/process/pids.h only */
	struct tree_node by_pid, by_group, by_session;
	struct space *space; /* NULL: it has none any more; or it is the kernel's own, pid 0 */
	struct files *files;
	struct inode *directory;   /* where relative paths begin */
	struct object *executable; /* its path, as text */
	uint32_t umask;
	void (*run)(struct thread *thread); /* what its threads do, until thread_exit() */
	char name[PROCESS_NAME];            /* the last part of that path, cut short */

	struct signals signals; /* for the whole of it: pending, and what to do */
	struct thread *alone;   /* the only one that may go on: it calls execve() */
	bool dying;             /* all threads are on their way out, with "status" */
	bool reaped;            /* its pages were taken ahead of its end (kernel/process/oom.h) */
	bool stopped;           /* by SIGSTOP or its like */
	bool told_stop, told_continue; /* the parent knows already */
	int status;                    /* as wait4() gives it */
	bool awaited;                  /* by process_wait_for() */
	bool *borrowing;               /* vfork(): what the parent waits for to become false */
	struct wait_queue changed;     /* a child's state, its own threads: wait4() and execve() */
};

struct thread {
	struct list_node link; /* of its process */
	struct process *process;
	struct task *task;
	uint32_t tid; /* likewise */
	struct tree_node by_tid;
	struct pending pending; /* signals for this thread only */
	uint64_t blocked;       /* signals, bit 0 for number 1 */
	uint64_t wanted;        /* ... and what rt_sigtimedwait() takes all the same */
	uint64_t blocked_after; /* by rt_sigsuspend(): what is put back when it returns */
	bool suspended;         /* that is so */
	struct signal_stack stack;
	int64_t call;            /* the system call that was interrupted, by number; or -1 */
	uint64_t sleep_until;    /* of one that is done again: when it would have ended; or 0 */
	uintptr_t fault_address; /* of its last page fault: the processor's is the last of anybody's
				  */
	uintptr_t clear_child_tid; /* set to 0 at its end, for pthread_join(); 0: none */
};

/* The thread that runs. Only in tasks that are threads. */
static inline struct thread *thread_current(void)
{
	return task_current()->argument;
}

static inline struct process *process_current(void)
{
	return thread_current()->process;
}

/*
 * Makes process 0, the kernel's own: the parent of every process that has no other parent.
 * "has_init": process 1 is started next, and adopts them in its place. Every thread calls run(),
 * which does not return: run_thread() (kernel/syscall/run.h).
 */
void processes_init(bool has_init, void (*run)(struct thread *thread));
extern struct process process_zero;

/* Goes through all processes but number 0, none of which may go away meanwhile. */
extern struct list_node process_list;
static inline struct process *process_at(struct list_node *node)
{
	return container_of(node, struct process, link);
}

#define for_each_process(each)                                                                   \
	for (struct process *each = process_at(process_list.next); &each->link != &process_list; \
	     each = process_at(each->link.next))

/* Goes through the children of a process, likewise. */
static inline struct process *child_at(struct list_node *node)
{
	return container_of(node, struct process, sibling);
}

#define for_each_child(each, of)                                   \
	for (struct process *each = child_at((of)->children.next); \
	     &each->sibling != &(of)->children; each = child_at(each->sibling.next))

/* Goes through the threads of a process, likewise. */
static inline struct thread *thread_at(struct list_node *node)
{
	return container_of(node, struct thread, link);
}

#define for_each_thread(each, of)                                                                \
	for (struct thread *each = thread_at((of)->threads.next); &each->link != &(of)->threads; \
	     each = thread_at(each->link.next))

/* The child of "parent" with that number has ended: its status is taken, and it is gone. */
void process_reap(struct process *process);

/*
 * A first process: the program at that path with "words" (the first is its name) as arguments, in
 * a session of its own, child of number 0, with the tty as files 0, 1 and 2. 0 and the process in
 * *result, or an error. "background": it reads nothing (/dev/null), the tty is not its own, and it
 * is not waited for: its end is told on the console.
 */
long process_start(const char *path, const struct strings *words, bool background,
		   struct process **result);

/*
 * Sleeps until the child of number 0, which process_start() made to be waited for, ends; takes its
 * status. For the kernel's own tasks.
 */
int process_wait_for(struct process *process);

/* The same, but false as soon as it is stopped: then it is one in the background from now on. */
bool process_wait_unless_stopped(struct process *process, int *status);

/* "NAME: exit status 1", "NAME: killed by signal 9": on the console. */
void process_print_end(const char *name, int status);

/* Sends all threads home. The status is as wait4() gives it. */
void process_die(struct process *process, int status);

/* Returns true if a session has a group of that number. */
bool process_group_exists(uint32_t group, uint32_t session);

/* Whether no member of a group has a parent in its session who could let it go on once stopped. */
bool process_group_is_orphaned(uint32_t group);

/* vfork(): the child that runs in its parent's memory does so no longer. */
void process_stop_borrowing(struct process *process);

/* Tells the parent that the process has stopped, gone on or ended. */
void process_tell_parent(struct process *process, int32_t code, int status);

/* Whether a thread is on its way out, and may do nothing else. */
bool thread_must_end(const struct thread *thread);

/* Whether the running thread is to leave whatever it sleeps for: a signal, or the end. */
bool thread_interrupted(void);

/* Ends the running thread; with the last one, the process. */
void thread_exit(int status) NORETURN;

/* System calls; see the table in kernel/syscall/table.c. */
long sys_clone(uint64_t flags, uintptr_t stack, uintptr_t parent_tid, uintptr_t child_tid,
	       uintptr_t thread_pointer);
long sys_exit_group(int status);
long sys_wait4(int32_t pid, uintptr_t status, uint32_t options, uintptr_t usage);
long sys_waitid(uint32_t kind, int32_t id, uintptr_t info, uint32_t options, uintptr_t usage);
long sys_setpgid(int32_t pid, int32_t group);
long sys_getpgid(int32_t pid);
long sys_getsid(int32_t pid);
long sys_setsid(void);

#endif
