// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fixed slots, and mapping a frame at one of them.
 */
#include <arch/hypercall.h>
#include <kernel/panic.h>
#include <mm/fixed.h>
#include <mm/pagetable.h>

/* Sections named ".bss.*" take no room in the file. */
#define FIXED_SLOT __attribute__((section(".bss.fixed_slots"), aligned(PAGE_SIZE)))

FIXED_SLOT char fixed_shared_info[PAGE_SIZE];
FIXED_SLOT char fixed_window[PAGE_SIZE];

static void set_slot(char *slot, pt_entry_t entry)
{
	long error = hypercall_update_va_mapping((uintptr_t)slot, entry.raw, UVMF_INVLPG);

	if (error)
		panic("Xen refused entry %016lx at fixed slot %p: error %ld", entry.raw,
		      (void *)slot, error);
}

void fixed_map(char *slot, mfn_t frame, bool writable)
{
	set_slot(slot, pt_entry_from_mfn(frame, writable ? PT_KERNEL_RW : PT_KERNEL_RO));
}

void fixed_unmap(char *slot)
{
	set_slot(slot, pt_entry_none());
}
