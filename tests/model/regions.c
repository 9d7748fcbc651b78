// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checker of regions. It is the same in hosted tests and in the kernel on a real machine.
 */
#include "regions.h"

#include <kernel/lib/message.h>

static const char *check_bounds(const struct region *region, uintptr_t last)
{
	if (region->start < last || region->start >= region->end || region->start % PAGE_SIZE ||
	    region->end % PAGE_SIZE || region->end > pt_user_limit() + 1)
		return message_make("a region from %lx to %lx follows one to %lx", region->start,
				    region->end, last);
	if (region->stack && region->object)
		return message_make(
			"the region at %lx grows down, away from the start of its object",
			region->start);
	return NULL;
}

/* Returns true if two regions could be one: nothing tells their pages apart. */
static bool alike(const struct region *a, const struct region *b)
{
	return a->end == b->start && a->rights == b->rights && a->never == b->never &&
	       a->shared == b->shared && a->stack == b->stack && a->object == b->object &&
	       (!a->object || a->offset + (a->end - a->start) == b->offset);
}

/* Computes what a node keeps about its subtree anew, and returns true if that changes nothing. */
static bool subtree_is_right(struct space *space, struct region *region)
{
	uintptr_t low = region->subtree_low, high = region->subtree_high;
	uint64_t gap = region->subtree_gap;

	space->regions.update(&region->node);
	return region->subtree_low == low && region->subtree_high == high &&
	       region->subtree_gap == gap;
}

const char *regions_check(struct space *space)
{
	const struct region *before = NULL;
	const char *error = tree_check(&space->regions);
	uint64_t bytes = 0;
	uint32_t count = 0;

	if (error)
		return error;
	for_each_region (region, space) {
		error = check_bounds(region, before ? before->end : 0);
		if (error)
			return error;
		if (before && alike(before, region))
			return "two neighbouring regions are alike";
		if (!subtree_is_right(space, region))
			return "a region knows the gaps of its subtree wrongly";
		bytes += region->end - region->start;
		count++;
		before = region;
	}
	if (count != space->region_count)
		return "the count of regions is wrong";
	return bytes == space->bytes ? NULL : "the count of mapped bytes is wrong";
}
