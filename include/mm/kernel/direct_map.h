/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The direct map: a mapping of all memory in order of pfn, from root slot DIRECT_MAP_SLOT on.
 *
 * No entry of it is executable. The kernel's text is read-only in it and, where Xen validates page
 * tables, so are page tables and the P2M.
 */
#ifndef MM_KERNEL_DIRECT_MAP_H
#define MM_KERNEL_DIRECT_MAP_H

#include <kernel/lib/types.h>
#include <mm/frame/boot_memory.h>
#include <mm/table/entry.h>

/*
 * Returns the number of page tables, at all levels below the root, that the direct map of "pages"
 * pages takes if memory has no holes.
 */
uint64_t direct_map_tables(uint64_t pages);

/*
 * Builds the direct map with tables taken from *memory, and links it into the live root. A free
 * frame may become a page table, so none may be mapped anywhere. Xen refusing is a panic; too
 * little memory in one run is fatal. Called once, at boot; no locks.
 */
void direct_map_build(struct boot_memory *memory);

/*
 * Gives a range of the direct map rights of its own: "flags" is PT_KERNEL_RO, or 0 to unmap it. The
 * caller holds all frames in the range, and none is a page table. Natively the large pages at the
 * start and the end of the range are split. Returns false if out of memory; then nothing has
 * changed. Under Xen the change is queued in lazy mode. Lock: natively the kernel's mm->lock is
 * taken.
 */
bool direct_map_restrict(struct pfn_range range, uint64_t flags);

/*
 * Makes a range that was restricted as a whole writable again, and joins the pages around it to
 * large ones where they are alike. Needs no memory. In lazy mode, flush before the frames are used.
 * Lock: natively the kernel's mm->lock is taken.
 */
void direct_map_restore(struct pfn_range range);

/*
 * Makes the kernel's text read-only in the direct map. Returns false if out of memory. Called once
 * there is a frame database.
 */
bool direct_map_protect(const struct boot_memory *memory);

/* What direct_map_build() cost, for the boot log and the benchmark. */
extern struct direct_map_cost {
	uint64_t pages, tables;
	uint64_t fill_ticks;     /* ticks of the TSC for writing the tables */
	uint64_t validate_ticks; /* ticks for linking them, when Xen validates them */
} direct_map_cost;

#endif
