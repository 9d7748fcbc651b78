// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a clock that the hypervisor keeps in memory shared with the guest.
 *
 * The hypervisor writes a time, the time-stamp counter at that time and the factor of its ticks,
 * all for the processor that the virtual CPU runs on. A version number guards them: read it, read
 * the fields, read it again, and start over unless it is even and unchanged.
 */
#include <arch/cpu.h>
#include <arch/pvclock.h>

uint64_t pvclock_scale(uint64_t ticks, uint32_t multiplier, int8_t shift)
{
	if (shift < 0)
		ticks >>= -shift;
	else
		ticks <<= shift;
	return (uint64_t)((unsigned __int128)ticks * multiplier >> 32);
}

bool pvclock_changed(const volatile uint32_t *version, uint32_t before)
{
	barrier();
	return (before & 1) || *version != before;
}

uint64_t clock_never_back(uint64_t now)
{
	static uint64_t latest;
	uint64_t before = __atomic_load_n(&latest, __ATOMIC_RELAXED);

	/* Other CPUs and event handlers that interrupt this read the time too. */
	do {
		if (now <= before)
			return before;
	} while (!__atomic_compare_exchange_n(&latest, &before, now, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return now;
}

uint64_t pvclock_read(const volatile struct vcpu_time_info *info)
{
	uint32_t version;
	uint8_t flags;
	uint64_t now;

	do {
		int64_t ticks;

		version = info->version;
		barrier();
		flags = info->flags;
		/* A processor whose counter lags may not have reached the timestamp. */
		ticks = MAX((int64_t)(rdtsc() - info->tsc_timestamp), 0);
		now = info->system_time +
		      pvclock_scale((uint64_t)ticks, info->tsc_to_system_mul, info->tsc_shift);
	} while (pvclock_changed(&info->version, version));
	return flags & XEN_PVCLOCK_TSC_STABLE_BIT ? now : clock_never_back(now);
}
