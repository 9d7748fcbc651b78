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
 * The tables of all levels lie in one run of frames (mm/table/run.h). Where a level above the pte
 * has large pages, the tables below it are needed only for a *piece*: a block of one large page's
 * size in the middle of which memory begins or ends. Everything else of that size is one entry. So
 * the number of a table is that of its block among all blocks, or among the pieces.
 */
#include <arch/cpu.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/fixed.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/table/run.h>

struct direct_map_cost direct_map_cost;

/* Returns true if tables of a level exist only for pieces: the level above has large pages. */
static bool for_pieces_only(enum pt_level level)
{
	return pt_geometry.large_levels & 1u << pt_level_above(level);
}

uint64_t direct_map_tables(uint64_t pages)
{
	const struct pt_run run = pt_run_plan(pt_slot_address(DIRECT_MAP_SLOT), pages);
	uint64_t total = 0;

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		uint64_t block = pt_pages(pt_level_above(level));

		total += for_pieces_only(level) ? pages % block != 0 : run.count[level];
	}
	return total;
}

/* ---- pieces ---- */

/*
 * Counts the pieces: blocks of "size" frames, starting below "limit", with a beginning or end of
 * memory inside, not at their edge. The runs are in order, so the edges of memory are too.
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

/* Returns the number of the table of a level for the block that starts with frame "first". */
static uint64_t table_number(enum pt_level level, int64_t first, void *memory)
{
	uint64_t block = pt_pages(pt_level_above(level));

	return for_pieces_only(level) ? count_pieces(memory, block, (uint64_t)first)
				      : (uint64_t)first / block;
}

/* Counts the tables of all levels, large pages considered. */
static struct pt_run make_plan(struct boot_memory *memory)
{
	struct pt_run run = pt_run_plan(pt_slot_address(DIRECT_MAP_SLOT), memory->pages);

	run.total = 0;
	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		uint64_t end = ROUND_UP(memory->pages, pt_pages(pt_level_above(level)));

		run.count[level] = table_number(level, (int64_t)end, memory);
		run.total += run.count[level];
	}
	return run;
}

/* ---- filling tables ---- */

/* Makes the pages of a range read-only in a pte table that starts with frame "first". */
static void restrict_run(pt_entry_t *table, uint64_t first, struct pfn_range range)
{
	uint64_t start = MAX(range.start.pfn, first);
	uint64_t end = MIN(range.start.pfn + range.count, first + PT_ENTRIES);

	for (uint64_t n = start; n < end; n++)
		table[n - first].raw &= ~(PT_RW | PT_DIRTY);
}

/* Writes the pages, or large pages, of a table. Frames without memory get empty entries. */
static void fill_leaves(pt_entry_t *table, enum pt_level level, int64_t page, void *argument)
{
	const struct boot_memory *memory = argument;
	const bool large = pt_geometry.large_levels & 1u << level;
	const uint64_t first = (uint64_t)page, step = pt_pages(level);
	uint64_t count = 0, flags = PT_KERNEL_RW | (large ? PT_HUGE : 0);

	if (level == PT_PTE || large)
		count = MIN(PT_ENTRIES, (memory->pages - first + step - 1) / step);
	for (uint64_t i = 0; i < count; i++)
		table[i] = pt_entry_make(pfn(first + i * step), flags);
	for (uint64_t i = count; i < PT_ENTRIES; i++)
		table[i] = pt_entry_none();
	if (level != PT_PTE || !paravirt.tables_validated)
		return;
	for (unsigned int i = 0; i < memory->runs; i++) {
		/* The P2M of a PV builder brings tables of its own. */
		if (memory->run[i].kind == FRAME_TABLE || memory->run[i].kind == FRAME_P2M)
			restrict_run(table, first, memory->run[i].range);
	}
}

static pt_entry_t *open_table(pfn_t frame)
{
	fixed_map(fixed_window, pfn_to_mfn(frame), true);
	return (pt_entry_t *)fixed_window;
}

void direct_map_build(struct boot_memory *memory)
{
	const struct pt_filler filler = {
		.open = open_table,
		.leaves = fill_leaves,
		.number = pt_geometry.large_levels ? table_number : NULL,
	};
	struct pt_run run = make_plan(memory);
	uint64_t start = rdtsc(), filled;
	pfn_t first = boot_memory_take(memory, run.total, FRAME_TABLE);

	if (!pfn_valid(first))
		fatal("too little memory in one piece: the tables of the direct map need %lu KiB, "
		      "the longest free run has %lu KiB",
		      run.total << (PAGE_SHIFT - 10),
		      boot_memory_longest(memory) << (PAGE_SHIFT - 10));
	pt_run_place(&run, first);
	pt_run_fill(&run, &filler, memory);
	fixed_unmap(fixed_window);
	filled = rdtsc();
	pt_run_link(&run, boot_or_direct_map(pt_root()), PT_TABLE);
	direct_map_use(run.start, run.start);
	direct_map_cost = (struct direct_map_cost){memory->pages, run.total, filled - start,
						   rdtsc() - filled};
}
