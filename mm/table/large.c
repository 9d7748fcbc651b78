// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splitting large pages and joining small ones.
 *
 * A split needs at most one table a level for each end of its range, since a large page in the
 * middle stays. A join looks at every table in the range, from the lowest level up, so what it
 * joined may be joined again.
 */
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/large.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>

/* ---- splitting ---- */

/* Counts the tables needed for an entry to begin at the address. */
static uint64_t count_splits(const struct mm *mm, uintptr_t address)
{
	enum pt_level level;
	uint64_t count = 0;

	if (!pt_find_leaf(mm->root, address, &level))
		return 0;
	for (; address & (pt_span(level) - 1); level = pt_level_below(level))
		count++;
	return count;
}

/*
 * Replaces a large page by a table, filled with its smaller pages. An accessed or dirty bit that
 * the processor sets in the large page's entry meanwhile would be lost, so they are set in advance;
 * dirty only in a writable page.
 */
static void split_page(struct mm *mm, pt_entry_t *entry, enum pt_level level, pfn_t table)
{
	enum pt_level below = pt_level_below(level);
	uint64_t flags = pt_entry_flags(*entry) | PT_ACCESSED;
	mfn_t first = pt_entry_mfn(*entry);
	pt_entry_t *entries = pfn_to_virt(table);

	if (flags & PT_RW)
		flags |= PT_DIRTY;
	if (below == PT_PTE)
		flags &= ~PT_HUGE;
	paravirt.alloc_table(mm, table, below);
	for (unsigned int i = 0; i < pt_entries(); i++)
		set_entry(&entries[i], below,
			  pt_entry_from_mfn(mfn(first.mfn + i * pt_pages(below)), flags));
	set_entry(entry, level, pt_entry_make(table, PT_TABLE));
}

/* Splits large pages until an entry begins at the address. */
static void split_at(struct mm *mm, struct list_node *tables, uintptr_t address)
{
	enum pt_level level;
	pt_entry_t *entry;

	while ((entry = pt_find_leaf(mm->root, address, &level)) && address & (pt_span(level) - 1))
		split_page(mm, entry, level, mm_next_table(tables, pt_level_below(level)));
}

bool mm_split(struct mm *mm, uintptr_t start, uintptr_t last)
{
	/* The second split needs fewer if the range begins and ends in the same large page. */
	uint64_t count = count_splits(mm, start) + count_splits(mm, last + 1);
	struct list_node tables;

	if (!count)
		return true;
	if (!mm_take_tables(&tables, count))
		return false;
	split_at(mm, &tables, start);
	split_at(mm, &tables, last + 1);
	mm_return_tables(&tables);
	/* Before any rights change: a processor must not know both the large page and those. */
	paravirt.flush_all(ALL_CPUS);
	lazy_flush();
	return true;
}

/* ---- joining ---- */

/* Returns true if there is no accessed or dirty bit left for the processor to set. */
static bool is_settled(uint64_t flags)
{
	return (flags & PT_ACCESSED) && (!(flags & PT_RW) || (flags & PT_DIRTY));
}

/* Returns the large page that is equivalent to a table, or the empty entry if there is none. */
static pt_entry_t joined(const pt_entry_t *entries, enum pt_level level)
{
	enum pt_level above = pt_level_above(level);
	pt_entry_t first = entries[0];

	if (!(pt_geometry.large_levels & 1u << above) || !pt_entry_present(first) ||
	    !pt_entry_leaf(first, level) || !is_settled(first.raw) ||
	    pt_entry_mfn(first).mfn % pt_pages(above))
		return pt_entry_none();
	/* In a pte the bit of PT_HUGE means something else: it selects a memory type. */
	if (level == PT_PTE && (first.raw & PT_HUGE))
		return pt_entry_none();
	for (unsigned int i = 1; i < pt_entries(); i++) {
		if (entries[i].raw != first.raw + i * pt_span(level))
			return pt_entry_none();
	}
	return (pt_entry_t){first.raw | PT_HUGE};
}

/* Replaces a table by a large page if it can, and adds it to the list of unused ones. */
static void join_table(const struct pt_place *at, pfn_t table, void *tables)
{
	pt_entry_t large = joined(pfn_to_virt(table), pt_level_below(at->level));

	if (!pt_entry_present(large))
		return;
	set_entry(at->entry, at->level, large);
	list_add(tables, &frame_of(table)->link);
}

void mm_join(struct mm *mm, uintptr_t start, uintptr_t last)
{
	static const struct pt_visitor joining = {.lowest = PT_PMD, .leave = join_table};
	struct list_node tables;

	list_init(&tables);
	pt_walk(mm->root, start, last, &joining, &tables);
	if (list_empty(&tables))
		return;
	mm_release_tables(&tables);
	/* Until this flush, a processor may have cached the entries that led to them. */
	paravirt.flush_all(ALL_CPUS);
	lazy_flush();
	mm_return_tables(&tables);
}
