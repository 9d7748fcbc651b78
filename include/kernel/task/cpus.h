/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting CPUs, and taking them down and up again while the kernel runs.
 *
 * CPU 0 is the one that booted. It stays: it has the console and the domain's own events.
 */
#ifndef KERNEL_TASK_CPUS_H
#define KERNEL_TASK_CPUS_H

#include <arch/cpu.h>

/*
 * Starts all CPUs of the machine. One that does not come up is reported and left out. Called once,
 * by CPU 0, when there are tasks. Needs the kernel lock.
 */
void cpus_start(void);

/*
 * Takes a CPU down: it gives away its task and its timers, and leaves the address space that it has
 * loaded. Returns NULL, or a message that says why it cannot go. Sleeps; needs the kernel lock.
 */
const char *cpu_take_down(unsigned int number);

/* Takes a CPU up again. Returns NULL, or a message. Sleeps; needs the kernel lock. */
const char *cpu_take_up(unsigned int number);

/* Returns true if the CPU runs. */
static inline bool cpu_is_online(const struct cpu *cpu)
{
	return cpus_online >> cpu->number & 1;
}

#endif
