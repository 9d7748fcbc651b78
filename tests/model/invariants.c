// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The invariants of mm/ that every hosted test ends with: of the P2M, of the batches, and of the
 * recorder.
 */
#include "invariants.h"

#include "../host/host.h"
#include "model.h"

#include <arch/cpu.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <xen/xen.h>

/* ---- the P2M ---- */

#define ENTRIES (PAGE_SIZE / sizeof(uint64_t))

static const uint64_t *page_of(uint64_t mfn)
{
	return pfn_to_virt(pfn(model_pfn(mfn)));
}

static void expect_leaf(const uint64_t *leaf, uint64_t first)
{
	for (uint64_t i = 0; i < ENTRIES && first + i < p2m_tree.limit; i++) {
		uint64_t entry = p2m_entry(pfn(first + i));

		/* Identity is no memory of the domain's: where it has no leaf, the list says
		 * nothing. */
		if (leaf[i] != entry && !(leaf[i] == P2M_INVALID && (entry & P2M_IDENTITY)))
			fail_msg("the list says %lx of pfn %lx, and the tree %lx", leaf[i],
				 first + i, entry);
	}
}

static void expect_shown(const struct arch_shared_info *info, const uint64_t *leaf, uint64_t first)
{
	uint64_t mfn;

	if (first >= info->max_pfn)
		return;
	if (model_access(0, info->p2m_vaddr + first / ENTRIES * PAGE_SIZE, false, &mfn) != MODEL_OK)
		fail_msg("the window has no page for pfn %lx", first);
	assert_ptr_equal(page_of(mfn), leaf);
}

void expect_p2m_is_whole(void)
{
	static struct arch_shared_info info;
	uint64_t leaves = 0, lists = 0, covered = 1;
	const uint64_t *top, *missing_list, *missing;
	struct p2m_stats stats = p2m_stats();
	unsigned int depth = 0;

	if (!stats.leaves)
		return;
	for (; covered < p2m_tree.limit; covered *= ENTRIES)
		depth++;
	assert_int_equal(stats.depth, MAX(depth, 1u));
	memset(&info, 0, sizeof(info));
	p2m_publish(&info);
	assert_int_equal(info.p2m_generation, 0);
	if (info.pfn_to_mfn_frame_list_list == UINT64_MAX)
		return;
	top = page_of(info.pfn_to_mfn_frame_list_list);
	/* No domain of the tests is so large that the last of them is its own. */
	missing_list = page_of(top[ENTRIES - 1]);
	missing = page_of(missing_list[0]);
	for (unsigned int i = 0; i < ENTRIES; i++) {
		assert_int_equal(missing[i], P2M_INVALID);
		assert_ptr_equal(page_of(missing_list[i]), missing);
	}
	for (uint64_t n = 0; n < p2m_tree.limit; n += ENTRIES) {
		const uint64_t *list = page_of(top[n / ENTRIES / ENTRIES]);
		const uint64_t *leaf = page_of(list[n / ENTRIES % ENTRIES]);

		lists += n / ENTRIES % ENTRIES == 0 && list != missing_list;
		leaves += leaf != missing;
		if (leaf != missing)
			expect_leaf(leaf, n);
		expect_shown(&info, leaf, n);
	}
	assert_int_equal(stats.leaves, leaves);
	assert_int_equal(stats.frame_lists, lists + 2); /* those of none, and the list of all */
}

void expect_p2m_stops_clean(void)
{
	struct p2m_stats stats = p2m_stats();
	uint64_t free = frames_free_count(), of_the_list = (p2m_size() + ENTRIES - 1) / ENTRIES;

	p2m_stop();
	/* A shared node for each level, and "identity"; the leaves of the builder's list stay. */
	assert_int_equal(frames_free_count() - free, stats.depth + 1 + stats.nodes +
							     stats.frame_lists + stats.leaves -
							     of_the_list);
	assert_int_equal(p2m_stats().leaves + p2m_stats().nodes + p2m_stats().frame_lists, 0);
}

/* ---- batches ---- */

void expect_batches_add_up(void)
{
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		struct batch_counters c;
		uint64_t flushes = 0;

		host_use_cpu(i);
		c = batch_counters();
		for (unsigned int reason = 0; reason < BATCH_FLUSH_REASONS; reason++)
			flushes += c.flushes[reason];
		assert_int_equal(flushes, c.calls);
		assert_true(c.elements >= c.calls);
		assert_true(c.elements <= c.calls * BATCH_CALLS);
		assert_true(c.largest <= c.updates + c.operations + c.mappings);
		assert_true(c.calls * c.largest >= c.updates + c.operations + c.mappings);
	}
	host_use_cpu(0);
}

/* ---- the recorder ---- */

static struct recorder fresh;

static const struct recorder_slot *slot_of(const struct recorder_slot *slots, uint64_t key)
{
	for (unsigned int i = 0; i < 2 * RECORDER_TABLES; i++) {
		if (slots[i].key == key)
			return &slots[i];
	}
	return NULL;
}

/* All slots in use of the one are in the other. */
static void expect_within(const struct recorder_slot *slots, const struct recorder_slot *others,
			  const char *what)
{
	for (unsigned int i = 0; i < 2 * RECORDER_TABLES; i++) {
		const struct recorder_slot *slot = &slots[i], *other;

		if (!slot->key)
			continue;
		other = slot_of(others, slot->key);
		if (!other)
			fail_msg("%s: %lx is in one only", what, slot->key);
		else if (other->value != slot->value || other->level != slot->level ||
			 other->inherited != slot->inherited)
			fail_msg("%s: %lx has value %lx, level %u, inherited %u; or %lx, %u, %u",
				 what, slot->key, (uint64_t)slot->value, (unsigned int)slot->level,
				 (unsigned int)slot->inherited, (uint64_t)other->value,
				 (unsigned int)other->level, (unsigned int)other->inherited);
	}
}

void expect_recorder_counted_right(const struct recorder *recorder)
{
	recorder_start(&fresh);
	recorder_stop();
	expect_within(recorder->table, fresh.table, "tables gone by");
	expect_within(fresh.table, recorder->table, "tables that there are");
	expect_within(recorder->entry, fresh.entry, "entries gone by");
	expect_within(fresh.entry, recorder->entry, "entries that there are");
	assert_int_equal(recorder->live, fresh.live);
}
