// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large pages; see the header. Both directions go down the range by entries, at every level alike.
 */
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/large.h>
#include <mm/table/ops.h>

static uint64_t frames_of(enum pt_level level)
{
	return pt_span(level) >> PAGE_SHIFT;
}

/* Returns true if the entry points to a table. */
static bool is_table(pt_entry_t entry, enum pt_level level)
{
	return pt_entry_present(entry) && !pt_entry_leaf(entry, level);
}

/* ---- splitting ---- */

/* Counts the tables that a split takes. "entries" NULL: inside a large page, all of it present. */
static uint64_t count_splits(const pt_entry_t *entries, enum pt_level level, uintptr_t start,
			     uintptr_t last)
{
	uint64_t count = 0;
	uintptr_t end;

	for (; level != PT_PTE; start = end + 1) {
		const pt_entry_t *entry = entries ? &entries[pt_index(start, level)] : NULL;
		enum pt_level below = pt_level_below(level);

		end = pt_entry_last(start, last, level);
		if (entry && is_table(*entry, level))
			count += count_splits(pfn_to_virt(pt_entry_pfn(*entry)), below, start, end);
		else if ((!entry || pt_entry_present(*entry)) && end - start != pt_span(level) - 1)
			count += 1 + count_splits(NULL, below, start, end);
		if (end == last)
			break;
	}
	return count;
}

/*
 * Puts an empty table, now full of the smaller pages, in the place of a large page. What the
 * processor set in the large page's entry meanwhile would be lost, so it is taken for set.
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
			  pt_entry_from_mfn(mfn(first.mfn + i * frames_of(below)), flags));
	set_entry(entry, level, pt_entry_make(table, PT_TABLE));
}

static void split_range(struct mm *mm, struct list_node *tables, pt_entry_t *entries,
			enum pt_level level, uintptr_t start, uintptr_t last)
{
	uintptr_t end;

	for (; level != PT_PTE; start = end + 1) {
		pt_entry_t *entry = &entries[pt_index(start, level)];
		enum pt_level below = pt_level_below(level);

		end = pt_entry_last(start, last, level);
		if (pt_entry_present(*entry) && pt_entry_leaf(*entry, level) &&
		    end - start != pt_span(level) - 1)
			split_page(mm, entry, level, mm_next_table(tables, below));
		if (is_table(*entry, level))
			split_range(mm, tables, pfn_to_virt(pt_entry_pfn(*entry)), below, start,
				    end);
		if (end == last)
			return;
	}
}

bool mm_split(struct mm *mm, uintptr_t start, uintptr_t last)
{
	pt_entry_t *root = pfn_to_virt(mm->root);
	uint64_t count = count_splits(root, PT_PGD, start, last);
	struct list_node tables;

	if (!count)
		return true;
	if (!mm_take_tables(&tables, count))
		return false;
	split_range(mm, &tables, root, PT_PGD, start, last);
	paravirt.flush_all();
	return true;
}

/* ---- joining ---- */

/* Returns true if the processor has nothing left to set in such an entry. */
static bool is_settled(uint64_t flags)
{
	return (flags & PT_ACCESSED) && (!(flags & PT_RW) || (flags & PT_DIRTY));
}

/* The large page that a full table amounts to; the empty entry if it does not. */
static pt_entry_t joined(const pt_entry_t *entries, enum pt_level level)
{
	enum pt_level above = pt_level_above(level);
	pt_entry_t first = entries[0];

	if (!(pt_geometry.large_levels & 1u << above) || !pt_entry_present(first) ||
	    !pt_entry_leaf(first, level) || !is_settled(first.raw) ||
	    pt_entry_mfn(first).mfn % frames_of(above))
		return pt_entry_none();
	/* In a pte the bit of PT_HUGE is another: a memory type's. */
	if (level == PT_PTE && (first.raw & PT_HUGE))
		return pt_entry_none();
	for (unsigned int i = 1; i < pt_entries(); i++) {
		if (entries[i].raw != first.raw + i * pt_span(level))
			return pt_entry_none();
	}
	return (pt_entry_t){first.raw | PT_HUGE};
}

/* Joins what it can, and adds the tables that are no longer in use to the list. */
static void join_range(struct list_node *tables, pt_entry_t *entries, enum pt_level level,
		       uintptr_t start, uintptr_t last)
{
	uintptr_t end;

	for (; level != PT_PTE; start = end + 1) {
		pt_entry_t *entry = &entries[pt_index(start, level)];

		end = pt_entry_last(start, last, level);
		if (is_table(*entry, level)) {
			enum pt_level below = pt_level_below(level);
			pfn_t table = pt_entry_pfn(*entry);
			pt_entry_t large;

			join_range(tables, pfn_to_virt(table), below, start, end);
			large = joined(pfn_to_virt(table), below);
			if (pt_entry_present(large)) {
				set_entry(entry, level, large);
				list_add(tables, &frame_of(table)->link);
			}
		}
		if (end == last)
			return;
	}
}

void mm_join(struct mm *mm, uintptr_t start, uintptr_t last)
{
	struct list_node tables;

	list_init(&tables);
	join_range(&tables, pfn_to_virt(mm->root), PT_PGD, start, last);
	if (list_empty(&tables))
		return;
	list_for_each (node, &tables) {
		struct frame *frame = container_of(node, struct frame, link);

		paravirt.release_table(frame_number(frame),
				       (enum pt_level)(frame->flags & FRAME_LEVEL));
	}
	/* Until now a processor may have remembered the way through them. */
	paravirt.flush_all();
	lazy_flush();
	while (!list_empty(&tables)) {
		struct frame *frame = container_of(tables.next, struct frame, link);

		list_remove(&frame->link);
		mm_free_table(frame_number(frame));
	}
}
