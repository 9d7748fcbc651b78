// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler: one CPU, one run queue.
 *
 * It is first come, first served, except that the kernel's own tasks run before programs.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <arch/machine.h>
#include <arch/switch.h>
#include <arch/time.h>
#include <arch/user.h>
#include <kernel/lib/panic.h>
#include <kernel/task/task.h>
#include <mm/frame/slab.h>
#include <mm/kernel/stacks.h>
#include <mm/table/ops.h>

static struct slab_cache tasks = SLAB_CACHE(struct task);
static struct task first;
static struct task *current = &first;
static WAIT_QUEUE(runnable); /* accessed with events masked */
static struct timer slice;
static bool slice_is_over;

struct task *task_current(void)
{
	return current;
}

struct regs *task_regs(struct task *task)
{
	return user_regs(task->stack);
}

static void end_slice(struct timer *timer)
{
	(void)timer;
	slice_is_over = true;
}

void tasks_init(void)
{
	list_init(&first.link);
	list_init(&runnable.tasks);
}

/*
 * Starts the timer of the time slice, since another task waits. A slice that has begun is not
 * extended.
 */
static void start_slice(void)
{
	if (!slice.armed)
		timer_arm(&slice, time_system() + TASK_SLICE, end_slice);
}

static void make_runnable(struct task *task)
{
	list_add(runnable.tasks.previous, &task->link);
}

/*
 * Makes a sleeping task runnable. The kernel's own tasks, such as the prompt, go to the head of the
 * queue, so that they run however many programs there are.
 */
static void end_sleep(struct task *task)
{
	task->asleep = false;
	list_remove(&task->link);
	if (task->space) {
		make_runnable(task);
		start_slice();
	} else {
		list_add(&runnable.tasks, &task->link);
		slice_is_over = true;
	}
}

/*
 * Loads the page tables, kernel stack, segments and thread pointer of the task that runs next, in
 * one multicall.
 */
static void load_state(struct task *next)
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

/* The task that ended at the last switch. Its stack was in use until then. */
static struct task *dead;

static void free_dead(void)
{
	struct task *task = dead;

	dead = NULL;
	if (!task)
		return;
	stack_free(task->stack);
	slab_free(&tasks, task);
}

/*
 * Switches to another task. Events are masked, and the running task is in a queue unless it has
 * ended.
 */
static void switch_to(struct task *next)
{
	struct task *previous = current;

	lock_expect_none("let another task run");
	slice_is_over = false;
	if (!list_empty(&runnable.tasks))
		start_slice();
	if (next == previous)
		return;
	if (previous->space && !previous->ended) {
		save_fpu(previous->fpu);
		previous->selectors = read_selectors();
	}
	load_state(next);
	if (next->space)
		restore_fpu(next->fpu);
	current = next;
	if (previous->ended)
		dead = previous;
	switch_stacks(&previous->sp, next->sp);
	/* The task runs again. */
	free_dead();
}

/* Takes the next task from the run queue. While the queue is empty, waits for an event. */
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

/* The first code of a new task, on its own stack, with events masked. */
static void begin(void)
{
	free_dead();
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
	/*
	 * A child inherits its parent's selectors. The kernel's tasks run with those of some other
	 * program.
	 */
	if (current->space)
		task->selectors = read_selectors();
	/* The kernel's part of the stack is below the program's registers. */
	task->sp = fresh_stack(user_kernel_part(task->stack), begin);
	list_init(&task->link);
	events = events_mask();
	make_runnable(task);
	start_slice();
	events_restore(events);
	return task;
}

void task_set_space(struct space *space, uintptr_t thread_pointer)
{
	bool events = events_mask();

	/*
	 * A new program starts with null selectors. fs must be null where the thread pointer is its
	 * base.
	 */
	current->selectors = space == current->space ? read_selectors() : (struct selectors){0};
	current->selectors.fs = 0;
	current->space = space;
	current->thread_pointer = thread_pointer;
	load_state(current);
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
		slice_is_over = false; /* no other task is runnable */
	}
	events_restore(events);
}

bool task_slice_is_over(void)
{
	return slice_is_over;
}

void task_yield_if_due(void)
{
	if (slice_is_over)
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

/* A timer that wakes one task. */
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
