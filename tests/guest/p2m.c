// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The P2M under real Xen: where it was moved, its tree, and what the toolstack would find.
 */
#include "tables.h"

#include <arch/hypercall.h>
#include <arch/machine.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/report/report.h>
#include <mm/kernel/memory.h>
#include <mm/user/entries.h>
#include <mm/xen/p2m.h>

SUITE_THAT(NEEDS_XEN_TABLES, p2m,
	   "the P2M: moved to its window, its tree, what the toolstack reads");

/* Every entry, by the window, by the tree, and by the frame list list: the same. */
TEST(p2m, all_roads_lead_to_the_same_entry)
{
	const struct arch_shared_info *info = &shared_info->arch;
	const uint64_t *lists = pfn_to_virt(mfn_to_pfn(mfn(info->pfn_to_mfn_frame_list_list)));
	const uint64_t *linear = (const uint64_t *)info->p2m_vaddr;
	uint64_t wrong = 0;

	for (uint64_t n = 0; n < p2m_size(); n++) {
		const uint64_t *list = pfn_to_virt(mfn_to_pfn(mfn(lists[n / 512 / 512])));
		const uint64_t *leaf = pfn_to_virt(mfn_to_pfn(mfn(list[n / 512 % 512])));

		wrong += linear[n] != p2m_entry(pfn(n)) || leaf[n % 512] != linear[n];
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(info->p2m_vaddr, P2M_VIRT_BASE);
	EXPECT_EQ(info->p2m_cr3 >> PAGE_SHIFT, pt_root_mfn().mfn);
	EXPECT_GE(info->max_pfn, p2m_size());
	EXPECT_EQ(info->p2m_generation % 2, 0);
}

TEST(p2m, the_window_is_read_only)
{
	uint64_t value;

	EXPECT(probe_read(P2M_VIRT_BASE, &value) && value == p2m_entry(pfn(0)));
	EXPECT(!probe_write(P2M_VIRT_BASE, value));
	EXPECT(!probe_execute(P2M_VIRT_BASE));
}

/* The builder's mapping is gone, and its tables are ordinary memory now. */
TEST(p2m, the_old_place_was_given_back)
{
	const struct boot_info *boot = boot_info_get();
	struct p2m_relocated done = memory_p2m_relocated;
	uint64_t value, tables = 0;

	/* Unless it is a part of the window now. */
	EXPECT(boot->p2m_address - P2M_VIRT_BASE < done.frames.data << PAGE_SHIFT ||
	       !probe_read(boot->p2m_address, &value));
	EXPECT_EQ(done.frames.data, pages_for(p2m_size() * 8));
	EXPECT_EQ(done.frames.tables.count[PT_PTE], (done.frames.data + 511) / 512);
	for (uint64_t i = 0; i < boot->p2m.count; i++) {
		pfn_t frame = pfn(boot->p2m.start.pfn + i);
		struct pt_path walk = pt_lookup((uintptr_t)pfn_to_virt(frame));

		tables += frame_of(frame)->kind != FRAME_P2M;
		/* Writable, unless it has become a table again, the zero page, or a stack's. */
		if (!(frame_of(frame)->flags & FRAME_PINNED) && frame.pfn != zero_page.pfn)
			EXPECT(!walk.mapped || (walk.step[3].entry.raw & PT_RW));
	}
	EXPECT_GE(tables, done.returned);
}

TEST(p2m, translations_of_nonsense)
{
	EXPECT(!mfn_valid(pfn_to_mfn(INVALID_PFN)));
	EXPECT(!mfn_valid(pfn_to_mfn(pfn(p2m_tree.limit))));
	EXPECT(!pfn_valid(mfn_to_pfn(INVALID_MFN)));
	EXPECT(!pfn_valid(mfn_to_pfn(mfn(1ull << 51))));
	EXPECT(!pfn_valid(mfn_to_pfn(maddr_to_mfn(boot_info_get()->shared_info))));
	EXPECT_EQ(p2m_set(pfn(p2m_tree.limit), 1), P2M_PAST_LIMIT);
}

/* With a limit far beyond memory, as a domain has that may be given more. */
TEST(p2m, leaves_are_made_when_they_are_needed)
{
	uint64_t far = ROUND_UP(p2m_size(), P2M_PER_PAGE) + 5 * P2M_PER_PAGE + 7;
	uint64_t limit = p2m_tree.limit, free;
	const uint64_t *linear = (const uint64_t *)P2M_VIRT_BASE;

	p2m_stop();
	free = frames_free_count();
	REQUIRE(p2m_start(p2m_size() * 64));
	machine->memory_ready();
	EXPECT_EQ(p2m_set(pfn(far), P2M_INVALID), P2M_SET);
	EXPECT_EQ(shared_info->arch.p2m_generation, 0);
	EXPECT_EQ(p2m_set(pfn(far), 0x4321), P2M_SET);
	EXPECT_EQ(shared_info->arch.p2m_generation, 2);
	EXPECT_EQ(pfn_to_mfn(pfn(far)).mfn, 0x4321);
	EXPECT_EQ(linear[far], 0x4321);
	EXPECT_EQ(linear[far - P2M_PER_PAGE], P2M_INVALID); /* the gap can be read */
	EXPECT_EQ(shared_info->arch.max_pfn, ROUND_UP(far, P2M_PER_PAGE));
	EXPECT_EQ(p2m_set_identity((struct pfn_range){pfn(far + 1), 100}), P2M_SET);
	EXPECT_EQ(pfn_to_mfn(pfn(far + 100)).mfn, far + 100);
	EXPECT_EQ(pfn_to_mfn(pfn(p2m_size() - 1)).mfn, linear[p2m_size() - 1]);
	p2m_stop();
	/* The pages are back, but for a table of the window that may have been added. */
	EXPECT_GE(frames_free_count() + 2, free);
	REQUIRE(p2m_start(limit));
	machine->memory_ready();
}
