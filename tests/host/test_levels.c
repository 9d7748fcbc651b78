// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Geometry and entries: the arithmetic of every level in both geometries, constructors and
 * translations, and the typed names, folded and not.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/levels.h>

static void shifts_and_indices(void **state)
{
	(void)state;
	pt_geometry = pt_geometry_make(4, PT_LEVEL_BITS);
	assert_int_equal(pt_shift(PT_PTE), 12);
	assert_int_equal(pt_shift(PT_PMD), 21);
	assert_int_equal(pt_shift(PT_PUD), 30);
	assert_int_equal(pt_shift(PT_PGD), 39);
	assert_false(pt_level_exists(PT_P4D));
	assert_int_equal(pt_level_below(PT_PGD), PT_PUD);
	assert_int_equal(pt_level_below(PT_PTE), PT_NONE);
	assert_int_equal(pt_user_limit(), 0x7fffffffffff);
	assert_int_equal(pt_canonical(0x800000000000), 0xffff800000000000);
	assert_int_equal(pt_index(0xffff888000000000, PT_PGD), 273);
	assert_int_equal(pt_index(UINT64_MAX, PT_PTE), 511);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(pt_shift(PT_P4D), 39);
	assert_int_equal(pt_shift(PT_PGD), 48);
	assert_int_equal(pt_level_below(PT_PGD), PT_P4D);
	assert_int_equal(pt_user_limit(), 0xffffffffffffff);
	assert_int_equal(pt_canonical(0x800000000000), 0x800000000000);
	assert_int_equal(pt_canonical(0x100000000000000), 0xff00000000000000);
	assert_int_equal(pt_index(0xffff888000000000, PT_PGD), 511);
	assert_int_equal(pt_index(0xffff888000000000, PT_P4D), 273);
	pt_geometry = PT_GEOMETRY_XEN;
}

static void programs_get_high_addresses_only_by_a_hint(void **state)
{
	const uintptr_t low = (1ull << 47) - 1;

	(void)state;
	pt_geometry = pt_geometry_make(4, PT_LEVEL_BITS);
	assert_int_equal(pt_user_ceiling(0), low);
	assert_int_equal(pt_user_ceiling(UINT64_MAX), low);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(pt_user_ceiling(0), low);
	assert_int_equal(pt_user_ceiling(low), low);
	assert_int_equal(pt_user_ceiling(low + 1), (1ull << 56) - 1);
	assert_int_equal(pt_slot_address(273), 0xff11000000000000);
	pt_geometry = PT_GEOMETRY_XEN;
	assert_int_equal(pt_slot_address(273), 0xffff888000000000);
	assert_int_equal(pt_slot_address(1), 1ull << 39);
}

static void entries_translate_both_ways(void **state)
{
	(void)state;
	world_start(4, 2048);
	for (uint64_t n = 0; n < 2048; n += 37) {
		pt_entry_t entry = pt_entry_make(pfn(n), PT_KERNEL_RW);

		assert_int_equal(pt_entry_mfn(entry).mfn, model_mfn(n));
		assert_int_equal(pt_entry_pfn(entry).pfn, n);
		assert_int_equal(pt_entry_flags(entry), PT_KERNEL_RW);
	}
	/* A pfn without memory makes an empty entry, never a wild one. */
	assert_true(pt_entry_is_none(pt_entry_make(pfn(5000), PT_KERNEL_RW)));
	assert_true(pt_entry_is_none(pt_entry_make(INVALID_PFN, PT_KERNEL_RW)));
	/* Absent entries pass through untouched. */
	assert_int_equal(pt_entry_make(pfn(5000), 0x200).raw, 5000 * PAGE_SIZE | 0x200);
	assert_int_equal(pt_entry_pfn(pt_entry_make(pfn(5000), 0x200)).pfn, 5000);
	/* A foreign mfn is kept by its own constructor, and has no pfn. */
	assert_int_equal(
		pt_entry_mfn(pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RO)).mfn,
		model_foreign_mfn());
	assert_false(
		pfn_valid(pt_entry_pfn(pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RO))));
	world_stop();
}

static void bad_entries(void **state)
{
	pt_entry_t foreign, large;

	(void)state;
	world_start(4, 2048);
	foreign = pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_TABLE);
	large = pt_entry_make(pfn(512), PT_KERNEL_RW | PT_HUGE);
	assert_false(pt_entry_bad(pt_entry_none(), PT_PMD));
	assert_false(pt_entry_bad(foreign, PT_PTE)); /* a page may be anybody's */
	assert_true(pt_entry_bad(foreign, PT_PMD));
	assert_true(pt_entry_bad(large, PT_PMD));
	pt_geometry.large_levels = 1u << PT_PMD;
	assert_false(pt_entry_bad(large, PT_PMD));
	assert_true(pt_entry_bad(large, PT_PUD));
	world_stop();
}

static void typed_steps_find_what_the_walk_finds(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct mm mm;

		host_seed(levels);
		world_start(levels, 2048);
		assert_true(mm_create(&mm));
		for (unsigned int i = 0; i < 30; i++) {
			uintptr_t address = host_random() & pt_user_limit();

			assert_ptr_equal(pte_find(&mm, address), mm_entry(&mm, address, PT_PTE));
			assert_true(mm_prepare(&mm, address, address, PT_PTE));
			assert_non_null(pte_find(&mm, address));
			assert_ptr_equal(pte_find(&mm, address), mm_entry(&mm, address, PT_PTE));
		}
		mm_destroy(&mm);
		world_stop();
	}
}

static void folding(void **state)
{
	uintptr_t address = 0x123456789000;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		bool folded = levels == 4;
		pgd_t *pgd;
		struct mm mm;

		world_start(levels, 2048);
		assert_int_equal(p4d_folded(), folded);
		assert_int_equal(p4d_index(address), folded ? 0 : pt_index(address, PT_P4D));
		assert_true(mm_create(&mm));
		pgd = pgd_offset(&mm, address);
		/* A folded pgd entry is always there, and is no table's. */
		assert_int_equal(pgd_none(*pgd), !folded);
		assert_int_equal(pgd_present(*pgd), folded);
		assert_true(mm_prepare(&mm, address, address, PT_PTE));
		assert_int_equal(mm_count_tables(&mm).count[PT_P4D], !folded);
		assert_int_equal((void *)p4d_offset(pgd, address) == (void *)pgd, folded);
		mm_destroy(&mm);
		world_stop();
	}
}

/*
 * Two traps at once: clearing a folded p4d is clearing the root's entry, so clearing the pgd too
 * must do nothing; unfolded, the pgd entry above must be cleared by itself.
 */
static void clearing_from_the_top(void **state)
{
	uintptr_t address = 0x5000;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct mm mm;
		pgd_t *pgd;
		p4d_t *p4d;
		uint64_t updates;

		world_start(levels, 2048);
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, address, address, PT_PTE));
		mm_activate(&mm);
		pgd = pgd_offset(&mm, address);
		p4d = p4d_offset(pgd, address);
		updates = model_counters().updates;
		p4d_clear(p4d);
		/* Folded: the kernel's root and the programs'. */
		assert_int_equal(model_counters().updates - updates, levels == 4 ? 2 : 1);
		updates = model_counters().updates;
		pgd_clear(pgd);
		assert_int_equal(model_counters().updates - updates, levels == 4 ? 0 : 2);
		assert_int_equal(((uint64_t *)pfn_to_virt(mm.root))[0], 0);
		assert_int_equal(((uint64_t *)pfn_to_virt(mm.user_root))[0], 0);
		assert_null(model_check());
		world_discard();
	}
}

/* As in Linux: what a value of any level shows is a pfn, whatever the entry holds. */
static void values_have_the_pfn_inside(void **state)
{
	const uint64_t flags = PT_KERNEL_RW | PT_USER;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pte_t pte, foreign;
		struct mm mm;
		pgd_t *pgd;
		p4d_t *p4d;
		pud_t *pud;
		pmd_t *pmd;

		world_start(levels, 2048);
		for (uint64_t n = 3; n < 2048; n += 97) {
			pte = pfn_pte(pfn(n), flags);
			assert_int_equal(pte.entry.raw, model_mfn(n) << PAGE_SHIFT | flags);
			assert_int_equal(pte_val(pte), n << PAGE_SHIFT | flags);
			assert_int_equal(__pte(pte_val(pte)).entry.raw, pte.entry.raw);
			assert_int_equal(pte_pfn(pte).pfn, n);
			assert_int_equal(pte_flags(pte), flags);
		}
		/* Absent: as it is, both ways. Another's: no pfn, and not present. */
		assert_int_equal(pte_val(__pte(0x123456000 | 1ull << 9)), 0x123456000 | 1ull << 9);
		assert_int_equal(__pte(0x123456000).entry.raw, 0x123456000);
		foreign.entry = pt_entry_from_mfn(mfn(model_foreign_mfn()), flags);
		assert_int_equal(pte_val(foreign), flags & ~PT_PRESENT);
		assert_false(pte_none(foreign));
		/* Every table on the way to a page, by its value. */
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, 0x7000, 0x7000, PT_PTE));
		pgd = pgd_offset(&mm, 0x7000);
		p4d = p4d_offset(pgd, 0x7000);
		pud = pud_offset(p4d, 0x7000);
		pmd = pmd_offset(pud, 0x7000);
		assert_int_equal(pgd_val(*pgd) & PT_FRAME_MASK,
				 virt_to_pfn(levels == 4 ? (void *)pud : (void *)p4d).pfn
					 << PAGE_SHIFT);
		assert_int_equal(p4d_val(*p4d) & PT_FRAME_MASK, virt_to_pfn(pud).pfn << PAGE_SHIFT);
		assert_int_equal(pud_val(*pud) & PT_FRAME_MASK, virt_to_pfn(pmd).pfn << PAGE_SHIFT);
		assert_int_equal(pmd_val(*pmd) & PT_FRAME_MASK,
				 virt_to_pfn(pte_find(&mm, 0x7000)).pfn << PAGE_SHIFT);
		set_pte(pte_find(&mm, 0x7000), pfn_pte(pfn(5), flags));
		assert_int_equal(pte_val(*pte_find(&mm, 0x7000)), 5ull << PAGE_SHIFT | flags);
		pte_clear(&mm, 0x7000, pte_find(&mm, 0x7000));
		assert_true(pte_none(*pte_find(&mm, 0x7000)));
		mm_destroy(&mm);
		world_stop();
	}
}

/* Large pages end the way above the pte, at either level. */
static void no_pte_behind_a_large_page(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (enum pt_level level = PT_PMD; level <= PT_PUD; level++) {
			struct mm mm;

			world_start(levels, 2048);
			assert_true(mm_create(&mm));
			assert_null(pte_find(&mm, 0x5000));
			assert_true(mm_prepare(&mm, 0x5000, 0x5000, level));
			assert_null(pte_find(&mm, 0x5000));
			mm_entry(&mm, 0x5000, level)->raw = PT_KERNEL_RW | PT_HUGE;
			assert_null(pte_find(&mm, 0x5000));
			mm_entry(&mm, 0x5000, level)->raw = 0;
			mm_destroy(&mm);
			world_stop();
		}
	}
}

/* Setting a folded pgd sets the p4d that it is, in both roots; only clearing it does nothing. */
static void setting_from_the_top(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct mm mm;
		pgd_t *pgd, old;
		uint64_t updates;

		world_start(levels, 2048);
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
		mm_activate(&mm);
		pgd = pgd_offset(&mm, 0x5000);
		old = *pgd;
		updates = model_counters().updates;
		set_pgd(pgd, (pgd_t){pt_entry_none()});
		assert_int_equal(model_counters().updates - updates, 2);
		assert_int_equal(((uint64_t *)pfn_to_virt(mm.user_root))[0], 0);
		assert_null(pte_find(&mm, 0x5000));
		set_pgd(pgd, __pgd(pgd_val(old)));
		assert_non_null(pte_find(&mm, 0x5000));
		assert_int_equal(((uint64_t *)pfn_to_virt(mm.user_root))[0], pgd->entry.raw);
		mm_destroy(&mm);
		world_stop();
	}
}

static void ends_of_entries(void **state)
{
	(void)state;
	pt_geometry = pt_geometry_make(4, PT_LEVEL_BITS);
	assert_int_equal(pmd_addr_end(0x1ff000, 0x10000000), 0x200000);
	assert_int_equal(pmd_addr_end(0x1ff000, 0x1ff800), 0x1ff800);
	assert_int_equal(pud_addr_end(0, UINT64_MAX), 0x40000000);
	assert_int_equal(pgd_addr_end(0x1000, 0x7f0000000000), 0x8000000000);
	assert_int_equal(p4d_addr_end(0x1000, 0x7f0000000000), 0x7f0000000000);
	/* The last entry of all: its end would be past the last address. */
	assert_int_equal(pmd_addr_end(0xffffffffffe00000, 0), 0);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(pgd_addr_end(0x1000, 0x7f0000000000), 0x7f0000000000);
	assert_int_equal(pgd_addr_end(0x1000, 1ull << 50), 1ull << 48);
	assert_int_equal(p4d_addr_end(0x1000, 1ull << 50), 1ull << 39);
	pt_geometry = PT_GEOMETRY_XEN;
}

static uintptr_t unmapped;

static void translate_unmapped(void)
{
	pt_virt_to_machine((void *)unmapped);
}

static void any_address_of_the_kernel_has_a_machine_address(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		world_start(levels, 2048);
		for (uint64_t n = 0; n < 2048; n += 111)
			assert_int_equal(
				pt_virt_to_machine((void *)(pfn_to_address(pfn(n)) + 0x123)).ma,
				model_mfn(n) * PAGE_SIZE + 0x123);
		unmapped = world_slot_address(500);
		host_expect_panic(translate_unmapped, "has no machine address");
		world_discard();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_and_indices),
		cmocka_unit_test(programs_get_high_addresses_only_by_a_hint),
		cmocka_unit_test(entries_translate_both_ways),
		cmocka_unit_test(bad_entries),
		cmocka_unit_test(typed_steps_find_what_the_walk_finds),
		cmocka_unit_test(folding),
		cmocka_unit_test(clearing_from_the_top),
		cmocka_unit_test(values_have_the_pfn_inside),
		cmocka_unit_test(no_pte_behind_a_large_page),
		cmocka_unit_test(setting_from_the_top),
		cmocka_unit_test(ends_of_entries),
		cmocka_unit_test(any_address_of_the_kernel_has_a_machine_address),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
