/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two CPUs that run at once, in every order that matters.
 *
 * CPUs 0 and 1 run a function each, as coroutines. They change places at *points*: before a lock is
 * taken, a TLB flushed, a CPU interrupted, or a hypercall made (tests/host/host.h); but not in a
 * handler, and not again and again while one allocates memory. A schedule says at which. One that
 * waits for the other, for a lock or for an answer, gives way as well. So each order of events can
 * be played again. CPUs 2 and 3 run programs, or nothing: they answer at once.
 *
 * Most errors of two CPUs need only two switches: one is stopped in the middle of something, the
 * other does something, as a whole or in part, and the first one goes on.
 */
#ifndef TESTS_SCHEDULE_H
#define TESTS_SCHEDULE_H

#include <stdbool.h>

struct schedule {
	unsigned int first; /* the CPU that begins: 0 or 1 */
	unsigned int leave; /* it gives way at its point of that number, from 1 ... */
	unsigned int back;  /* ... and the other one at its own of that; 0: when it has ended */
	unsigned int seed;  /* not 0: instead of these, one point in four is a switch, at random */
};

/* What happened: whether it came to each switch, and the first thing that was wrong, or NULL. */
struct schedule_end {
	bool left, came_back;
	const char *error;
};

/*
 * Runs both functions, which begin and end with events enabled. look() is called at each point,
 * with the number of the CPU that came there, and returns what is wrong, or NULL. If all CPUs wait,
 * the error says so, and neither function has ended.
 */
struct schedule_end schedule_run(const struct schedule *schedule, void (*const function[2])(void),
				 const char *(*look)(unsigned int cpu));

/* Prints the points of the last run, one a line, to stderr. */
void schedule_print(void);

#endif
