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

/*
 * Where the kernel reads and writes frame 0: the first address of the direct map on the machine; in
 * a hosted test, the model's memory.
 */
extern uintptr_t direct_map_base;

/* Address of a frame in the direct map. The frame must be one of the domain's. */
static inline void *pfn_to_virt(pfn_t frame)
{
	return (void *)(direct_map_base + (frame.pfn << PAGE_SHIFT));
}

/* The frame at an address in the direct map. */
static inline pfn_t virt_to_pfn(const void *address)
{
	return pfn(((uintptr_t)address - direct_map_base) >> PAGE_SHIFT);
}

/* The address of frame 0 as the page tables have it: differs from the above only in hosted tests.
 */
extern uintptr_t direct_map_address;

/* Where the page tables map a frame. */
static inline uintptr_t pfn_to_address(pfn_t frame)
{
	return direct_map_address + (frame.pfn << PAGE_SHIFT);
}

/*
 * Address of a frame in the direct map once there is one; before that in the builder's mapping, or
 * NULL if that does not reach it.
 */
void *boot_or_direct_map(pfn_t frame);

/* Tells boot_or_direct_map() which frames the builder mapped at KERNEL_VIRT_BASE. */
void direct_map_set_initial(struct pfn_range initial);

/*
 * Makes the direct map usable that somebody else has built: a hosted test's. "base" is where C code
 * reaches it, "address" where the page tables have it.
 */
void direct_map_use(uintptr_t base, uintptr_t address);

#endif
