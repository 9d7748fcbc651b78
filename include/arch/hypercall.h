/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypercalls, one function each.
 *
 * mm/ reaches the machine by these functions and by those of arch/tlb.h. As they are ordinary
 * functions, a model of the hypervisor can replace them at link time. Every function returns what
 * Xen returns: 0 or a count on success, else a negative Xen errno (public/errno.h). Arguments are
 * those of the public header that each comment names; pointers are guest virtual addresses that
 * must be mapped. No function takes a lock; all may be called with events masked.
 */
#ifndef ARCH_HYPERCALL_H
#define ARCH_HYPERCALL_H

#include <kernel/lib/types.h>
#include <stdint.h>
#include <xen/xen.h>

/* Installs the handlers of exceptions; the table ends with address 0. public/arch-x86/xen.h. */
long hypercall_set_trap_table(const struct trap_info *table);

/*
 * Changes page-table entries (or M2P entries); stops at the first one that Xen refuses. "done" (may
 * be NULL) receives the number carried out. public/xen.h.
 */
long hypercall_mmu_update(const struct mmu_update *requests, unsigned int count,
			  unsigned int *done);

/*
 * Pins, unpins, loads roots, flushes the TLB; stops at the first operation that Xen refuses.
 * public/xen.h.
 */
long hypercall_mmuext_op(const struct mmuext_op *operations, unsigned int count,
			 unsigned int *done);

/*
 * Writes the level-1 entry that maps "address" in the current page tables, with UVMF_ flags.
 * public/xen.h.
 */
long hypercall_update_va_mapping(uintptr_t address, uint64_t entry, unsigned long flags);

/*
 * Runs "count" hypercalls and stores each one's result in its element. Returns 0 whatever those
 * are, or an error if the list itself cannot be read. public/xen.h.
 */
long hypercall_multicall(struct multicall_entry *calls, unsigned int count);

/* Blocks, polls, yields, shuts down. public/sched.h. */
long hypercall_sched_op(int command, void *argument);

/* public/event_channel.h */
long hypercall_event_channel_op(int command, void *argument);

/* public/vcpu.h */
long hypercall_vcpu_op(int command, unsigned int vcpu, void *argument);

/* Enables or disables an assistance, VMASST_TYPE_... public/xen.h. */
long hypercall_vm_assist(unsigned int command, unsigned int type);

/* public/callback.h */
long hypercall_callback_op(int command, const void *argument);

/*
 * Asks for the version or features. With command 0 and NULL it also makes Xen deliver pending
 * events. public/version.h.
 */
long hypercall_xen_version(int command, void *argument);

/* public/memory.h */
long hypercall_memory_op(unsigned int command, void *argument);

/* public/hvm/hvm_op.h: for PVH guests */
long hypercall_hvm_op(int command, void *argument);

/* Reads or writes the hypervisor's own console, for dom0 and for debugging. public/xen.h. */
long hypercall_console_io(int command, unsigned int count, char *buffer);

/* Sets a segment base (SEGBASE_...). public/arch-x86/xen-x86_64.h. */
long hypercall_set_segment_base(int which, uint64_t base);

#endif
