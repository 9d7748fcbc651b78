// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks and timers on Xen's shared time page.
 *
 * Both clocks are published under a version number that is odd while Xen writes: read it, read the
 * fields, read it again, and start over unless it is even and the same.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/time.h>
#include <arch/xen.h>
#include <kernel/panic.h>
#include <xen/vcpu.h>

/* Armed timers, nearest first. Touched with events masked only: there is one CPU's worth. */
static struct timer *timers;

static bool version_changed(const volatile uint32_t *version, uint32_t before)
{
	barrier();
	return (before & 1) || *version != before;
}

uint64_t time_system(void)
{
	const volatile struct vcpu_time_info *info = &this_cpu()->vcpu->time;
	uint32_t version;
	uint64_t now;

	do {
		version = info->version;
		barrier();
		now = info->system_time + time_scale(rdtsc() - info->tsc_timestamp,
						     info->tsc_to_system_mul, info->tsc_shift);
	} while (version_changed(&info->version, version));
	return now;
}

uint64_t time_wall(void)
{
	const volatile struct shared_info *info = shared_info;
	uint32_t version;
	uint64_t at_boot;

	do {
		version = info->wc_version;
		barrier();
		at_boot =
			((uint64_t)info->wc_sec_hi << 32 | info->wc_sec) * NS_PER_S + info->wc_nsec;
	} while (version_changed(&info->wc_version, version));
	return at_boot + time_system();
}

/* Asks Xen for an event at the nearest deadline; one in the past comes at once. */
static void program_nearest(void)
{
	struct vcpu_set_singleshot_timer timer;

	if (!timers)
		return;
	timer = (struct vcpu_set_singleshot_timer){.timeout_abs_ns = timers->deadline};
	if (hypercall_vcpu_op(VCPUOP_set_singleshot_timer, this_cpu()->number, &timer))
		panic("Xen refused a one-shot timer");
}

static void unlink_timer(struct timer *timer)
{
	for (struct timer **link = &timers; *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			break;
		}
	}
	timer->armed = false;
}

void timer_arm(struct timer *timer, uint64_t deadline, void (*function)(struct timer *))
{
	bool events = events_mask();
	struct timer **link = &timers;

	if (timer->armed)
		unlink_timer(timer);
	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->next;
	*timer = (struct timer){deadline, function, *link, true};
	*link = timer;
	if (timers == timer)
		program_nearest();
	events_restore(events);
}

void timer_cancel(struct timer *timer)
{
	bool events = events_mask();

	if (timer->armed)
		unlink_timer(timer);
	events_restore(events);
}

static void timer_event(void *unused)
{
	(void)unused;
	while (timers && timers->deadline <= time_system()) {
		struct timer *timer = timers;

		unlink_timer(timer);
		timer->function(timer);
	}
	program_nearest();
}

static void nothing(struct timer *timer)
{
	(void)timer;
}

void time_sleep_until(uint64_t deadline)
{
	struct timer timer = {0};
	bool events = events_mask();

	timer_arm(&timer, deadline, nothing);
	while (timer.armed) {
		xen_block();
		events_mask();
	}
	events_restore(events);
}

void time_init(void)
{
	if (!evtchn_bind_virq(VIRQ_TIMER, "timer", timer_event, NULL))
		panic("no timer interrupt");
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, this_cpu()->number, NULL);
}
