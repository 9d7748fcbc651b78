// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference for walks: it looks at every entry of every table, without the geometry and the
 * walker of mm/.
 */
#include "walk_reference.h"

#include "../host/host.h"
#include "model.h"

bool walk_note(pfn_t table, enum pt_level level, void *argument)
{
	struct walk_visits *visits = argument;

	assert_true(visits->count < WALK_TABLES);
	visits->table[visits->count] = table.pfn;
	visits->level[visits->count++] = level;
	return false;
}

/* The last address that any limit can stand for, by comparing with the borders themselves. */
static uint64_t effective(uint64_t limit)
{
	unsigned int width = 12 + pt_geometry.bits * pt_geometry.levels;
	uint64_t half = 1ull << (width - 1);
	uint64_t upper = -half;
	uint64_t reserved = upper; /* where the hypervisor's slots begin: first of the upper half */
	uint64_t reserved_end =
		reserved + ((uint64_t)pt_geometry.reserved_count << (width - pt_geometry.bits));

	if (limit >= half && limit < upper)
		return half - 1;
	if (limit >= reserved && limit < reserved_end)
		return half - 1;
	return limit;
}

static void reference(struct walk_visits *visits, uint64_t table, unsigned int rank, uint64_t base,
		      uint64_t limit)
{
	const uint64_t *entries = (const uint64_t *)(model_memory() + table * PAGE_SIZE);
	unsigned int width = 12 + pt_geometry.bits * pt_geometry.levels;
	enum pt_level level = rank == pt_geometry.levels ? PT_PGD : (enum pt_level)rank;

	for (uint64_t i = 0; rank > 1 && i < 1u << pt_geometry.bits; i++) {
		uint64_t address = base + (i << (12 + pt_geometry.bits * (rank - 1)));

		address = (uint64_t)((int64_t)(address << (64 - width)) >> (64 - width));
		if (rank == pt_geometry.levels && i >= pt_geometry.reserved_first &&
		    i < pt_geometry.reserved_first + pt_geometry.reserved_count)
			continue;
		if ((entries[i] & 1) && address <= limit)
			reference(visits, model_pfn((entries[i] & PT_FRAME_MASK) >> 12), rank - 1,
				  address, limit);
	}
	walk_note(pfn(table), level, visits);
}

void walk_compare(const struct mm *mm, uint64_t limit)
{
	static struct walk_visits got, expected;

	got.count = expected.count = 0;
	assert_false(pt_walk_tables(mm->root, limit, walk_note, &got));
	reference(&expected, mm->root.pfn, pt_geometry.levels, 0, effective(limit));
	if (got.count != expected.count)
		fail_msg("limit %lx: %u tables were visited, not %u", limit, got.count,
			 expected.count);
	for (unsigned int i = 0; i < got.count; i++) {
		if (got.table[i] != expected.table[i] || got.level[i] != expected.level[i])
			fail_msg("limit %lx, visit %u: pfn %lx at level %u, not pfn %lx at %u",
				 limit, i, got.table[i], got.level[i], expected.table[i],
				 expected.level[i]);
		assert_true(pt_level_exists(got.level[i]));
	}
	assert_int_equal(got.table[got.count - 1], mm->root.pfn);
	assert_int_equal(got.level[got.count - 1], PT_PGD);
}
