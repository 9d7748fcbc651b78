// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The container of regions against a naive account, which is an array of pages: random mapping,
 * unmapping, protecting and growing, stacks included, with every question that the container
 * answers asked after each step.
 *
 * tests/host/test_space.c is about what programs see in memory; this is about where things go.
 */
#include "../model/regions.h"
#include "../model/world.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/user/region.h>

/* Pages that are played with: room for a few stacks and what they may grow into. */
#define ARENA       0x40000000ul
#define ARENA_PAGES 12000u

#define RW (SPACE_READ | SPACE_WRITE)

struct account {
	bool mapped, stack;
	uint8_t rights;
};

static struct account account[ARENA_PAGES];

static uintptr_t at(unsigned int page)
{
	return ARENA + page * PAGE_SIZE;
}

static bool same_region(const struct account *a, const struct account *b)
{
	return a->mapped && b->mapped && a->stack == b->stack && a->rights == b->rights;
}

/* The first page of the region that a page is in, and the first one after it. */
static unsigned int region_first(unsigned int page)
{
	while (page && same_region(&account[page - 1], &account[page]))
		page--;
	return page;
}

static unsigned int region_last(unsigned int page)
{
	while (page < ARENA_PAGES - 1 && same_region(&account[page], &account[page + 1]))
		page++;
	return page + 1;
}

/* Where the memory ends that a region leaves to others. */
static uintptr_t clear_below(unsigned int first)
{
	uintptr_t end = at(region_last(first)), lowest;

	if (!account[first].stack)
		return at(first);
	lowest = MIN(at(first), end - SPACE_STACK_MOST);
	return lowest - SPACE_STACK_GUARD;
}

/* From above, page by page: where free pages begin, and how far down they go. */
static uintptr_t naive_gap(uint64_t bytes, uintptr_t ceiling)
{
	uintptr_t top = ceiling;

	for (unsigned int page = ARENA_PAGES; page-- > 0;) {
		if (!account[page].mapped)
			continue;
		if (at(page) + PAGE_SIZE <= top && top - at(page) - PAGE_SIZE >= bytes)
			return top - bytes;
		page = region_first(page);
		top = MIN(ceiling, clear_below(page));
	}
	return top >= SPACE_LOWEST + bytes ? top - bytes : 0;
}

static struct space *new_space(void)
{
	struct space *space = space_create();

	assert_non_null(space);
	mm_activate(&space->mm);
	return space;
}

static void set_account(unsigned int page, unsigned int count, struct account value)
{
	while (count--)
		account[page++] = value;
}

static void random_step(struct space *space)
{
	unsigned int page = (unsigned int)host_random_below(ARENA_PAGES);
	unsigned int most = host_random_below(50) ? 40 : 3000, count;
	struct mapping mapping = {.address = at(page), .fixed = true};

	count = 1 + (unsigned int)host_random_below(MIN(most, ARENA_PAGES - page));
	mapping.length = count * PAGE_SIZE;
	mapping.rights = 1u << host_random_below(3);
	switch (host_random_below(8)) {
	case 0:
	case 1:
	case 2:
		mapping.stack = host_random_below(20) == 0;
		assert_int_equal(map_add(space, &mapping), mapping.address);
		set_account(page, count,
			    (struct account){true, mapping.stack, (uint8_t)mapping.rights});
		break;
	case 3:
	case 4:
		assert_int_equal(map_remove(space, at(page), mapping.length), 0);
		set_account(page, count, (struct account){false, false, 0});
		break;
	case 5:
	case 6:
		map_protect(space, at(page), mapping.length, mapping.rights);
		for (; count-- && account[page].mapped; page++)
			account[page].rights = (uint8_t)mapping.rights;
		break;
	default:
		/* A stack grows, if it may. */
		if (fault_resolve(space, at(page), SPACE_READ) == FAULT_DONE &&
		    !account[page].mapped)
			for (count = page; !account[count].mapped; count++)
				;
		else
			break;
		assert_true(account[count].stack);
		set_account(page, count - page, account[count]);
	}
}

static void ask_about_a_range(struct space *space)
{
	unsigned int page = (unsigned int)host_random_below(ARENA_PAGES - 1), mapped = 0;
	unsigned int end = page + 1 + (unsigned int)host_random_below(ARENA_PAGES - 1 - page);
	unsigned int next = page, below = page;
	struct region *region;

	for (unsigned int i = page; i < end; i++)
		mapped += account[i].mapped;
	assert_int_equal(regions_bytes(space, at(page), at(end)), mapped * PAGE_SIZE);

	while (next < ARENA_PAGES && !account[next].mapped)
		next++;
	region = region_after(space, at(page));
	if (next == ARENA_PAGES) {
		assert_null(region);
		assert_true(regions_clear(space, at(page), at(end)));
		return;
	}
	next = region_first(next);
	assert_int_equal(region->start, at(next));
	assert_int_equal(region->end, at(region_last(next)));
	assert_int_equal(regions_clear(space, at(page), at(end)), clear_below(next) >= at(end));
	for (below = next; below && !account[below - 1].mapped; below--)
		;
	assert_int_equal(region_end_before(space, region), below ? at(below) : 0);
}

static void ask_for_a_gap(struct space *space)
{
	uint64_t bytes = (1 + host_random_below(host_random_below(2) ? 30 : 3000)) * PAGE_SIZE;
	uintptr_t ceiling = at((unsigned int)host_random_below(ARENA_PAGES + 1));

	assert_int_equal(regions_find_gap(space, bytes, ceiling), naive_gap(bytes, ceiling));
	ceiling = at(ARENA_PAGES + 500);
	assert_int_equal(regions_find_gap(space, bytes, ceiling), naive_gap(bytes, ceiling));
}

/* Down to where a region leaves memory to others: a stack may grow, and keeps a guard below. */
static uintptr_t lowest_use(const struct region *region)
{
	uintptr_t grown = region->end > SPACE_STACK_MOST ? region->end - SPACE_STACK_MOST : 0;
	uintptr_t floor = grown < region->start ? grown : region->start;

	if (!region->stack)
		return region->start;
	return floor > SPACE_STACK_GUARD ? floor - SPACE_STACK_GUARD : 0;
}

/* What each node keeps is that of the regions below it, looked at one after the other. */
static void expect_summaries(const struct tree_node *node)
{
	const struct region *region, *before = NULL;
	uint64_t gap = 0;
	struct tree_node *first, *last;

	if (!node)
		return;
	region = container_of(node, struct region, node);
	for (first = (struct tree_node *)node; first->child[0];)
		first = first->child[0];
	for (last = (struct tree_node *)node; last->child[1];)
		last = last->child[1];
	assert_int_equal(region->subtree_low, lowest_use(region_of(first)));
	assert_int_equal(region->subtree_high, region_of(last)->end);
	for (struct tree_node *at_node = first;; at_node = tree_next(at_node)) {
		const struct region *here = region_of(at_node);

		if (before && lowest_use(here) > before->end)
			gap = MAX(gap, lowest_use(here) - before->end);
		before = here;
		if (at_node == last)
			break;
	}
	assert_int_equal(region->subtree_gap, gap);
	expect_summaries(node->child[0]);
	expect_summaries(node->child[1]);
}

static void random_histories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct space *space;
		uint64_t free;

		world_start(4 + seed % 2, 6000);
		assert_true(entries_init());
		host_seed(seed);
		memset(account, 0, sizeof(account));
		space = new_space();
		free = frames_free_count();
		for (unsigned int step = 0; step < 4000; step++) {
			random_step(space);
			if (regions_check(space))
				fail_msg("seed %lu, step %u: %s", seed, step, regions_check(space));
			expect_summaries(space->regions.root);
			ask_about_a_range(space);
			ask_for_a_gap(space);
		}
		/* Piece by piece, in any order: with the last region the last table goes. */
		while (space->region_count) {
			uintptr_t start = at((unsigned int)host_random_below(ARENA_PAGES + 150));

			start -= 150 * PAGE_SIZE;
			assert_int_equal(map_remove(space, start, 300 * PAGE_SIZE), 0);
		}
		assert_int_equal(frames_free_count(), free);
		space_put(space);
		frames_free(zero_page);
		world_stop();
	}
}

/*
 * As many regions as a space may have, every second page of its memory: the tree is no higher than
 * the logarithm allows, and the one gap of two pages is found among 65530 of one.
 */
static void a_full_space_is_a_low_tree(void **state)
{
	struct region region = {.rights = RW};
	struct space *space;
	uintptr_t gap;

	(void)state;
	world_start(4, 6000);
	assert_true(entries_init());
	space = new_space();
	for (uint64_t i = 0; i < SPACE_REGIONS_MOST; i++) {
		struct region *copy;

		region.start = ARENA + 2 * i * PAGE_SIZE;
		region.end = region.start + PAGE_SIZE;
		copy = region_copy(space, &region);
		assert_non_null(copy);
		region_insert(space, copy);
	}
	assert_null(region_copy(space, &region));
	assert_null(regions_check(space));
	assert_in_range(region_of(space->regions.root)->node.height, 16, 23);
	gap = ARENA + 2 * 12345 * PAGE_SIZE;
	region_remove(space, region_find(space, gap));
	assert_int_equal(
		regions_find_gap(space, 3 * PAGE_SIZE, ARENA + 2 * SPACE_REGIONS_MOST * PAGE_SIZE),
		gap - PAGE_SIZE);
	space_put(space);
	frames_free(zero_page);
	world_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories),
		cmocka_unit_test(a_full_space_is_a_low_tree),
	};

	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
