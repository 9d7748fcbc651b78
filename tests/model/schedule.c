// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coroutines for two CPUs, and the switches between them.
 *
 * Each has a stack of its own. Every switch goes through the test's own stack, which looks what is
 * next. While one answers an interrupt the other one cannot come in between: handlers are short,
 * and take no locks.
 */
#include "schedule.h"

#include "../host/host.h"

#include <arch/cpu.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size)          ((void)0)
#define __sanitizer_finish_switch_fiber(save, old_bottom, old_size) ((void)0)
#endif

#define STACK_BYTES (512u << 10)
#define LOG_POINTS  512u

/* Rounds in which nobody does anything but wait: then nobody ever will. */
#define ROUNDS_STUCK 200u

struct fiber {
	ucontext_t context;
	const void *bottom;
	size_t size;
	void *fake_stack;
	bool ended;
};

static struct fiber fibers[2], test;
static char stacks[2][STACK_BYTES];
static void (*functions[2])(void);

static struct {
	struct schedule schedule;
	const char *(*look)(unsigned int cpu);
	struct schedule_end end;
	unsigned int running, next;
	unsigned int points[2];
	const char *before[2];   /* where each came last */
	unsigned int stuck;      /* rounds without a point */
	unsigned int interrupts; /* nested handlers that run for others */
	bool abandoned;
} run;

static struct point {
	unsigned int cpu, nth;
	const char *where;
} points[LOG_POINTS];
static unsigned int logged;

static void log_point(unsigned int cpu, unsigned int nth, const char *where)
{
	points[logged++ % LOG_POINTS] = (struct point){cpu, nth, where};
}

static void switch_fiber(struct fiber *from, struct fiber *to)
{
	__sanitizer_start_switch_fiber(from->ended ? NULL : &from->fake_stack, to->bottom,
				       to->size);
	swapcontext(&from->context, &to->context);
	__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
}

/* Gives way to the CPU that run.next names. */
static void give_way(void)
{
	unsigned int cpu = run.running;

	switch_fiber(&fibers[cpu], &test);
	run.running = cpu;
	host_use_cpu(cpu);
}

static void fiber_main(void)
{
	struct fiber *fiber = &fibers[run.running];

	__sanitizer_finish_switch_fiber(NULL, &test.bottom, &test.size);
	functions[run.running]();
	fiber->ended = true;
	run.stuck = 0;
	run.next = !run.running;
	switch_fiber(fiber, &test);
}

static void note_error(const char *error)
{
	if (!run.end.error)
		run.end.error = error;
}

/*
 * Returns true if a switch here can make a difference. While a CPU allocates or frees one thing
 * after the other, one switch is enough.
 */
static bool is_point(unsigned int cpu, const char *where)
{
	const char *before = run.before[cpu];

	run.before[cpu] = where;
	if (run.interrupts || this_cpu()->event_depth)
		return false;
	return !before || strcmp(before, where) ||
	       (strcmp(where, "frames") && strcmp(where, "slab"));
}

/* Returns true if the CPU gives way at the point that it has come to. */
static bool is_switch(unsigned int cpu)
{
	const struct schedule *schedule = &run.schedule;

	if (fibers[!cpu].ended)
		return false;
	if (schedule->seed)
		return host_random_below(4) == 0;
	if (cpu == schedule->first && !run.end.left && run.points[cpu] == schedule->leave) {
		run.end.left = true;
		return true;
	}
	if (cpu != schedule->first && run.end.left && !run.end.came_back &&
	    run.points[cpu] == schedule->back) {
		run.end.came_back = true;
		return true;
	}
	return false;
}

static void yield(const char *where)
{
	unsigned int cpu = run.running;

	run.stuck = 0;
	note_error(run.look(cpu));
	if (!is_point(cpu, where)) {
		log_point(this_cpu()->number, 0, where);
		return;
	}
	log_point(cpu, ++run.points[cpu], where);
	if (is_switch(cpu)) {
		run.next = !cpu;
		give_way();
	}
}

static void look_now(void)
{
	note_error(run.look(run.running));
}

static void relax(void)
{
	if (++run.stuck > ROUNDS_STUCK) {
		note_error("all CPUs wait");
		run.abandoned = true;
	}
	if (run.abandoned || !fibers[!run.running].ended) {
		run.next = !run.running;
		give_way();
	}
}

static void interrupt(unsigned int number)
{
	/* One that masks them answers when it waits, or enables them. */
	if (host_masks_events(number))
		return;
	run.interrupts++;
	host_interrupt(number);
	run.interrupts--;
}

static void unmasked(void)
{
	if (this_cpu()->callers)
		interrupt(this_cpu()->number);
}

static const struct host_scheduler scheduler = {
	.yield = yield,
	.look = look_now,
	.relax = relax,
	.unmasked = unmasked,
	.interrupt = interrupt,
};

static void prepare(unsigned int cpu, void (*function)(void))
{
	struct fiber *fiber = &fibers[cpu];

	*fiber = (struct fiber){.bottom = stacks[cpu], .size = STACK_BYTES};
	functions[cpu] = function;
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = stacks[cpu];
	fiber->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&fiber->context, fiber_main, 0);
}

struct schedule_end schedule_run(const struct schedule *schedule, void (*const function[2])(void),
				 const char *(*look)(unsigned int cpu))
{
	memset(&run, 0, sizeof(run));
	run.schedule = *schedule;
	host_seed(schedule->seed);
	run.look = look;
	run.next = schedule->first;
	logged = 0;
	prepare(0, function[0]);
	prepare(1, function[1]);
	host_scheduler = &scheduler;
	while (!run.abandoned && !(fibers[0].ended && fibers[1].ended)) {
		run.running = fibers[run.next].ended ? !run.next : run.next;
		host_use_cpu(run.running);
		switch_fiber(&test, &fibers[run.running]);
	}
	host_scheduler = NULL;
	host_use_cpu(0);
	return run.end;
}

void schedule_print(void)
{
	for (unsigned int i = logged > LOG_POINTS ? logged - LOG_POINTS : 0; i < logged; i++) {
		const struct point *point = &points[i % LOG_POINTS];

		if (point->nth)
			fprintf(stderr, "\tCPU %u, point %u: %s\n", point->cpu, point->nth,
				point->where);
		else
			fprintf(stderr, "\tCPU %u, no point: %s\n", point->cpu, point->where);
	}
}
