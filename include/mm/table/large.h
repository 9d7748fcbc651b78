/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large pages: splitting one into a table of smaller pages, and joining such a table again.
 *
 * The geometry says which levels have large pages (pt_geometry.large_levels). Under Xen none has.
 *
 * Neither function changes what an address translates to, nor its rights. So until the flush at its
 * end it does not matter whether the processor uses the old translation or the new one. A caller
 * that changes rights does so after a split or before a join, with a flush between. A store that
 * changed size and rights at once would leave it open which rights hold (Intel SDM volume 3A,
 * section 4.10.4.2, "Recommended Invalidation").
 */
#ifndef MM_TABLE_LARGE_H
#define MM_TABLE_LARGE_H

#include <mm/table/mm.h>

/*
 * Splits the large pages that the range from "start" to "last", both included, covers only in part,
 * until the range begins and ends with a whole page. Calls the hook alloc_table for each new table.
 * Returns false if out of memory; then nothing has changed. Lock: mm->lock is held.
 */
bool mm_split(struct mm *mm, uintptr_t start, uintptr_t last);

/*
 * Joins tables that translate any part of the range, from the lowest level up. A table becomes a
 * large page if its entries map adjacent frames with the same flags and large pages of that size
 * exist; then the hook release_table is called for it. It must come from mm_split() or
 * mm_prepare(). A table with an entry in which the processor may still set accessed or dirty stays.
 * The caller has flushed any change of rights. Lock: mm->lock is held.
 */
void mm_join(struct mm *mm, uintptr_t start, uintptr_t last);

#endif
