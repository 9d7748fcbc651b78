// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On a processor that really walks five levels: addresses that four cannot reach, and the table
 * that four do not have.
 */
#include "recorded.h"
#include "tables.h"

#include <arch/traps.h>
#include <mm/table/levels.h>

SUITE_THAT(NEEDS_FIVE_LEVELS, five_levels, "addresses above 2^47, and the p4d");

#define TIB_256 (1ul << 48)

/* One page in each of several pieces of 256 TiB, written here and read through the direct map. */
TEST(five_levels, user_addresses_above_2_to_the_47)
{
	static const uintptr_t places[] = {
		1ul << 47,     TIB_256 - PAGE_SIZE,       TIB_256, 3 * TIB_256 + 0x123456789000,
		255 * TIB_256, 256 * TIB_256 - PAGE_SIZE,
	};
	uint64_t free = frames_free_count();
	pfn_t pages[ARRAY_SIZE(places)];
	struct mm mm;

	REQUIRE(mm_create(&mm));
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		pages[i] = frames_alloc(0);
		REQUIRE(pfn_valid(pages[i]));
		map_frame(&mm, places[i], pages[i]);
	}
	mm_activate(&mm);
	mm_load(&mm);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		*(volatile uint64_t *)(places[i] + 8) = places[i];
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		EXPECT_EQ(((uint64_t *)pfn_to_virt(pages[i]))[1], places[i]);
	mm_destroy(&mm);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		frames_free(pages[i]);
	EXPECT_EQ(frames_free_count(), free);
}

TEST(five_levels, one_p4d_table_for_each_256_tib)
{
	struct mm mm;

	REQUIRE(mm_create(&mm));
	for (uint64_t i = 0; i < 5; i++) {
		EXPECT_EQ(mm_count_tables(&mm).count[PT_P4D], i);
		make_pte(&mm, i * 7 * TIB_256);
		make_pte(&mm, i * 7 * TIB_256 + TIB_256 / 2); /* the same */
		EXPECT_EQ(mm_count_tables(&mm).count[PT_P4D], i + 1);
	}
	/* Letting one go leaves the others. */
	mm_free_tables(&mm, 7 * TIB_256, 8 * TIB_256 - 1);
	EXPECT_EQ(mm_count_tables(&mm).count[PT_P4D], 4);
	mm_destroy(&mm);
}

/* Emptied at the p4d, then at the root: two entries, two stores. Both come back. */
TEST(five_levels, typed_steps_pass_through_the_p4d)
{
	const uintptr_t address = 9 * TIB_256;
	pgd_t *pgd, old_pgd;
	p4d_t *p4d, old_p4d;
	uint64_t stores;
	struct mm mm;

	recorded_begin();
	REQUIRE(mm_create(&mm));
	pgd = pgd_offset(&mm, address);
	EXPECT(pgd_none(*pgd));
	make_pte(&mm, address);
	EXPECT(pgd_present(*pgd) && !pgd_bad(*pgd));
	p4d = p4d_offset(pgd, address);
	EXPECT_NE((uintptr_t)p4d, (uintptr_t)pgd);
	old_pgd = *pgd;
	old_p4d = *p4d;
	stores = recorder.count[RECORD_ENTRY];
	p4d_clear(p4d);
	EXPECT_EQ(recorder.count[RECORD_ENTRY] - stores, 1);
	EXPECT(p4d_none(*p4d) && !pgd_none(*pgd));
	EXPECT(!pte_find(&mm, address));
	pgd_clear(pgd);
	EXPECT_EQ(recorder.count[RECORD_ENTRY] - stores, 2);
	EXPECT(pgd_none(*pgd));
	set_pgd(pgd, old_pgd);
	set_p4d(p4d, old_p4d);
	EXPECT_EQ(recorder.count[RECORD_ENTRY] - stores, 4);
	EXPECT(pte_find(&mm, address));
	mm_destroy(&mm);
	recorded_finish();
}

/* What is no address at all with four levels is one that is not mapped. */
TEST(five_levels, the_hole_is_smaller)
{
	uint64_t value;

	EXPECT(!probe_read(1ul << 47, &value));
	EXPECT_EQ(pt_lookup(1ul << 47).steps, 1);
	EXPECT_EQ(pt_lookup(1ul << 56).steps, 0);
	EXPECT(!probe_read(1ul << 56, &value));
}

TEST(five_levels, a_hint_opens_the_upper_addresses)
{
	EXPECT_EQ(pt_user_ceiling(0), (1ul << 47) - 1);
	EXPECT_EQ(pt_user_ceiling((1ul << 47) - 1), (1ul << 47) - 1);
	EXPECT_EQ(pt_user_ceiling(1ul << 47), pt_user_limit());
	EXPECT_EQ(pt_user_limit(), (1ul << 56) - 1);
}

TEST(five_levels, the_direct_map_is_where_the_root_slot_is_larger)
{
	EXPECT_EQ((uintptr_t)pfn_to_virt(pfn(0)), 0xff11000000000000);
	EXPECT_EQ(pt_lookup((uintptr_t)pfn_to_virt(pt_root())).step[1].level, PT_P4D);
}
