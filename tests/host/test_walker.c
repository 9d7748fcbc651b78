// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walker, against a reference that knows no limits: it looks at every entry of every table and
 * asks of each table found whether it begins at or below the limit.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/direct_map.h>
#include <mm/p2m.h>
#include <mm/walker.h>

#define MAX_TABLES 4096

struct visits {
	unsigned int count;
	uint64_t table[MAX_TABLES];
	enum pt_level level[MAX_TABLES];
};

static bool note(pfn_t table, enum pt_level level, void *argument)
{
	struct visits *visits = argument;

	assert_true(visits->count < MAX_TABLES);
	visits->table[visits->count] = table.n;
	visits->level[visits->count++] = level;
	return false;
}

/* The last address that any limit can stand for, by comparing with the borders themselves. */
static uint64_t effective(uint64_t limit)
{
	unsigned int width = 12 + pt_geometry.bits * pt_geometry.levels;
	uint64_t half = 1ull << (width - 1);
	uint64_t upper = -half;
	uint64_t reserved = upper; /* where the hypervisor's slots begin: first of the upper half */
	uint64_t reserved_end =
		reserved + ((uint64_t)pt_geometry.reserved_count << (width - pt_geometry.bits));

	if (limit >= half && limit < upper)
		return half - 1;
	if (limit >= reserved && limit < reserved_end)
		return half - 1;
	return limit;
}

static void reference(struct visits *visits, uint64_t table, unsigned int rank, uint64_t base,
		      uint64_t limit)
{
	const uint64_t *entries = (const uint64_t *)(model_memory() + table * PAGE_SIZE);
	unsigned int width = 12 + pt_geometry.bits * pt_geometry.levels;
	enum pt_level level = rank == pt_geometry.levels ? PT_PGD : (enum pt_level)rank;

	for (uint64_t i = 0; rank > 1 && i < 1u << pt_geometry.bits; i++) {
		uint64_t address = base + (i << (12 + pt_geometry.bits * (rank - 1)));

		address = (uint64_t)((int64_t)(address << (64 - width)) >> (64 - width));
		if (rank == pt_geometry.levels && i >= pt_geometry.reserved_first &&
		    i < pt_geometry.reserved_first + pt_geometry.reserved_count)
			continue;
		if ((entries[i] & 1) && address <= limit)
			reference(visits, model_pfn((entries[i] & PT_FRAME_MASK) >> 12), rank - 1,
				  address, limit);
	}
	note(pfn(table), level, visits);
}

static void compare(const struct mm *mm, uint64_t limit)
{
	static struct visits got, expected;

	got.count = expected.count = 0;
	assert_false(pt_walk_tables(mm->root, limit, note, &got));
	reference(&expected, mm->root.n, pt_geometry.levels, 0, effective(limit));
	if (got.count != expected.count)
		fail_msg("limit %lx: %u tables were visited, not %u", limit, got.count,
			 expected.count);
	for (unsigned int i = 0; i < got.count; i++) {
		if (got.table[i] != expected.table[i] || got.level[i] != expected.level[i])
			fail_msg("limit %lx, visit %u: pfn %lx at level %u, not pfn %lx at %u",
				 limit, i, got.table[i], got.level[i], expected.table[i],
				 expected.level[i]);
		assert_true(pt_level_exists(got.level[i]));
	}
	assert_int_equal(got.table[got.count - 1], mm->root.n);
	assert_int_equal(got.level[got.count - 1], PT_PGD);
}

static uint64_t random_user_address(void)
{
	uint64_t address = host_random() & pt_user_limit();

	/* Often near one of a few places, so that tables are shared. */
	if (host_random_below(2))
		address &= (1ull << (12 + host_random_below(30))) - 1;
	return address;
}

/* Every kind of limit: at, before and behind each border of each table's range, and odd ones. */
static void try_limits(const struct mm *mm, const uint64_t *addresses, unsigned int count)
{
	static const uint64_t odd[] = {
		0,
		1,
		0xfff,
		0x1000,
		UINT64_MAX,
		UINT64_MAX - 0xfff,
		1ull << 47,
		(1ull << 47) - 1,
		(1ull << 47) + 1,
		1ull << 56,
		(1ull << 56) - 1,
		0xffff800000000000,
		0xffff7fffffffffff,
		0xffff87ffffffffff,
		0xffff880000000000,
		0xff00000000000000,
		0xff10000000000000,
		0xff0fffffffffffff,
		0xfeffffffffffffff,
		0x8000000000000000,
		0xffff888000000000,
		0xffffffff80000000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		compare(mm, odd[i]);
	for (unsigned int i = 0; i < count; i++) {
		compare(mm, addresses[i]);
		for (enum pt_level level = PT_PTE; level <= PT_PGD; level++) {
			uint64_t span = pt_span(level), start = addresses[i] & ~(span - 1);

			if (!pt_level_exists(level))
				continue;
			compare(mm, start);
			compare(mm, start - 1);
			compare(mm, start + 1);
			compare(mm, start + span - 1);
			compare(mm, start + span);
		}
	}
	for (unsigned int i = 0; i < 50; i++)
		compare(mm, host_random() >> host_random_below(64));
}

static void random_address_spaces(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (uint64_t seed = 0; seed < 12; seed++) {
			uint64_t addresses[12];
			struct mm mm;
			unsigned int count = (unsigned int)seed;

			host_seed(seed);
			world_start(levels, 2048);
			assert_true(mm_create(&mm));
			for (unsigned int i = 0; i < count; i++) {
				addresses[i] = random_user_address();
				assert_true(mm_prepare(&mm, addresses[i], addresses[i], PT_PTE));
			}
			try_limits(&mm, addresses, count);
			mm_destroy(&mm);
			world_stop();
		}
	}
}

/* A trap of an ancestor: taking "the last table" for "the last entry of every table". */
static void the_limit_binds_on_its_own_path_only(void **state)
{
	static struct visits visits;
	struct mm mm;

	(void)state;
	world_start(4, 2048);
	assert_true(mm_create(&mm));
	/* Two pmd tables; the limit lies in the second, low. The first must be seen to its end. */
	assert_true(mm_prepare(&mm, 0x3fe00000, 0x3fe00000, PT_PTE));
	assert_true(mm_prepare(&mm, 0x40000000, 0x40000000, PT_PTE));
	assert_true(mm_prepare(&mm, 0x40200000, 0x40200000, PT_PTE));
	visits.count = 0;
	pt_walk_tables(mm.root, 0x40000000, note, &visits);
	/* pte, pmd, pte, pmd, pud, pgd: all but the last pte table. */
	assert_int_equal(visits.count, 6);
	mm_destroy(&mm);
	world_stop();
}

static bool answer_for_level(pfn_t table, enum pt_level level, void *argument)
{
	(void)table;
	return level == *(enum pt_level *)argument;
}

static void answers_are_ored(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct mm mm;

		world_start(levels, 2048);
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, 0x1000, 0x1000, PT_PTE));
		assert_true(mm_prepare(&mm, 0x80000000, 0x80000000, PT_PTE));
		for (enum pt_level level = PT_NONE; level <= PT_PGD; level++) {
			bool answer = pt_walk_tables(mm.root, UINT64_MAX, answer_for_level, &level);

			assert_int_equal(answer, level != PT_NONE && pt_level_exists(level));
		}
		mm_destroy(&mm);
		world_stop();
	}
}

static struct mm astray;

static void walk_astray(void)
{
	struct visits visits = {0};
	pt_entry_t *root = pfn_to_virt(astray.root);

	root[3] = (pt_entry_t){model_foreign_mfn() << PAGE_SHIFT | 1};
	pt_walk_tables(astray.root, UINT64_MAX, note, &visits);
}

static void a_foreign_table_is_a_panic(void **state)
{
	(void)state;
	world_start(4, 2048);
	assert_true(mm_create(&astray));
	host_expect_panic(walk_astray, "a pgd entry points to mfn");
	world_discard();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_address_spaces),
		cmocka_unit_test(the_limit_binds_on_its_own_path_only),
		cmocka_unit_test(answers_are_ored),
		cmocka_unit_test(a_foreign_table_is_a_panic),
	};

	return cmocka_run_group_tests_name("walker", tests, NULL, NULL);
}
