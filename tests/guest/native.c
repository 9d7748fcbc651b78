// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables without a hypervisor, at four and at five levels: address spaces in action, the
 * hooks' contract, large pages split and joined.
 */
#include "recorded.h"
#include "tables.h"

#include <arch/cpu.h>
#include <arch/traps.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/image.h>
#include <mm/table/large.h>
#include <mm/xen/pin.h>

SUITE_THAT(NEEDS_OWN_TABLES, native, "own page tables: address spaces, hooks, large pages");

TEST(native, nothing_is_pinned)
{
	const pt_entry_t *root = pfn_to_virt(pt_root());
	struct mm mm;

	EXPECT_EQ(pinned_tables(), 0);
	EXPECT(!kernel_mm.pinned);
	EXPECT_EQ(frame_of(pt_root())->flags & FRAME_LEVEL, PT_PGD);
	EXPECT_EQ(pt_entry_pfn(root[511]).pfn, pt_entry_mfn(root[511]).mfn); /* identity */
	recorded_begin();
	REQUIRE(mm_create(&mm));
	mm_activate(&mm);
	EXPECT(!mm.pinned);
	EXPECT(!pfn_valid(mm.user_root)); /* programs share the root */
	mm_pin_all();
	EXPECT_EQ(pinned_tables(), 0);
	mm_unpin_all();
	mm_destroy(&mm);
	recorded_finish();
}

TEST(native, address_spaces_come_and_go)
{
	pfn_t a = frames_alloc(0), b = frames_alloc(0);
	volatile uint64_t *there = (volatile uint64_t *)0x5000;
	struct mm one, two;

	REQUIRE(pfn_valid(a) && pfn_valid(b));
	*(uint64_t *)pfn_to_virt(a) = 1;
	*(uint64_t *)pfn_to_virt(b) = 2;
	recorded_begin();
	REQUIRE(mm_create(&one) && mm_create(&two));
	map_frame(&one, 0x5000, a);
	map_frame(&two, 0x5000, b);
	mm_activate(&one);
	mm_activate(&two);
	mm_load(&one);
	EXPECT_EQ(*there, 1);
	mm_load(&two);
	EXPECT_EQ(*there, 2);
	/* A table that goes away while the processor may remember it. */
	mm_free_tables(&two, 0, pt_user_limit());
	EXPECT(!probe_write(0x5000, 3));
	mm_destroy(&two);
	EXPECT(this_cpu()->loaded_mm == &kernel_mm);
	mm_destroy(&one);
	recorded_finish();
	frames_free(a);
	frames_free(b);
}

/* Tables below the two roots' user halves, for one page: one of each level that there is. */
TEST(native, one_table_at_each_level)
{
	struct mm_tables tables;
	struct mm mm;

	recorded_begin();
	REQUIRE(mm_create(&mm));
	make_pte(&mm, 0x7f0000000000);
	tables = mm_count_tables(&mm);
	for (enum pt_level level = PT_PTE; level <= PT_PGD; level++)
		EXPECT_EQ(tables.count[level], pt_level_exists(level));
	EXPECT_EQ(tables.total, pt_geometry.levels);
	EXPECT_EQ(tables.count[PT_P4D], pt_geometry.levels - 4);
	mm_destroy(&mm);
	recorded_finish();
}

/* Splits and joins a large page of a program: the processor sees it, and the hooks are called. */
TEST(native, a_large_page_is_split_and_joined)
{
	pfn_t block = frames_alloc(9);
	const uintptr_t base = 0x40000000;
	pt_entry_t *entry;
	uint64_t wrong = 0, announced;
	struct mm mm;
	bool split;

	REQUIRE(pfn_valid(block));
	for (uint64_t i = 0; i < 512; i++)
		*(uint64_t *)pfn_to_virt(pfn(block.pfn + i)) = i;
	recorded_begin();
	REQUIRE(mm_create(&mm) && mm_prepare(&mm, base, base, PT_PMD));
	entry = mm_entry(&mm, base, PT_PMD);
	set_entry(entry, PT_PMD, pt_entry_make(block, PT_KERNEL_RW | PT_HUGE));
	mm_activate(&mm);
	mm_load(&mm);
	EXPECT_EQ(*(volatile uint64_t *)(base + 77 * PAGE_SIZE), 77);
	announced = recorder.count[RECORD_ALLOC];
	mm_lock(&mm);
	split = mm_split(&mm, base, base + PAGE_SIZE - 1);
	mm_unlock(&mm);
	REQUIRE(split);
	EXPECT_EQ(recorder.count[RECORD_ALLOC] - announced, 1);
	for (uint64_t i = 0; i < 512; i++)
		wrong += *(volatile uint64_t *)(base + i * PAGE_SIZE) != i;
	EXPECT_EQ(wrong, 0);
	/* Now a single page can lose a right. */
	entry = mm_entry(&mm, base + 5 * PAGE_SIZE, PT_PTE);
	protect_commit(entry, (pt_entry_t){protect_start(entry).raw & ~PT_RW});
	paravirt.flush_address(base + 5 * PAGE_SIZE, ALL_CPUS);
	EXPECT(!probe_write(base + 5 * PAGE_SIZE, 1));
	EXPECT(probe_write(base + 6 * PAGE_SIZE, 6));
	/* And be given it back, after which it is one large page as before. */
	protect_commit(entry, (pt_entry_t){protect_start(entry).raw | PT_RW});
	paravirt.flush_address(base + 5 * PAGE_SIZE, ALL_CPUS);
	mm_lock(&mm);
	mm_join(&mm, base, base);
	mm_unlock(&mm);
	EXPECT_EQ(recorder.count[RECORD_RELEASE], 1);
	EXPECT_EQ(mm_entry(&mm, base, PT_PMD)->raw,
		  pt_entry_make(block, PT_KERNEL_RW | PT_HUGE).raw);
	EXPECT(probe_write(base + 5 * PAGE_SIZE, 1));
	mm_destroy(&mm);
	recorded_finish();
	frames_free(block);
}

/* Splits and joins the direct map: each table is announced, and all roots share it. */
TEST(native, the_direct_map_is_split_and_joined)
{
	pfn_t block = frames_alloc(9);
	struct pfn_range one = {pfn(block.pfn + 3), 1}, other = {pfn(block.pfn + 4), 1};
	enum pt_level level;
	uint64_t split, free_before, announced;

	REQUIRE(pfn_valid(block));
	free_before = frames_free_count();
	recorded_begin();
	announced = recorder.count[RECORD_ALLOC];
	pt_find_leaf(pt_root(), pfn_to_address(block), &level);
	split = level - PT_PTE; /* one table for each level down to the pages */
	REQUIRE(direct_map_restrict(one, PT_KERNEL_RO));
	EXPECT_EQ(recorder.count[RECORD_ALLOC] - announced, split);
	REQUIRE(direct_map_restrict(other, 0));
	EXPECT_EQ(recorder.count[RECORD_ALLOC] - announced, split);
	EXPECT_EQ(free_before - frames_free_count(), split);
	direct_map_restore(one);
	EXPECT_EQ(recorder.count[RECORD_RELEASE], 0);
	direct_map_restore(other);
	EXPECT_EQ(recorder.count[RECORD_RELEASE], split);
	pt_find_leaf(pt_root(), pfn_to_address(one.start), &level);
	EXPECT_EQ(level - PT_PTE, split);
	recorded_finish();
	frames_free(block);
}

/* A stack that runs into its guard page: the double fault has a stack of its own to arrive on. */
TEST(native, a_stack_that_is_used_up_is_caught)
{
	struct cpu *cpu = this_cpu();
	struct recovery *outer = cpu->on_fault, recovery;
	int how = fault_catch(&recovery);

	if (how == 0) {
		cpu->on_fault = &recovery;
		__asm__ volatile("movq %0, %%rsp; pushq %%rax" ::"r"(boot_stack) : "memory");
	}
	cpu->on_fault = outer;
	EXPECT_EQ(how, 2);
	EXPECT_EQ(recovery.fault.vector, 8);
}
