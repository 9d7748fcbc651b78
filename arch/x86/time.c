// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers: a list, sorted by deadline, of which the machine is told the nearest.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/time.h>

/* Armed timers, nearest first. Touched with events masked only: there is one CPU's worth. */
static struct timer *timers;

uint64_t time_system(void)
{
	return machine->system_time();
}

uint64_t time_wall(void)
{
	return machine->wall_time();
}

/* A deadline in the past comes at once. */
static void program_nearest(void)
{
	if (timers)
		machine->set_timer(timers->deadline);
}

static void unlink_timer(struct timer *timer)
{
	for (struct timer **link = &timers; *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			break;
		}
	}
	timer->armed = false;
}

void timer_arm(struct timer *timer, uint64_t deadline, void (*function)(struct timer *))
{
	bool events = events_mask();
	struct timer **link = &timers;

	if (timer->armed)
		unlink_timer(timer);
	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->next;
	*timer = (struct timer){deadline, function, *link, true};
	*link = timer;
	if (timers == timer)
		program_nearest();
	events_restore(events);
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
	while (timers && timers->deadline <= time_system()) {
		struct timer *timer = timers;

		unlink_timer(timer);
		timer->function(timer);
	}
	program_nearest();
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
	while (timer.armed) {
		machine->block();
		events_mask();
	}
	events_restore(events);
}
