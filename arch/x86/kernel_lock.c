// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel lock: a spin lock that a CPU holds for as long as its tasks run in kernel/.
 */
#include <arch/kernel_lock.h>
#include <arch/machine.h>

static struct spinlock lock = SPINLOCK(LOCK_KERNEL);
static struct kernel_lock_counters counters; /* guarded by the lock */

void kernel_lock(void)
{
	bool free = !__atomic_load_n(&lock.held, __ATOMIC_RELAXED);

	spin_acquire(&lock);
	this_cpu()->holds_kernel = true;
	counters.taken++;
	counters.waited += !free;
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
