// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables in one run of frames: every page of the range is mapped and nothing beside it, wherever in
 * the tables of each level the range begins, and no frame is taken that is not used.
 */
#include "host.h"

#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/table/run.h>
#include <stdlib.h>

#define ROOT   1   /* pfn of the root; the run begins after it */
#define FRAMES 700 /* of memory for tables */

/* Frames that pages of the range map: numbers that no table has. */
#define MAPPED(n) (0x10000 + (uint64_t)(n))

static unsigned int closed[FRAMES];

static pt_entry_t *open_table(pfn_t table)
{
	assert_in_range(table.pfn, ROOT + 1, FRAMES - 1);
	return pfn_to_virt(table);
}

static void fill_leaves(pt_entry_t *entries, enum pt_level level, int64_t page, void *run)
{
	const int64_t pages = (int64_t)((const struct pt_run *)run)->pages;

	for (unsigned int i = 0; i < pt_entries(); i++) {
		int64_t n = page + i;

		entries[i] = level == PT_PTE && n >= 0 && n < pages
				     ? pt_entry_from_mfn(mfn(MAPPED(n)), PT_KERNEL_RO)
				     : pt_entry_none();
	}
}

static void close_table(pfn_t table, enum pt_level level)
{
	assert_int_equal(closed[table.pfn], 0);
	closed[table.pfn] = level;
}

/* The frame that an address is mapped to; 0: none. */
static uint64_t mapped_at(uintptr_t address)
{
	const pt_entry_t *entry = pt_find(pfn(ROOT), address, PT_PTE);

	return entry && pt_entry_present(*entry) ? pt_entry_mfn(*entry).mfn : 0;
}

static void build(uintptr_t start, uint64_t pages)
{
	static const struct pt_filler filler = {
		.open = open_table,
		.leaves = fill_leaves,
		.close = close_table,
	};
	struct pt_run run = pt_run_plan(start, pages);
	uint64_t naive = 0;

	for (enum pt_level level = PT_PTE; level != PT_PGD; level = pt_level_above(level)) {
		unsigned int shift = pt_shift(pt_level_above(level));
		uintptr_t last = start + (pages << PAGE_SHIFT) - 1;

		assert_int_equal(run.count[level], (last >> shift) - (start >> shift) + 1);
		naive += run.count[level];
	}
	assert_int_equal(run.total, naive);
	memset(closed, 0, sizeof(closed));
	memset(pfn_to_virt(pfn(0)), 0, FRAMES * PAGE_SIZE);
	pt_run_place(&run, pfn(ROOT + 1));
	pt_run_fill(&run, &filler, &run);
	pt_run_link(&run, pfn_to_virt(pfn(ROOT)), PT_TABLE);
	for (uint64_t n = 0; n < pages; n++)
		assert_int_equal(mapped_at(start + (n << PAGE_SHIFT)), MAPPED(n));
	assert_int_equal(mapped_at(start - PAGE_SIZE), 0);
	assert_int_equal(mapped_at(start + (pages << PAGE_SHIFT)), 0);
	/* Each frame of the run is a table that is complete, and no other is. */
	for (uint64_t n = 0; n < FRAMES; n++)
		assert_int_equal(closed[n] != 0, n > ROOT && n <= ROOT + run.total);
}

static void every_page_and_nothing_else(void **state)
{
	const uint64_t mib2 = 1ull << 21, gib = 1ull << 30;
	void *memory = aligned_alloc(PAGE_SIZE, FRAMES * PAGE_SIZE);

	(void)state;
	assert_non_null(memory);
	paravirt = paravirt_native;
	p2m_use_identity(1 << 20, NULL, 0);
	direct_map_use((uintptr_t)memory, 0);
	for (unsigned int levels = 4; levels <= 5; levels++) {
		uintptr_t slot;

		pt_geometry = pt_geometry_make(levels, PT_LEVEL_BITS);
		slot = pt_slot_address(400);
		/* At the beginning of a table of every level, in the middle, and at the end. */
		const uintptr_t starts[] = {slot, KERNEL_VIRT_BASE, slot + 3 * mib2,
					    slot + gib - mib2, slot + 511 * gib + gib - mib2};

		for (unsigned int i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
			build(starts[i], 1);
			build(starts[i], 511);
			build(starts[i], 512);
			build(starts[i], 513);
			build(starts[i], 512 * 512 + 7);
		}
	}
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_and_nothing_else),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
