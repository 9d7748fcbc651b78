// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building the direct map: every page of memory where it belongs, in the largest pages that fit,
 * whatever holes memory has.
 */
#include "../model/bare.h"
#include "host.h"

#include <arch/cpu.h>
#include <mm/kernel/direct_map.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>

static const unsigned int large_levels[] = {0, 1u << PT_PMD, 1u << PT_PMD | 1u << PT_PUD};

/* First of all tests, since a direct map is never taken back. */
static void before_there_is_one(void **state)
{
	(void)state;
	assert_null(boot_or_direct_map(pfn(2)));
	direct_map_set_initial((struct pfn_range){pfn(2), 3});
	assert_null(boot_or_direct_map(pfn(1)));
	assert_int_equal((uintptr_t)boot_or_direct_map(pfn(2)), KERNEL_VIRT_BASE + 2 * PAGE_SIZE);
	assert_int_equal((uintptr_t)boot_or_direct_map(pfn(4)), KERNEL_VIRT_BASE + 4 * PAGE_SIZE);
	assert_null(boot_or_direct_map(pfn(5)));
}

static void any_size_of_memory(void **state)
{
	static const uint64_t sizes[] = {
		600,     MIB2 * 2 - 1, MIB2 * 2,       MIB2 * 2 + 1, GIB - 1,       GIB,
		GIB + 1, GIB + MIB2,   2 * GIB - MIB2, 2 * GIB,      2 * GIB + 777, LARGEST};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(large_levels) * 2; i++) {
		uint64_t size = sizes[i / 2 % ARRAY_SIZE(sizes)];
		unsigned int large = large_levels[i / 2 / ARRAY_SIZE(sizes)];
		uint64_t before, elapsed;

		if (!large && size > GIB + 1)
			continue;
		bare_start(4 + i % 2, large, size);
		before = rdtsc();
		bare_build();
		elapsed = rdtsc() - before;
		assert_true(direct_map_cost.fill_ticks <= elapsed);
		assert_true(direct_map_cost.validate_ticks <= elapsed);
		assert_int_equal(direct_map_cost.pages, size);
		bare_expect_as_built();
		bare_stop();
	}
}

struct tour {
	uint64_t leaves[PT_PGD + 1], most;
	uintptr_t next; /* where the next leaf starts, at the earliest */
};

static bool see_leaf(const struct pt_leaf *leaf, void *argument)
{
	struct tour *tour = argument;

	assert_true(leaf->address >= tour->next);
	assert_int_equal(leaf->rights, PT_RW | PT_NX);
	tour->next = leaf->address + pt_span(leaf->level);
	tour->leaves[leaf->level]++;
	return --tour->most;
}

/* In order, each with its level, until the visitor has had enough. */
static void leaves_are_visited_in_order(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct tour all = {.most = UINT64_MAX}, some = {.most = 10};
		struct bare_found found;

		bare_start(levels, large_levels[2], LARGEST - 3);
		bare_add_hole(GIB + 700, 80000);
		bare_build();
		found = bare_look();
		pt_for_each_leaf(see_leaf, &all);
		assert_memory_equal(all.leaves, found.leaves, sizeof(all.leaves));
		pt_for_each_leaf(see_leaf, &some);
		assert_int_equal(some.leaves[PT_PTE] + some.leaves[PT_PMD] + some.leaves[PT_PUD],
				 10);
		bare_stop();
	}
}

/* A boundary of a hole: at one of a large page's, right beside it, or anywhere. */
static uint64_t random_edge(void)
{
	static const uint64_t sizes[] = {1, MIB2, GIB};
	uint64_t size = sizes[host_random_below(3)];

	return ROUND_DOWN(host_random_below(LARGEST), size) + host_random_below(3) - 1;
}

static void memory_with_holes(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 150; seed++) {
		host_seed(seed);
		bare_start(4 + seed % 2, large_levels[1 + seed / 2 % 2],
			   LARGEST - host_random_below(3));
		for (unsigned int i = 0; i < 1 + seed % 8; i++) {
			uint64_t from = random_edge(), to = random_edge();

			if (from > 8 && from < to && to <= bare.memory.pages)
				bare_add_hole(from, to - from);
			else if (from > 8 && from < bare.memory.pages)
				bare_add_hole(from, 1);
		}
		bare_build();
		bare_expect_as_built();
		bare_stop();
	}
}

/* Where tables are validated, what may be one is read-only from the start, and nothing else. */
static void tables_are_read_only_where_it_matters(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const bool validated = i & 1, first_is_table = i & 2;
		struct pfn_range p2m = {pfn(510), 5};

		bare_start(4, 0, 3 * MIB2);
		paravirt.tables_validated = validated;
		assert_int_equal(bare.memory.run[0].range.start.pfn, 0);
		assert_int_equal(bare.memory.run[0].kind, FRAME_DATA);
		if (first_is_table)
			bare.memory.run[0].kind = FRAME_TABLE;
		assert_null(boot_memory_reserve(&bare.memory, p2m, FRAME_P2M));
		bare_build();
		for (uint64_t n = 0; n < bare.memory.pages; n++) {
			uintptr_t address = pfn_to_address(pfn(n));
			bool table = boot_memory_is_free(&bare.memory, pfn(n))
					     ? false
					     : n || first_is_table;
			pt_entry_t entry = *pt_find(bare.root, address, PT_PTE);

			assert_int_equal(pt_entry_flags(entry),
					 validated && table ? PT_KERNEL_RO : PT_KERNEL_RW);
		}
		bare_stop();
	}
}

static void too_little(void)
{
	bare_start(4, 0, GIB);
	bare_add_hole(3, GIB - 8);
	bare_build();
}

static void without_room_for_tables(void **state)
{
	(void)state;
	host_expect_panic(too_little, "the tables of the direct map need 2056 KiB");
}

static void the_cpu_runs_on_the_kernels_tables(void **state)
{
	(void)state;
	this_cpu()->mm = this_cpu()->loaded_mm = NULL;
	bare_start(4, 0, 2 * MIB2);
	bare_build();
	bare_complete();
	assert_ptr_equal(this_cpu()->mm, &kernel_mm);
	assert_ptr_equal(this_cpu()->loaded_mm, &kernel_mm);
	assert_int_equal(kernel_mm.root.pfn, bare.root.pfn);
	assert_false(kernel_mm.pinned);
	bare_stop();
}

/* A table that is not ours ends a lookup, and it is said so. */
static void a_broken_table_is_told(void **state)
{
	struct pt_path walk;

	(void)state;
	bare_start(4, 0, 2 * MIB2);
	bare_build();
	walk = pt_lookup(pfn_to_address(pfn(3)));
	assert_true(walk.mapped && !walk.broken);
	((pt_entry_t *)pfn_to_virt(bare.root))[7] = pt_entry_from_mfn(mfn(GIB), PT_TABLE);
	walk = pt_lookup(pt_slot_address(7));
	assert_true(walk.broken && !walk.mapped);
	assert_int_equal(walk.steps, 2);
	bare_stop();
}

static void protect_what_is_not_mapped(void)
{
	make_page_readonly(pfn(100 * MIB2));
}

/* Before tables and after: the direct map's page of one frame, on bare hardware too. */
static void a_page_becomes_read_only_and_writable(void **state)
{
	const pfn_t frame = pfn(77);
	uintptr_t address;

	(void)state;
	bare_start(5, 0, 2 * MIB2);
	bare_build();
	host_expect_panic(protect_what_is_not_mapped, "pfn c800 has no page in the direct map");
	address = pfn_to_address(frame);
	make_page_readonly(frame);
	assert_int_equal(pt_find(bare.root, address, PT_PTE)->raw,
			 pt_entry_make(frame, PT_KERNEL_RO).raw);
	/* To what it is already: what the processor has set stays. */
	protect_commit(pt_find(bare.root, address, PT_PTE), pt_entry_make(frame, PT_KERNEL_RO));
	assert_int_equal(pt_find(bare.root, address, PT_PTE)->raw,
			 pt_entry_make(frame, PT_KERNEL_RO).raw);
	make_page_writable(frame);
	assert_int_equal(pt_entry_flags(*pt_find(bare.root, address, PT_PTE)),
			 PT_KERNEL_RW & ~PT_DIRTY);
	assert_int_equal(pt_entry_flags(*pt_find(bare.root, address + PAGE_SIZE, PT_PTE)),
			 PT_KERNEL_RW);
	bare_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_there_is_one),
		cmocka_unit_test(any_size_of_memory),
		cmocka_unit_test(leaves_are_visited_in_order),
		cmocka_unit_test(memory_with_holes),
		cmocka_unit_test(tables_are_read_only_where_it_matters),
		cmocka_unit_test(without_room_for_tables),
		cmocka_unit_test(a_broken_table_is_told),
		cmocka_unit_test(a_page_becomes_read_only_and_writable),
		cmocka_unit_test(the_cpu_runs_on_the_kernels_tables),
	};

	return cmocka_run_group_tests_name("direct_map", tests, NULL, NULL);
}
