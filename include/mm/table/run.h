/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New page tables for one range of addresses, in one run of frames.
 *
 * The kernel maps a large range at once three times while it boots: itself where it starts without
 * Xen, all memory in the direct map, and the P2M in its window. The frames of all the tables lie in
 * one run: the pte tables first, then those that point to them, and so on up to the level below the
 * root. So "which frame is table number n of this level" is arithmetic, and so is every count.
 * Nothing in here knows how many levels there are.
 */
#ifndef MM_TABLE_RUN_H
#define MM_TABLE_RUN_H

#include <mm/table/entry.h>

struct pt_run {
	uintptr_t start;        /* the first address; a pte table begins with it */
	uint64_t pages;         /* that are mapped from there on */
	uint64_t count[PT_PGD]; /* by level: the tables */
	pfn_t first[PT_PGD];    /* by level: the frame of the first one; the others follow */
	uint64_t total;         /* frames in all */
};

/* Counts the tables for so many pages, at least one; they are nowhere yet. Any number of pages. */
struct pt_run pt_run_plan(uintptr_t start, uint64_t pages);

/* Puts the tables into "total" frames from this one on. */
void pt_run_place(struct pt_run *run, pfn_t frame);

/*
 * What differs. "page" is the number of a page in the range, counted from its start; below 0 where
 * the first table of a level begins before the range. "argument" is that of pt_run_fill().
 */
struct pt_filler {
	/* Returns the address at which a table is written. The last one is written no more. */
	pt_entry_t *(*open)(pfn_t table);

	/*
	 * Writes all entries of a table that begins with "page": those that map memory, and empty
	 * ones. Entries that point to tables replace them.
	 */
	void (*leaves)(pt_entry_t *entries, enum pt_level level, int64_t page, void *argument);

	/*
	 * Returns the number, among those of its level, of the table that begins with "page". NULL:
	 * there is one for every part of the range. A part has none if the next has its number.
	 */
	uint64_t (*number)(enum pt_level level, int64_t page, void *argument);

	/* A table is complete, and so are those that it points to. NULL: nothing. */
	void (*close)(pfn_t table, enum pt_level level);
};

/* Fills the tables, from the pte level up. */
void pt_run_fill(const struct pt_run *run, const struct pt_filler *filler, void *argument);

/* Makes the finished tables part of the tables under a root, by set_entry() with these flags. */
void pt_run_hook(const struct pt_run *run, pt_entry_t *root, uint64_t flags);

#endif
