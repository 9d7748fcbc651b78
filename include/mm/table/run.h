/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building page tables for one large range of addresses, in one run of frames.
 *
 * The kernel maps a large range at once three times while it boots: itself where it starts without
 * Xen, all memory in the direct map, and the P2M in its window. The frames of all the tables lie in
 * one run: the pte tables first, then those that point to them, and so on up to the level below the
 * root. So the frame of "table number n of this level" is arithmetic, and so is every count.
 * Nothing here knows how many levels there are. No locks: the tables are new.
 */
#ifndef MM_TABLE_RUN_H
#define MM_TABLE_RUN_H

#include <mm/table/entry.h>

struct pt_run {
	uintptr_t start;        /* the first address: the one that begins a pte table */
	uint64_t pages;         /* mapped from there on */
	uint64_t count[PT_PGD]; /* by level: number of tables */
	pfn_t first[PT_PGD];    /* by level: the frame of the first table; the others follow it */
	uint64_t total;         /* number of frames */
};

/*
 * Counts the tables that map "pages" pages (at least 1) from "start" on. They have no frames yet.
 */
struct pt_run pt_run_plan(uintptr_t start, uint64_t pages);

/* Assigns frames to the tables: "total" of them, from this one on. */
void pt_run_place(struct pt_run *run, pfn_t frame);

/*
 * What differs between the users of a run. "page" is the number of a page in the range, counted
 * from its start; it is below 0 where the first table of a level begins before the range.
 * "argument" is that of pt_run_fill().
 */
struct pt_filler {
	/*
	 * Maps a table for writing, and returns its address. The one returned before is no longer
	 * used.
	 */
	pt_entry_t *(*open)(pfn_t table);

	/*
	 * Writes all entries of the table that begins with "page": those that map memory, and empty
	 * ones. Entries that point to tables replace them afterwards.
	 */
	void (*leaves)(pt_entry_t *entries, enum pt_level level, int64_t page, void *argument);

	/*
	 * Returns the number, among those of its level, of the table that begins with "page". A
	 * part of the range has no table if the next part has the same number. NULL: every part of
	 * the range has a table.
	 */
	uint64_t (*number)(enum pt_level level, int64_t page, void *argument);

	/* Called for each complete table, after those that it points to. NULL: does nothing. */
	void (*close)(pfn_t table, enum pt_level level);
};

/* Fills the tables, from the pte level up. Frames are assigned. */
void pt_run_fill(const struct pt_run *run, const struct pt_filler *filler, void *argument);

/* Links the filled tables into a root, by set_entry() with these PT_ flags. */
void pt_run_link(const struct pt_run *run, pt_entry_t *root, uint64_t flags);

#endif
