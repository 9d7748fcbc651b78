/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of one CPU to others, which they carry out in an interrupt.
 *
 * There are two kinds. cpu_call() has other CPUs run a function, and waits for all of them: to
 * flush a TLB, to leave an address space. cpu_kick() only interrupts a CPU, so that a program that
 * runs there comes back to the kernel.
 *
 * A CPU may be asked while it has its events masked and waits for a lock that the caller holds. So
 * every loop that waits with events masked serves the requests of others, by cpu_serve(). Therefore
 * requests need no place in the order of locks: any lock may be held across cpu_call(). In return a
 * function that is called takes no lock, does not print, and returns soon.
 */
#ifndef ARCH_IPI_H
#define ARCH_IPI_H

#include <arch/cpu.h>

/*
 * Runs the function on those CPUs of the set that are online, with events masked and event_depth
 * raised where it is not the running one, and returns when all have returned. All are asked at
 * once. Any locks may be held; not in a function that is called so.
 */
void cpu_call(cpu_set_t set, void (*function)(void *argument), void *argument);

/*
 * Runs what other CPUs ask of this one. Called by every loop that waits with events masked. Cheap
 * if there is nothing.
 */
void cpu_serve(void);

/* Interrupts those CPUs of the set that are online, the running one excepted. Does not wait. */
void cpu_kick(cpu_set_t set);

/* Handles the interrupt of both. Called by the machine's handler, with events masked. */
void ipi_received(void);

/* Returns the number of CPUs in a set. */
static inline unsigned int cpu_set_count(cpu_set_t set)
{
	unsigned int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

/* Number of calls made and of CPUs that ran them, kicks included; for the prompt and for tests. */
struct ipi_counters {
	uint64_t calls; /* cpu_call() with another CPU in the set */
	uint64_t asked; /* CPUs in all of these calls */
	uint64_t kicks; /* CPUs kicked */
};
struct ipi_counters ipi_counters(void);

/* Removes the CPU with the lowest number from a set, and returns it; NULL: the set is empty. */
static inline struct cpu *cpu_set_take(cpu_set_t *set)
{
	struct cpu *cpu = *set ? cpus[__builtin_ctzl(*set)] : NULL;

	*set &= *set - 1; /* of 0 it leaves 0 */
	return cpu;
}

#endif
