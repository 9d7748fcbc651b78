// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The direct map and the translations it rests on, for every frame of the domain.
 *
 * One wrong entry is a page of memory that belongs to somebody else as far as this kernel can tell;
 * so all are checked, whatever the size of the domain.
 */
#include <arch/traps.h>
#include <kernel/selftest.h>
#include <mm/direct_map.h>
#include <mm/frames.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>

SUITE(direct_map, "the direct map, P2M and M2P, and page-table lookups");

struct tally {
	uint64_t mapped, wrong_frame, executable, large;
};

static bool check_leaf(const struct pt_leaf *leaf, void *argument)
{
	struct tally *tally = argument;
	pfn_t expected = virt_to_pfn((void *)leaf->address);

	if (leaf->address < direct_map_base)
		return true;
	if (expected.n >= p2m_size())
		return false; /* past its end: everything that follows is something else */
	tally->mapped += pt_span(leaf->level) >> PAGE_SHIFT;
	tally->wrong_frame += pt_entry_mfn(leaf->entry).n != pfn_to_mfn(expected).n;
	tally->executable += !(leaf->rights & PT_NX);
	tally->large += leaf->level != PT_PTE;
	return true;
}

TEST(direct_map, maps_every_frame_where_it_belongs)
{
	struct tally tally = {0};
	uint64_t present = 0;

	for (uint64_t n = 0; n < p2m_size(); n++)
		present += frame_of(pfn(n))->kind != FRAME_ABSENT;
	pt_for_each_leaf(check_leaf, &tally);
	EXPECT_EQ(tally.mapped, present);
	EXPECT_EQ(tally.wrong_frame, 0);
	EXPECT_EQ(tally.executable, 0);
	/* Large pages where the machine has them, and then nearly everywhere. */
	EXPECT_EQ(tally.large > p2m_size() / 512 / 2, pt_geometry.large_levels != 0);
	EXPECT_EQ(tally.large != 0, pt_geometry.large_levels != 0);
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

	struct pt_walk walk;

	REQUIRE(pfn_valid(block));
	*word = 1;
	REQUIRE(direct_map_own_page(block));
	make_page_readonly(block);
	paravirt.flush_address((uintptr_t)word);
	walk = pt_lookup((uintptr_t)word);
	EXPECT_EQ(walk.step[walk.steps - 1].level, PT_PTE);
	EXPECT_EQ(walk.step[walk.steps - 1].entry.raw & PT_RW, 0);
	EXPECT(!probe_write((uintptr_t)word, 7));
	/* Its neighbours are as they were. */
	walk = pt_lookup((uintptr_t)word ^ PAGE_SIZE);
	EXPECT_EQ(pt_entry_pfn(walk.step[walk.steps - 1].entry).n, block.n ^ 1);
	EXPECT_EQ(*word, 1);
	make_page_writable(block);
	paravirt.flush_address((uintptr_t)pfn_to_virt(block));
	*word = 2;
	EXPECT_EQ(*word, 2);
	frames_free(block);
}

static int present_variable;

TEST(direct_map, lookups_end_where_they_should)
{
	struct pt_walk walk = pt_lookup((uintptr_t)&present_variable);

	EXPECT(walk.mapped);
	EXPECT_EQ(walk.steps, pt_geometry.levels);
	EXPECT_EQ(walk.step[0].level, PT_PGD);
	EXPECT_EQ(walk.step[walk.steps - 1].level, PT_PTE);

	walk = pt_lookup(0x1000);
	EXPECT(!walk.mapped);
	EXPECT_EQ(walk.steps, 1);
	/* The hypervisor's slots and non-canonical addresses are not looked at. */
	for (unsigned int slot = 256; slot < 273; slot++)
		EXPECT_EQ(pt_lookup(pt_slot_address(slot)).steps != 0, !pt_slot_reserved(slot));
	EXPECT_EQ(pt_lookup(pt_user_limit() + 1).steps, 0);
	EXPECT_EQ(pt_lookup(pt_slot_address(256) - 1).steps, 0);
	EXPECT_GE(pt_lookup(pt_user_limit()).steps, 1);
}

TEST(direct_map, entry_addresses_are_machine_addresses)
{
	uintptr_t address = (uintptr_t)pfn_to_virt(pt_root());
	struct pt_walk walk = pt_lookup(address);
	const struct pt_step *leaf = &walk.step[walk.steps - 1];

	EXPECT_EQ(pt_virt_to_machine((void *)address).n,
		  mfn_to_maddr(pt_entry_mfn(leaf->entry)).n + address % pt_span(leaf->level));
}
