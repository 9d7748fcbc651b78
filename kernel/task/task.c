// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler: one run queue for all CPUs, under the kernel lock.
 *
 * It is first come, first served, except that the kernel's own tasks run before programs. A CPU
 * takes a task when its own sleeps, ends or has used up its time slice, and runs its *idle task*
 * when there is none. The lock is held across the switch, so a task that another CPU may take has
 * saved its registers.
 */
#include <arch/ipi.h>
#include <arch/kernel_lock.h>
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
static WAIT_QUEUE(runnable);
static cpu_set_t idle_cpus; /* those that block, or are about to, for lack of a task */

/* What the scheduler keeps for each CPU. */
static struct runner {
	struct timer slice;
	struct task *dead; /* the task that ended at the last switch: its stack was in use then */
} runners[CPU_MAX];

static struct runner *this_runner(void)
{
	return &runners[this_cpu()->number];
}

struct task *task_current(void)
{
	return this_cpu()->task;
}

struct regs *task_regs(struct task *task)
{
	return user_regs(task->stack);
}

static void end_slice(struct timer *timer)
{
	(void)timer;
	this_cpu()->due = this_cpu()->slice_is_over = true;
}

/*
 * Starts the timer of the running CPU's time slice, since another task waits. A slice that has
 * begun is not extended.
 */
static void start_slice(void)
{
	struct timer *slice = &this_runner()->slice;

	if (!slice->armed)
		timer_arm(slice, time_system() + TASK_SLICE, end_slice);
}

/* Has those CPUs start a time slice that run a program and have not started one. */
static void start_slices(void)
{
	cpu_set_t late = 0;

	start_slice();
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!runners[i].slice.armed && !cpus[i]->due) {
			cpus[i]->due = true;
			late |= cpu_set_of(cpus[i]);
		}
	}
	if (late)
		cpu_kick(late);
}

/* Has a task in the run queue run: on an idle CPU or, if there is none, "soon" or in its turn. */
static void find_cpu(const struct task *task, bool soon)
{
	struct cpu *cpu = task->only ? task->only : this_cpu();
	cpu_set_t idle = task->only ? idle_cpus & cpu_set_of(cpu) : idle_cpus;

	if (idle) {
		idle &= -idle;
		idle_cpus &= ~idle;
		cpu_kick(idle);
	} else if (soon) {
		cpu->due = cpu->slice_is_over = true;
		cpu_kick(cpu_set_of(cpu));
	} else {
		start_slices();
	}
}

static void make_runnable(struct task *task)
{
	list_add(runnable.tasks.previous, &task->link);
	find_cpu(task, false);
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
	} else {
		list_add(&runnable.tasks, &task->link);
		find_cpu(task, true);
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

static void free_task(struct task *task)
{
	stack_free(task->stack);
	slab_free(&tasks, task);
}

static void free_dead(void)
{
	struct task *task = this_runner()->dead;

	this_runner()->dead = NULL;
	if (task)
		free_task(task);
}

/*
 * Switches to another task. Events are masked, and the running task is in a queue unless it has
 * ended, or is the idle task.
 */
static void switch_to(struct task *next)
{
	struct cpu *cpu = this_cpu();
	struct task *previous = cpu->task;

	lock_expect_none("let another task run");
	cpu->due = cpu->slice_is_over = false;
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
	previous->cpu = NULL;
	next->cpu = cpu;
	cpu->task = next;
	if (previous->ended)
		this_runner()->dead = previous;
	switch_stacks(&previous->sp, next->sp);
	/* The task runs again, maybe on another CPU. */
	free_dead();
}

/* Returns the next task for the running CPU, still in the run queue; NULL if there is none. */
static struct task *first_runnable(void)
{
	const struct cpu *cpu = this_cpu();

	list_for_each_entry (struct task, task, &runnable.tasks, link) {
		if (!task->only || task->only == cpu)
			return task;
	}
	return NULL;
}

/* Takes the next task from the run queue; the CPU's idle task if there is none. */
static struct task *next_task(void)
{
	struct task *task = this_cpu()->leaving ? NULL : first_runnable();

	if (!task)
		return this_cpu()->idle;
	list_remove(&task->link);
	return task;
}

/* Blocks until another CPU has removed this one from the set of idle ones, to run a task. */
static void wait_for_task(struct cpu *cpu)
{
	idle_cpus |= cpu_set_of(cpu);
	kernel_unlock();
	/* A request of another CPU ends the block too. It needs no lock, so none is taken. */
	do {
		machine->block();
		events_mask();
	} while ((__atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & cpu_set_of(cpu)) &&
		 !__atomic_load_n(&cpu->leaving, __ATOMIC_RELAXED));
	kernel_lock();
	idle_cpus &= ~cpu_set_of(cpu);
}

void task_idle(void)
{
	struct cpu *cpu = this_cpu();

	while (!cpu->leaving) {
		if (first_runnable())
			switch_to(next_task());
		else
			wait_for_task(cpu);
	}
	timer_cancel(&this_runner()->slice);
	/* It may have been woken for a task that another CPU must take now. */
	if (first_runnable())
		find_cpu(first_runnable(), false);
}

/* The first code of a new task, on its own stack, with events masked. */
static void begin(void)
{
	struct task *task = this_cpu()->task;

	free_dead();
	events_restore(true);
	task->start(task->argument);
	panic("a task returned instead of ending");
}

/* Returns a new task that is in no queue yet; NULL when out of memory. */
static struct task *new_task(void (*start)(void *argument), void *argument, struct space *space)
{
	struct task *task = slab_alloc(&tasks);

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
	/* The kernel's part of the stack is below the program's registers. */
	task->sp = fresh_stack(user_kernel_part(task->stack), begin);
	list_init(&task->link);
	return task;
}

static void idle(void *unused)
{
	(void)unused;
	events_mask();
	for (;;)
		task_idle();
}

uintptr_t task_prepare_idle(struct cpu *cpu)
{
	if (!cpu->idle)
		cpu->idle = new_task(idle, NULL, NULL);
	return cpu->idle ? cpu->idle->stack : 0;
}

void tasks_init(void)
{
	list_init(&first.link);
	list_init(&runnable.tasks);
	/* It runs the prompt and the self-tests, which look at this CPU's events. */
	first.cpu = first.only = this_cpu();
	this_cpu()->task = &first;
	if (!task_prepare_idle(this_cpu()))
		fatal("too little memory: none is left for the first task");
}

struct task *task_create(void (*start)(void *argument), void *argument, struct space *space)
{
	struct task *task = new_task(start, argument, space);
	bool events;

	if (!task)
		return NULL;
	fresh_fpu(task->fpu);
	/*
	 * A child inherits its parent's selectors. The kernel's tasks run with those of some other
	 * program.
	 */
	if (task_current()->space)
		task->selectors = read_selectors();
	events = events_mask();
	make_runnable(task);
	events_restore(events);
	return task;
}

struct task *task_create_on(struct cpu *cpu, void (*start)(void *argument), void *argument)
{
	struct task *task = new_task(start, argument, NULL);
	bool events = events_mask();

	if (task) {
		task->only = cpu;
		list_add(runnable.tasks.previous, &task->link);
		find_cpu(task, true);
	}
	events_restore(events);
	return task;
}

void task_set_space(struct space *space, uintptr_t thread_pointer)
{
	bool events = events_mask();
	struct task *current = task_current();

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
	if (task->cpu)
		task->cpu->keeps_reserve = task->space && !spend;
}

void task_save_fpu(void)
{
	save_fpu(task_current()->fpu);
}

void task_restore_fpu(void)
{
	restore_fpu(task_current()->fpu);
}

void task_end(struct wait_queue *waiters)
{
	events_mask();
	task_current()->ended = true;
	task_wake_all(waiters);
	switch_to(next_task());
	panic("a task that has ended goes on");
}

void task_yield(void)
{
	bool events = events_mask();
	struct cpu *cpu = this_cpu();

	if (cpu->leaving) {
		make_runnable(cpu->task);
		switch_to(cpu->idle);
	} else if (first_runnable()) {
		list_add(runnable.tasks.previous, &cpu->task->link);
		switch_to(next_task());
	} else {
		cpu->due = cpu->slice_is_over = false; /* no other task is runnable */
	}
	kernel_let_others();
	events_restore(events);
}

void task_yield_if_due(void)
{
	bool events;

	if (likely(!this_cpu()->due)) {
		kernel_let_others();
		return;
	}
	if (this_cpu()->slice_is_over || this_cpu()->leaving) {
		task_yield();
		return;
	}
	/* Another CPU has made a task runnable. */
	events = events_mask();
	this_cpu()->due = false;
	if (!list_empty(&runnable.tasks))
		start_slice();
	events_restore(events);
}

bool task_interrupted(void)
{
	struct task *current = task_current();

	return current->interrupted && current->interrupted();
}

bool task_pause(void)
{
	task_yield_if_due();
	return task_interrupted();
}

void task_sleep(struct wait_queue *queue)
{
	struct task *current = task_current();

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
	struct alarm alarm = {.task = task_current()};

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
	else if (task->cpu)
		cpu_kick(cpu_set_of(task->cpu));
	events_restore(events);
}
