// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler; see the header. One processor, one queue: first come, first served.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/switch.h>
#include <arch/time.h>
#include <arch/user.h>
#include <kernel/panic.h>
#include <kernel/string.h>
#include <kernel/task.h>
#include <mm/paravirt.h>
#include <mm/slab.h>
#include <mm/stacks.h>

static struct slab_cache tasks = SLAB_CACHE(struct task);
static struct task first;
static struct task *current = &first;
static WAIT_QUEUE(runnable); /* touched with events masked */
static struct timer turn;
static bool turn_is_over;

struct task *task_current(void)
{
	return current;
}

struct regs *task_regs(struct task *task)
{
	return user_regs(task->stack);
}

static void end_turn(struct timer *timer)
{
	(void)timer;
	turn_is_over = true;
}

void tasks_init(void)
{
	list_init(&first.link);
	list_init(&runnable.tasks);
}

static void make_runnable(struct task *task)
{
	list_add(runnable.tasks.previous, &task->link);
}

/* What the processor, and Xen, must know of the task that is about to run: in one multicall. */
static void become(struct task *next)
{
	struct mm *mm = next->space ? &next->space->mm : &kernel_mm;

	lazy_enter();
	if (next->space && this_cpu()->mm != mm)
		mm_load(mm);
	if (next->stack && next->space) {
		user_set_stack(next->stack);
		machine->set_thread_pointer(next->thread_pointer);
	}
	lazy_leave();
	lazy_flush();
}

/* Events are masked. The running task was put where it waits, or nowhere. */
static void switch_to(struct task *next)
{
	struct task *previous = current;

	turn_is_over = false;
	if (!list_empty(&runnable.tasks))
		timer_arm(&turn, time_system() + TASK_TURN, end_turn);
	if (next == previous)
		return;
	if (previous->space && !previous->ended)
		save_fpu(previous->fpu);
	become(next);
	if (next->space)
		restore_fpu(next->fpu);
	current = next;
	switch_stacks(&previous->sp, next->sp);
	/* Here again, in this task's turn. */
}

/* The next in the queue; while it is empty, waits for an event to change that. */
static struct task *next_task(void)
{
	struct list_node *node;

	while (list_empty(&runnable.tasks)) {
		machine->block();
		events_mask();
	}
	node = runnable.tasks.next;
	list_remove(node);
	return container_of(node, struct task, link);
}

/* A new task's first turn begins here, on its own stack, with events masked. */
static void begin(void)
{
	events_restore(true);
	current->start(current->argument);
	panic("a task returned instead of ending");
}

struct task *task_create(void (*start)(void *argument), void *argument, struct space *space)
{
	struct task *task = slab_alloc(&tasks);
	bool events;

	if (!task)
		return NULL;
	task->stack = stack_alloc();
	if (!task->stack) {
		slab_free(&tasks, task);
		return NULL;
	}
	task->start = start;
	task->argument = argument;
	task->space = space;
	fresh_fpu(task->fpu);
	/* Below the program's registers. */
	task->sp = fresh_stack(user_kernel_part(task->stack), begin);
	list_init(&task->link);
	events = events_mask();
	make_runnable(task);
	if (!turn.armed)
		timer_arm(&turn, time_system() + TASK_TURN, end_turn);
	events_restore(events);
	return task;
}

void task_free(struct task *task)
{
	if (!task->ended || task == current)
		panic("a task is freed that has not ended");
	stack_free(task->stack);
	slab_free(&tasks, task);
}

void task_end(struct wait_queue *waiters)
{
	events_mask();
	current->ended = true;
	/* Its stack is in use until the switch; whoever frees it comes after that. */
	task_wake(waiters);
	switch_to(next_task());
	panic("a task that has ended goes on");
}

void task_yield(void)
{
	bool events = events_mask();

	if (!list_empty(&runnable.tasks)) {
		make_runnable(current);
		switch_to(next_task());
	}
	events_restore(events);
}

void task_yield_if_due(void)
{
	if (turn_is_over)
		task_yield();
}

void task_sleep(struct wait_queue *queue)
{
	list_add(queue->tasks.previous, &current->link);
	switch_to(next_task());
}

void task_wake(struct wait_queue *queue)
{
	bool events = events_mask();

	while (!list_empty(&queue->tasks)) {
		struct list_node *node = queue->tasks.next;

		list_remove(node);
		make_runnable(container_of(node, struct task, link));
	}
	events_restore(events);
}
