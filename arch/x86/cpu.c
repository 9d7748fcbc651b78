// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine in use, per-CPU data and the event mask.
 *
 * Where the kernel may change the processor's interrupt flag, that masks events. A PV guest may
 * not: there the mask is the byte evtchn_upcall_mask of the vcpu_info that this CPU shares with Xen
 * (public/xen.h).
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <arch/machine.h>
#include <kernel/lib/panic.h>
#include <xen/xen.h>

#define RFLAGS_IF (1u << 9)

const struct machine *machine;

struct cpu *cpus[CPU_MAX];

void cpu_init(struct cpu *cpu, unsigned int number, uintptr_t stack)
{
	cpus[number] = cpu;
	cpu->self = cpu;
	cpu->number = number;
	cpu->stack = stack;
}

static bool interrupts_enabled(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags & RFLAGS_IF;
}

bool events_enabled(void)
{
	const volatile uint8_t *mask = this_cpu()->event_mask;

	return mask ? !*mask : interrupts_enabled();
}

bool events_mask(void)
{
	volatile uint8_t *mask = this_cpu()->event_mask;
	bool were_enabled;

	if (mask) {
		were_enabled = !*mask;
		*mask = 1;
	} else {
		were_enabled = interrupts_enabled();
		__asm__ volatile("cli" ::: "memory");
	}
	barrier();
	return were_enabled;
}

void events_restore(bool were_enabled)
{
	volatile uint8_t *mask = this_cpu()->event_mask;

	barrier();
	if (!were_enabled)
		return;
	if (!mask) {
		__asm__ volatile("sti" ::: "memory");
		return;
	}
	*mask = 0;
	barrier();
	/* Xen does not see the store; any hypercall makes it deliver pending events. */
	if (this_cpu()->vcpu->evtchn_upcall_pending)
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
