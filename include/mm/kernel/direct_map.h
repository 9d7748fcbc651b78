/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The direct map: all memory in order of pfn, from root slot DIRECT_MAP_SLOT on.
 *
 * No entry is executable. That of the kernel's text is read-only, and where Xen validates page
 * tables so are those of page tables and the P2M.
 */
#ifndef MM_KERNEL_DIRECT_MAP_H
#define MM_KERNEL_DIRECT_MAP_H

#include <kernel/lib/types.h>
#include <mm/frame/boot_memory.h>
#include <mm/table/entry.h>

/* Page tables that the direct map of so many pages is built of, at all levels below the root. */
uint64_t direct_map_tables(uint64_t pages);

/*
 * Builds the direct map, with tables taken from *memory, and hooks it into the live root. Every
 * free frame must be mapped nowhere: it may become a page table. Xen refusing is a panic.
 */
void direct_map_build(struct boot_memory *memory);

/*
 * Gives a range rights of its own: "flags" is PT_KERNEL_RO, or 0 to map nothing there. Natively the
 * large pages at its ends are split. All of it is memory that the caller holds and no page table.
 * False: out of memory, and nothing has changed. Under Xen the change is part of the batch in lazy
 * mode. Lock: the kernel's address space's is taken.
 */
bool direct_map_restrict(struct pfn_range range, uint64_t flags);

/*
 * Gives a range that was restricted as a whole its rights back, and joins the pages around it to
 * large ones where they are alike again. Needs no memory. In lazy mode flush before the frames are
 * used. Lock: the kernel's address space's is taken.
 */
void direct_map_restore(struct pfn_range range);

/*
 * Takes away the right to write the kernel's text. Once the frame database exists. False: out of
 * memory.
 */
bool direct_map_protect(const struct boot_memory *memory);

/* What building it cost: for the boot log and the benchmark. */
struct direct_map_cost {
	uint64_t pages, tables;
	uint64_t fill_ticks;     /* of the TSC, for writing the tables ... */
	uint64_t validate_ticks; /* ... and for Xen to accept them */
};
struct direct_map_cost direct_map_cost(void);

#endif
