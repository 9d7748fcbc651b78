// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers: each CPU has a tree ordered by deadline, and sets its own timer to the nearest.
 */
#include <arch/kernel_lock.h>
#include <arch/machine.h>
#include <arch/pvclock.h>
#include <arch/time.h>

static struct timer *timer_at(const struct tree_node *node)
{
	return container_of(node, struct timer, node);
}

static bool is_earlier(const struct tree_node *a, const struct tree_node *b)
{
	return timer_at(a)->deadline < timer_at(b)->deadline;
}

uint64_t time_system(void)
{
	uint64_t now = machine->system_time();

	/* The counters of two processors need not agree to the last tick. */
	return cpu_count > 1 ? clock_never_back(now) : now;
}

uint64_t time_wall(void)
{
	return machine->wall_time();
}

/* Sets the running CPU's timer. A deadline in the past fires at once. */
static void program_nearest(void)
{
	const struct tree_node *nearest = tree_first(&this_cpu()->timers);

	if (nearest)
		machine->set_timer(timer_at(nearest)->deadline);
}

static void unlink_timer(struct timer *timer)
{
	tree_remove(&timer->cpu->timers, &timer->node);
	timer->armed = false;
}

void timer_arm(struct timer *timer, uint64_t deadline, void (*function)(struct timer *))
{
	bool events = events_mask();
	struct cpu *cpu = this_cpu();

	if (timer->armed)
		unlink_timer(timer);
	*timer = (struct timer){
		.deadline = deadline, .function = function, .cpu = cpu, .armed = true};
	tree_insert(&cpu->timers, &timer->node, is_earlier);
	if (tree_first(&cpu->timers) == &timer->node)
		program_nearest();
	events_restore(events);
}

void timers_move(struct cpu *from)
{
	struct tree_node *node;

	while ((node = tree_first(&from->timers)))
		timer_arm(timer_at(node), timer_at(node)->deadline, timer_at(node)->function);
}

void timer_cancel(struct timer *timer)
{
	bool events = events_mask();

	if (timer->armed)
		unlink_timer(timer);
	events_restore(events);
}

void timer_expired(void)
{
	bool locked = kernel_lock_event();
	struct tree *timers = &this_cpu()->timers;
	struct tree_node *nearest;

	while ((nearest = tree_first(timers)) && timer_at(nearest)->deadline <= time_system()) {
		struct timer *timer = timer_at(nearest);

		unlink_timer(timer);
		timer->function(timer);
	}
	program_nearest();
	kernel_unlock_event(locked);
}

static void nothing(struct timer *timer)
{
	(void)timer;
}

void time_sleep_until(uint64_t deadline)
{
	struct timer timer = {0};
	bool events = events_mask();

	timer_arm(&timer, deadline, nothing);
	while (timer.armed)
		kernel_block();
	events_restore(events);
}
