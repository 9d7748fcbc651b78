// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler; see the header. One processor, one queue: first come, first served, but that the
 * kernel's own tasks go before programs.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <arch/machine.h>
#include <arch/switch.h>
#include <arch/time.h>
#include <arch/user.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <kernel/task/task.h>
#include <mm/frame/slab.h>
#include <mm/kernel/stacks.h>
#include <mm/table/ops.h>

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

/* Somebody waits: whoever runs does so for a turn. One that is already measured goes on. */
static void limit_turn(void)
{
	if (!turn.armed)
		timer_arm(&turn, time_system() + TASK_SLICE, end_turn);
}

static void make_runnable(struct task *task)
{
	list_add(runnable.tasks.previous, &task->link);
}

/* The kernel's own, which read the keyboard and obey it, come first however many programs there
 * are. */
static void end_sleep(struct task *task)
{
	task->asleep = false;
	list_remove(&task->link);
	if (task->space) {
		make_runnable(task);
		limit_turn();
	} else {
		list_add(&runnable.tasks, &task->link);
		turn_is_over = true;
	}
}

/* What the processor, and Xen, must know of the task that is about to run: in one multicall. */
static void become(struct task *next)
{
	struct mm *mm = next->space ? &next->space->mm : &kernel_mm;

	this_cpu()->keeps_reserve = next->space && !next->spends_reserve;
	lazy_enter();
	if (next->space && this_cpu()->mm != mm)
		mm_load(mm);
	if (next->stack && next->space) {
		user_set_stack(next->stack);
		load_selectors(next->selectors);
		machine->set_thread_pointer(next->thread_pointer);
	}
	lazy_leave();
	lazy_flush();
}

/* The task that has ended and was left for good by the last switch. */
static struct task *dead;

static void bury(void)
{
	struct task *task = dead;

	dead = NULL;
	if (!task)
		return;
	stack_free(task->stack);
	slab_free(&tasks, task);
}

/* Events are masked. The running task was put where it waits, or nowhere. */
static void switch_to(struct task *next)
{
	struct task *previous = current;

	lock_expect_none("let another task run");
	turn_is_over = false;
	if (!list_empty(&runnable.tasks))
		limit_turn();
	if (next == previous)
		return;
	if (previous->space && !previous->ended) {
		save_fpu(previous->fpu);
		previous->selectors = read_selectors();
	}
	become(next);
	if (next->space)
		restore_fpu(next->fpu);
	current = next;
	if (previous->ended)
		dead = previous;
	switch_stacks(&previous->sp, next->sp);
	/* Here again, in this task's turn. */
	bury();
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
	bury();
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
	/* A child has its parent's; what another program left behind is nobody's. */
	if (current->space)
		task->selectors = read_selectors();
	/* Below the program's registers. */
	task->sp = fresh_stack(user_kernel_part(task->stack), begin);
	list_init(&task->link);
	events = events_mask();
	make_runnable(task);
	limit_turn();
	events_restore(events);
	return task;
}

void task_set_space(struct space *space, uintptr_t thread_pointer)
{
	bool events = events_mask();

	/* A new program starts without; a thread pointer means what fs is for. */
	current->selectors = space == current->space ? read_selectors() : (struct selectors){0};
	current->selectors.fs = 0;
	current->space = space;
	current->thread_pointer = thread_pointer;
	become(current);
	events_restore(events);
}

void task_spend_reserve(struct task *task, bool spend)
{
	task->spends_reserve = spend || task->ending;
	if (task == current)
		this_cpu()->keeps_reserve = task->space && !spend;
}

void task_save_fpu(void)
{
	save_fpu(current->fpu);
}

void task_restore_fpu(void)
{
	restore_fpu(current->fpu);
}

void task_end(struct wait_queue *waiters)
{
	events_mask();
	current->ended = true;
	task_wake_all(waiters);
	switch_to(next_task());
	panic("a task that has ended goes on");
}

void task_yield(void)
{
	bool events = events_mask();

	if (!list_empty(&runnable.tasks)) {
		make_runnable(current);
		switch_to(next_task());
	} else {
		turn_is_over = false; /* nobody wants it */
	}
	events_restore(events);
}

bool task_slice_is_over(void)
{
	return turn_is_over;
}

void task_yield_if_due(void)
{
	if (turn_is_over)
		task_yield();
}

bool task_interrupted(void)
{
	return current->interrupted && current->interrupted();
}

bool task_pause(void)
{
	task_yield_if_due();
	return task_interrupted();
}

void task_sleep(struct wait_queue *queue)
{
	current->asleep = true;
	list_add(queue->tasks.previous, &current->link);
	switch_to(next_task());
}

/* A task's own timer. */
struct alarm {
	struct timer timer;
	struct task *task;
};

static void ring(struct timer *timer)
{
	task_wake(container_of(timer, struct alarm, timer)->task);
}

void task_sleep_until(struct wait_queue *queue, uint64_t deadline)
{
	struct alarm alarm = {.task = current};

	if (deadline != TASK_FOR_EVER)
		timer_arm(&alarm.timer, deadline, ring);
	task_sleep(queue);
	timer_cancel(&alarm.timer);
}

void task_wake_all(struct wait_queue *queue)
{
	bool events = events_mask();

	while (!list_empty(&queue->tasks))
		end_sleep(container_of(queue->tasks.next, struct task, link));
	events_restore(events);
}

void task_wake(struct task *task)
{
	bool events = events_mask();

	if (task->asleep)
		end_sleep(task);
	events_restore(events);
}
