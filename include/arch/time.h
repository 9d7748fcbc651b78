/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System time, wall-clock time and timers.
 *
 * The machine provides the clocks: Xen publishes them in shared memory, a PC has its time-stamp
 * counter and its battery-backed clock. Timers are one-shot: the machine's timer is programmed with
 * the nearest deadline.
 */
#ifndef ARCH_TIME_H
#define ARCH_TIME_H

#include <kernel/lib/tree.h>

#define NS_PER_S  1000000000ul
#define NS_PER_MS 1000000ul

/* Returns nanoseconds since the machine booted. It never decreases, on whatever CPUs it is read. */
uint64_t time_system(void);

/* Returns nanoseconds since 1970-01-01 00:00 UTC. */
uint64_t time_wall(void);

/*
 * A one-shot timer. The owner keeps the struct alive while it is armed. The function runs in the
 * timer event of the CPU that armed it, with events masked and the kernel lock held, and may arm
 * the timer again. All functions for timers need the kernel lock.
 */
struct timer {
	uint64_t deadline; /* system time, nanoseconds */
	void (*function)(struct timer *);
	struct cpu *cpu;       /* which armed it ... */
	struct tree_node node; /* ... and has it in its tree, ordered by deadline */
	bool armed;
};

/*
 * Arms the timer on the running CPU for that system time; one in the past fires at once. An armed
 * timer is moved.
 */
void timer_arm(struct timer *timer, uint64_t deadline, void (*function)(struct timer *));

/* Runs the timers that are due. Called by the machine's timer interrupt, with events masked. */
void timer_expired(void);

/*
 * Disarms the timer, if it is armed, on whatever CPU. Its function is not running then, since both
 * hold the kernel lock, and will not run.
 */
void timer_cancel(struct timer *timer);

/* Moves all timers that are armed on a CPU, which will not run any more, to the running one. */
void timers_move(struct cpu *from);

/* Blocks until that system time, without the kernel lock, while other events are handled. */
void time_sleep_until(uint64_t deadline);

#endif
