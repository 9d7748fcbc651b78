// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Geometry and entries: the arithmetic of every level in both geometries, constructors and
 * translations, and the typed names, folded and not.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/direct_map.h>
#include <mm/frames.h>
#include <mm/levels.h>

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

		assert_int_equal(pt_entry_mfn(entry).n, model_mfn(n));
		assert_int_equal(pt_entry_pfn(entry).n, n);
		assert_int_equal(pt_entry_flags(entry), PT_KERNEL_RW);
	}
	/* A pfn without memory makes an empty entry, never a wild one. */
	assert_true(pt_entry_is_none(pt_entry_make(pfn(5000), PT_KERNEL_RW)));
	assert_true(pt_entry_is_none(pt_entry_make(INVALID_PFN, PT_KERNEL_RW)));
	/* Absent entries pass through untouched. */
	assert_int_equal(pt_entry_make(pfn(5000), 0x200).raw, 5000 * PAGE_SIZE | 0x200);
	assert_int_equal(pt_entry_pfn(pt_entry_make(pfn(5000), 0x200)).n, 5000);
	/* A foreign mfn is kept by its own constructor, and has no pfn. */
	assert_int_equal(pt_entry_mfn(pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RO)).n,
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

/* Five steps, whatever the geometry; the walk that every Linux reader knows. */
static pte_t *step_down(struct mm *mm, uintptr_t address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud) || pud_bad(*pud))
		return NULL;
	pmd = pmd_offset(pud, address);
	if (pmd_none(*pmd) || pmd_bad(*pmd))
		return NULL;
	return pte_offset(pmd, address);
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

			assert_ptr_equal(step_down(&mm, address), mm_entry(&mm, address, PT_PTE));
			assert_true(mm_prepare(&mm, address, address, PT_PTE));
			assert_non_null(step_down(&mm, address));
			assert_ptr_equal(step_down(&mm, address), mm_entry(&mm, address, PT_PTE));
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
		assert_int_equal(ptrs_per_pgd(), 512);
		assert_int_equal(ptrs_per_p4d(), folded ? 1 : 512);
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

static void ends_of_entries(void **state)
{
	(void)state;
	pt_geometry = pt_geometry_make(4, PT_LEVEL_BITS);
	assert_int_equal(pte_address_end(0x1234, 0x10000), 0x2000);
	assert_int_equal(pmd_address_end(0x1ff000, 0x10000000), 0x200000);
	assert_int_equal(pmd_address_end(0x1ff000, 0x1ff800), 0x1ff800);
	assert_int_equal(pud_address_end(0, UINT64_MAX), 0x40000000);
	assert_int_equal(pgd_address_end(0x1000, 0x7f0000000000), 0x8000000000);
	assert_int_equal(p4d_address_end(0x1000, 0x7f0000000000), 0x7f0000000000);
	/* The last entry of all: its end would be past the last address. */
	assert_int_equal(pmd_address_end(0xffffffffffe00000, 0), 0);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(pgd_address_end(0x1000, 0x7f0000000000), 0x7f0000000000);
	assert_int_equal(pgd_address_end(0x1000, 1ull << 50), 1ull << 48);
	assert_int_equal(p4d_address_end(0x1000, 1ull << 50), 1ull << 39);
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
				pt_virt_to_machine((void *)(pfn_to_address(pfn(n)) + 0x123)).n,
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
		cmocka_unit_test(ends_of_entries),
		cmocka_unit_test(any_address_of_the_kernel_has_a_machine_address),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
