/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel lock: one CPU at a time runs the code of kernel/ and drivers/.
 *
 * That code was written for one CPU, and reads as such: a function has files, processes and queues
 * to itself until it sleeps, and event handlers come in between where events are enabled. The lock
 * makes this true with any number of CPUs. A CPU takes it when a thread enters the kernel and
 * releases it when the thread goes back to its program, or when the CPU has nothing to do. The lock
 * belongs to the CPU, not to the task: it stays held while one task sleeps and another continues.
 * An event handler takes it too, unless its CPU holds it: then it runs in between, as ever.
 *
 * What costs time and concerns one program only runs without it: page faults, mmap() and its
 * relatives, the end of an address space. mm/ has finer locks of its own. There is one rule:
 *
 *	without the kernel lock, the kernel runs with its events masked.
 *
 * Otherwise a handler could wait for the lock while its CPU holds one of mm/'s, and the holder of
 * the kernel lock for that one. While a CPU waits it serves the requests of others (arch/ipi.h).
 *
 * Finer locks in kernel/ would cost some hundred lines and the readability that they are written
 * for, and nothing in there runs for long.
 */
#ifndef ARCH_KERNEL_LOCK_H
#define ARCH_KERNEL_LOCK_H

#include <arch/lock.h>

/*
 * Takes the kernel lock, which the CPU must not hold. Outermost: the CPU holds no other lock.
 * Events are masked, and stay so: the caller may unmask them from here on.
 */
void kernel_lock(void);

/* Releases the kernel lock. Events are masked, and must stay so until the program runs. */
void kernel_unlock(void);

/* Bracket what a thread does in kernel/: the lock is held, and events may come. */
static inline void kernel_enter(void)
{
	kernel_lock();
	events_restore(true);
}

static inline void kernel_leave(void)
{
	events_mask();
	kernel_unlock();
}

/*
 * Lets other CPUs that wait for the lock have it first. Everything that it guards may have changed
 * afterwards, as after a sleep. Does next to nothing if there are none.
 */
void kernel_let_others(void);

/*
 * Blocks until an event was delivered, without the lock, which the CPU holds before and afterwards.
 * Events are masked before and afterwards, but not meanwhile.
 */
void kernel_block(void);

/* Takes the kernel lock for an event handler, unless the CPU holds it. Returns what to pass on. */
bool kernel_lock_event(void);
void kernel_unlock_event(bool taken);

/* How often the lock was taken, and how often it was not free; for the benchmark and the prompt. */
struct kernel_lock_counters {
	uint64_t taken, waited;
};
struct kernel_lock_counters kernel_lock_counters(void);

#endif
