// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting another virtual CPU of a PV guest: Xen is given all of its registers at once (public/
 * arch-x86/xen.h, struct vcpu_guest_context), as if it had just made a hypercall that returns to
 * the entry.
 *
 * It uses the flat segments of Xen's own descriptor table, so it needs none of its own, and the
 * same handlers as CPU 0.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <arch/xen.h>
#include <kernel/lib/string.h>
#include <xen/vcpu.h>

#define RFLAGS_IF (1u << 9)

/* Prepared for one CPU at a time: kernel/task/cpus.c waits for each. */
static struct vcpu_guest_context context;

bool xen_pv_start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void), mfn_t root)
{
	/* The stack looks as if entry() had been called. */
	uintptr_t stack = stack_top - sizeof(uint64_t);

	memset(&context, 0, sizeof(context));
	context.flags =
		VGCF_in_kernel | VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
	context.user_regs.rip = (uintptr_t)entry;
	context.user_regs.rsp = stack;
	context.user_regs.rflags = RFLAGS_IF;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = stack_top;
	context.ctrlreg[3] = mfn_to_maddr(root).ma;
	context.gs_base_kernel = (uintptr_t)cpu;
	xen_describe_handlers(&context);
	return !hypercall_vcpu_op(VCPUOP_initialise, cpu->number, &context);
}
