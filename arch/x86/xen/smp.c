// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several virtual CPUs under Xen, PV and PVH: counting, stopping, interrupting them
 * (public/vcpu.h).
 *
 * Each CPU shares a struct vcpu_info with Xen: pending events, the clock, and for a PV guest the
 * event mask and the address of the last page fault. The shared info page has room for 32 of them.
 * So every CPU's is in a page of the kernel instead, which Xen is told of before the CPU starts.
 *
 * CPUs interrupt each other through event channels, one port for each CPU.
 */
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/ipi.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

static struct vcpu_info infos[CPU_MAX] __attribute__((aligned(PAGE_SIZE)));
_Static_assert(sizeof(infos) == PAGE_SIZE, "they fill a page");

static evtchn_t ipi_ports[CPU_MAX];

/* How long a CPU that has said that it goes down may take to be down. */
#define PATIENCE (NS_PER_S / 2)

const void *xen_vcpu_infos(void)
{
	return infos;
}

bool xen_register_vcpu_info(struct cpu *cpu, mfn_t frame)
{
	struct vcpu_register_vcpu_info where = {
		.mfn = frame.mfn,
		.offset = cpu->number * (uint32_t)sizeof(struct vcpu_info),
	};

	if (hypercall_vcpu_op(VCPUOP_register_vcpu_info, cpu->number, &where))
		return false;
	cpu->vcpu = &infos[cpu->number];
	return true;
}

static bool is_up(unsigned int number)
{
	return hypercall_vcpu_op(VCPUOP_is_up, number, NULL) > 0;
}

unsigned int xen_count_cpus(void)
{
	unsigned int count = 1;

	while (count < CPU_MAX && hypercall_vcpu_op(VCPUOP_is_up, count, NULL) >= 0)
		count++;
	return count;
}

bool xen_raise_cpu(const struct cpu *cpu)
{
	uint64_t deadline = time_system() + PATIENCE;

	/* One that goes down says so a moment before it is down: then "up" would have no effect. */
	while (is_up(cpu->number)) {
		if (time_system() > deadline)
			return false;
		xen_yield();
	}
	return !hypercall_vcpu_op(VCPUOP_up, cpu->number, NULL);
}

static void handle_ipi(void *unused)
{
	(void)unused;
	ipi_received();
}

void xen_ready_cpu(void)
{
	xen_start_timer();
	ipi_ports[this_cpu()->number] = evtchn_bind_ipi("requests", handle_ipi);
}

void xen_stop_cpu(void)
{
	/* It returns when another CPU makes VCPUOP_up. */
	hypercall_vcpu_op(VCPUOP_down, this_cpu()->number, NULL);
}

void xen_send_ipi(cpu_set_t set)
{
	struct cpu *cpu;

	while ((cpu = cpu_set_take(&set)))
		evtchn_notify(ipi_ports[cpu->number]);
}

void xen_send_nmi(cpu_set_t set)
{
	struct cpu *cpu;

	while ((cpu = cpu_set_take(&set)))
		hypercall_vcpu_op(VCPUOP_send_nmi, cpu->number, NULL);
}

void xen_yield(void)
{
	hypercall_sched_op(SCHEDOP_yield, NULL);
}
