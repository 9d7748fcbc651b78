/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what a loader passes to the PVH entry.
 */
#ifndef BOOT_PVH_INFO_H
#define BOOT_PVH_INFO_H

#include <kernel/lib/boot_info.h>

struct hvm_memmap_table_entry;

/* What is needed to read a PVH start structure. */
struct pvh_context {
	struct pfn_range image; /* the kernel's own frames */

	/*
	 * Returns the virtual address of that much physical memory; NULL if it cannot be read now.
	 */
	const void *(*at)(uint64_t address, uint64_t bytes);

	/*
	 * Fills in at most "max" entries of the memory map and returns their number, where the
	 * loader passes none, as Xen for a PVH dom0. NULL: there is no other source.
	 */
	unsigned int (*memory_map)(struct hvm_memmap_table_entry *map, unsigned int max);
};

/*
 * Checks and describes struct hvm_start_info at physical address "address". Returns as
 * boot_info_from_start_info() does (boot/start_info.h). Fields: public/arch-x86/hvm/start_info.h.
 */
const char *boot_info_from_pvh(uint64_t address, const struct pvh_context *context,
			       struct boot_info *boot);

#endif
