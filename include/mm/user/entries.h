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

/* The frame of zeros that everybody shares read-only until a write. It is not counted. */
extern pfn_t zero_page;

/* Makes the zero page; once, at boot. */
bool entries_init(void);

/* The entry for a page with these rights, or asleep without any. "writable": it may be written. */
pt_entry_t entry_make(pfn_t page, unsigned int rights, bool writable);

/* Whether an entry sleeps, and its page: INVALID_PFN if the entry is empty. */
bool entry_is_inaccessible(pt_entry_t entry);
pfn_t entry_page(pt_entry_t entry);

/* How many pages there are from start to end, the zero page not counted. */
uint64_t entries_count(const struct space *space, uintptr_t start, uintptr_t end);

/* Counts those of a private region that are copies of its object's pages, not these themselves. */
uint64_t entries_count_copies(const struct space *space, const struct region *region);

/*
 * Lets go of all pages from start to end, and of tables that serve nothing else: those that lie
 * between "floor" and "ceiling", where there is no other region.
 */
void entries_drop(struct space *space, uintptr_t start, uintptr_t end, uintptr_t floor,
		  uintptr_t ceiling);

/* Gives the pages that are there the rights of their region, which has these now. */
void entries_protect(struct space *space, const struct region *region, uintptr_t start,
		     uintptr_t end);

/* Shares the pages of a private region with a child. False: out of memory for the child's tables.
 */
bool entries_share(struct space *parent, struct space *child, const struct region *region);

/*
 * Moves what is mapped from one place to another, where nothing is. False: out of memory for the
 * tables there, and nothing was moved.
 */
bool entries_move(struct space *space, uintptr_t from, uintptr_t to, uint64_t bytes);

#endif
