// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for another CPU.
 */
#include <arch/ipi.h>
#include <arch/lock.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/wait.h>
#include <kernel/lib/panic.h>

/* Rounds after which a CPU gives its processor away, and after which it looks at the clock. */
#define ROUNDS_TO_YIELD 1024
#define ROUNDS_TO_LOOK  65536

uint64_t wait_too_long = 10 * NS_PER_S;

static void look_at_clock(struct waiting *waiting)
{
	uint64_t now = time_system();

	if (!waiting->since)
		waiting->since = now;
	if (now - waiting->since < wait_too_long)
		return;
	report_wait(waiting->for_what, (now - waiting->since) / NS_PER_S);
	waiting->since = now;
}

void wait_a_moment(struct waiting *waiting)
{
	if (!events_enabled())
		cpu_serve();
	cpu_relax();
	waiting->rounds++;
	if (waiting->rounds % ROUNDS_TO_YIELD == 0 && machine->yield)
		machine->yield();
	if (waiting->rounds % ROUNDS_TO_LOOK == 0)
		look_at_clock(waiting);
}

void spin_wait(const struct spinlock *lock)
{
	struct waiting waiting = {.for_what = lock_name(lock)};

	while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
		wait_a_moment(&waiting);
}
