// SPDX-License-Identifier: GPL-2.0-or-later
/* The fixed slots in the image, and mapping frames at them. */
#include <mm/kernel/fixed.h>
#include <mm/table/ops.h>

/* Sections named ".bss.*" take no space in the file. */
#define FIXED_SLOT __attribute__((section(".bss.fixed_slots"), aligned(PAGE_SIZE)))

FIXED_SLOT char fixed_shared_info[PAGE_SIZE];
FIXED_SLOT char fixed_window[PAGE_SIZE];
FIXED_SLOT char fixed_local_apic[PAGE_SIZE];
FIXED_SLOT char fixed_io_apic[PAGE_SIZE];
FIXED_SLOT char fixed_power[FIXED_POWER][PAGE_SIZE];

void fixed_set(char *slot, mfn_t frame, uint64_t flags)
{
	set_kernel_pte((uintptr_t)slot, flags ? pt_entry_from_mfn(frame, flags) : pt_entry_none());
	lazy_flush();
}

void fixed_map(char *slot, mfn_t frame, bool writable)
{
	fixed_set(slot, frame, writable ? PT_KERNEL_RW : PT_KERNEL_RO);
}

void fixed_unmap(char *slot)
{
	fixed_set(slot, INVALID_MFN, 0);
}
