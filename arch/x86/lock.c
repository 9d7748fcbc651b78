// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks of spin locks, built only with LOCK_CHECKS: for the hosted tests and "make DEBUG=1".
 *
 * struct cpu records how many locks of each rank the CPU holds, and who took the last one. Counts
 * are enough, because what may be taken next depends on ranks alone. An event handler may interrupt
 * any line here: it releases all that it takes, so the record is as it was when it returns.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/symbols.h>

/* The properties that all locks of a rank share. */
static const struct rank {
	const char *name;
	bool events_come; /* it is taken with spin_acquire(), and no event handler takes it */
} ranks[] = {
	[LOCK_UNRANKED] = {"(no rank)"},
	[LOCK_KERNEL] = {"kernel", .events_come = true},
	[LOCK_FS] = {"fs"},
	[LOCK_SPACE] = {"space", .events_come = true},
	[LOCK_OBJECT] = {"object"},
	[LOCK_KERNEL_MM] = {"kernel_mm", .events_come = true},
	[LOCK_MM_LIST] = {"mm_list"},
	[LOCK_MM] = {"mm", .events_come = true},
	[LOCK_P2M] = {"p2m"},
	[LOCK_STACKS] = {"stacks"},
	[LOCK_SLAB] = {"slab"},
	[LOCK_FRAMES] = {"frames"},
	[LOCK_PRINTK] = {"printk"},
};
_Static_assert(ARRAY_SIZE(ranks) == LOCK_RANKS, "every rank has a name");

static bool ended;

void lock_checks_end(void)
{
	ended = true;
}

const char *lock_name(const struct spinlock *lock)
{
	return ranks[lock->rank].name;
}

/* Returns the function, with the offset, that a return address lies in. */
static const char *place(uintptr_t address, char *buffer)
{
	/* The call ends one byte before: it may be the last instruction of its function. */
	return symbol_text(address - 1, buffer, SYMBOL_TEXT);
}

/* Returns the innermost rank of which the CPU holds a lock; LOCK_UNRANKED: it holds none. */
static enum lock_rank innermost(const struct cpu *cpu)
{
	unsigned int rank = LOCK_RANKS - 1;

	while (rank > LOCK_UNRANKED && !cpu->locks[rank].count)
		rank--;
	return (enum lock_rank)rank;
}

/* Panics unless the lock comes after all that the CPU holds. */
static void check_order(const struct cpu *cpu, const struct spinlock *lock, uintptr_t caller)
{
	enum lock_rank held = innermost(cpu);
	char here[SYMBOL_TEXT], there[SYMBOL_TEXT];

	if (lock->rank > held)
		return;
	place(caller, here);
	place(cpu->locks[held].caller, there);
	if (lock->rank == held)
		panic("lock order: CPU %u takes a second lock \"%s\" in %s and holds one, taken in "
		      "%s. Another CPU may take the two the other way round: release the first "
		      "before",
		      cpu->number, ranks[held].name, here, there);
	panic("lock order: CPU %u takes \"%s\" in %s and holds \"%s\", taken in %s. \"%s\" comes "
	      "first in enum lock_rank: take it first, or release \"%s\" before",
	      cpu->number, ranks[lock->rank].name, here, ranks[held].name, there,
	      ranks[lock->rank].name, ranks[held].name);
}

/*
 * Panics if the lock is taken as no lock of its rank is, or by a handler that must not. The kernel
 * lock is an exception: a handler takes it where its CPU does not hold it.
 */
static void check_events(const struct cpu *cpu, const struct rank *rank, bool events_masked,
			 uintptr_t caller)
{
	const bool kernel = rank == &ranks[LOCK_KERNEL];
	char here[SYMBOL_TEXT];

	if (!events_masked && !cpu->holds_kernel && events_enabled())
		panic("the lock \"%s\" is taken in %s without the kernel lock and with events "
		      "enabled. A handler would wait for the kernel lock, and its holder for this "
		      "one: mask events",
		      rank->name, place(caller, here));
	if (rank->events_come && cpu->event_depth && !kernel)
		panic("an event handler takes the lock \"%s\", in %s. It may have interrupted a "
		      "holder of it, and would wait for ever: do this outside of the handler",
		      rank->name, place(caller, here));
	if (rank->events_come && events_masked)
		panic("the lock \"%s\" is taken with spin_lock(), in %s. No event handler takes "
		      "it: use spin_acquire()",
		      rank->name, place(caller, here));
	if (!rank->events_come && !events_masked)
		panic("the lock \"%s\" is taken with spin_acquire(), in %s. An event handler may "
		      "take it too: use spin_lock()",
		      rank->name, place(caller, here));
}

void lock_taking(const struct spinlock *lock, bool events_masked)
{
	uintptr_t caller = (uintptr_t)__builtin_return_address(0);
	const struct cpu *cpu = this_cpu();
	char here[SYMBOL_TEXT], there[SYMBOL_TEXT];

#if __STDC_HOSTED__
	host_lock_taking(lock);
#endif
	if (ended)
		return;
	if (lock->rank == LOCK_UNRANKED || lock->rank >= LOCK_RANKS)
		panic("a lock without a rank is taken in %s: initialize it with SPINLOCK() or "
		      "spin_init()",
		      place(caller, here));
	if (lock->holder == cpu->number + 1)
		panic("CPU %u takes the lock \"%s\" twice: in %s, and before in %s. It would wait "
		      "for itself",
		      cpu->number, ranks[lock->rank].name, place(caller, here),
		      place(cpu->locks[lock->rank].caller, there));
	check_events(cpu, &ranks[lock->rank], events_masked, caller);
	check_order(cpu, lock, caller);
}

void lock_taken(struct spinlock *lock)
{
	struct cpu *cpu = this_cpu();

	if (ended)
		return;
	lock->holder = (uint8_t)(cpu->number + 1);
	cpu->locks[lock->rank].count++;
	cpu->locks[lock->rank].caller = (uintptr_t)__builtin_return_address(0);
}

/* Panics if events would come while a lock is held that an event handler takes. */
static void check_unmasked(const struct cpu *cpu, const struct spinlock *released, uintptr_t caller)
{
	char here[SYMBOL_TEXT], there[SYMBOL_TEXT];

	for (unsigned int rank = 0; rank < LOCK_RANKS; rank++) {
		if (cpu->locks[rank].count && !ranks[rank].events_come)
			panic("CPU %u unlocks \"%s\" in %s, which unmasks events, and holds "
			      "\"%s\", taken in %s, which an event handler may take: unlock that "
			      "before",
			      cpu->number, ranks[released->rank].name, place(caller, here),
			      ranks[rank].name, place(cpu->locks[rank].caller, there));
	}
}

void lock_releasing(struct spinlock *lock, bool events_come)
{
	uintptr_t caller = (uintptr_t)__builtin_return_address(0);
	struct cpu *cpu = this_cpu();
	char here[SYMBOL_TEXT];

	if (ended)
		return;
	if (!lock->held || lock->holder != cpu->number + 1)
		panic("CPU %u releases the lock \"%s\" in %s, which %s", cpu->number,
		      ranks[lock->rank].name, place(caller, here),
		      lock->held ? "another CPU holds" : "is not held");
	lock->holder = 0;
	cpu->locks[lock->rank].count--;
	if (events_come)
		check_unmasked(cpu, lock, caller);
}

void lock_expect_none(const char *doing)
{
	const struct cpu *cpu = this_cpu();
	enum lock_rank held = innermost(cpu);
	char there[SYMBOL_TEXT];

	if (!ended && held > LOCK_KERNEL)
		panic("CPU %u is about to %s and holds the lock \"%s\", taken in %s: release it "
		      "before",
		      cpu->number, doing, ranks[held].name, place(cpu->locks[held].caller, there));
}
