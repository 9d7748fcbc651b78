/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spin locks, with a rank each, so that the order in which they are taken can be checked.
 *
 * A CPU spins until the lock is free, and never blocks while it holds one. While it spins it serves
 * the requests of other CPUs (arch/ipi.h), and if it takes too long, it says so. Each lock has a
 * rank: the list of ranks, <arch/lock_rank.h>, says in what order locks are taken and what they
 * guard.
 *
 * There are two kinds. A lock that event handlers take is always taken with spin_lock(), which
 * masks events on this CPU; otherwise a handler could wait for the code that it has interrupted. A
 * lock that no handler takes is always taken with spin_acquire(), and events may come while it is
 * held.
 *
 * Locks may be released in any order, except that spin_unlock() must not unmask events while
 * another lock of the first kind is held.
 *
 * The hosted tests and the kernel of "make DEBUG=1" check all of this whenever a lock is taken or
 * released (LOCK_CHECKS). The ordinary kernel does not: struct frame has one byte for a lock, and
 * no measured path may take one instruction more.
 */
#ifndef ARCH_LOCK_H
#define ARCH_LOCK_H

#include <arch/cpu.h>
#include <arch/lock_rank.h>

#ifdef LOCK_CHECKS
struct spinlock {
	bool held;
	uint8_t rank;   /* enum lock_rank */
	uint8_t holder; /* number of the CPU that holds it, plus 1; 0: none */
};

/* The initializer of a free lock of that rank, for a variable or a member of one. */
#define SPINLOCK(lock_rank)         \
	{                           \
		.rank = (lock_rank) \
	}

/* Initializes a lock in memory that is all zeros. */
static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	lock->rank = (uint8_t)rank;
}

/*
 * The checks, each of which panics and says what to do (arch/x86/lock.c). lock_taking() is called
 * before the CPU spins, lock_taken() when it has got the lock, lock_releasing() before it releases
 * it. "events_masked": by spin_lock(); "events_come": the release unmasks events.
 */
void lock_taking(const struct spinlock *lock, bool events_masked);
void lock_taken(struct spinlock *lock);
void lock_releasing(struct spinlock *lock, bool events_come);

/*
 * Panics if the CPU holds a lock other than the kernel's. "doing" completes "CPU 0 is about to".
 */
void lock_expect_none(const char *doing);

/* Returns the name of the lock's rank; the ordinary kernel knows only that it is a lock. */
const char *lock_name(const struct spinlock *lock);

/* Ends all checks, for good: a panic's report must not end in another panic. */
void lock_checks_end(void);

#if __STDC_HOSTED__
/* Called before a lock is taken, so that a hosted test can do what another CPU does just then. */
void host_lock_taking(const struct spinlock *lock);
#endif
#else
struct spinlock {
	bool held;
};

#define SPINLOCK(lock_rank)   \
	{                     \
		.held = false \
	}

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	(void)lock;
	(void)rank;
}

static inline void lock_taking(const struct spinlock *lock, bool events_masked)
{
	(void)lock;
	(void)events_masked;
}

static inline void lock_taken(struct spinlock *lock)
{
	(void)lock;
}

static inline void lock_releasing(struct spinlock *lock, bool events_come)
{
	(void)lock;
	(void)events_come;
}

static inline void lock_expect_none(const char *doing)
{
	(void)doing;
}

static inline const char *lock_name(const struct spinlock *lock)
{
	(void)lock;
	return "lock";
}

static inline void lock_checks_end(void)
{
}
#endif

/* Waits until the lock may be free, as arch/wait.h says. */
void spin_wait(const struct spinlock *lock);

/* Masks events and takes the lock. Returns what spin_unlock() needs: whether events were on. */
static inline bool spin_lock(struct spinlock *lock)
{
	bool events = events_mask();

	lock_taking(lock, true);
	while (unlikely(__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE)))
		spin_wait(lock);
	lock_taken(lock);
	return events;
}

/* Releases the lock and puts the event mask back as spin_lock() found it. */
static inline void spin_unlock(struct spinlock *lock, bool events)
{
	lock_releasing(lock, events);
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
	events_restore(events);
}

/* Takes a lock that no event handler ever takes; events may come while it is held. */
static inline void spin_acquire(struct spinlock *lock)
{
	lock_taking(lock, false);
	while (unlikely(__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE)))
		spin_wait(lock);
	lock_taken(lock);
}

/* Releases a lock that was taken with spin_acquire(). */
static inline void spin_release(struct spinlock *lock)
{
	lock_releasing(lock, false);
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
}

#endif
