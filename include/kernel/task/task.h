/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks: what takes turns on the processor.
 *
 * A task has a kernel stack and, if it runs a program, an address space, a thread pointer and
 * floating-point registers. Kernel code is never interrupted by another task: it gives the
 * processor up by sleeping or ending, or, in the loop that runs a program, when its turn is over.
 * Turns go round; a timer ends them.
 */
#ifndef KERNEL_TASK_TASK_H
#define KERNEL_TASK_TASK_H

#include <arch/switch.h>
#include <arch/traps.h>
#include <kernel/lib/list.h>
#include <mm/user/space.h>

/* How long a turn is, if others are waiting: nanoseconds. */
#define TASK_SLICE 10000000ul

struct task {
	struct list_node link; /* of the queue that it waits in; in none while it runs */
	uintptr_t stack;       /* the address behind its kernel stack; 0: the one of the boot */
	uintptr_t sp;          /* while another runs: where its registers are kept */
	struct space *space;   /* NULL: the kernel's */
	uintptr_t thread_pointer;
	struct selectors selectors; /* of a task with a space, while another runs */
	void (*start)(void *argument);
	void *argument;
	bool (*interrupted)(void); /* of programs: see task_interrupted(); NULL: never */
	bool asleep;               /* in the queue of something that has to happen */
	bool ended;
	bool ending;         /* its program runs no more: it spends the reserve to its end */
	bool spends_reserve; /* of programs: what it does must get done (frames_reserve) */
	_Alignas(16) unsigned char fpu[512]; /* FXSAVE's; of tasks with a space */
};

/* Tasks that wait for the same thing to happen. */
struct wait_queue {
	struct list_node tasks;
};

#define WAIT_QUEUE(name) struct wait_queue name = {{&(name).tasks, &(name).tasks}}

/* Makes what runs now the first task. Once; needs timers. */
void tasks_init(void);

/* The one that runs. */
struct task *task_current(void);

/*
 * A new task, which calls start(argument) when it is its turn. "space" (which may be NULL) stays
 * the caller's to look after. NULL: out of memory.
 */
struct task *task_create(void (*start)(void *argument), void *argument, struct space *space);

/* Lets the running task go on in another space, with that thread pointer; loads it if not NULL. */
void task_set_space(struct space *space, uintptr_t thread_pointer);

/*
 * Lets a program's task take from the reserve of memory (mm/frame/frames.h), or no longer; one that
 * is "ending" always may. The kernel's own tasks may at any time.
 */
void task_spend_reserve(struct task *task, bool spend);

/* Puts the floating-point registers of the running task into its "fpu"; and back from there. */
void task_save_fpu(void);
void task_restore_fpu(void);

/* The registers of the program that a task with a space runs, at the top of its stack. */
struct regs *task_regs(struct task *task);

/*
 * Ends the running task; whoever waits in the queue is woken. Does not return: as soon as another
 * one runs, this one's memory is free.
 */
void task_end(struct wait_queue *waiters) NORETURN;

/* Lets the others have their turns; and the same only if this one's is over. */
void task_yield(void);
void task_yield_if_due(void);

/* Whether it is. With events masked, that stays so. */
bool task_slice_is_over(void);

/*
 * Sleeps until somebody wakes the queue, or the task. Events must be masked, and the condition be
 * checked with them masked, before and afterwards: a wake in between would be lost.
 */
void task_sleep(struct wait_queue *queue);

/* The same, but no longer than until that system time (nanoseconds; TASK_FOR_EVER: no limit). */
#define TASK_FOR_EVER UINT64_MAX
void task_sleep_until(struct wait_queue *queue, uint64_t deadline);

/*
 * Returns true if the running task should give up whatever it waits for: its program has a signal
 * to handle, or must end. Always false for the kernel's own tasks.
 */
bool task_interrupted(void);

/*
 * For the middle of something long that can be stopped: yields if the time slice is over. Returns
 * true if the work should stop here, as task_interrupted() does.
 */
bool task_pause(void);

/* Makes all that sleep in the queue runnable. Also in event handlers. */
void task_wake_all(struct wait_queue *queue);

/* Makes this one runnable if it sleeps, whatever it waits for. Also in event handlers. */
void task_wake(struct task *task);

#endif
