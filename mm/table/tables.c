// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of an address space: making those that a range needs, and freeing those that it no
 * longer needs.
 *
 * The code is written once for every level. A table of level N translates a span of addresses with
 * each of its entries, and the walk visits those entries that the range touches.
 */
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/table/mm.h>
#include <mm/table/walk.h>

void mm_free_table(pfn_t table)
{
	frame_leave_table(frame_of(table));
	frames_free(table);
}

/* Copies an entry of the kernel's root to the roots of all other address spaces. */
static void share_root_entry(unsigned int slot, pt_entry_t value)
{
	bool events = spin_lock(&mm_list_lock);

	list_for_each_entry (struct mm, mm, &mm_list, link) {
		pt_entry_t *root = pfn_to_virt(mm->root);

		mm_lock(mm);
		set_entry(&root[slot], PT_PGD, value);
		mm_unlock(mm);
	}
	/* From here on mm_create() copies the new entry from the kernel's root. */
	lazy_flush();
	spin_unlock(&mm_list_lock, events);
}

/* Writes an entry that points to a table, or no longer does. mm->lock is held. */
static void set_table_entry(const struct mm *mm, pt_entry_t *entry, enum pt_level level,
			    pt_entry_t value)
{
	const pt_entry_t *root = pfn_to_virt(mm->root);

	set_entry(entry, level, value);
	if (mm == &kernel_mm && level == PT_PGD)
		share_root_entry((unsigned int)(entry - root), value);
}

/* ---- prepare ---- */

/* The state of mm_prepare(): it counts the missing tables, takes frames, and adds them. */
struct prepare {
	struct mm *mm;
	enum pt_level level;     /* the lowest level at which tables are made */
	uint64_t missing;        /* number of tables, from the first walk */
	struct list_node tables; /* frames for them, used by the second walk */
};

/* Counts the tables missing below an absent entry, the one that it will point to included. */
static pfn_t count_missing(const struct pt_place *at, void *argument)
{
	struct prepare *prepare = argument;
	enum pt_level level = pt_level_below(at->level);

	prepare->missing++;
	for (; level > prepare->level; level = pt_level_below(level))
		prepare->missing +=
			(at->last >> pt_shift(level)) - (at->start >> pt_shift(level)) + 1;
	return INVALID_PFN;
}

static pfn_t add_missing(const struct pt_place *at, void *argument)
{
	struct prepare *prepare = argument;
	enum pt_level below = pt_level_below(at->level);
	pfn_t table = mm_next_table(&prepare->tables, below);

	paravirt.alloc_table(prepare->mm, table, below);
	set_table_entry(prepare->mm, at->entry, at->level, pt_entry_make(table, PT_TABLE));
	return table;
}

pfn_t mm_next_table(struct list_node *tables, enum pt_level level)
{
	struct frame *frame = container_of(tables->next, struct frame, link);

	list_remove(&frame->link);
	memset(pfn_to_virt(frame_number(frame)), 0, PAGE_SIZE);
	frame_become_table(frame, level);
	return frame_number(frame);
}

void mm_release_tables(const struct list_node *tables)
{
	list_for_each_entry (struct frame, frame, tables, link) {
		paravirt.release_table(frame_number(frame),
				       (enum pt_level)(frame->flags & FRAME_LEVEL));
	}
}

void mm_return_tables(struct list_node *tables)
{
	while (!list_empty(tables)) {
		struct frame *frame = container_of(tables->next, struct frame, link);

		list_remove(&frame->link);
		mm_free_table(frame_number(frame));
	}
}

bool mm_take_tables(struct list_node *tables, uint64_t count)
{
	list_init(tables);
	while (count--) {
		pfn_t table = frames_alloc(0);

		if (!pfn_valid(table)) {
			mm_return_tables(tables);
			return false;
		}
		list_add(tables, &frame_of(table)->link);
	}
	return true;
}

bool mm_prepare(struct mm *mm, uintptr_t start, uintptr_t last, enum pt_level level)
{
	const enum pt_level lowest = (enum pt_level)(level + 1);
	const struct pt_visitor counting = {.lowest = lowest, .absent = count_missing};
	const struct pt_visitor adding = {.lowest = lowest, .absent = add_missing};
	struct prepare prepare = {.mm = mm, .level = level};
	bool complete;

	mm_lock(mm);
	pt_walk(mm->root, start, last, &counting, &prepare);
	complete = mm_take_tables(&prepare.tables, prepare.missing);
	if (complete && prepare.missing) {
		lazy_enter();
		pt_walk(mm->root, start, last, &adding, &prepare);
		lazy_leave();
	}
	mm_unlock(mm);
	return complete;
}

/* ---- trim ---- */

struct trim {
	struct mm *mm;
	uintptr_t floor, ceiling; /* the first and the last address that need no table */
	struct list_node tables;  /* unlinked; to be released once Xen knows */
};

/* Returns true if no address that the entry at this level translates needs a table. */
static bool is_unneeded(const struct trim *trim, uintptr_t address, enum pt_level level)
{
	return ROUND_DOWN(address, pt_span(level)) >= trim->floor &&
	       (address | (pt_span(level) - 1)) <= trim->ceiling;
}

static enum pt_next enter_trimmed(const struct pt_place *at, void *trim)
{
	return is_unneeded(trim, at->start, at->level) ? PT_DESCEND_WHOLE : PT_DESCEND;
}

/* Collects a table that is not needed, and clears its entry unless the parent table goes too. */
static void collect_table(const struct pt_place *at, pfn_t table, void *argument)
{
	struct trim *trim = argument;
	enum pt_level above = pt_level_above(at->level);

	if (!is_unneeded(trim, at->start, at->level))
		return;
	list_add(&trim->tables, &frame_of(table)->link);
	if (at->level == PT_PGD || !is_unneeded(trim, at->start, above))
		set_table_entry(trim->mm, at->entry, at->level, pt_entry_none());
}

/* Calls visit() for every entry of the pte tables in a list. */
static void visit_entries(const struct list_node *tables, void (*visit)(pt_entry_t entry))
{
	list_for_each_entry (struct frame, frame, tables, link) {
		const pt_entry_t *entries = pfn_to_virt(frame_number(frame));

		if ((frame->flags & FRAME_LEVEL) != PT_PTE)
			continue;
		for (unsigned int i = 0; i < pt_entries(); i++)
			visit(entries[i]);
	}
}

void mm_free_tables(struct mm *mm, uintptr_t start, uintptr_t last)
{
	mm_drop_tables(mm, start, last, start, last, NULL);
}

void mm_drop_tables(struct mm *mm, uintptr_t start, uintptr_t last, uintptr_t floor,
		    uintptr_t ceiling, void (*visit)(pt_entry_t entry))
{
	static const struct pt_visitor trimming = {
		.lowest = PT_PMD,
		.enter = enter_trimmed,
		.leave = collect_table,
	};
	struct trim trim = {.mm = mm, .floor = floor, .ceiling = ceiling};

	list_init(&trim.tables);
	mm_lock(mm);
	lazy_enter();
	pt_walk(mm->root, start, last, &trimming, &trim);
	/*
	 * A parent was collected after its children and the list is a stack, so parents come first.
	 */
	mm_release_tables(&trim.tables);
	/* Any CPU may know that a pinned table is read-only in the direct map. */
	if (mm->pinned && !list_empty(&trim.tables))
		paravirt.flush_all(ALL_CPUS);
	lazy_leave();
	/* From here on nothing refers to them, neither an entry nor a queued request. */
	if (mm->pinned || list_empty(&trim.tables))
		lazy_flush();
	else
		mm_flush(mm);
	if (visit)
		visit_entries(&trim.tables, visit);
	mm_return_tables(&trim.tables);
	mm_unlock(mm);
}

static bool visit_count(pfn_t table, enum pt_level level, void *argument)
{
	struct mm_tables *tables = argument;

	(void)table;
	tables->count[level]++;
	tables->total++;
	return false;
}

struct mm_tables mm_count_tables(const struct mm *mm)
{
	struct mm_tables tables = {.total = 0};

	pt_walk_tables(mm->root, pt_user_limit(), visit_count, &tables);
	if (pfn_valid(mm->user_root))
		visit_count(mm->user_root, PT_PGD, &tables);
	return tables;
}
