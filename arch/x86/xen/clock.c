// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Xen's clocks, in the shared info page, and its one-shot timer.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/pvclock.h>
#include <arch/time.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <xen/vcpu.h>

uint64_t xen_system_time(void)
{
	return this_cpu()->vcpu ? pvclock_read(&this_cpu()->vcpu->time) : 0;
}

uint64_t xen_wall_time(void)
{
	const volatile struct shared_info *info = shared_info;
	uint32_t version;
	uint64_t at_boot;

	do {
		version = info->wc_version;
		barrier();
		at_boot =
			((uint64_t)info->wc_sec_hi << 32 | info->wc_sec) * NS_PER_S + info->wc_nsec;
	} while (pvclock_changed(&info->wc_version, version));
	return at_boot + xen_system_time();
}

/* Xen's times are signed: 2^63 would lie in the past. Half of that, 146 years, means "never". */
#define FOR_EVER (1ull << 62)

void xen_set_timer(uint64_t deadline)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = MIN(deadline, FOR_EVER)};

	if (hypercall_vcpu_op(VCPUOP_set_singleshot_timer, this_cpu()->number, &timer))
		panic("Xen refused a one-shot timer");
}

static void timer_event(void *unused)
{
	(void)unused;
	timer_expired();
}

void xen_start_timer(void)
{
	if (!evtchn_bind_virq(VIRQ_TIMER, "timer", timer_event, NULL))
		panic("no timer interrupt");
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, this_cpu()->number, NULL);
}
