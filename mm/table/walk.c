// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk over tables; see the header.
 *
 * The limit matters only along one path: the entry at the limit's own index is followed with the
 * same limit, every entry before it is followed to its end. "Everything" is simply the largest
 * limit, so each table is walked up to pt_index(limit) in either case.
 */
#include <kernel/lib/panic.h>
#include <mm/frame/translate.h>
#include <mm/table/walk.h>

struct table_walk {
	pt_visit_t *visit;
	void *argument;
};

/* The table behind an entry, or INVALID_PFN if there is none. */
static pfn_t child_of(pt_entry_t entry, enum pt_level level)
{
	pfn_t table;

	if (!pt_entry_present(entry) || pt_entry_leaf(entry, level))
		return INVALID_PFN;
	table = mfn_to_pfn(pt_entry_mfn(entry));
	if (!pfn_valid(table))
		panic("a %s entry points to mfn %lx, which is no frame of this domain",
		      pt_level_name(level), pt_entry_mfn(entry).mfn);
	return table;
}

static bool walk(const struct table_walk *walk_of, pfn_t table, enum pt_level level,
		 uintptr_t limit)
{
	const pt_entry_t *entries = pfn_to_virt(table);
	unsigned int last = pt_index(limit, level);
	bool flush = false;

	for (unsigned int i = 0; level != PT_PTE && i <= last; i++) {
		pfn_t child;

		if (level == PT_PGD && pt_slot_reserved(i))
			continue;
		child = child_of(entries[i], level);
		if (pfn_valid(child))
			flush |= walk(walk_of, child, pt_level_below(level),
				      i == last ? limit : UINTPTR_MAX);
	}
	return walk_of->visit(table, level, walk_of->argument) | flush;
}

bool pt_walk_tables(pfn_t root, uintptr_t limit, pt_visit_t *visit, void *argument)
{
	const struct table_walk walk_of = {visit, argument};

	/* No table translates an address in the hole: below it lies the user half, all of it. */
	if (pt_canonical(limit) != limit)
		limit = pt_user_limit();
	return walk(&walk_of, root, PT_PGD, limit);
}
