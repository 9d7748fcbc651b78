// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel lock: a spin lock that a CPU holds for as long as its tasks run in kernel/.
 */
#include <arch/kernel_lock.h>
#include <arch/machine.h>

static struct spinlock lock = SPINLOCK(LOCK_KERNEL);
static struct kernel_lock_counters counters; /* guarded by the lock */
static unsigned int waiting;                 /* CPUs that wait for it */

/* Rounds for which a CPU lets those that wait go first. */
#define MOST_ROUNDS 100000u

void kernel_lock(void)
{
	bool waits = __atomic_load_n(&lock.held, __ATOMIC_RELAXED);

	if (unlikely(waits))
		__atomic_fetch_add(&waiting, 1, __ATOMIC_RELAXED);
	spin_acquire(&lock);
	this_cpu()->holds_kernel = true;
	counters.taken++;
	if (unlikely(waits)) {
		__atomic_fetch_sub(&waiting, 1, __ATOMIC_RELAXED);
		counters.waited++;
	}
}

void kernel_let_others(void)
{
	bool events;

	if (likely(!__atomic_load_n(&waiting, __ATOMIC_RELAXED)))
		return;
	events = events_mask();
	kernel_unlock();
	/* Taking it again at once would nearly always be faster than those that wait. */
	for (unsigned int i = 0; i < MOST_ROUNDS && __atomic_load_n(&waiting, __ATOMIC_RELAXED) &&
				 !__atomic_load_n(&lock.held, __ATOMIC_RELAXED);
	     i++)
		cpu_relax();
	kernel_lock();
	events_restore(events);
}

void kernel_unlock(void)
{
	this_cpu()->holds_kernel = false;
	spin_release(&lock);
}

bool kernel_lock_event(void)
{
	if (this_cpu()->holds_kernel)
		return false;
	kernel_lock();
	return true;
}

void kernel_unlock_event(bool taken)
{
	if (taken)
		kernel_unlock();
}

void kernel_block(void)
{
	kernel_unlock();
	machine->block();
	events_mask();
	kernel_lock();
}

struct kernel_lock_counters kernel_lock_counters(void)
{
	return counters;
}
