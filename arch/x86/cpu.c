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
#include <xen/xen.h>

#define RFLAGS_IF (1u << 9)

const struct machine *machine;

struct cpu *cpus[CPU_MAX];
unsigned int cpu_count;
cpu_set_t cpus_online;

void cpu_init(struct cpu *cpu, unsigned int number, uintptr_t stack)
{
	cpus[number] = cpu;
	/* Those who look at all CPUs find its struct complete. */
	__atomic_store_n(&cpu_count, number + 1, __ATOMIC_RELEASE);
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
