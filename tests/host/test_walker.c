// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walker, against a reference that knows no limits: it looks at every entry of every table and
 * asks of each table found whether it begins at or below the limit.
 */
#include "../model/walk_reference.h"
#include "../model/world.h"
#include "host.h"

#include <mm/frame/translate.h>
#include <mm/table/walk.h>

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
		walk_compare(mm, odd[i]);
	for (unsigned int i = 0; i < count; i++) {
		walk_compare(mm, addresses[i]);
		for (enum pt_level level = PT_PTE; level <= PT_PGD; level++) {
			uint64_t span = pt_span(level), start = addresses[i] & ~(span - 1);

			if (!pt_level_exists(level))
				continue;
			walk_compare(mm, start);
			walk_compare(mm, start - 1);
			walk_compare(mm, start + 1);
			walk_compare(mm, start + span - 1);
			walk_compare(mm, start + span);
		}
	}
	for (unsigned int i = 0; i < 50; i++)
		walk_compare(mm, host_random() >> host_random_below(64));
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
	static struct walk_visits visits;
	struct mm mm;

	(void)state;
	world_start(4, 2048);
	assert_true(mm_create(&mm));
	/* Two pmd tables; the limit lies in the second, low. The first must be seen to its end. */
	assert_true(mm_prepare(&mm, 0x3fe00000, 0x3fe00000, PT_PTE));
	assert_true(mm_prepare(&mm, 0x40000000, 0x40000000, PT_PTE));
	assert_true(mm_prepare(&mm, 0x40200000, 0x40200000, PT_PTE));
	visits.count = 0;
	pt_walk_tables(mm.root, 0x40000000, walk_note, &visits);
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
	static struct walk_visits visits;
	pt_entry_t *root = pfn_to_virt(astray.root);

	root[3] = (pt_entry_t){model_foreign_mfn() << PAGE_SHIFT | 1};
	pt_walk_tables(astray.root, UINT64_MAX, walk_note, &visits);
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
