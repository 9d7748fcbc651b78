// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU data and the event mask. A PV guest cannot use cli and sti: the mask is the byte
 * evtchn_upcall_mask of the vcpu_info that this CPU shares with Xen (public/xen.h).
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/panic.h>

struct cpu *cpus[CPU_MAX];

void cpu_init(struct cpu *cpu, unsigned int number, uintptr_t stack)
{
	cpus[number] = cpu;
	cpu->self = cpu;
	cpu->number = number;
	cpu->stack = stack;
	if (hypercall_set_segment_base(SEGBASE_GS_KERNEL, (uint64_t)cpu))
		panic("Xen refused the per-CPU segment base");
}

bool events_enabled(void)
{
	struct vcpu_info *vcpu = this_cpu()->vcpu;

	return vcpu && !vcpu->evtchn_upcall_mask;
}

bool events_mask(void)
{
	bool were_enabled = events_enabled();

	if (were_enabled)
		this_cpu()->vcpu->evtchn_upcall_mask = 1;
	barrier();
	return were_enabled;
}

void events_restore(bool were_enabled)
{
	struct vcpu_info *vcpu;

	barrier();
	if (!were_enabled)
		return;
	vcpu = this_cpu()->vcpu;
	vcpu->evtchn_upcall_mask = 0;
	barrier();
	/* Xen does not notice the store; any hypercall makes it deliver what is pending. */
	if (vcpu->evtchn_upcall_pending)
		hypercall_xen_version(0, NULL);
}

void cpu_run_on(struct cpu *cpu, void (*function)(void *argument), void *argument)
{
	bool events = events_mask();

	if (cpu != this_cpu())
		panic("CPU %u cannot be reached: only one was started", cpu->number);
	function(argument);
	events_restore(events);
}
