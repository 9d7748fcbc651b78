/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls into the hypervisor, one function each.
 *
 * This is one of the two ways by which mm/ reaches the machine; being ordinary functions, they can
 * be replaced at link time by a model of the hypervisor. Every function returns what Xen returns:
 * 0 or a count on success, a negative Xen errno (public/errno.h) otherwise. Arguments are those of
 * the public header named beside each; pointers are guest virtual addresses that must be mapped.
 * None takes a lock; all may be called with events masked.
 */
#ifndef ARCH_HYPERCALL_H
#define ARCH_HYPERCALL_H

#include <kernel/lib/types.h>
#include <stdint.h>
#include <xen/xen.h>

/* public/arch-x86/xen.h: installs the handlers of exceptions; the table ends with address 0. */
long hypercall_set_trap_table(const struct trap_info *table);

/*
 * public/xen.h: changes page-table entries (or M2P entries), stops at the first that is refused.
 * "done" (may be NULL) receives how many were carried out.
 */
long hypercall_mmu_update(const struct mmu_update *requests, unsigned int count,
			  unsigned int *done);

/* public/xen.h: pins, unpins, loads roots, flushes. Stops at the first that is refused. */
long hypercall_mmuext_op(const struct mmuext_op *operations, unsigned int count,
			 unsigned int *done);

/* public/xen.h: writes the level-1 entry that maps "address" in the current tables; UVMF_ flags. */
long hypercall_update_va_mapping(uintptr_t address, uint64_t entry, unsigned long flags);

/*
 * public/xen.h: runs "count" hypercalls; each element's result is left in it. Returns 0 whatever
 * they were, or an error if the list itself cannot be read.
 */
long hypercall_multicall(struct multicall_entry *calls, unsigned int count);

/* public/sched.h: blocks, polls, yields, shuts down. */
long hypercall_sched_op(int command, void *argument);

/* public/event_channel.h */
long hypercall_event_channel_op(int command, void *argument);

/* public/vcpu.h */
long hypercall_vcpu_op(int command, unsigned int vcpu, void *argument);

/* public/xen.h: VMASST_... */
long hypercall_vm_assist(unsigned int command, unsigned int type);

/* public/callback.h */
long hypercall_callback_op(int command, const void *argument);

/* public/version.h; command 0 with NULL also makes Xen deliver pending events. */
long hypercall_xen_version(int command, void *argument);

/* public/memory.h */
long hypercall_memory_op(unsigned int command, void *argument);

/* public/hvm/hvm_op.h: for PVH guests */
long hypercall_hvm_op(int command, void *argument);

/* public/xen.h: the hypervisor's own console, for dom0 and for debugging. */
long hypercall_console_io(int command, unsigned int count, char *buffer);

/* public/arch-x86/xen-x86_64.h: sets a segment base (SEGBASE_...). */
long hypercall_set_segment_base(int which, uint64_t base);

#endif
