// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known mistakes of other kernels, each with its name and a test, or with a pointer to the hosted
 * test that shows more. Somebody may be about to make one again.
 */
#include "tables.h"

#include <arch/hypercall.h>
#include <arch/xen.h>
#include <mm/table/levels.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>
#include <mm/xen/relocate.h>
#include <xen/errno.h>
#include <xen/xen.h>

SUITE_THAT(NEEDS_XEN_TABLES, known_traps, "mistakes of other kernels that this one must not make");

static bool count(pfn_t table, enum pt_level level, void *argument)
{
	(void)table, (void)level;
	++*(unsigned int *)argument;
	return false;
}

/* A walk that takes "the last table" to mean "only up to the last entry" in every table. */
TEST(known_traps, last_is_not_the_last_entry_of_every_table)
{
	unsigned int tables = 0;
	struct mm mm;

	REQUIRE(mm_create(&mm));
	make_pte(&mm, 0x3fe00000); /* the last pmd entry of the first pud entry */
	make_pte(&mm, 0x40000000); /* the first of the second */
	make_pte(&mm, 0x40200000); /* above the limit */
	pt_walk_tables(mm.root, 0x40000000, count, &tables);
	EXPECT_EQ(tables, 6); /* 2 pte, 2 pmd, pud, pgd */
	mm_destroy(&mm);
}

/* A relocator whose counters do not expect a second table (whole moves: hosted test_relocate). */
TEST(known_traps, a_level_may_need_a_second_table)
{
	struct p2m_frames one = p2m_frames(512ul * 512), two = p2m_frames(512ul * 512 + 1);

	EXPECT_EQ(one.tables.count[PT_PTE], 1);
	EXPECT_EQ(two.tables.count[PT_PTE], 2);
	EXPECT_EQ(two.tables.count[PT_PMD], 1);
	EXPECT_EQ(p2m_frames(512ul * 512 * 512 + 1).tables.count[PT_PMD], 2);
	EXPECT_EQ(p2m_frames(512ul * 512 * 512 * 512 + 1).tables.count[PT_PUD], 2);
	EXPECT_EQ(p2m_frames(512ul * 512 * 512 * 512 + 1).slots, 2);
}

/* A relocator whose root slots are wired in and differ from the window's. */
TEST(known_traps, the_window_is_where_its_address_says)
{
	const pt_entry_t *root = pfn_to_virt(pt_root());

	EXPECT(pt_entry_present(root[pt_index(p2m_address(), PT_PGD)]));
	EXPECT_EQ(pt_index(p2m_address(), PT_PGD), pt_index(P2M_VIRT_BASE, PT_PGD));
	EXPECT(!pt_entry_present(root[pt_index(BUILDER_P2M_BASE, PT_PGD)]));
}

/* Clearing a folded p4d *is* clearing the root's entry: doing both drops two references. */
TEST(known_traps, a_folded_p4d_is_cleared_once)
{
	struct mm mm;
	pgd_t *pgd;
	p4d_t *p4d;
	p4d_t old;

	REQUIRE(mm_create(&mm));
	make_pte(&mm, 0x5000);
	mm_activate(&mm);
	pgd = pgd_offset(&mm, 0x5000);
	p4d = p4d_offset(pgd, 0x5000);
	old = *p4d;
	batch_reset_counters();
	p4d_clear(p4d);
	pgd_clear(pgd);
	EXPECT_EQ(batch_counters().updates, 2); /* the kernel's root and the programs' */
	EXPECT(p4d_none(*p4d));
	set_p4d(p4d, old);
	mm_destroy(&mm);
}

/* The programs' root got the pfn where the mfn belongs. */
TEST(known_traps, a_user_root_entry_holds_an_mfn)
{
	const pt_entry_t *user;
	struct mm mm;

	REQUIRE(mm_create(&mm));
	mm_activate(&mm);
	make_pte(&mm, 0x5000);
	user = pfn_to_virt(mm.user_root);
	EXPECT(pt_entry_present(user[0]));
	EXPECT_EQ(user[0].raw, mm_entry(&mm, 0, PT_PGD)->raw);
	EXPECT(pfn_valid(mfn_to_pfn(pt_entry_mfn(user[0]))));
	mm_destroy(&mm);
}

/* A leaf in use that the frame list does not name is memory that a save would lose. */
TEST(known_traps, a_p2m_leaf_is_listed_before_it_is_used)
{
	const uint64_t *lists =
		pfn_to_virt(mfn_to_pfn(mfn(shared_info->arch.pfn_to_mfn_frame_list_list)));
	uint64_t unlisted = 0;

	for (uint64_t n = 0; n < p2m_size(); n += P2M_PER_PAGE) {
		const uint64_t *list = pfn_to_virt(mfn_to_pfn(mfn(lists[n / 512 / 512])));
		const uint64_t *leaf = pfn_to_virt(mfn_to_pfn(mfn(list[n / 512 % 512])));

		unlisted += leaf[0] != p2m_entry(pfn(n));
	}
	EXPECT_EQ(unlisted, 0);
}

/* A lock let go while the requests about what it guards still wait, in lazy mode. */
TEST(known_traps, a_lock_is_held_until_the_batch_is_out)
{
	struct mm mm;

	REQUIRE(mm_create(&mm));
	REQUIRE(make_pte(&mm, 0x5000));
	lazy_enter();
	mm_activate(&mm);
	EXPECT(!batch_pending());
	lazy_leave();
	mm_destroy(&mm);
	EXPECT(!batch_pending());
}
