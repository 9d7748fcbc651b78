// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page allocator on the domain's real memory.
 *
 * The hosted tests prove the algorithm; here it is the frames themselves: that what is given out is
 * memory, mapped, nobody else's, and all of it comes back.
 */
#include <kernel/lib/string.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/memory.h>

SUITE(frames, "the frame database and the page allocator");

static void expect_sound(void)
{
	const char *error = frames_check();

	EXPECT_STREQ(error ? error : "sound", "sound");
}

TEST(frames, every_order_can_be_had)
{
	uint64_t before = frames_free_count();

	for (unsigned int order = 0; order <= FRAMES_MAX_ORDER; order++) {
		pfn_t block = frames_alloc(order);

		REQUIRE(pfn_valid(block));
		EXPECT_EQ(block.pfn % (1ull << order), 0);
		EXPECT_EQ(frames_free_count(), before - (1ull << order));
		EXPECT_EQ(frame_of(block)->kind, FRAME_ALLOCATED);
		EXPECT_EQ(frame_of(block)->references, 1);
		frames_free(block);
		EXPECT_EQ(frames_free_count(), before);
	}
	expect_sound();
}

TEST(frames, an_order_too_large_is_refused)
{
	EXPECT(!pfn_valid(frames_alloc(FRAMES_MAX_ORDER + 1)));
	EXPECT(!pfn_valid(frames_alloc(~0u)));
}

/* Takes everything, chained through the frames' own memory; returns the last block taken. */
static pfn_t take_all(uint64_t *taken)
{
	pfn_t chain = INVALID_PFN;

	*taken = 0;
	for (unsigned int order = FRAMES_ORDERS; order-- > 0;) {
		pfn_t block;

		while (pfn_valid(block = frames_alloc(order))) {
			uint64_t *words = pfn_to_virt(block);

			words[0] = chain.pfn;
			words[1] = block.pfn ^ 0x5a5a5a5a; /* two owners would overwrite it */
			chain = block;
			*taken += 1ull << order;
		}
	}
	return chain;
}

TEST(frames, all_memory_can_be_taken_and_comes_back)
{
	uint64_t before = frames_free_count();
	uint64_t taken, wrong = 0;
	pfn_t block = take_all(&taken);

	EXPECT_EQ(taken, before);
	EXPECT_EQ(frames_free_count(), 0);
	EXPECT(!pfn_valid(frames_alloc(0)));
	while (pfn_valid(block)) {
		const uint64_t *words = pfn_to_virt(block);
		pfn_t next = pfn(words[0]);

		wrong += words[1] != (block.pfn ^ 0x5a5a5a5a);
		frames_free(block);
		block = next;
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(frames_free_count(), before);
	expect_sound();
}

TEST(frames, blocks_are_joined_again)
{
	struct frames_stats before, after;
	pfn_t pages[64];

	frames_stats(&before);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = frames_alloc(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i += 2)
		frames_free(pages[i]);
	expect_sound();
	for (unsigned int i = 1; i < ARRAY_SIZE(pages); i += 2)
		frames_free(pages[i]);
	frames_stats(&after);
	EXPECT_EQ(memcmp(before.blocks, after.blocks, sizeof(before.blocks)), 0);
}

TEST(frames, every_frame_is_accounted_for)
{
	struct frames_stats stats;
	uint64_t sum = 0;

	frames_stats(&stats);
	for (unsigned int kind = 0; kind < FRAME_KINDS; kind++)
		sum += stats.kind[kind];
	EXPECT_EQ(sum, p2m_size());
	EXPECT_EQ(stats.kind[FRAME_TAIL], 0);
	EXPECT_EQ(stats.kind[FRAME_FREE], frames_free_count());
	EXPECT_EQ(stats.kind[FRAME_DATABASE], pages_for(frames_database_size(p2m_size())));
	EXPECT(!frame_of(pfn(p2m_size())));
	expect_sound();
}

TEST(frames, this_domain_is_large_enough)
{
	EXPECT_GE(p2m_size(),
		  memory_needed(p2m_size() - frames_free_count() - direct_map_tables(p2m_size()) -
				pages_for(frames_database_size(p2m_size()))));
}
