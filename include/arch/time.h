/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time: since boot, of day, and being woken at a time.
 *
 * Where the clocks come from is the machine's business: Xen publishes them in memory that it shares
 * with us, a PC has its time-stamp counter and its battery-backed clock. Timers are one-shot: the
 * nearest deadline is programmed into the machine's timer.
 */
#ifndef ARCH_TIME_H
#define ARCH_TIME_H

#include <kernel/lib/tree.h>

#define NS_PER_S  1000000000ul
#define NS_PER_MS 1000000ul

/* Nanoseconds since the machine booted; never goes back on one CPU. */
uint64_t time_system(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
uint64_t time_wall(void);

/*
 * A one-shot timer. The owner keeps the struct alive while it is armed. The function runs in the
 * timer event, with events masked, and may arm the timer again.
 */
struct timer {
	uint64_t deadline; /* system time, nanoseconds */
	void (*function)(struct timer *);
	struct tree_node node; /* of armed timers, in order of deadline */
	bool armed;
};

/* Arms the timer for that system time; a time already past fires at once. Re-arming moves it. */
void timer_arm(struct timer *timer, uint64_t deadline, void (*function)(struct timer *));

/* For the machine's timer interrupt: runs the timers that are due. Events are masked. */
void timer_expired(void);

/* Disarms it; does nothing if it is not armed. After the return its function will not run. */
void timer_cancel(struct timer *timer);

/* Blocks until that system time; other events are handled meanwhile. */
void time_sleep_until(uint64_t deadline);

#endif
