// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only a PV guest of Xen meets: entries that Xen edits or refuses, tables that must be
 * read-only, frames of other domains.
 *
 * The hosted tests show that the right requests are made; these show that the requests are right.
 */
#include "tables.h"

#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/report/report.h>
#include <mm/kernel/direct_map.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <xen/errno.h>
#include <xen/features.h>
#include <xen/version.h>

SUITE_THAT(NEEDS_XEN_TABLES, xen_pv, "what Xen adds to entries, refuses, and demands");

#define ADDRESS 0x12345000ul

TEST(xen_pv, xen_has_only_features_we_support)
{
	struct xen_feature_info info = {.submap_idx = 0};
	uint32_t needs_support =
		1u << XENFEAT_auto_translated_physmap | 1u << XENFEAT_supervisor_mode_kernel;

	REQUIRE_EQ(hypercall_xen_version(XENVER_get_features, &info), 0);
	EXPECT_EQ(info.submap & needs_support, 0);
	EXPECT(info.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad);
}

TEST(xen_pv, foreign_frames_have_no_pfn)
{
	struct pt_path walk = pt_lookup(direct_map_base);

	EXPECT(!mfn_valid(pfn_to_mfn(pfn(p2m_size()))));
	EXPECT(!mfn_valid(pfn_to_mfn(INVALID_PFN)));
	EXPECT(!pfn_valid(mfn_to_pfn(INVALID_MFN)));
	EXPECT(!pfn_valid(mfn_to_pfn(mfn(1ull << 40))));
	/* Xen's own frame, shared with us but not in our P2M. */
	EXPECT(!pfn_valid(mfn_to_pfn(maddr_to_mfn(boot_info_get()->shared_info))));
	/* And one that is ours, for comparison. */
	EXPECT(pfn_valid(mfn_to_pfn(walk.step[0].table)));
}

/* Xen marks a kernel page "guest kernel" and opens it to ring 3, where the kernel runs too. */
TEST(xen_pv, xen_adds_exactly_these_bits)
{
	pfn_t page = frames_alloc(0);
	pt_entry_t *entry, now;
	struct mm mm;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	entry = make_pte(&mm, ADDRESS);
	mm_activate(&mm);
	set_entry(entry, PT_PTE, pt_entry_make(page, PT_KERNEL_RO));
	now = read_entry(entry);
	EXPECT_EQ(now.raw ^ pt_entry_make(page, PT_KERNEL_RO).raw, PT_USER | 1ull << 52);
	set_entry(entry, PT_PTE, pt_entry_make(page, PT_KERNEL_RO | PT_USER));
	now = read_entry(entry);
	EXPECT_EQ(now.raw ^ pt_entry_make(page, PT_KERNEL_RO | PT_USER).raw, PT_GLOBAL);
	now = *mm_entry(&mm, ADDRESS, PT_PMD);
	EXPECT_EQ(pt_entry_flags(now), PT_TABLE);
	mm_destroy(&mm);
	frames_free(page);
}

/* Updates that Xen must refuse, each with its error. */
static long update(pt_entry_t *entry, uint64_t value)
{
	struct mmu_update request = {pt_virt_to_machine(entry).ma, value};

	return hypercall_mmu_update(&request, 1, NULL);
}

TEST(xen_pv, updates_that_xen_refuses)
{
	pfn_t page = frames_alloc(0);
	pt_entry_t *entry, *root, old;
	struct mm mm;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	entry = make_pte(&mm, ADDRESS);
	mm_activate(&mm);
	old = *entry;
	root = pfn_to_virt(mm.root);
	/* A table mapped writable: its own. */
	EXPECT_EQ(update(entry, pt_entry_make(virt_to_pfn(entry), PT_KERNEL_RW).raw), -XEN_EBUSY);
	/* Large pages and the caching of tables. */
	EXPECT_EQ(update(mm_entry(&mm, ADDRESS, PT_PMD),
			 pt_entry_make(page, PT_KERNEL_RW | PT_HUGE).raw),
		  -XEN_EINVAL);
	/* A page that is mapped writable is no table. */
	EXPECT_EQ(update(mm_entry(&mm, ADDRESS, PT_PMD), pt_entry_make(page, PT_TABLE).raw),
		  -XEN_EINVAL);
	/* A table of the wrong level. */
	EXPECT_EQ(update(mm_entry(&mm, ADDRESS, PT_PUD),
			 pt_entry_make(virt_to_pfn(entry), PT_TABLE).raw),
		  -XEN_EINVAL);
	/* The hypervisor's slots. */
	EXPECT_EQ(update(&root[256], 0), -XEN_EINVAL);
	EXPECT_EQ(update(&root[271], 0), -XEN_EINVAL);
	/* Memory that nobody has. */
	EXPECT_EQ(update(entry, 1ull << 48 | PT_KERNEL_RO), -XEN_EPERM);
	EXPECT_EQ(entry->raw, old.raw);
	mm_destroy(&mm);
	frames_free(page);
}

/* Every table that the walk passes through must be read-only in the direct map. */
static void check_tables(mfn_t table, enum pt_level level, uint64_t *tables, uint64_t *writable)
{
	const pt_entry_t *entries = pt_table(table);
	struct pt_path walk = pt_lookup((uintptr_t)entries);

	++*tables;
	*writable += !walk.mapped || (walk.step[walk.steps - 1].entry.raw & PT_RW);
	for (unsigned int i = 0; i < PT_ENTRIES && level != PT_PTE; i++) {
		bool xen_slot = level == PT_PGD && i >= pt_index(XEN_VIRT_START, PT_PGD) &&
				i < pt_index(XEN_VIRT_END, PT_PGD);

		if (pt_entry_present(entries[i]) && !xen_slot && !pt_entry_leaf(entries[i], level))
			check_tables(pt_entry_mfn(entries[i]), pt_level_below(level), tables,
				     writable);
	}
}

TEST(xen_pv, page_tables_are_read_only)
{
	uint64_t tables = 0, writable = 0;

	check_tables(pt_root_mfn(), PT_PGD, &tables, &writable);
	EXPECT_GE(tables, direct_map_tables(p2m_size()) + 4);
	EXPECT_EQ(writable, 0);
	EXPECT(!probe_write(p2m_address(), 0));
}

TEST(xen_pv, failsafe_callback)
{
	EXPECT(probe_failsafe());
	/* And the event mask survived the detour. */
	EXPECT(events_enabled());
}
