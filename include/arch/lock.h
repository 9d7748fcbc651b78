/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spin locks that hold events back on this CPU while they are held.
 *
 * One virtual CPU runs today; the locks are real all the same, and so is their order, outermost
 * first: selftest, console, the kernel's address space, the list of the others, one of those, page
 * table, P2M, frames, printk. A holder never blocks.
 */
#ifndef ARCH_LOCK_H
#define ARCH_LOCK_H

#include <arch/cpu.h>

struct spinlock {
	bool held;
};

/*
 * Checks of the locks, for hosted tests (LOCK_CHECKS): one thread runs there, so a lock that is
 * held when it is taken would never become free. lock_taking() panics then, and lock_releasing() if
 * the lock is not held.
 */
#ifdef LOCK_CHECKS
void lock_taking(const struct spinlock *lock);
void lock_releasing(const struct spinlock *lock);
#else
static inline void lock_taking(const struct spinlock *lock)
{
	(void)lock;
}

static inline void lock_releasing(const struct spinlock *lock)
{
	(void)lock;
}
#endif

/* Takes the lock with events masked; the result goes to spin_unlock(). */
static inline bool spin_lock(struct spinlock *lock)
{
	bool events = events_mask();

	lock_taking(lock);
	while (__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE))
		cpu_relax();
	return events;
}

/*
 * The same for a lock that no event handler ever takes, so that events may come while it is held:
 * the locks of single page tables, of which a batch holds many until it is issued.
 */
static inline void spin_acquire(struct spinlock *lock)
{
	lock_taking(lock);
	while (__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static inline void spin_release(struct spinlock *lock)
{
	lock_releasing(lock);
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
}

/* Lets go of the lock and puts the event mask back as spin_lock() found it. */
static inline void spin_unlock(struct spinlock *lock, bool events)
{
	lock_releasing(lock);
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
	events_restore(events);
}

#endif
