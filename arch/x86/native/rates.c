// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The arithmetic of clock rates: from what cpuid reports, or from several measurements of which
 * some are disturbed. It reads no register itself, so hosted tests can run it.
 */
#include <arch/rates.h>

#define CPUID_HYPERVISOR (1u << 31) /* leaf 1, ecx */
#define LEAF_HYPERVISOR  0x40000000
#define LEAF_TIMING      0x40000010
#define LEAF_CRYSTAL     0x15
#define LEAF_FREQUENCY   0x16

#define KHZ 1000ull
#define MHZ 1000000ull

#define LEAST_SAMPLES 3
#define TOLERANCE     512

static bool rates_from_hypervisor(struct cpuid (*read)(uint32_t leaf), struct rates *rates)
{
	struct cpuid timing;

	if (!(read(1).ecx & CPUID_HYPERVISOR) || read(LEAF_HYPERVISOR).eax < LEAF_TIMING)
		return false;
	timing = read(LEAF_TIMING);
	*rates = (struct rates){timing.eax * KHZ, timing.ebx * KHZ};
	return rates->tsc;
}

/*
 * Reads the rate of the counter as a multiple of the crystal's, which is the rate of the APIC's
 * timer.
 */
static bool rates_from_crystal(struct cpuid (*read)(uint32_t leaf), struct rates *rates)
{
	uint32_t leaves = read(0).eax;
	struct cpuid ratio;

	if (leaves < LEAF_CRYSTAL)
		return false;
	ratio = read(LEAF_CRYSTAL);
	if (!ratio.eax || !ratio.ebx)
		return false;
	if (ratio.ecx) {
		*rates = (struct rates){(uint64_t)ratio.ecx * ratio.ebx / ratio.eax, ratio.ecx};
		return true;
	}
	/* If the crystal's rate is missing, the processor's own frequency is the counter's rate. */
	if (leaves < LEAF_FREQUENCY)
		return false;
	rates->tsc = (read(LEAF_FREQUENCY).eax & 0xffff) * MHZ;
	rates->apic = rates->tsc * ratio.eax / ratio.ebx;
	return rates->tsc;
}

bool rates_from_cpuid(struct cpuid (*read)(uint32_t leaf), struct rates *rates)
{
	return rates_from_hypervisor(read, rates) || rates_from_crystal(read, rates);
}

void calibration_add(struct calibration *calibration, uint64_t ticks)
{
	if (!calibration->samples++) {
		calibration->least = ticks;
		calibration->second = UINT64_MAX;
	} else if (ticks < calibration->least) {
		calibration->second = calibration->least;
		calibration->least = ticks;
	} else {
		calibration->second = MIN(calibration->second, ticks);
	}
}

bool calibration_agrees(const struct calibration *calibration)
{
	return calibration->samples >= LEAST_SAMPLES &&
	       calibration->second - calibration->least <= calibration->least / TOLERANCE;
}
