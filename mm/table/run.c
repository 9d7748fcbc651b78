// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filling page tables that lie in one run of frames.
 *
 * The tables of a level follow each other in the run, and so do the addresses that they translate.
 * pt_run_fill() goes through the levels from the pte level up, and at each through the range in
 * steps of one table.
 */
#include <mm/table/ops.h>
#include <mm/table/run.h>

struct pt_run pt_run_plan(uintptr_t start, uint64_t pages)
{
	struct pt_run run = {.start = start, .pages = pages};
	uint64_t entries = pages;

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		entries = (pt_index(start, level) + entries + pt_entries() - 1) / pt_entries();
		run.count[level] = entries;
		run.total += entries;
	}
	return run;
}

void pt_run_place(struct pt_run *run, pfn_t frame)
{
	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		run->first[level] = frame;
		frame.pfn += run->count[level];
	}
}

/* Returns the number of the page with which the first table of a level begins: 0 or less. */
static int64_t first_page(const struct pt_run *run, enum pt_level level)
{
	return -(int64_t)((run->start & (pt_span(pt_level_above(level)) - 1)) >> PAGE_SHIFT);
}

/* Returns the table of a level that begins with a page, or INVALID_PFN if there is none. */
static pfn_t table_at(const struct pt_run *run, const struct pt_filler *filler, void *argument,
		      enum pt_level level, int64_t page)
{
	const int64_t pages = (int64_t)pt_pages(pt_level_above(level));
	uint64_t number;

	if (page >= (int64_t)run->pages || page + pages <= 0)
		return INVALID_PFN;
	if (!filler->number)
		number = (uint64_t)((page - first_page(run, level)) / pages);
	else if ((number = filler->number(level, page, argument)) ==
		 filler->number(level, page + pages, argument))
		return INVALID_PFN;
	return pfn(run->first[level].pfn + number);
}

/* Writes those entries of a table that point to tables. The table begins with "page". */
static void fill_upper(const struct pt_run *run, const struct pt_filler *filler, void *argument,
		       enum pt_level level, int64_t page, pt_entry_t *entries)
{
	const int64_t pages = (int64_t)pt_pages(level);

	for (unsigned int i = 0; i < pt_entries() && page < (int64_t)run->pages; i++) {
		pfn_t child = table_at(run, filler, argument, pt_level_below(level), page);

		if (pfn_valid(child))
			entries[i] = pt_entry_make(child, PT_TABLE);
		page += pages;
	}
}

void pt_run_fill(const struct pt_run *run, const struct pt_filler *filler, void *argument)
{
	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		const int64_t pages = (int64_t)pt_pages(pt_level_above(level));
		int64_t page = first_page(run, level);

		for (; page < (int64_t)run->pages; page += pages) {
			pfn_t table = table_at(run, filler, argument, level, page);
			pt_entry_t *entries;

			if (!pfn_valid(table))
				continue;
			entries = filler->open(table);
			filler->leaves(entries, level, page, argument);
			if (level != PT_PTE)
				fill_upper(run, filler, argument, level, page, entries);
			if (filler->close)
				filler->close(table, level);
		}
	}
}

void pt_run_link(const struct pt_run *run, pt_entry_t *root, uint64_t flags)
{
	enum pt_level top = pt_level_below(PT_PGD);
	unsigned int slot = pt_index(run->start, PT_PGD);

	for (unsigned int i = 0; i < run->count[top]; i++)
		set_entry(&root[slot + i], PT_PGD,
			  pt_entry_make(pfn(run->first[top].pfn + i), flags));
}
