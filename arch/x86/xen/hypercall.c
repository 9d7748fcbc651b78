// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypercall stubs: from a C function to an entry of the hypercall page.
 *
 * The number selects one of the page's 32-byte entries. Arguments go in rdi, rsi, rdx, r10, r8, as
 * in public/arch-x86/xen-x86_64.h. Xen preserves all registers except rax and those of the
 * arguments; the stub clobbers rcx and r11, as "syscall" does.
 */
#include <arch/hypercall.h>
#include <kernel/lib/compiler.h>
#include <xen/callback.h>

static ALWAYS_INLINE long hypercall(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
				    uint64_t d)
{
	long result;
	register uint64_t r10 __asm__("r10") = d;

	__asm__ volatile("call hypercall_page + %c[offset]"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
			 : [offset] "i"(number * 32)
			 : "rcx", "r8", "r9", "r11", "memory");
	return result;
}

long hypercall_set_trap_table(const struct trap_info *table)
{
	return hypercall(__HYPERVISOR_set_trap_table, (uint64_t)table, 0, 0, 0);
}

long hypercall_mmu_update(const struct mmu_update *requests, unsigned int count, unsigned int *done)
{
	return hypercall(__HYPERVISOR_mmu_update, (uint64_t)requests, count, (uint64_t)done,
			 DOMID_SELF);
}

long hypercall_mmuext_op(const struct mmuext_op *operations, unsigned int count, unsigned int *done)
{
	return hypercall(__HYPERVISOR_mmuext_op, (uint64_t)operations, count, (uint64_t)done,
			 DOMID_SELF);
}

long hypercall_update_va_mapping(uintptr_t address, uint64_t entry, unsigned long flags)
{
	return hypercall(__HYPERVISOR_update_va_mapping, address, entry, flags, 0);
}

long hypercall_multicall(struct multicall_entry *calls, unsigned int count)
{
	return hypercall(__HYPERVISOR_multicall, (uint64_t)calls, count, 0, 0);
}

long hypercall_sched_op(int command, void *argument)
{
	return hypercall(__HYPERVISOR_sched_op, (uint64_t)command, (uint64_t)argument, 0, 0);
}

long hypercall_event_channel_op(int command, void *argument)
{
	return hypercall(__HYPERVISOR_event_channel_op, (uint64_t)command, (uint64_t)argument, 0,
			 0);
}

long hypercall_vcpu_op(int command, unsigned int vcpu, void *argument)
{
	return hypercall(__HYPERVISOR_vcpu_op, (uint64_t)command, vcpu, (uint64_t)argument, 0);
}

long hypercall_vm_assist(unsigned int command, unsigned int type)
{
	return hypercall(__HYPERVISOR_vm_assist, command, type, 0, 0);
}

long hypercall_callback_op(int command, const void *argument)
{
	return hypercall(__HYPERVISOR_callback_op, (uint64_t)command, (uint64_t)argument, 0, 0);
}

long hypercall_xen_version(int command, void *argument)
{
	return hypercall(__HYPERVISOR_xen_version, (uint64_t)command, (uint64_t)argument, 0, 0);
}

long hypercall_memory_op(unsigned int command, void *argument)
{
	return hypercall(__HYPERVISOR_memory_op, command, (uint64_t)argument, 0, 0);
}

long hypercall_hvm_op(int command, void *argument)
{
	return hypercall(__HYPERVISOR_hvm_op, (uint64_t)command, (uint64_t)argument, 0, 0);
}

long hypercall_console_io(int command, unsigned int count, char *buffer)
{
	return hypercall(__HYPERVISOR_console_io, (uint64_t)command, count, (uint64_t)buffer, 0);
}

long hypercall_set_segment_base(int which, uint64_t base)
{
	return hypercall(__HYPERVISOR_set_segment_base, (uint64_t)which, base, 0, 0);
}
