// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The direct map and the translations it rests on, for every frame of the domain.
 *
 * One wrong entry is a page of memory that belongs to somebody else as far as this kernel can tell;
 * so all are checked, whatever the size of the domain.
 */
#include <kernel/main.h>
#include <kernel/selftest.h>
#include <mm/direct_map.h>
#include <mm/frames.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>

SUITE(direct_map, "the direct map, P2M and M2P, and page-table lookups");

struct tally {
	uint64_t mapped, wrong_frame, executable, huge;
};

static bool check_leaf(const struct pt_leaf *leaf, void *argument)
{
	struct tally *tally = argument;
	pfn_t expected = virt_to_pfn((void *)leaf->address);

	if (leaf->address < direct_map_base)
		return true;
	if (expected.n >= p2m_size())
		return false; /* past its end: everything that follows is something else */
	tally->mapped++;
	tally->wrong_frame += pt_entry_mfn(leaf->entry).n != pfn_to_mfn(expected).n;
	tally->executable += !(leaf->rights & PT_NX);
	tally->huge += leaf->level != PT_PTE;
	return true;
}

TEST(direct_map, maps_every_frame_where_it_belongs)
{
	struct tally tally = {0};
	uint64_t present = 0;

	for (uint64_t n = 0; n < p2m_size(); n++)
		present += mfn_valid(pfn_to_mfn(pfn(n)));
	pt_for_each_leaf(check_leaf, &tally);
	EXPECT_EQ(tally.mapped, present);
	EXPECT_EQ(tally.wrong_frame, 0);
	EXPECT_EQ(tally.executable, 0);
	EXPECT_EQ(tally.huge, 0);
}

TEST(direct_map, p2m_and_m2p_are_inverse)
{
	uint64_t wrong = 0;

	for (uint64_t n = 0; n < p2m_size(); n++) {
		mfn_t frame = pfn_to_mfn(pfn(n));

		wrong += mfn_valid(frame) && mfn_to_pfn(frame).n != n;
	}
	EXPECT_EQ(wrong, 0);
}

TEST(direct_map, foreign_frames_have_no_pfn)
{
	struct pt_walk walk = pt_lookup(direct_map_base);

	EXPECT(!mfn_valid(pfn_to_mfn(pfn(p2m_size()))));
	EXPECT(!mfn_valid(pfn_to_mfn(INVALID_PFN)));
	EXPECT(!pfn_valid(mfn_to_pfn(INVALID_MFN)));
	EXPECT(!pfn_valid(mfn_to_pfn(mfn(1ull << 40))));
	/* Xen's own frame, shared with us but not in our P2M. */
	EXPECT(!pfn_valid(mfn_to_pfn(maddr_to_mfn(kernel_boot_info()->shared_info))));
	/* And one that is ours, for comparison. */
	EXPECT(pfn_valid(mfn_to_pfn(walk.step[0].table)));
}

TEST(direct_map, addresses_and_frames_convert)
{
	EXPECT_EQ((uintptr_t)pfn_to_virt(pfn(0)), pt_slot_address(DIRECT_MAP_SLOT));
	EXPECT_EQ((uintptr_t)pfn_to_virt(pfn(3)), direct_map_base + 3 * PAGE_SIZE);
	EXPECT_EQ(virt_to_pfn((char *)pfn_to_virt(pfn(77)) + 4095).n, 77);
	EXPECT_EQ((uintptr_t)boot_or_direct_map(pfn(9)), (uintptr_t)pfn_to_virt(pfn(9)));
}

TEST(direct_map, memory_is_what_it_seems)
{
	pfn_t block = frames_alloc(0);
	volatile uint64_t *words = pfn_to_virt(block);

	REQUIRE(pfn_valid(block));
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		words[i] = i * 0x0101010101010101ull;
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		REQUIRE_EQ(words[i], i * 0x0101010101010101ull);
	frames_free(block);
}

TEST(direct_map, a_page_can_be_made_read_only_and_back)
{
	pfn_t block = frames_alloc(0);
	uint64_t *word = pfn_to_virt(block);

	REQUIRE(pfn_valid(block));
	*word = 1;
	make_page_readonly(block);
	EXPECT_EQ(pt_lookup((uintptr_t)word).step[3].entry.raw & PT_RW, 0);
	EXPECT_EQ(*word, 1);
	make_page_writable(block);
	paravirt.flush_address((uintptr_t)pfn_to_virt(block));
	*word = 2;
	EXPECT_EQ(*word, 2);
	frames_free(block);
}

TEST(direct_map, lookups_end_where_they_should)
{
	struct pt_walk walk = pt_lookup(direct_map_base);

	EXPECT(walk.mapped);
	EXPECT_EQ(walk.steps, pt_geometry.levels);
	EXPECT_EQ(walk.step[0].level, PT_PGD);
	EXPECT_EQ(walk.step[walk.steps - 1].level, PT_PTE);

	walk = pt_lookup(0x1000);
	EXPECT(!walk.mapped);
	EXPECT_EQ(walk.steps, 1);
	/* Xen's range and non-canonical addresses are not looked at. */
	EXPECT_EQ(pt_lookup(XEN_VIRT_START).steps, 0);
	EXPECT_EQ(pt_lookup(XEN_VIRT_END - 1).steps, 0);
	EXPECT_EQ(pt_lookup(0x0000800000000000).steps, 0);
	EXPECT_EQ(pt_lookup(0xffff7fffffffffff).steps, 0);
	EXPECT_GE(pt_lookup(XEN_VIRT_END).steps, 1);
}

TEST(direct_map, entry_addresses_are_machine_addresses)
{
	uintptr_t address = (uintptr_t)pfn_to_virt(pfn(5));
	struct pt_walk walk = pt_lookup(address);
	const struct pt_step *leaf = &walk.step[walk.steps - 1];

	EXPECT_EQ(pt_virt_to_machine((void *)address).n,
		  mfn_to_maddr(pt_entry_mfn(leaf->entry)).n + address % PAGE_SIZE);
}
