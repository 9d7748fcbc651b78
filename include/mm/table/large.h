/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large pages: splitting one into a table of smaller ones, and joining such a table again.
 *
 * Which levels have large pages is the geometry's to say (pt_geometry.large_levels); under Xen none
 * has. Neither function changes what an address translates to, nor its rights: so it does not
 * matter whether the processor uses a translation of the old size or of the new one, until the
 * flush that ends each. Whoever changes rights does that before a join or after a split, with a
 * flush between: a store that changes both at once would leave it open which rights hold (Intel SDM
 * volume 3A, section 4.10.4.2, "Recommended Invalidation").
 */
#ifndef MM_TABLE_LARGE_H
#define MM_TABLE_LARGE_H

#include <mm/table/mm.h>

/*
 * Splits the large pages that the range from "start" to "last", both included, covers only in part,
 * down to the size at which its ends are ends of pages. The hook alloc_table is called for each new
 * table. False: out of memory, and nothing has changed. Lock: mm->lock is held.
 */
bool mm_split(struct mm *mm, uintptr_t start, uintptr_t last);

/*
 * Joins the tables that translate any part of the range, from the lowest level up: one whose
 * entries map adjacent frames with the same flags becomes a large page, if there are any of that
 * size, and the hook release_table is called. Such a table must come from mm_split() or
 * mm_prepare(). Entries that the processor may still set accessed or dirty in are left alone.
 * Rights that were changed have been flushed. Lock: mm->lock is held.
 */
void mm_join(struct mm *mm, uintptr_t start, uintptr_t last);

#endif
