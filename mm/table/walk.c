// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk through page tables, for every level and both geometries.
 *
 * One function goes through one table, and calls itself for the tables that its entries point to.
 * Most entries of a sparse address space are absent. Where the visitor has no function for them,
 * skipping one costs a load and a branch: fork and exit walk thousands of them.
 */
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <mm/table/find.h>
#include <mm/table/walk.h>

static pfn_t table_of(pt_entry_t entry, enum pt_level level)
{
	pfn_t table = mfn_to_pfn(pt_entry_mfn(entry));

	if (!pfn_valid(table))
		panic("a %s entry points to mfn %lx, which is no frame of this domain",
		      pt_level_name(level), pt_entry_mfn(entry).mfn);
	return table;
}

/* Visits the table that an entry points to, and then leaves the entry. */
static ALWAYS_INLINE bool walk_target(const struct pt_place *at, pfn_t table, bool whole,
				      const struct pt_visitor *visitor, void *argument)
{
	enum pt_level below = pt_level_below(at->level);
	uintptr_t start = at->start, last = at->last;

	if (whole) {
		start = ROUND_DOWN(start, pt_span(at->level));
		last = start | (pt_span(at->level) - 1);
	}
	if (below >= visitor->lowest &&
	    !pt_walk_below(table, below, start, last, visitor, argument))
		return false;
	if (visitor->leave)
		visitor->leave(at, table, argument);
	return true;
}

static bool walk_absent(const struct pt_place *at, const struct pt_visitor *visitor, void *argument)
{
	pfn_t table = visitor->absent(at, argument);

	return !pfn_valid(table) || walk_target(at, table, false, visitor, argument);
}

static ALWAYS_INLINE bool walk_present(const struct pt_place *at, const struct pt_visitor *visitor,
				       void *argument)
{
	enum pt_next next = visitor->enter ? visitor->enter(at, argument) : PT_DESCEND;
	bool whole = next == PT_DESCEND_WHOLE;

	if (next == PT_STOP)
		return false;
	if (next == PT_SKIP || !pt_entry_is_table(*at->entry, at->level))
		return true;
	return walk_target(at, table_of(*at->entry, at->level), whole, visitor, argument);
}

bool pt_walk_below(pfn_t table, enum pt_level level, uintptr_t start, uintptr_t last,
		   const struct pt_visitor *visitor, void *argument)
{
	pt_entry_t *entries = boot_or_direct_map(table);
	const unsigned int first = pt_index(start, level), end = pt_index(last, level);

	for (unsigned int i = first; i <= end; i++) {
		struct pt_place at;

		if (!visitor->absent && likely(!pt_entry_present(entries[i])))
			continue;
		if (level == PT_PGD && pt_slot_reserved(i))
			continue;
		at = (struct pt_place){&entries[i], level, start, last};
		if (i != first)
			at.start = pt_canonical(ROUND_DOWN(start, pt_span(level)) +
						(i - first) * pt_span(level));
		if (i != end)
			at.last = at.start | (pt_span(level) - 1);
		if (pt_entry_present(entries[i]) ? !walk_present(&at, visitor, argument)
						 : !walk_absent(&at, visitor, argument))
			return false;
	}
	return true;
}

bool pt_walk(pfn_t root, uintptr_t start, uintptr_t last, const struct pt_visitor *visitor,
	     void *argument)
{
	return pt_walk_below(root, PT_PGD, start, last, visitor, argument);
}

struct tables_walk {
	pt_visit_t *visit;
	void *argument;
	bool any;
};

static void visit_table(const struct pt_place *at, pfn_t table, void *argument)
{
	struct tables_walk *tables = argument;

	tables->any |= tables->visit(table, pt_level_below(at->level), tables->argument);
}

bool pt_walk_tables(pfn_t root, uintptr_t limit, pt_visit_t *visit, void *argument)
{
	/* Pte tables are visited, but not their entries. */
	static const struct pt_visitor visitor = {.lowest = PT_PMD, .leave = visit_table};
	struct tables_walk tables = {visit, argument, false};

	/* No table translates an address in the hole. Below it lies the whole user half. */
	if (pt_canonical(limit) != limit)
		limit = pt_user_limit();
	pt_walk(root, 0, limit, &visitor, &tables);
	return visit(root, PT_PGD, argument) | tables.any;
}

struct leaves_walk {
	bool (*visit)(const struct pt_leaf *leaf, void *argument);
	void *argument;
	uint64_t rights[PT_PGD + 1]; /* by level: of the path to the table being walked */
};

static enum pt_next visit_leaf(const struct pt_place *at, void *argument)
{
	struct leaves_walk *leaves = argument;
	uint64_t raw = at->entry->raw, above = leaves->rights[at->level];
	uint64_t rights = (above & raw & (PT_RW | PT_USER)) | ((above | raw) & PT_NX);
	struct pt_leaf leaf = {at->start, at->level, *at->entry, rights};

	if (pt_entry_leaf(*at->entry, at->level))
		return leaves->visit(&leaf, leaves->argument) ? PT_SKIP : PT_STOP;
	leaves->rights[pt_level_below(at->level)] = rights;
	return PT_DESCEND;
}

void pt_for_each_leaf(bool (*visit)(const struct pt_leaf *leaf, void *argument), void *argument)
{
	static const struct pt_visitor visitor = {.enter = visit_leaf};
	struct leaves_walk leaves = {visit, argument, {[PT_PGD] = PT_RW | PT_USER}};

	pt_walk(pt_root(), 0, UINTPTR_MAX, &visitor, &leaves);
}
