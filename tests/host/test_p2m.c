// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The P2M's tree on the model: against a plain array, and what the toolstack would read: the frame
 * list list and the window.
 */
#include "../model/invariants.h"
#include "../model/world.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/xen/p2m.h>
#include <xen/errno.h>
#include <xen/xen.h>

#define PAGES  2000 /* not a multiple of 512 */
#define GIB(n) ((uint64_t)(n) << (30 - PAGE_SHIFT))

static struct arch_shared_info info;

static void start(uint64_t limit)
{
	struct world_config config = world_config(4, PAGES);

	world_boot(&config);
	world_relocate(P2M_REMAP);
	world_complete();
	if (limit) {
		assert_true(p2m_start(limit));
		memset(&info, 0, sizeof(info));
		p2m_publish(&info);
	}
}

/* The page with the entry of this pfn, as the toolstack finds it by the frame list list. */
static uint64_t *listed_leaf(uint64_t n)
{
	const uint64_t *lists = pfn_to_virt(pfn(model_pfn(info.pfn_to_mfn_frame_list_list)));
	const uint64_t *list = pfn_to_virt(pfn(model_pfn(lists[n / 512 / 512])));

	return pfn_to_virt(pfn(model_pfn(list[n / 512 % 512])));
}

static uint64_t saved_entry(uint64_t n)
{
	return listed_leaf(n)[n % 512];
}

/* And by the linear list in the window. */
static uint64_t linear_entry(uint64_t n)
{
	uint64_t mfn;

	if (model_access(0, info.p2m_vaddr + n / 512 * PAGE_SIZE, false, &mfn) != MODEL_OK)
		fail_msg("entry %lu of the window is not mapped", n);
	return ((const uint64_t *)pfn_to_virt(pfn(model_pfn(mfn))))[n % 512];
}

/* Tables that the window gets when it first shows the leaf of this pfn, past the list's end. */
static uint64_t tables_of_the_window(uint64_t n)
{
	/* One pte table maps 512 leaves, and the list's own is there. */
	return n / 512 / 512;
}

static void the_list_becomes_the_tree(void **state)
{
	(void)state;
	start(PAGES);
	for (uint64_t n = 0; n < PAGES; n++) {
		assert_int_equal(pfn_to_mfn(pfn(n)).mfn, model_mfn(n));
		assert_int_equal(mfn_to_pfn(mfn(model_mfn(n))).pfn, n);
		assert_int_equal(saved_entry(n), model_mfn(n));
		assert_int_equal(linear_entry(n), model_mfn(n));
	}
	assert_false(mfn_valid(pfn_to_mfn(pfn(PAGES))));
	assert_false(pfn_valid(mfn_to_pfn(mfn(model_foreign_mfn()))));
	assert_false(pfn_valid(mfn_to_pfn(INVALID_MFN)));
	/* The rest of the last leaf is no garbage. */
	assert_int_equal(saved_entry(2047), P2M_INVALID);
	assert_int_equal(info.max_pfn, 2048);
	assert_int_equal(info.p2m_cr3 >> 12, model_mfn(kernel_mm.root.pfn));
	assert_int_equal(p2m_stats().leaves, 4);
	assert_int_equal(p2m_stats().depth, 2);
	world_stop();
}

static void emptiness_costs_nothing(void **state)
{
	uint64_t free;

	(void)state;
	start(0);
	free = frames_free_count();
	assert_true(p2m_start(GIB(1 << 18))); /* 256 TiB */
	assert_int_equal(p2m_stats().depth, 4);
	assert_true(free - frames_free_count() < 20);
	free = frames_free_count();
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t n = host_random() % GIB(1 << 18);

		if (n >= 2048)
			assert_int_equal(p2m_entry(pfn(n)), P2M_INVALID);
		if (n >= 2048)
			assert_int_equal(p2m_set(pfn(n), P2M_INVALID), P2M_SET);
	}
	assert_int_equal(frames_free_count(), free);
	/* Too large for the frame list list, and it says so. */
	p2m_publish(&info);
	assert_int_equal(info.pfn_to_mfn_frame_list_list, UINT64_MAX);
	assert_int_equal(p2m_stats().frame_lists, 0);
	assert_int_not_equal(info.p2m_cr3, 0);
	world_stop();
}

static void setting_an_entry(void **state)
{
	uint64_t free;

	(void)state;
	start(1 << 20);
	free = frames_free_count();
	assert_int_equal(p2m_set(pfn(5), P2M_INVALID), P2M_SET);
	assert_false(mfn_valid(pfn_to_mfn(pfn(5))));
	assert_false(pfn_valid(mfn_to_pfn(mfn(model_mfn(5)))));
	assert_int_equal(p2m_set(pfn(5), model_mfn(5)), P2M_SET);
	assert_int_equal(frames_free_count(), free);
	/* Past the boot memory: a leaf is made, and the toolstack sees it. */
	assert_int_equal(info.p2m_generation, 0);
	assert_int_equal(p2m_set(pfn(5000), 0x777), P2M_SET);
	assert_int_equal(pfn_to_mfn(pfn(5000)).mfn, 0x777);
	assert_int_equal(saved_entry(5000), 0x777);
	assert_int_equal(linear_entry(5000), 0x777);
	assert_int_equal(saved_entry(5001), P2M_INVALID);
	/* The gap before it is readable and empty. */
	for (uint64_t n = 2048; n < 4608; n++)
		assert_int_equal(linear_entry(n), P2M_INVALID);
	assert_int_equal(info.max_pfn, 5120);
	assert_int_equal(info.p2m_generation, 2);
	/* The same leaf again: no change of the mapping. */
	assert_int_equal(p2m_set(pfn(5002), 0x778), P2M_SET);
	assert_int_equal(info.p2m_generation, 2);
	assert_int_equal(p2m_stats().leaves, 5);
	/* The list of lists, one that is empty, and that of the first GiB; then that of the second.
	 */
	assert_int_equal(p2m_stats().frame_lists, 3);
	assert_int_equal(p2m_set(pfn(GIB(1) + 7), 0x779), P2M_SET);
	assert_int_equal(saved_entry(GIB(1) + 7), 0x779);
	assert_int_equal(p2m_stats().frame_lists, 4);
	assert_int_equal(p2m_stats().leaves, 6);
	world_stop();
}

/* What the window showed behind the list is gone with the tree, from the TLB too. */
static void stopping_empties_the_window(void **state)
{
	(void)state;
	start(1 << 20);
	assert_int_equal(p2m_set(pfn(5000), 0x777), P2M_SET);
	assert_int_equal(linear_entry(5000), 0x777);
	/* Many pages of the window come and go in one batch. */
	model_reset_counters();
	assert_int_equal(p2m_set(pfn(100000), 0x778), P2M_SET);
	assert_true(model_counters().updates > 180);
	assert_true(model_counters().hypercalls < 10);
	model_reset_counters();
	p2m_stop();
	assert_true(model_counters().updates > 180);
	assert_true(model_counters().hypercalls < 10);
	assert_int_equal(model_access(0, info.p2m_vaddr + 5000 / 512 * PAGE_SIZE, false, NULL),
			 MODEL_FAULT);
	assert_int_equal(linear_entry(PAGES - 1), model_mfn(PAGES - 1));
	world_stop();
}

/* Who reads the old page has it still; it is not written to any more. */
static void what_is_stopped_is_no_longer_published(void **state)
{
	struct arch_shared_info before;

	(void)state;
	start(1 << 20);
	p2m_stop();
	before = info;
	assert_true(p2m_start(1 << 20));
	assert_int_equal(p2m_set(pfn(5000), 0x777), P2M_SET);
	assert_memory_equal(&info, &before, sizeof(before));
	p2m_publish(&info);
	assert_int_equal(saved_entry(5000), 0x777);
	world_stop();
}

/* No more levels than it takes: up to 512 pfns are one leaf, and one more is a node and two. */
static void as_deep_as_it_takes(void **state)
{
	static const struct {
		uint64_t pages;
		unsigned int depth;
		uint64_t leaves;
	} cases[] = {{300, 1, 1}, {512, 1, 1}, {513, 2, 2}, {1024, 2, 2}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		world_start(4, cases[i].pages);
		assert_int_equal(p2m_stats().depth, cases[i].depth);
		assert_int_equal(p2m_stats().leaves, cases[i].leaves);
		assert_int_equal(p2m_stats().nodes, cases[i].depth - 1);
		for (uint64_t n = 0; n < cases[i].pages; n++)
			assert_int_equal(pfn_to_mfn(pfn(n)).mfn, model_mfn(n));
		assert_int_equal(p2m_set(pfn(7), P2M_INVALID), P2M_SET);
		assert_false(mfn_valid(pfn_to_mfn(pfn(7))));
		assert_int_equal(p2m_set(pfn(7), model_mfn(7)), P2M_SET);
		world_stop();
	}
}

static void past_the_limit_is_an_error(void **state)
{
	(void)state;
	start(PAGES);
	assert_int_equal(p2m_set(pfn(PAGES), 1), P2M_PAST_LIMIT);
	assert_int_equal(p2m_set(INVALID_PFN, 1), P2M_PAST_LIMIT);
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(PAGES - 1), 2}), P2M_PAST_LIMIT);
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(1), UINT64_MAX}), P2M_PAST_LIMIT);
	assert_int_equal(pfn_to_mfn(pfn(PAGES - 1)).mfn, model_mfn(PAGES - 1));
	world_stop();
}

static void identity_is_shared(void **state)
{
	uint64_t free;

	(void)state;
	start(1 << 22);
	/* The first set makes the node; from then on whole leaves of identity are free. */
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 600), 512}), P2M_SET);
	free = frames_free_count();
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 600), 512 * 400}), P2M_SET);
	assert_int_equal(frames_free_count(), free);
	assert_int_equal(pfn_to_mfn(pfn(512 * 600 + 77)).mfn, 512 * 600 + 77);
	assert_int_equal(pfn_to_mfn(pfn(512 * 1000 - 1)).mfn, 512 * 1000 - 1);
	assert_false(mfn_valid(pfn_to_mfn(pfn(512 * 1000))));
	assert_int_equal(mfn_to_pfn(mfn(512 * 600 + 77)).pfn, 512 * 600 + 77);
	/* Part of a leaf takes one of its own. */
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 1100 + 3), 5}), P2M_SET);
	assert_false(mfn_valid(pfn_to_mfn(pfn(512 * 1100 + 2))));
	assert_int_equal(pfn_to_mfn(pfn(512 * 1100 + 7)).mfn, 512 * 1100 + 7);
	assert_false(mfn_valid(pfn_to_mfn(pfn(512 * 1100 + 8))));
	/* One entry in an identity leaf changes; its neighbours stay identity. */
	assert_int_equal(p2m_set(pfn(512 * 610 + 9), 0x99), P2M_SET);
	assert_int_equal(pfn_to_mfn(pfn(512 * 610 + 9)).mfn, 0x99);
	assert_int_equal(pfn_to_mfn(pfn(512 * 610 + 8)).mfn, 512 * 610 + 8);
	assert_int_equal(pfn_to_mfn(pfn(512 * 610 + 10)).mfn, 512 * 610 + 10);
	world_stop();
}

static void random_histories(void **state)
{
	enum { LIMIT = 30000 };
	static uint64_t expected[LIMIT];

	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++) {
		host_seed(seed);
		start(LIMIT);
		for (uint64_t n = 0; n < LIMIT; n++)
			expected[n] = n < PAGES ? model_mfn(n) : P2M_INVALID;
		for (unsigned int step = 0; step < 4000; step++) {
			uint64_t n = PAGES + host_random_below(LIMIT - PAGES);
			uint64_t kind = host_random_below(10);
			uint64_t some = 1 + host_random_below(1500), count = MIN(some, LIMIT - n);

			if (kind == 0) {
				assert_int_equal(
					p2m_set_identity((struct pfn_range){pfn(n), count}),
					P2M_SET);
				for (uint64_t i = n; i < n + count; i++)
					expected[i] = i | P2M_IDENTITY;
			} else {
				expected[n] = kind < 3   ? P2M_INVALID
					      : kind < 5 ? host_random_below(1 << 20) | P2M_FOREIGN
							 : host_random_below(1 << 20);
				assert_int_equal(p2m_set(pfn(n), expected[n]), P2M_SET);
			}
		}
		for (uint64_t n = 0; n < LIMIT; n++) {
			if (p2m_entry(pfn(n)) != expected[n])
				fail_msg("seed %lu: entry %lu is %lx, not %lx", seed, n,
					 p2m_entry(pfn(n)), expected[n]);
			if (!(expected[n] != P2M_INVALID && (expected[n] & P2M_IDENTITY)) &&
			    saved_entry(n) != expected[n] && expected[n] != P2M_INVALID)
				fail_msg("seed %lu: saved entry %lu is %lx, not %lx", seed, n,
					 saved_entry(n), expected[n]);
		}
		assert_false(info.p2m_generation & 1);
		world_stop();
	}
}

/* The list entry comes first: whoever finds the leaf in the tree finds it in the list. */
static void running_out_of_memory(void **state)
{
	static pfn_t held[PAGES];
	unsigned int count = 0, failures = 0;
	enum p2m_result result;

	(void)state;
	start(1 << 22);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	while ((result = p2m_set(pfn(512 * 600), 0x42)) == P2M_NO_MEMORY) {
		/* Nothing half done, and everything else as it was. */
		assert_int_equal(p2m_entry(pfn(512 * 600)), P2M_INVALID);
		assert_int_equal(saved_entry(512 * 600), P2M_INVALID);
		assert_int_equal(pfn_to_mfn(pfn(7)).mfn, model_mfn(7));
		assert_int_equal(info.p2m_generation % 2, 0);
		assert_null(model_check());
		frames_free(held[--count]);
		failures++;
	}
	assert_int_equal(result, P2M_SET);
	assert_int_equal(saved_entry(512 * 600), 0x42);
	assert_true(failures >= 3);
	/* What a failed attempt had made already was kept for the next, not lost. */
	assert_int_equal(frames_free_count(), 0);
	while (count)
		frames_free(held[--count]);
	world_stop();
}

/* Between looking for a leaf and making one, somebody else makes it. */
static void make_the_leaf_first(void)
{
	assert_int_equal(p2m_set(pfn(5001), 0x501), P2M_SET);
}

static void losing_a_race_frees_the_spare(void **state)
{
	uint64_t free;

	(void)state;
	start(1 << 20);
	free = frames_free_count();
	host_interfere_before(&kernel_mm.lock, make_the_leaf_first);
	assert_int_equal(p2m_set(pfn(5000), 0x500), P2M_SET);
	assert_int_equal(pfn_to_mfn(pfn(5000)).mfn, 0x500);
	assert_int_equal(pfn_to_mfn(pfn(5001)).mfn, 0x501);
	assert_int_equal(saved_entry(5000), 0x500);
	/* One leaf, not two. */
	assert_int_equal(free - frames_free_count(), 1);
	assert_int_equal(info.p2m_generation, 2);
	world_stop();
}

/* The other CPU's part, and what the first one was doing. */
static void other_sets(void)
{
	assert_int_equal(p2m_set(pfn(512 * 600 + 1), 0x501), P2M_SET);
}

static void other_makes_identity(void)
{
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 600), 512}), P2M_SET);
}

/* Another CPU comes between at every moment that has no lock: neither's entries are lost. */
static void two_cpus_at_once(void **state)
{
	void (*const others[])(void) = {other_sets, other_makes_identity};

	(void)state;
	for (unsigned int which = 0; which < ARRAY_SIZE(others); which++) {
		bool came_between = true;

		for (unsigned int nth = 1; came_between; nth++) {
			uint64_t free, neighbour;

			start(1 << 22);
			free = frames_free_count();
			host_interfere(nth, others[which], &kernel_mm.lock);
			assert_int_equal(p2m_set(pfn(512 * 600), 0x500), P2M_SET);
			came_between = host_interfered();
			host_interfere(0, NULL, NULL);
			assert_true(came_between || nth > 3);
			assert_int_equal(p2m_entry(pfn(512 * 600)), 0x500);
			neighbour = !came_between ? P2M_INVALID
				    : which       ? (512 * 600 + 1) | P2M_IDENTITY
						  : 0x501;
			assert_int_equal(p2m_entry(pfn(512 * 600 + 1)), neighbour);
			assert_int_equal(saved_entry(512 * 600), 0x500);
			/* A node, a leaf, a frame list and the window's tables; no spares. */
			assert_int_equal(p2m_stats().leaves, 5);
			assert_int_equal(free - frames_free_count(),
					 3 + tables_of_the_window(512 * 600));
			world_stop();
		}
	}
}

/* ---- publication: the frame list, then the window, then the tree ---- */

/* What a leaf has reached, looked at in each hook that own() calls on the way. */
static struct {
	uint64_t n;     /* the pfn whose leaf is being made */
	uint64_t *leaf; /* the leaf, from the moment that its window entry is written */
	unsigned int entries, flushes, shown;
	const char *wrong; /* judged when the P2M's lock is free again */
} watched;

static void judge(bool right, const char *otherwise)
{
	if (!right && !watched.wrong)
		watched.wrong = otherwise;
}

static pt_entry_t *watched_entry(void)
{
	return mm_entry(&kernel_mm, info.p2m_vaddr + watched.n / 512 * PAGE_SIZE, PT_PTE);
}

static bool is_shown(void)
{
	pt_entry_t entry = *watched_entry();

	return pt_entry_present(entry) && pfn_to_virt(pt_entry_pfn(entry)) == watched.leaf;
}

/* Whether a reader gets to the leaf: it finds what is written there. */
static bool is_in_tree(void)
{
	uint64_t *entry = &watched.leaf[watched.n % 512], old = *entry;
	bool found;

	*entry = 0x1234567;
	found = p2m_entry(pfn(watched.n)) == *entry;
	*entry = old;
	return found;
}

static void look(void)
{
	if (!watched.leaf)
		return;
	judge(listed_leaf(watched.n) == watched.leaf, "the frame list does not name it yet");
	judge(info.p2m_generation % 2, "the window changes and the generation is even");
	judge(!is_in_tree(), "the tree has it already");
	for (uint64_t i = watched.n / 512 * 512, end = i + 512; i < end; i++)
		judge(watched.leaf[i % 512] == p2m_entry(pfn(i)),
		      "it does not say all that the shared leaf says");
}

static void watch_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	uint64_t *leaf = level == PT_PTE ? pfn_to_virt(pt_entry_pfn(value)) : NULL;

	/* The gap before it, up to its own place, shows the leaf that all missing ones share. */
	if (leaf && entry == watched_entry() && leaf != listed_leaf(p2m_tree.limit - 1)) {
		watched.leaf = leaf;
		watched.entries++;
		look();
	}
	paravirt_xen.set_entry(entry, level, value);
}

static void watch_flush_address(uintptr_t address, cpu_set_t set)
{
	judge(address == info.p2m_vaddr + watched.n / 512 * PAGE_SIZE, "another page is flushed");
	judge(watched.entries == 1, "the flush comes before the entry");
	watched.flushes++;
	look();
	paravirt_xen.flush_address(address, set);
}

static void watch_lazy_flush(void)
{
	paravirt_xen.lazy_flush();
	look();
	if (watched.leaf) {
		judge(watched.flushes == 1, "the entry was issued without its flush");
		judge(is_shown(), "the window does not show it after the batch");
		watched.shown++;
	}
}

static void watch_the_leaf_of(uint64_t n, uint64_t value)
{
	memset(&watched, 0, sizeof(watched));
	watched.n = n;
	assert_int_equal(info.p2m_generation % 2, 0);
	paravirt.set_entry = watch_set_entry;
	paravirt.flush_address = watch_flush_address;
	paravirt.lazy_flush = watch_lazy_flush;
	assert_int_equal(p2m_set(pfn(n), value), P2M_SET);
	paravirt = paravirt_xen;
	if (watched.wrong)
		fail_msg("pfn %lx: %s", n, watched.wrong);
	assert_int_equal(watched.entries, 1);
	assert_true(watched.shown >= 1);
	assert_int_equal(info.p2m_generation % 2, 0);
	assert_true(is_in_tree());
	assert_int_equal(saved_entry(n), value);
	assert_int_equal(linear_entry(n), value);
}

static void a_leaf_is_published_in_order(void **state)
{
	(void)state;
	start(1 << 22);
	watch_the_leaf_of(512 * 20 + 7, 0x701);       /* in a frame list that there is */
	assert_int_equal(p2m_stats().frame_lists, 3); /* the top, the shared one, the list's own */
	watch_the_leaf_of(512 * 600 + 8, 0x702);      /* in one that is missing */
	assert_int_equal(p2m_stats().frame_lists, 4);
	watch_the_leaf_of(512 * 12 + 9, P2M_FOREIGN | 3); /* in a gap that the window shows */
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 650), 512 * 2}), P2M_SET);
	watch_the_leaf_of(512 * 650 + 10, 0x703); /* where the shared leaf says "identity" */
	watch_the_leaf_of(512 * 651 + 11, 0x704);
	world_stop();
}

static void identity_is_all_or_nothing(void **state)
{
	static pfn_t held[PAGES];
	const struct pfn_range range = {pfn(512 * 600 + 100), 512 * 3};
	unsigned int count = 0, failures = 0;
	enum p2m_result result;

	(void)state;
	start(1 << 22);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	while ((result = p2m_set_identity(range)) == P2M_NO_MEMORY) {
		for (uint64_t n = range.start.pfn; n < range.start.pfn + range.count; n++)
			assert_int_equal(p2m_entry(pfn(n)), P2M_INVALID);
		assert_null(model_check());
		frames_free(held[--count]);
		failures++;
	}
	assert_int_equal(result, P2M_SET);
	assert_true(failures > 4);
	for (uint64_t n = range.start.pfn; n < range.start.pfn + range.count; n++)
		assert_int_equal(p2m_entry(pfn(n)), n | P2M_IDENTITY);
	assert_int_equal(p2m_entry(pfn(range.start.pfn - 1)), P2M_INVALID);
	assert_int_equal(p2m_entry(pfn(range.start.pfn + range.count)), P2M_INVALID);
	while (count)
		frames_free(held[--count]);
	world_stop();
}

static void nothing_can_be_set_before_the_tree(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(p2m_set(pfn(5), 1), P2M_PAST_LIMIT);
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(5), 1}), P2M_PAST_LIMIT);
	assert_int_equal(pfn_to_mfn(pfn(5)).mfn, model_mfn(5));
	world_stop();
}

/* Without a hypervisor every pfn is its own mfn, at no cost, and nothing can be set. */
static void identity_without_a_hypervisor(void **state)
{
	const struct pfn_range hole = {pfn(0xa0), 0x60};

	(void)state;
	start(0);
	p2m_use_identity(1ull << 34, &hole, 1);
	assert_int_equal(p2m_size(), 1ull << 34);
	for (uint64_t n = 0; n < 1ull << 34; n = n * 3 + 1) {
		assert_int_equal(pfn_to_mfn(pfn(n)).mfn, n);
		assert_int_equal(mfn_to_pfn(mfn(n)).pfn, n);
	}
	assert_false(mfn_valid(pfn_to_mfn(pfn(1ull << 34))));
	assert_false(pfn_valid(mfn_to_pfn(mfn(1ull << 34))));
	assert_false(mfn_valid(pfn_to_mfn(pfn(0xa0))));
	assert_false(pfn_valid(mfn_to_pfn(mfn(0xff))));
	assert_int_equal(pfn_to_mfn(pfn(0x100)).mfn, 0x100);
	assert_int_equal(p2m_set(pfn(5), 6), P2M_PAST_LIMIT);
	assert_int_equal(p2m_set_identity((struct pfn_range){pfn(5), 1}), P2M_PAST_LIMIT);
	world_discard();
}

/* With a frame too few, at whatever step, the list goes on as before and nothing is lost. */
/* The tree has room for what the domain may be given, if that is not out of all proportion. */
static void the_tree_has_room_to_grow(void **state)
{
	static const struct {
		uint64_t spare, limit;
	} cases[] = {{0, PAGES},
		     {1000, PAGES + 1000},
		     {15 * PAGES, 16 * PAGES},
		     {15 * PAGES + 1, PAGES}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world_config config = world_config(4, PAGES);

		config.machine.spare = cases[i].spare;
		world_boot(&config);
		world_relocate(P2M_REMAP);
		world_complete();
		assert_true(p2m_start_for_domain(PAGES));
		assert_int_equal(p2m_tree.limit, cases[i].limit);
		world_stop();
	}
}

static pfn_t held_by_others[PAGES];
static unsigned int others_hold;

static void others_free_some(void)
{
	for (unsigned int i = 0; i < 8; i++)
		frames_free(held_by_others[--others_hold]);
}

/* Another CPU frees memory in the middle of a start that fails: the tree is whole or none. */
static void memory_comes_back_during_the_start(void **state)
{
	unsigned int failed = 0;

	(void)state;
	start(0);
	for (unsigned int nth = 1; nth < 20; nth++) {
		uint64_t free = frames_free_count();
		bool started;

		while (pfn_valid(held_by_others[others_hold] = frames_alloc(0)))
			others_hold++;
		for (unsigned int i = 0; i < nth % 4; i++)
			frames_free(held_by_others[--others_hold]);
		host_interfere(nth, others_free_some, NULL);
		started = p2m_start(1 << 20);
		host_interfere(0, NULL, NULL);
		while (others_hold)
			frames_free(held_by_others[--others_hold]);
		failed += !started;
		if (started) {
			assert_int_equal(p2m_set_identity((struct pfn_range){pfn(512 * 600), 700}),
					 P2M_SET);
			assert_int_equal(p2m_entry(pfn(512 * 601)), 512 * 601 | P2M_IDENTITY);
			expect_p2m_is_whole();
			p2m_stop();
		}
		for (uint64_t n = 0; n < PAGES; n += 100)
			assert_int_equal(pfn_to_mfn(pfn(n)).mfn, model_mfn(n));
		assert_true(frames_free_count() >= free - 3); /* the window's tables stay */
	}
	assert_in_range(failed, 1, 18);
	world_stop();
}

static void starting_without_memory(void **state)
{
	static pfn_t held[PAGES];
	unsigned int count = 0, spare = 0;

	(void)state;
	start(0);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	for (; !p2m_start(1 << 22); spare++) {
		assert_int_equal(frames_free_count(), spare);
		assert_int_equal(p2m_tree.limit, PAGES);
		assert_int_equal(pfn_to_mfn(pfn(PAGES - 1)).mfn, model_mfn(PAGES - 1));
		frames_free(held[--count]);
	}
	/* Three shared nodes, "identity", three frame lists, two nodes on the way to the leaves. */
	assert_int_equal(spare, 3 + 1 + 3 + 2);
	p2m_publish(&info);
	for (uint64_t n = 0; n < PAGES; n++) {
		assert_int_equal(pfn_to_mfn(pfn(n)).mfn, model_mfn(n));
		assert_int_equal(saved_entry(n), model_mfn(n));
	}
	while (count)
		frames_free(held[--count]);
	world_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_becomes_the_tree),
		cmocka_unit_test(emptiness_costs_nothing),
		cmocka_unit_test(setting_an_entry),
		cmocka_unit_test(stopping_empties_the_window),
		cmocka_unit_test(what_is_stopped_is_no_longer_published),
		cmocka_unit_test(as_deep_as_it_takes),
		cmocka_unit_test(past_the_limit_is_an_error),
		cmocka_unit_test(identity_is_shared),
		cmocka_unit_test(random_histories),
		cmocka_unit_test(running_out_of_memory),
		cmocka_unit_test(losing_a_race_frees_the_spare),
		cmocka_unit_test(two_cpus_at_once),
		cmocka_unit_test(a_leaf_is_published_in_order),
		cmocka_unit_test(identity_is_all_or_nothing),
		cmocka_unit_test(nothing_can_be_set_before_the_tree),
		cmocka_unit_test(identity_without_a_hypervisor),
		cmocka_unit_test(the_tree_has_room_to_grow),
		cmocka_unit_test(starting_without_memory),
		cmocka_unit_test(memory_comes_back_during_the_start),
	};

	return cmocka_run_group_tests_name("p2m", tests, NULL, NULL);
}
