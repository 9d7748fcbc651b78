// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building the direct map: fill by plain stores, validate once.
 *
 * The obvious way, one hypercall an entry, costs some 850 instructions a page. But a frame that is
 * not a page table *yet* can be written like any other memory. So every table is filled while it
 * is ordinary, level by level from the bottom, through a one-page window; once the window has moved
 * on nothing maps it writable, because the entry that the new direct map has for it is read-only
 * from the start. Then a single mmu_update hooks the finished tree into the root, and Xen validates
 * the whole of it: its share is about 190 instructions an entry, ours a handful.
 *
 * The tables of all levels lie in one run of frames: those that map memory first, then the ones
 * that point to them, and so on. That makes "which frame is table number n of this level"
 * arithmetic. Where the machine has large pages the lowest level is the pmd, and memory is mapped 2
 * MiB a time.
 */
#include <arch/cpu.h>
#include <kernel/compiler.h>
#include <kernel/panic.h>
#include <mm/address_space.h>
#include <mm/direct_map.h>
#include <mm/fixed.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>

uintptr_t direct_map_base, direct_map_address;
static bool live;
static struct pfn_range initial_map;
static struct direct_map_cost cost;

/* The level whose entries map memory: large pages where the machine has them. */
static enum pt_level leaf_level(void)
{
	return pt_geometry.large_levels & 1u << PT_PMD ? PT_PMD : PT_PTE;
}

/* Frames that an entry of that level maps. */
static uint64_t frames_of(enum pt_level level)
{
	return pt_span(level) >> PAGE_SHIFT;
}

static uint64_t divide_up(uint64_t count, uint64_t by)
{
	return (count + by - 1) / by;
}

uint64_t direct_map_tables(uint64_t pages)
{
	uint64_t count = divide_up(pages, frames_of(leaf_level())), total = 0;

	for (enum pt_level level = leaf_level(); level != PT_PGD; level = pt_level_above(level)) {
		count = divide_up(count, PT_ENTRIES);
		total += count;
	}
	return total;
}

/* ---- pieces ---- */

/*
 * Memory may begin and end in the middle of a large page. Such a piece is mapped page by page, by a
 * pte table of its own; there are at most two for each hole, and the end.
 */
struct pieces {
	unsigned int count;
	uint64_t first[2 * BOOT_ABSENT + 1]; /* the pfn that each starts with */
	pfn_t tables;                        /* the first one's; the others' follow */
};

static void add_piece(struct pieces *pieces, uint64_t edge)
{
	uint64_t first = ROUND_DOWN(edge, frames_of(leaf_level()));

	if (first == edge || (pieces->count && pieces->first[pieces->count - 1] == first))
		return;
	pieces->first[pieces->count++] = first;
}

/* In order, as the runs are. */
static struct pieces find_pieces(const struct boot_memory *memory)
{
	struct pieces pieces = {.count = 0};

	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range range = memory->run[i].range;

		if (memory->run[i].kind != FRAME_ABSENT)
			continue;
		add_piece(&pieces, range.start.n);
		add_piece(&pieces, range.start.n + range.count);
	}
	add_piece(&pieces, memory->pages);
	return pieces;
}

/* ---- filling tables ---- */

/* Entries for the memory from the frame "first" on; for frames without memory there are none. */
static void fill_leaves(pt_entry_t *table, enum pt_level level, uint64_t first, uint64_t pages)
{
	const uint64_t step = frames_of(level);
	const uint64_t flags = PT_KERNEL_RW | (level == PT_PTE ? 0 : PT_HUGE);
	uint64_t count = MIN(PT_ENTRIES, divide_up(pages - first, step));

	for (uint64_t i = 0; i < count; i++)
		table[i] = pt_entry_make(pfn(first + i * step), flags);
	for (uint64_t i = count; i < PT_ENTRIES; i++)
		table[i] = pt_entry_none();
}

/*
 * Takes away what the frames of a run must not have: everything, if they are no memory, or the
 * right to write. A large page keeps it, for its other frames: direct_map_protect() comes later.
 */
static void restrict_run(pt_entry_t *table, enum pt_level level, uint64_t first,
			 const struct boot_run *run)
{
	const uint64_t step = frames_of(level);
	uint64_t start = MAX(run->range.start.n, first);
	uint64_t end = MIN(run->range.start.n + run->range.count, first + PT_ENTRIES * step);

	for (uint64_t n = ROUND_DOWN(start, step); n < end; n += step) {
		pt_entry_t *entry = &table[(n - first) / step];

		if (run->kind == FRAME_ABSENT)
			*entry = pt_entry_none();
		else if (level == PT_PTE)
			entry->raw &= ~(PT_RW | PT_DIRTY);
	}
}

static void fill_table(pt_entry_t *table, enum pt_level level, uint64_t first,
		       const struct boot_memory *memory)
{
	fill_leaves(table, level, first, memory->pages);
	for (unsigned int i = 0; i < memory->runs; i++) {
		enum frame_kind kind = memory->run[i].kind;

		if (kind == FRAME_ABSENT || kind == FRAME_TEXT ||
		    (paravirt.tables_validated && frame_kind_may_be_table(kind)))
			restrict_run(table, level, first, &memory->run[i]);
	}
}

/* Puts the pieces' tables into a leaf table, in place of large pages. */
static void insert_pieces(pt_entry_t *table, uint64_t first, const struct pieces *pieces)
{
	const uint64_t step = frames_of(leaf_level());

	for (unsigned int i = 0; i < pieces->count; i++) {
		uint64_t index = (pieces->first[i] - first) / step;

		if (pieces->first[i] >= first && index < PT_ENTRIES)
			table[index] = pt_entry_make(pfn(pieces->tables.n + i), PT_TABLE);
	}
}

static pt_entry_t *open_table(pfn_t frame)
{
	fixed_map(fixed_window, pfn_to_mfn(frame), true);
	return (pt_entry_t *)fixed_window;
}

static uint64_t fill_leaf_tables(pfn_t tables, const struct boot_memory *memory,
				 const struct pieces *pieces)
{
	uint64_t step = frames_of(leaf_level()) * PT_ENTRIES;
	uint64_t count = divide_up(memory->pages, step);

	for (unsigned int i = 0; i < pieces->count; i++)
		fill_table(open_table(pfn(pieces->tables.n + i)), PT_PTE, pieces->first[i], memory);
	for (uint64_t t = 0; t < count; t++) {
		pt_entry_t *table = open_table(pfn(tables.n + t));

		fill_table(table, leaf_level(), t * step, memory);
		insert_pieces(table, t * step, pieces);
	}
	return count;
}

/* Tables that point to "children" tables from "first_child" on; returns how many there are. */
static uint64_t fill_upper_tables(pfn_t tables, pfn_t first_child, uint64_t children)
{
	uint64_t count = divide_up(children, PT_ENTRIES);

	for (uint64_t t = 0; t < count; t++) {
		pt_entry_t *table = open_table(pfn(tables.n + t));

		for (uint64_t i = 0; i < PT_ENTRIES; i++) {
			uint64_t child = t * PT_ENTRIES + i;

			table[i] =
				child < children
					? pt_entry_from_mfn(pfn_to_mfn(pfn(first_child.n + child)),
							    PT_TABLE)
					: pt_entry_none();
		}
	}
	return count;
}

/* Makes the finished tree part of the live tables, where Xen validates it. */
static void hook_into_root(pfn_t tables, uint64_t count)
{
	pt_entry_t *root = boot_or_direct_map(pt_root());

	for (uint64_t t = 0; t < count; t++)
		set_entry(&root[DIRECT_MAP_SLOT + t], PT_PGD,
			  pt_entry_make(pfn(tables.n + t), PT_TABLE));
}

void direct_map_build(struct boot_memory *memory)
{
	struct pieces pieces = find_pieces(memory);
	uint64_t total = direct_map_tables(memory->pages) + pieces.count;
	uint64_t start = rdtsc(), filled;
	pfn_t tables = boot_memory_take(memory, total, FRAME_TABLE);
	uint64_t count;

	if (!pfn_valid(tables))
		fatal("too little memory in one piece: the tables of the direct map need %lu KiB, "
		      "the longest free run has %lu KiB",
		      total << (PAGE_SHIFT - 10), boot_memory_longest(memory) << (PAGE_SHIFT - 10));

	pieces.tables = pfn(tables.n + total - pieces.count);
	count = fill_leaf_tables(tables, memory, &pieces);
	for (enum pt_level level = pt_level_above(leaf_level()); level != PT_PGD;
	     level = pt_level_above(level)) {
		pfn_t children = tables;

		tables.n += count;
		count = fill_upper_tables(tables, children, count);
	}
	fixed_unmap(fixed_window);
	filled = rdtsc();
	hook_into_root(tables, count);
	direct_map_use(pt_slot_address(DIRECT_MAP_SLOT), pt_slot_address(DIRECT_MAP_SLOT));
	cost = (struct direct_map_cost){memory->pages, total, filled - start, rdtsc() - filled};
}

bool direct_map_own_page(pfn_t frame)
{
	pt_entry_t *entry;
	enum pt_level level;

	for (;;) {
		entry = pt_find_leaf(pt_root(), pfn_to_address(frame), &level);
		if (!entry || level == PT_PTE)
			return entry != NULL;
		if (!mm_split(&kernel_mm, entry, level))
			return false;
	}
}

bool direct_map_protect(const struct boot_memory *memory)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range range = memory->run[i].range;

		if (memory->run[i].kind != FRAME_TEXT)
			continue;
		for (uint64_t n = range.start.n; n < range.start.n + range.count; n++) {
			enum pt_level level;

			if (!(pt_find_leaf(pt_root(), pfn_to_address(pfn(n)), &level)->raw & PT_RW))
				continue;
			if (!direct_map_own_page(pfn(n)))
				return false;
			make_page_readonly(pfn(n));
		}
	}
	paravirt.flush_all();
	return true;
}

struct direct_map_cost direct_map_cost(void)
{
	return cost;
}

void direct_map_use(uintptr_t base, uintptr_t address)
{
	direct_map_base = base;
	direct_map_address = address;
	live = true;
}

void direct_map_set_initial(struct pfn_range initial)
{
	initial_map = initial;
}

void *boot_or_direct_map(pfn_t frame)
{
	if (live)
		return pfn_to_virt(frame);
	if (frame.n - initial_map.start.n < initial_map.count)
		return (void *)(KERNEL_VIRT_BASE + (frame.n << PAGE_SHIFT));
	return NULL;
}
