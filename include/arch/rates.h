/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rates of a processor's counters: the arithmetic of finding them, from cpuid or by measuring.
 */
#ifndef ARCH_RATES_H
#define ARCH_RATES_H

#include <arch/io.h>
#include <kernel/lib/compiler.h>

struct rates {
	uint64_t tsc;  /* ticks of the time-stamp counter in a second */
	uint64_t apic; /* ticks of the APIC's timer in a second, undivided; 0: not known */
};

/*
 * Reads the rates from cpuid: from the leaf that a hypervisor provides (0x40000010, as VMware
 * defined it), or from the processor's own (0x15 and 0x16: Intel SDM volume 2, "CPUID"). "read" is
 * cpuid(). Returns false if neither has them. A pure function.
 */
bool rates_from_cpuid(struct cpuid (*read)(uint32_t leaf), struct rates *rates);

/*
 * Numbers of ticks counted during a known time, several times over. A reading may be late, because
 * something else had the processor, but never early. So the smallest is right, and two that agree
 * are enough to trust it. Initialize with {0}.
 */
struct calibration {
	unsigned int samples;
	uint64_t least, second;
};

void calibration_add(struct calibration *calibration, uint64_t ticks);

/* Returns true if there are at least three samples and the smallest two differ by 1/512 at most. */
bool calibration_agrees(const struct calibration *calibration);

#endif
