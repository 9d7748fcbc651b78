/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-table entries of a program's pages: one at a time, and those of a whole range in
 * batches. The other files of mm/user call these functions with the space's lock held.
 *
 * Such an entry is in one of three states: empty; present; or *inaccessible*, when it keeps a page
 * whose region allows no access (PROT_NONE). An inaccessible entry is not present. It holds the pfn
 * with all bits inverted, because a processor may speculatively read what the address bits of an
 * absent entry point at (L1TF).
 */
#ifndef MM_USER_ENTRIES_H
#define MM_USER_ENTRIES_H

#include <mm/frame/frames.h>
#include <mm/user/region.h>

/* The bit that tells an inaccessible entry from an empty one. */
#define PT_INACCESSIBLE (1ull << 9)

/* The frame of zeros that all programs share, read-only. Its references are not counted. */
extern pfn_t zero_page;

/* Makes the zero page, once, at boot. Returns false when out of memory. */
bool entries_init(void);

/*
 * Returns the entry for a page with these rights (SPACE_...); inaccessible if there are none. It
 * allows writes only if also "writable", which says that the page need not be copied first.
 */
pt_entry_t entry_make(pfn_t page, unsigned int rights, bool writable);

/* Returns true if an entry is inaccessible. */
static inline bool entry_is_inaccessible(pt_entry_t entry)
{
	return !pt_entry_present(entry) && (entry.raw & PT_INACCESSIBLE);
}

/* Returns the page of a present or inaccessible entry; INVALID_PFN for an empty one. */
static inline pfn_t entry_page(pt_entry_t entry)
{
	if (entry_is_inaccessible(entry))
		return pfn((~entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
	return pt_entry_present(entry) ? pt_entry_pfn(entry) : INVALID_PFN;
}

/* Drops the reference that an entry had to its page. The zero page is not counted. */
static inline void entry_put_page(pfn_t page)
{
	if (page.pfn != zero_page.pfn)
		frame_put(page);
}

/*
 * Returns true if a page may be written in place: the region is shared, or no other mapping has the
 * page.
 */
bool entry_may_write(const struct region *region, pfn_t page);

/*
 * Returns the number of pages of a region, without the zero page. With "copies" it counts only
 * pages that are private copies of the object's.
 */
uint64_t entries_count(const struct space *space, const struct region *region, bool copies);

/*
 * Unmaps all pages from "start" to "end" and drops their references. Frees tables that then map
 * nothing: those for addresses from "floor" to "ceiling", where no other region is.
 */
void entries_drop(struct space *space, uintptr_t start, uintptr_t end, uintptr_t floor,
		  uintptr_t ceiling);

/* Gives the entries of a region the rights that the region has now. */
void entries_protect(struct space *space, const struct region *region);

/*
 * Maps the pages of a private region in a child too, read-only on both sides. The caller flushes
 * the TLB. Returns false, with some pages shared, when out of memory for the child's tables.
 */
bool entries_share(struct space *parent, struct space *child, const struct region *region);

/*
 * Moves the entries of a range to another address, where there are none. Returns false, with
 * nothing moved, when out of memory for tables.
 */
bool entries_move(struct space *space, uintptr_t from, uintptr_t to, uint64_t bytes);

#endif
