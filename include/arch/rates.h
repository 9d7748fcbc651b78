/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast the counters of a processor tick, as far as that is arithmetic: by what cpuid says, and
 * by measuring.
 */
#ifndef ARCH_RATES_H
#define ARCH_RATES_H

#include <arch/io.h>
#include <kernel/lib/compiler.h>

struct rates {
	uint64_t tsc;  /* ticks of the time-stamp counter in a second */
	uint64_t apic; /* and of the APIC's timer, before it is divided; 0: not known */
};

/*
 * Finds out by the leaves that a hypervisor gives (0x40000010, as VMware defined it) or the
 * processor has (0x15 and 0x16: Intel SDM volume 2, "CPUID"). "read" is cpuid(). Returns false if
 * neither tells. A pure function.
 */
bool rates_from_cpuid(struct cpuid (*read)(uint32_t leaf), struct rates *rates);

/*
 * Ticks counted while a known time passed, several times over. A reading can come late, since
 * somebody else had the processor, but not early: so the smallest is right, and two that agree are
 * enough to believe it. Start with {0}.
 */
struct calibration {
	unsigned int samples;
	uint64_t least, second;
};

void calibration_add(struct calibration *calibration, uint64_t ticks);

/* Returns true if there are three samples or more, and the two smallest differ by 1/512 at most. */
bool calibration_agrees(const struct calibration *calibration);

#endif
