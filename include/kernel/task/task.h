/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks: what the scheduler runs.
 *
 * A task has a kernel stack. If it runs a program, it also has an address space, a thread pointer
 * and FPU registers. No task preempts another in the kernel: a task gives up the CPU when it sleeps
 * or ends, or, in the loop that runs a program, when its time slice is over. Scheduling is
 * round-robin, and any CPU may run any task.
 *
 * All functions here need the kernel lock (arch/kernel_lock.h). It stays held while a task sleeps
 * and another one continues.
 */
#ifndef KERNEL_TASK_TASK_H
#define KERNEL_TASK_TASK_H

#include <arch/switch.h>
#include <arch/traps.h>
#include <kernel/lib/list.h>
#include <mm/user/space.h>

/* The length of a time slice in nanoseconds. A task that no other task waits for may run on. */
#define TASK_SLICE 10000000ul

struct task {
	struct list_node link; /* in the run queue or the wait queue; unlinked while it runs */
	uintptr_t stack;       /* the address past its kernel stack; 0: the boot stack */
	uintptr_t sp;          /* its saved stack pointer while another task runs */
	struct cpu *cpu;       /* that runs it; NULL: none */
	struct cpu *only;      /* the only one that may; NULL: any */
	struct space *space;   /* NULL: it runs no program */
	uintptr_t thread_pointer;
	struct selectors selectors; /* of a task with a space, while another task runs */
	void (*start)(void *argument);
	void *argument;
	bool (*interrupted)(void); /* see task_interrupted(); NULL: never */
	bool asleep;               /* in a wait queue */
	bool ended;
	bool ending;         /* its program has ended: it may use the reserve to its end */
	bool spends_reserve; /* of a task with a space: it may use the reserve (frames_reserve) */
	_Alignas(16) unsigned char fpu[512]; /* FXSAVE area of a task with a space */
};

/* The tasks that sleep until one event happens. */
struct wait_queue {
	struct list_node tasks;
};

#define WAIT_QUEUE(name) struct wait_queue name = {{&(name).tasks, &(name).tasks}}

/*
 * Makes the running code the first task. Called once, when timers work. Too little memory is
 * fatal().
 */
void tasks_init(void);

/*
 * Makes the idle task of a CPU, unless it has one. Returns the top of its stack, on which a CPU
 * that starts calls task_idle(); 0 when out of memory.
 */
uintptr_t task_prepare_idle(struct cpu *cpu);

/*
 * Runs the tasks that become runnable, and blocks while there are none, until the CPU shall go
 * down. Called by the idle task, with events masked.
 */
void task_idle(void);

/* Returns the running task. */
struct task *task_current(void);

/*
 * Returns a new runnable task, which calls start(argument). "space" may be NULL; the caller keeps
 * its reference to it. Returns NULL if out of memory.
 */
struct task *task_create(void (*start)(void *argument), void *argument, struct space *space);

/* Returns a new runnable task of the kernel's own that only that CPU runs; NULL: out of memory. */
struct task *task_create_on(struct cpu *cpu, void (*start)(void *argument), void *argument);

/*
 * Moves the running task to another space (NULL: the kernel's) and sets its thread pointer. Loads
 * the space's page tables if it is not NULL.
 */
void task_set_space(struct space *space, uintptr_t thread_pointer);

/*
 * Allows a program's task to use the reserve of memory (mm/frame/frames.h), or forbids it; a task
 * that is "ending" keeps the permission. The kernel's own tasks always have it.
 */
void task_spend_reserve(struct task *task, bool spend);

/* Save the FPU registers of the running task to its "fpu", or restore them from there. */
void task_save_fpu(void);
void task_restore_fpu(void);

/*
 * Returns the registers of the program that a task with a space runs. They are at the top of its
 * stack.
 */
struct regs *task_regs(struct task *task);

/*
 * Ends the running task and wakes a queue. Does not return. The task and its stack are freed as
 * soon as another task runs.
 */
void task_end(struct wait_queue *waiters) NORETURN;

/* Let the other runnable tasks run first; the second only if the time slice is over. */
void task_yield(void);
void task_yield_if_due(void);

/*
 * Returns true if task_yield_if_due() has something to do. The answer may become true at any time:
 * then the CPU is interrupted too. Needs no lock.
 */
static inline bool task_is_due(void)
{
	return this_cpu()->due;
}

/*
 * Sleeps until the queue or the task is woken. Events must be masked, and the condition must be
 * checked with them masked, before and afterwards. Otherwise a wake-up in between would be lost.
 */
void task_sleep(struct wait_queue *queue);

/*
 * Sleeps like task_sleep(), but at most until a system time in nanoseconds (TASK_FOR_EVER: no
 * limit).
 */
#define TASK_FOR_EVER UINT64_MAX
void task_sleep_until(struct wait_queue *queue, uint64_t deadline);

/*
 * Returns true if the running task should stop waiting: its program has a signal to handle, or must
 * end. Always false for the kernel's own tasks.
 */
bool task_interrupted(void);

/*
 * Yields if the time slice is over, in the middle of long work. Returns true if the work should
 * stop here, as task_interrupted() does.
 */
bool task_pause(void);

/* Makes all tasks that sleep in the queue runnable. May be called in event handlers. */
void task_wake_all(struct wait_queue *queue);

/*
 * Makes a task runnable if it sleeps, in whatever queue. If it runs on another CPU, interrupts its
 * program, which then sees what it was woken for. May be called in event handlers.
 */
void task_wake(struct task *task);

#endif
