/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a CPU waits for another one: for a lock, for the answer to a request.
 *
 * It serves the requests of others meanwhile, since the other may be waiting for this one. Under a
 * hypervisor the other may not even run just now, so it gives its processor away from time to time.
 * If it waits for long, something is wrong: it prints what it waits for, and every CPU's backtrace.
 */
#ifndef ARCH_WAIT_H
#define ARCH_WAIT_H

#include <arch/cpu.h>

struct waiting {
	const char *for_what; /* the name of a lock, or a few words */
	uint64_t since;       /* system time when it was first looked at; 0: not yet */
	unsigned int rounds;
};

/* Waits for a moment. Called again and again, with a struct that starts with for_what alone. */
void wait_a_moment(struct waiting *waiting);

/* The time after which waiting is reported, in nanoseconds. Only a test changes it. */
extern uint64_t wait_too_long;

#endif
