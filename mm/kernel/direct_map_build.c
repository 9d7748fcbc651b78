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
 * The tables of all levels lie in one run of frames: the pte tables first, then those that point to
 * them, and so on. Where a level above the pte has large pages, the tables below it are needed only
 * for a *piece*: a block of one large page's size in the middle of which memory begins or ends.
 * Everything else of that size is one entry. So "which frame is the table for this block" is
 * arithmetic: its number among all blocks, or among the pieces.
 */
#include <arch/cpu.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/fixed.h>
#include <mm/table/ops.h>

static struct direct_map_cost cost;

/* Frames that an entry of a level maps. */
static uint64_t frames_of(enum pt_level level)
{
	return pt_span(level) >> PAGE_SHIFT;
}

static uint64_t divide_up(uint64_t count, uint64_t by)
{
	return (count + by - 1) / by;
}

/* Returns true if tables of that level exist only for pieces: the level above has large pages. */
static bool for_pieces_only(enum pt_level level)
{
	return pt_geometry.large_levels & 1u << pt_level_above(level);
}

uint64_t direct_map_tables(uint64_t pages)
{
	uint64_t total = 0;

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		uint64_t block = frames_of(pt_level_above(level));

		total += for_pieces_only(level) ? pages % block != 0 : divide_up(pages, block);
	}
	return total;
}

/* ---- pieces ---- */

/*
 * Counts the blocks of "size" frames, of those that start below "limit", in the middle of which
 * memory begins or ends. The runs are in order, so the edges are too.
 */
static uint64_t count_pieces(const struct boot_memory *memory, uint64_t size, uint64_t limit)
{
	uint64_t count = 0, before = UINT64_MAX;

	for (unsigned int i = 0; i <= 2 * memory->runs; i++) {
		const struct boot_run *run = &memory->run[i / 2];
		uint64_t edge = memory->pages, block;

		if (i < 2 * memory->runs) {
			if (run->kind != FRAME_ABSENT)
				continue;
			edge = run->range.start.pfn + (i % 2 ? run->range.count : 0);
		}
		block = ROUND_DOWN(edge, size);
		if (block == edge || block == before || block >= limit)
			continue;
		before = block;
		count++;
	}
	return count;
}

/* What is built: the tables' places. */
struct plan {
	const struct boot_memory *memory;
	pfn_t tables[PT_PGD]; /* by level: the first one's frame; the others follow */
	uint64_t count[PT_PGD];
	uint64_t total;
};

/* The number of the table of a level for the block that starts with frame "first". */
static uint64_t table_number(const struct plan *plan, enum pt_level level, uint64_t first)
{
	uint64_t block = frames_of(pt_level_above(level));

	return for_pieces_only(level) ? count_pieces(plan->memory, block, first) : first / block;
}

/* The table of a level for that block; INVALID_PFN if it has none. */
static pfn_t table_for(const struct plan *plan, enum pt_level level, uint64_t first)
{
	uint64_t number = table_number(plan, level, first);

	if (number == table_number(plan, level, first + frames_of(pt_level_above(level))))
		return INVALID_PFN;
	return pfn(plan->tables[level].pfn + number);
}

static struct plan make_plan(const struct boot_memory *memory)
{
	struct plan plan = {.memory = memory};

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		uint64_t block = frames_of(pt_level_above(level));

		plan.count[level] = table_number(&plan, level, ROUND_UP(memory->pages, block));
		plan.total += plan.count[level];
	}
	return plan;
}

/* ---- filling tables ---- */

/* Entries for the pages from the frame "first" on; for frames without memory there are none. */
static void fill_pages(pt_entry_t *table, uint64_t first, uint64_t pages)
{
	uint64_t count = MIN(PT_ENTRIES, pages - first);

	for (uint64_t i = 0; i < count; i++)
		table[i] = pt_entry_make(pfn(first + i), PT_KERNEL_RW);
	for (uint64_t i = count; i < PT_ENTRIES; i++)
		table[i] = pt_entry_none();
}

/* Takes the right to write from the pages of a run. */
static void restrict_run(pt_entry_t *table, uint64_t first, struct pfn_range range)
{
	uint64_t start = MAX(range.start.pfn, first);
	uint64_t end = MIN(range.start.pfn + range.count, first + PT_ENTRIES);

	for (uint64_t n = start; n < end; n++)
		table[n - first].raw &= ~(PT_RW | PT_DIRTY);
}

static void fill_pte_table(pt_entry_t *table, uint64_t first, const struct boot_memory *memory)
{
	fill_pages(table, first, memory->pages);
	for (unsigned int i = 0; paravirt.tables_validated && i < memory->runs; i++) {
		if (frame_kind_may_be_table(memory->run[i].kind))
			restrict_run(table, first, memory->run[i].range);
	}
}

/* Tables where there are some below, and large pages elsewhere. */
static void fill_upper_table(pt_entry_t *table, enum pt_level level, uint64_t first,
			     const struct plan *plan)
{
	for (uint64_t i = 0; i < PT_ENTRIES; i++, first += frames_of(level)) {
		pfn_t below = first < plan->memory->pages
				      ? table_for(plan, pt_level_below(level), first)
				      : INVALID_PFN;

		table[i] = pfn_valid(below) ? pt_entry_make(below, PT_TABLE)
					    : pt_entry_make(pfn(first), PT_KERNEL_RW | PT_HUGE);
	}
}

static pt_entry_t *open_table(pfn_t frame)
{
	fixed_map(fixed_window, pfn_to_mfn(frame), true);
	return (pt_entry_t *)fixed_window;
}

/* Fills the tables of a level, each for a block of memory. */
static void fill_level(const struct plan *plan, enum pt_level level)
{
	const uint64_t block = frames_of(pt_level_above(level));

	for (uint64_t first = 0; first < plan->memory->pages; first += block) {
		pfn_t table = table_for(plan, level, first);

		if (!pfn_valid(table))
			continue;
		if (level == PT_PTE)
			fill_pte_table(open_table(table), first, plan->memory);
		else
			fill_upper_table(open_table(table), level, first, plan);
	}
}

/* Makes the finished tree part of the live tables, where Xen validates it. */
static void hook_into_root(pfn_t tables, uint64_t count)
{
	pt_entry_t *root = boot_or_direct_map(pt_root());

	for (uint64_t t = 0; t < count; t++)
		set_entry(&root[DIRECT_MAP_SLOT + t], PT_PGD,
			  pt_entry_make(pfn(tables.pfn + t), PT_TABLE));
}

void direct_map_build(struct boot_memory *memory)
{
	struct plan plan = make_plan(memory);
	uint64_t start = rdtsc(), filled;
	pfn_t next = boot_memory_take(memory, plan.total, FRAME_TABLE);
	enum pt_level top = pt_level_below(PT_PGD);

	if (!pfn_valid(next))
		fatal("too little memory in one piece: the tables of the direct map need %lu KiB, "
		      "the longest free run has %lu KiB",
		      plan.total << (PAGE_SHIFT - 10),
		      boot_memory_longest(memory) << (PAGE_SHIFT - 10));

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		plan.tables[level] = next;
		next.pfn += plan.count[level];
	}
	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level))
		fill_level(&plan, level);
	fixed_unmap(fixed_window);
	filled = rdtsc();
	hook_into_root(plan.tables[top], plan.count[top]);
	direct_map_use(pt_slot_address(DIRECT_MAP_SLOT), pt_slot_address(DIRECT_MAP_SLOT));
	cost = (struct direct_map_cost){memory->pages, plan.total, filled - start,
					rdtsc() - filled};
}

struct direct_map_cost direct_map_cost(void)
{
	return cost;
}
