/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry of a page table: what it holds, at any level.
 *
 * An entry that is present holds an mfn and flags; mm/frame/translate.h gives the pfn.
 *
 * Intel SDM volume 3, chapter "Paging"; what Xen adds: public/xen.h, comment on mmu_update.
 */
#ifndef MM_TABLE_ENTRY_H
#define MM_TABLE_ENTRY_H

#include <mm/frame/translate.h>
#include <mm/table/geometry.h>

/* An entry of a table at any level. */
typedef struct {
	uint64_t raw;
} pt_entry_t;

#define PT_PRESENT  (1ull << 0)
#define PT_RW       (1ull << 1)
#define PT_USER     (1ull << 2) /* Xen sets it itself: guest kernel and programs share ring 3 */
#define PT_PWT      (1ull << 3)
#define PT_PCD      (1ull << 4)
#define PT_ACCESSED (1ull << 5)
#define PT_DIRTY    (1ull << 6)
#define PT_HUGE     (1ull << 7) /* maps a large page; at levels above PT_PTE */
#define PT_GLOBAL   (1ull << 8)
#define PT_NX       (1ull << 63)

#define PT_FRAME_MASK 0x000ffffffffff000ull

/* Rights of kernel pages; accessed and dirty are set ahead, so the processor need not. */
#define PT_KERNEL_RO (PT_PRESENT | PT_ACCESSED | PT_NX)
#define PT_KERNEL_RW (PT_KERNEL_RO | PT_RW | PT_DIRTY)
#define PT_KERNEL_RX (PT_PRESENT | PT_ACCESSED)

/* An entry that points to a table: the least restrictive, the leaves decide. */
#define PT_TABLE (PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_DIRTY)

static inline pt_entry_t pt_entry_none(void)
{
	return (pt_entry_t){0};
}

static inline pt_entry_t pt_entry_from_mfn(mfn_t frame, uint64_t flags)
{
	return (pt_entry_t){frame.mfn << PAGE_SHIFT | flags};
}

static inline mfn_t pt_entry_mfn(pt_entry_t entry)
{
	return mfn((entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
}

static inline uint64_t pt_entry_flags(pt_entry_t entry)
{
	return entry.raw & ~PT_FRAME_MASK;
}

static inline bool pt_entry_is_none(pt_entry_t entry)
{
	return entry.raw == 0;
}

static inline bool pt_entry_present(pt_entry_t entry)
{
	return entry.raw & PT_PRESENT;
}

/* Whether the entry ends the walk: it maps memory, a page or a large page. */
static inline bool pt_entry_leaf(pt_entry_t entry, enum pt_level level)
{
	return level == PT_PTE || (entry.raw & PT_HUGE);
}

/* Returns true if the entry is present and points to a table. */
static inline bool pt_entry_is_table(pt_entry_t entry, enum pt_level level)
{
	return pt_entry_present(entry) && !pt_entry_leaf(entry, level);
}

/*
 * Whether a present entry cannot be what the level demands: a large page at a level that has none,
 * or the address of no table of the domain's. Whatever walks on from such an entry walks astray.
 */
bool pt_entry_bad(pt_entry_t entry, enum pt_level level);

/*
 * An entry for a frame of the domain; the empty one if the frame has no memory, so that what is
 * made of an unknown pfn can never map a frame that the P2M does not name. (It may name another
 * domain's, or one of a device: P2M_FOREIGN, P2M_IDENTITY.) Without PT_PRESENT in "flags" the
 * address bits are not a frame's, and pfn and flags are stored as they are.
 */
static inline pt_entry_t pt_entry_make(pfn_t frame, uint64_t flags)
{
	mfn_t behind;

	if (!(flags & PT_PRESENT))
		return (pt_entry_t){frame.pfn << PAGE_SHIFT | flags};
	behind = pfn_to_mfn(frame);
	return likely(mfn_valid(behind)) ? pt_entry_from_mfn(behind, flags) : pt_entry_none();
}

/* The frame behind an entry: INVALID_PFN if it is not the domain's. */
pfn_t pt_entry_pfn(pt_entry_t entry);

#endif
