// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing entries of live tables, as the processor sees it: what it sets in an entry, and that a
 * changed mapping is the one that memory accesses go through. Under Xen, natively, at any number of
 * levels.
 */
#include "tables.h"

#include <arch/traps.h>
#include <kernel/lib/string.h>
#include <mm/kernel/fixed.h>
#include <mm/table/levels.h>

SUITE(entries, "setting, protecting and clearing entries of live tables");

#define ADDRESS 0x12345000ul

TEST(entries, translate_both_ways)
{
	for (uint64_t n = 0; n < p2m_size(); n += 97) {
		pt_entry_t entry = pt_entry_make(pfn(n), PT_KERNEL_RW);

		if (!mfn_valid(pfn_to_mfn(pfn(n))))
			continue;
		if (!EXPECT_EQ(pt_entry_pfn(entry).pfn, n) ||
		    !EXPECT_EQ(pt_entry_mfn(entry).mfn, pfn_to_mfn(pfn(n)).mfn))
			return;
	}
	EXPECT(pt_entry_is_none(pt_entry_make(INVALID_PFN, PT_KERNEL_RW)));
}

/* Loads an address space, maps two frames one after the other, and looks through the mapping. */
TEST(entries, what_is_mapped_is_what_is_read)
{
	volatile uint64_t *there = (volatile uint64_t *)ADDRESS;
	pfn_t a = frames_alloc(0), b = frames_alloc(0);
	struct mm mm;

	REQUIRE(pfn_valid(a) && pfn_valid(b) && mm_create(&mm));
	*(uint64_t *)pfn_to_virt(a) = 0xaaaa;
	*(uint64_t *)pfn_to_virt(b) = 0xbbbb;
	map_frame(&mm, ADDRESS, a);
	mm_activate(&mm);
	mm_load(&mm);
	EXPECT_EQ(*there, 0xaaaa);
	set_pte_at(&mm, ADDRESS, mm_entry(&mm, ADDRESS, PT_PTE), pt_entry_make(b, PT_KERNEL_RW));
	paravirt.flush_address(ADDRESS, ALL_CPUS);
	EXPECT_EQ(*there, 0xbbbb);
	*there = 0xcccc;
	EXPECT_EQ(*(uint64_t *)pfn_to_virt(b), 0xcccc);
	mm_destroy(&mm);
	EXPECT(!probe_write(ADDRESS, 1));
	frames_free(a);
	frames_free(b);
}

/* The processor sets "dirty" after the kernel has read the entry; commit must not lose it. */
TEST(entries, protection_keeps_what_the_processor_set)
{
	pfn_t page = frames_alloc(0);
	pt_entry_t *entry, old;
	struct mm mm;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	entry = make_pte(&mm, ADDRESS);
	set_entry(entry, PT_PTE, pt_entry_make(page, PT_PRESENT | PT_RW | PT_NX));
	mm_activate(&mm);
	mm_load(&mm);
	old = protect_start(entry);
	EXPECT(!(old.raw & PT_DIRTY));
	*(volatile uint64_t *)ADDRESS = 1;
	protect_commit(entry, (pt_entry_t){old.raw & ~PT_RW});
	paravirt.flush_address(ADDRESS, ALL_CPUS);
	EXPECT_EQ(read_entry(entry).raw & (PT_DIRTY | PT_ACCESSED | PT_RW), PT_DIRTY | PT_ACCESSED);
	EXPECT(!probe_write(ADDRESS, 2));
	mm_destroy(&mm);
	frames_free(page);
}

/* A fixed slot takes any mfn, the domain's or not, with any flags, and none. */
TEST(entries, fixed_slots)
{
	pfn_t page = frames_alloc(0);
	uint64_t value;

	REQUIRE(pfn_valid(page));
	*(uint64_t *)pfn_to_virt(page) = 0x1234;
	fixed_set(fixed_window, pfn_to_mfn(page), PT_KERNEL_RO);
	EXPECT(probe_read((uintptr_t)fixed_window, &value) && value == 0x1234);
	EXPECT(!probe_write((uintptr_t)fixed_window, 1));
	/* Flushed even where nothing else is issued. */
	lazy_enter();
	fixed_set(fixed_window, pfn_to_mfn(pfn(page.pfn ^ 1)), PT_KERNEL_RO);
	*(uint64_t *)pfn_to_virt(page) = 0x5678;
	EXPECT(probe_read((uintptr_t)fixed_window, &value) && value != 0x5678);
	fixed_unmap(fixed_window);
	EXPECT(!probe_read((uintptr_t)fixed_window, &value));
	lazy_leave();
	frames_free(page);
}

TEST(entries, any_address_has_a_machine_address)
{
	static int variable;
	struct pt_path walk = pt_lookup((uintptr_t)&variable);
	maddr_t expected = mfn_to_maddr(pt_entry_mfn(walk.step[walk.steps - 1].entry));

	expected.ma += (uintptr_t)&variable % PAGE_SIZE;
	EXPECT_EQ(pt_virt_to_machine(&variable).ma, expected.ma);
	EXPECT_EQ(pt_virt_to_machine(pfn_to_virt(pt_root())).ma,
		  mfn_to_maddr(pfn_to_mfn(pt_root())).ma);
}

/* The five familiar steps lead where the one loop leads, and a value shows the pfn. */
TEST(entries, typed_steps)
{
	pfn_t page = frames_alloc(0);
	struct mm mm;
	pgd_t *pgd;
	p4d_t *p4d;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	map_frame(&mm, ADDRESS, page);
	pgd = pgd_offset(&mm, ADDRESS);
	p4d = p4d_offset(pgd, ADDRESS);
	EXPECT(!pgd_none(*pgd) && !pgd_bad(*pgd));
	EXPECT_EQ((uintptr_t)pgd == (uintptr_t)p4d, p4d_folded());
	EXPECT_EQ((uintptr_t)pte_find(&mm, ADDRESS), (uintptr_t)mm_entry(&mm, ADDRESS, PT_PTE));
	EXPECT_EQ(pte_val(*pte_find(&mm, ADDRESS)) & PT_FRAME_MASK, page.pfn << PAGE_SHIFT);
	EXPECT_EQ(p4d_val(*p4d) & PT_FRAME_MASK,
		  virt_to_pfn(pud_offset(p4d, ADDRESS)).pfn << PAGE_SHIFT);
	mm_destroy(&mm);
	frames_free(page);
}
