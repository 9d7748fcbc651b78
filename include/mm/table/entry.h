/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page-table entry, at any level: its flags, and the frame that it names.
 *
 * A present entry holds a machine frame number (mfn) and flags; mm/frame/translate.h translates the
 * mfn to a pfn. pt_entry_make() and pt_entry_pfn() do that for one entry. None of these functions
 * takes a lock or writes a table: set_entry() does (mm/table/ops.h).
 *
 * Intel SDM volume 3, chapter "Paging"; what Xen adds: public/xen.h, comment on mmu_update.
 */
#ifndef MM_TABLE_ENTRY_H
#define MM_TABLE_ENTRY_H

#include <mm/frame/translate.h>
#include <mm/table/geometry.h>

/* A page-table entry of any level, as the processor reads it. */
typedef struct {
	uint64_t raw;
} pt_entry_t;

#define PT_PRESENT (1ull << 0)
#define PT_RW      (1ull << 1)
#define PT_USER \
	(1ull   \
	 << 2) /* in the entries of pages Xen sets it: guest kernel and programs share ring 3 */
#define PT_PWT      (1ull << 3)
#define PT_PCD      (1ull << 4)
#define PT_ACCESSED (1ull << 5)
#define PT_DIRTY    (1ull << 6)
#define PT_HUGE     (1ull << 7) /* maps a large page; at levels above PT_PTE */
#define PT_GLOBAL   (1ull << 8)
#define PT_NX       (1ull << 63)

#define PT_FRAME_MASK 0x000ffffffffff000ull

/*
 * Rights of kernel pages. Accessed and dirty are set in advance, so that the processor need not set
 * them.
 */
#define PT_KERNEL_RO (PT_PRESENT | PT_ACCESSED | PT_NX)
#define PT_KERNEL_RW (PT_KERNEL_RO | PT_RW | PT_DIRTY)
#define PT_KERNEL_RX (PT_PRESENT | PT_ACCESSED)

/* Flags of an entry that points to a table. They restrict nothing: the leaf entries decide. */
#define PT_TABLE (PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_DIRTY)

/* Returns the empty entry, which maps nothing. */
static inline pt_entry_t pt_entry_none(void)
{
	return (pt_entry_t){0};
}

/* Returns an entry for a machine frame, of whichever domain. "flags" are PT_ bits. */
static inline pt_entry_t pt_entry_from_mfn(mfn_t frame, uint64_t flags)
{
	return (pt_entry_t){frame.mfn << PAGE_SHIFT | flags};
}

/* Returns the machine frame that a present entry names. */
static inline mfn_t pt_entry_mfn(pt_entry_t entry)
{
	return mfn((entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
}

/* Returns all bits of the entry but its frame number. */
static inline uint64_t pt_entry_flags(pt_entry_t entry)
{
	return entry.raw & ~PT_FRAME_MASK;
}

/* Returns true if all bits are 0. An entry that is not present may still hold some. */
static inline bool pt_entry_is_none(pt_entry_t entry)
{
	return entry.raw == 0;
}

/* Returns true if the processor uses the entry. */
static inline bool pt_entry_present(pt_entry_t entry)
{
	return entry.raw & PT_PRESENT;
}

/* Returns true if the present entry ends the walk: it maps a page or a large page. */
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
 * Returns true if a present entry makes no sense at its level: it is a large page where there are
 * none, or the frame that it gives for a table is not this domain's. Nothing may walk on from such
 * an entry. False for an entry that is not present, and for any pte.
 */
bool pt_entry_bad(pt_entry_t entry, enum pt_level level);

/*
 * Returns the entry that maps a frame of the domain. Returns the empty entry if the frame has no
 * memory, so an unknown pfn can never map a frame that is not in the P2M. The P2M may also name
 * another domain's frame or a device's (P2M_FOREIGN, P2M_IDENTITY). Without PT_PRESENT in "flags"
 * the address bits hold no frame: pfn and flags are stored unchanged.
 */
static inline pt_entry_t pt_entry_make(pfn_t frame, uint64_t flags)
{
	mfn_t number;

	if (!(flags & PT_PRESENT))
		return (pt_entry_t){frame.pfn << PAGE_SHIFT | flags};
	number = pfn_to_mfn(frame);
	return likely(mfn_valid(number)) ? pt_entry_from_mfn(number, flags) : pt_entry_none();
}

/*
 * Returns the pfn of the frame that a present entry names, or INVALID_PFN if the frame is not this
 * domain's. For an entry that is not present, returns the pfn that pt_entry_make() stored.
 */
pfn_t pt_entry_pfn(pt_entry_t entry);

#endif
