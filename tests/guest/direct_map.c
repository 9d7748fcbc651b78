// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The direct map and the translations it rests on, for every frame of the domain.
 *
 * One wrong entry is a page of memory that belongs to somebody else as far as this kernel can tell;
 * so all are checked, whatever the size of the domain.
 */
#include <arch/traps.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/stacks.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>

SUITE(direct_map, "the direct map, P2M and M2P, and page-table lookups");

struct tally {
	uint64_t mapped, wrong_frame, executable, large; /* pages of 4 KiB */
	uint64_t stacks;                                 /* mapped there and only there */
	uint64_t joinable;                               /* runs that could be one large page */
	struct {
		uintptr_t next;
		uint64_t flags;
		unsigned int count;
	} run[PT_PGD]; /* by level: leaves side by side and alike, since the last boundary */
};

/* Counts a leaf of the direct map that ends a run as long as the page a level above. */
static void note_run(struct tally *tally, const struct pt_leaf *leaf)
{
	enum pt_level above = pt_level_above(leaf->level);
	uint64_t flags = pt_entry_flags(leaf->entry);
	bool goes_on = tally->run[leaf->level].next == leaf->address &&
		       tally->run[leaf->level].flags == flags;

	if (!goes_on || leaf->address % pt_span(above) == 0)
		tally->run[leaf->level].count = 0;
	tally->run[leaf->level].count++;
	tally->run[leaf->level].flags = flags;
	tally->run[leaf->level].next = leaf->address + pt_span(leaf->level);
	tally->joinable += tally->run[leaf->level].count == PT_ENTRIES &&
			   (pt_geometry.large_levels & 1u << above);
}

static bool check_leaf(const struct pt_leaf *leaf, void *argument)
{
	struct tally *tally = argument;
	pfn_t expected = virt_to_pfn((void *)leaf->address);

	if (leaf->address < direct_map_base)
		return true;
	if (leaf->address >= pt_slot_address(STACKS_SLOT) &&
	    leaf->address < pt_slot_address(STACKS_SLOT + 1))
		tally->stacks++;
	if (expected.pfn >= p2m_size())
		return true;
	tally->mapped += pt_span(leaf->level) >> PAGE_SHIFT;
	tally->wrong_frame += pt_entry_mfn(leaf->entry).mfn != pfn_to_mfn(expected).mfn;
	tally->executable += !(leaf->rights & PT_NX);
	if (leaf->level != PT_PTE)
		tally->large += pt_span(leaf->level) >> PAGE_SHIFT;
	note_run(tally, leaf);
	return true;
}

TEST(direct_map, maps_every_frame_where_it_belongs)
{
	struct tally tally = {0};
	uint64_t present = 0;

	for (uint64_t n = 0; n < p2m_size(); n++)
		present += frame_of(pfn(n))->kind != FRAME_ABSENT;
	pt_for_each_leaf(check_leaf, &tally);
	EXPECT_EQ(tally.mapped + tally.stacks, present);
	EXPECT_EQ(tally.wrong_frame, 0);
	EXPECT_EQ(tally.executable, 0);
	/* Large pages where the machine has them, and then nearly everywhere. */
	EXPECT_EQ(tally.large > present / 2, pt_geometry.large_levels != 0);
	EXPECT_EQ(tally.large != 0, pt_geometry.large_levels != 0);
	/* And nothing is in small pages that could be in a large one. */
	EXPECT_EQ(tally.joinable, 0);
}

TEST(direct_map, p2m_and_m2p_are_inverse)
{
	uint64_t wrong = 0;

	for (uint64_t n = 0; n < p2m_size(); n++) {
		mfn_t frame = pfn_to_mfn(pfn(n));

		wrong += mfn_valid(frame) && mfn_to_pfn(frame).pfn != n;
	}
	EXPECT_EQ(wrong, 0);
}

TEST(direct_map, addresses_and_frames_convert)
{
	EXPECT_EQ((uintptr_t)pfn_to_virt(pfn(0)), pt_slot_address(DIRECT_MAP_SLOT));
	EXPECT_EQ((uintptr_t)pfn_to_virt(pfn(3)), direct_map_base + 3 * PAGE_SIZE);
	EXPECT_EQ(virt_to_pfn((char *)pfn_to_virt(pfn(77)) + 4095).pfn, 77);
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

static enum pt_level leaf_level(pfn_t frame)
{
	enum pt_level level;

	return pt_find_leaf(pt_root(), pfn_to_address(frame), &level) ? level : PT_NONE;
}

/*
 * Takes rights from a part of a block that lies across the boundary of two large pages, where there
 * are any, and gives them back.
 */
static void restrict_and_restore(pfn_t block, uint64_t flags)
{
	struct pfn_range range = {pfn(block.pfn + 500), 24};
	char *before = pfn_to_virt(pfn(range.start.pfn - 1)), *first = pfn_to_virt(range.start);
	char *after = pfn_to_virt(pfn(range.start.pfn + range.count)), *last = after - 1;
	uint64_t free = frames_free_count(), value;
	enum pt_level low = leaf_level(block), high = leaf_level(pfn(block.pfn + 512));

	REQUIRE(direct_map_restrict(range, flags));
	EXPECT_EQ(leaf_level(pfn(block.pfn + 499)), PT_PTE);
	EXPECT_EQ(leaf_level(pfn(block.pfn + 524)), PT_PTE);
	EXPECT_EQ(probe_read((uintptr_t)first, &value), flags != 0);
	EXPECT_EQ(probe_read((uintptr_t)last & ~7ul, &value), flags != 0);
	EXPECT(!probe_write((uintptr_t)first, 7));
	EXPECT(!probe_write((uintptr_t)last & ~7ul, 7));
	/* Its neighbours are as they were. */
	EXPECT(probe_write((uintptr_t)before, 8));
	EXPECT(probe_write((uintptr_t)after, 9));
	direct_map_restore(range);
	EXPECT(probe_write((uintptr_t)first, 1));
	EXPECT(probe_write((uintptr_t)last & ~7ul, 2));
	EXPECT_EQ(leaf_level(block), low);
	EXPECT_EQ(leaf_level(pfn(block.pfn + 512)), high);
	EXPECT_EQ(frames_free_count(), free);
}

TEST(direct_map, a_range_has_rights_of_its_own_and_back)
{
	pfn_t block = frames_alloc(FRAMES_MAX_ORDER);

	REQUIRE(pfn_valid(block));
	restrict_and_restore(block, PT_KERNEL_RO);
	restrict_and_restore(block, 0);
	frames_free(block);
}

/* A block in a page of 1 GiB, where there is one: that is split twice, and joined twice. */
TEST(direct_map, the_largest_pages_come_back)
{
	struct list_node others = {&others, &others};
	pfn_t block;

	while (pfn_valid(block = frames_alloc(FRAMES_MAX_ORDER)) && leaf_level(block) != PT_PUD)
		list_add(&others, &frame_of(block)->link);
	if (pfn_valid(block)) {
		struct pfn_range page = {block, 1};
		uint64_t free = frames_free_count();

		REQUIRE(direct_map_restrict(page, PT_KERNEL_RO));
		EXPECT_EQ(leaf_level(block), PT_PTE);
		EXPECT_EQ(leaf_level(pfn(block.pfn + 512)), PT_PMD);
		EXPECT_EQ(free - frames_free_count(), 2);
		direct_map_restore(page);
		restrict_and_restore(block, 0);
		EXPECT_EQ(leaf_level(block), PT_PUD);
		EXPECT_EQ(frames_free_count(), free);
		frames_free(block);
	}
	while (!list_empty(&others)) {
		struct frame *frame = container_of(others.next, struct frame, link);

		list_remove(&frame->link);
		frames_free(frame_number(frame));
	}
}

static int present_variable;

TEST(direct_map, lookups_end_where_they_should)
{
	struct pt_path walk = pt_lookup((uintptr_t)&present_variable);

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
	struct pt_path walk = pt_lookup(address);
	const struct pt_step *leaf = &walk.step[walk.steps - 1];

	EXPECT_EQ(pt_virt_to_machine((void *)address).ma,
		  mfn_to_maddr(pt_entry_mfn(leaf->entry)).ma + address % pt_span(leaf->level));
}
