/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes and their threads: fork(2), clone(2), execve(2), exit(2), wait4(2).
 *
 * A process is what its threads share: an address space, open files, and the actions of signals. It
 * ends with its last thread. Until the parent has asked for its status this struct remains, as a
 * zombie. A thread is a task that runs a program, in the loop run_thread() (kernel/syscall/run.c).
 *
 * All of this runs in tasks, never in event handlers, and no task preempts another in the kernel.
 * So a function has these structures to itself except where it sleeps.
 */
#ifndef KERNEL_PROCESS_PROCESS_H
#define KERNEL_PROCESS_PROCESS_H

#include <kernel/file/file.h>
#include <kernel/process/program.h>
#include <kernel/process/signal.h>
#include <kernel/task/task.h>
#include <mm/kernel/stacks.h>

#define PROCESS_NAME 16

/* The most threads of one process: half of all kernel stacks (mm/kernel/stacks.h). */
#define PROCESS_THREADS_MOST (STACKS_MOST / 2)

struct process {
	struct list_node link;    /* in process_list, oldest first */
	struct list_node threads; /* empty once the process has ended */
	uint32_t thread_count;
	struct list_node children, sibling;
	struct process *parent;
	uint32_t pid, group, session; /* changed only by kernel/process/pids.h */
	struct tree_node by_pid, by_group, by_session;
	struct space *space; /* NULL: it has ended, or is process 0 */
	struct files *files;
	struct inode *directory;   /* the current working directory */
	struct object *executable; /* the path of its program, as text */
	uint32_t umask;
	void (*run)(struct thread *thread); /* the loop of its threads, until thread_exit() */
	char name[PROCESS_NAME];            /* the last component of that path, truncated */

	struct signals signals; /* pending for the process, and all actions */
	struct thread *alone;   /* the thread that calls execve(): all others must end */
	bool dying;             /* all threads are ending, and "status" is set */
	bool reaped;            /* its pages were freed before its end (kernel/process/oom.h) */
	bool stopped;           /* by SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU */
	bool told_stop, told_continue; /* the parent has been told */
	int status;                    /* the status that wait4() returns */
	bool awaited;                  /* process_wait_for() waits for it */
	bool *borrowing;               /* vfork(): the parent sleeps until this flag is false */
	struct wait_queue changed;     /* woken when a child changes state or a thread ends */
};

struct thread {
	struct list_node link; /* in the list of its process */
	struct process *process;
	struct task *task;
	uint32_t tid; /* changed only by kernel/process/pids.h */
	struct tree_node by_tid;
	struct pending pending; /* signals sent to this thread */
	uint64_t blocked;       /* blocked signals, bit 0 for number 1 */
	uint64_t wanted;        /* blocked signals that rt_sigtimedwait() takes */
	uint64_t blocked_after; /* the mask to restore after rt_sigsuspend() */
	bool suspended;         /* rt_sigsuspend() is in progress */
	struct signal_stack stack;
	int64_t call;              /* the number of an interrupted system call, or -1 */
	uint64_t sleep_until;      /* the deadline of a call that is restarted, or 0 */
	uintptr_t fault_address;   /* the address of its last page fault: CR2 holds only the CPU's
				      last one */
	uintptr_t clear_child_tid; /* a word set to 0 at its end, for pthread_join(); 0: none */
};

/* Return the running thread, or its process. Only for tasks that are threads. */
static inline struct thread *thread_current(void)
{
	return task_current()->argument;
}

static inline struct process *process_current(void)
{
	return thread_current()->process;
}

/*
 * Initializes process 0, the kernel's own. It is the parent of every process that has no other
 * parent. "has_init": process 1 is started next, and adopts orphans in its place. run(), which does
 * not return, is what every thread calls: run_thread() (kernel/syscall/run.h).
 */
void processes_init(bool has_init, void (*run)(struct thread *thread));
extern struct process process_zero;

/* Iterates over all processes except number 0. None of them may be freed meanwhile. */
extern struct list_node process_list;
static inline struct process *process_at(struct list_node *node)
{
	return container_of(node, struct process, link);
}

#define for_each_process(each)                                                                   \
	for (struct process *each = process_at(process_list.next); &each->link != &process_list; \
	     each = process_at(each->link.next))

/* Iterates over the children of a process. None of them may be freed meanwhile. */
static inline struct process *child_at(struct list_node *node)
{
	return container_of(node, struct process, sibling);
}

#define for_each_child(each, of)                                   \
	for (struct process *each = child_at((of)->children.next); \
	     &each->sibling != &(of)->children; each = child_at(each->sibling.next))

/* Iterates over the threads of a process. None of them may end meanwhile. */
static inline struct thread *thread_at(struct list_node *node)
{
	return container_of(node, struct thread, link);
}

#define for_each_thread(each, of)                                                                \
	for (struct thread *each = thread_at((of)->threads.next); &each->link != &(of)->threads; \
	     each = thread_at(each->link.next))

/* Frees a zombie whose status has been taken, and its pid. */
void process_reap(struct process *process);

/*
 * Starts the program at a path as a child of process 0, in a session of its own, with the tty as
 * descriptors 0, 1 and 2. "words" are its arguments, the first of them its name. Returns 0 and the
 * process in *result, or an error. "background": descriptor 0 is /dev/null, the program is not in
 * the tty's foreground, and it is not waited for: its end is printed on the console.
 */
long process_start(const char *path, const struct strings *words, bool background,
		   struct process **result);

/*
 * Sleeps until a process that was started in the foreground ends, frees it, and returns its status.
 * For the kernel's own tasks.
 */
int process_wait_for(struct process *process);

/*
 * Waits like process_wait_for() and sets *status. Returns false if the process stops instead; from
 * then on it is a background process.
 */
bool process_wait_unless_stopped(struct process *process, int *status);

/* Prints how a program has ended: "NAME: exit status 1", "NAME: killed by signal 9". */
void process_print_end(const char *name, int status);

/* Makes all threads of a process end. "status" is what wait4() will return. */
void process_die(struct process *process, int status);

/* Returns true if a session has a group of that number. */
bool process_group_exists(uint32_t group, uint32_t session);

/*
 * Returns true if no member of a group has a parent in the group's session, outside the group.
 * Nobody would continue such a group once it stops.
 */
bool process_group_is_orphaned(uint32_t group);

/* Ends a vfork(): the child no longer uses its parent's memory, and the parent is woken. */
void process_stop_borrowing(struct process *process);

/*
 * Tells the parent that a process has stopped, continued or ended: SIGCHLD and wait4(). "code" is
 * CHILD_STOPPED or CHILD_CONTINUED; for a process that has ended, "code" and "status" are taken
 * from it.
 */
void process_tell_parent(struct process *process, int32_t code, int status);

/* Returns true if a thread must end and may do nothing else. */
bool thread_must_end(const struct thread *thread);

/* Returns true if the running thread should stop waiting: for a signal, a stop, or its end. */
bool thread_interrupted(void);

/*
 * Ends the running thread, and with the last one the process. "status" is an exit status from 0 to
 * 255.
 */
void thread_exit(int status) NORETURN;

/* System calls, by their names in include/kernel/syscall/calls.def. */
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
