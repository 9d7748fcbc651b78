/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries behind the regions of an address space: making, changing and dropping many at a time,
 * in batches. For the other files of mm/user, which hold the space's lock.
 *
 * A pte of a program's page is in one of three states: empty; present; or *asleep*, for a page that
 * is kept while its region allows no access. One that sleeps is not present and holds the pfn with
 * its bits inverted: address bits that point at memory would tempt a processor to read it (L1TF).
 */
#ifndef MM_USER_ENTRIES_H
#define MM_USER_ENTRIES_H

#include <mm/user/region.h>

/* Set in an inaccessible entry, so that it is not taken for an empty one. */
#define PT_INACCESSIBLE (1ull << 9)

/* The frame of zeros that everybody shares read-only until a write. It is not counted. */
extern pfn_t zero_page;

/* Makes the zero page; once, at boot. */
bool entries_init(void);

/* The entry for a page with these rights, or asleep without any. "writable": it may be written. */
pt_entry_t entry_make(pfn_t page, unsigned int rights, bool writable);

/* Returns true if an entry keeps a page that its region allows no access to. */
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

/* Drops the reference that an entry had to its page, unless that is the zero page. */
void entry_put_page(pfn_t page);

/*
 * Returns true if a page may be written where it is: writes are for all who map it, or there is
 * nobody else.
 */
bool entry_may_write(const struct region *region, pfn_t page);

/*
 * Counts the pages of a region, the zero page not among them; with "copies", only those that are
 * not the object's own.
 */
uint64_t entries_count(const struct space *space, const struct region *region, bool copies);

/*
 * Lets go of all pages from start to end, and of tables that serve nothing else: those that lie
 * between "floor" and "ceiling", where there is no other region.
 */
void entries_drop(struct space *space, uintptr_t start, uintptr_t end, uintptr_t floor,
		  uintptr_t ceiling);

/* Gives the pages of a region the rights that it has now. */
void entries_protect(struct space *space, const struct region *region);

/* Shares the pages of a private region with a child. False: out of memory for the child's tables.
 */
bool entries_share(struct space *parent, struct space *child, const struct region *region);

/*
 * Moves what is mapped from one place to another, where nothing is. False: out of memory for the
 * tables there, and nothing was moved.
 */
bool entries_move(struct space *space, uintptr_t from, uintptr_t to, uint64_t bytes);

#endif
