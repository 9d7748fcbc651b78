// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The regions of an address space: a balanced tree (kernel/lib/tree.c) whose nodes know the largest
 * gap in their subtree.
 */
#include <mm/frame/slab.h>
#include <mm/user/region.h>

static struct slab_cache regions = SLAB_CACHE(struct region);

/* ---- gaps ---- */

/*
 * Returns where the clear range below a region ends. A stack keeps the addresses that it may grow
 * into, and a guard below them, as far as no other region lies there: they are given only to a
 * program that asks for them.
 */
static uintptr_t reach(const struct region *region)
{
	uintptr_t floor = MIN(region->start, region->end - MIN(region->end, SPACE_STACK_MOST));

	return region->stack ? floor - MIN(floor, SPACE_STACK_GUARD) : region->start;
}

/* Returns the size of the gap between an end and the start that follows; 0 if they overlap. */
static uint64_t between(uintptr_t end, uintptr_t next)
{
	return next > end ? next - end : 0;
}

/* Computes what a node keeps about its subtree, from itself and its children alone. */
static void update_subtree(struct tree_node *node)
{
	struct region *region = region_of(node);
	const struct region *left = region_of(node->child[0]), *right = region_of(node->child[1]);
	uintptr_t low = reach(region);
	uint64_t below = 0, above = 0;

	if (left)
		below = MAX(left->subtree_gap, between(left->subtree_high, low));
	if (right)
		above = MAX(right->subtree_gap, between(region->end, right->subtree_low));
	region->subtree_low = left ? left->subtree_low : low;
	region->subtree_high = right ? right->subtree_high : region->end;
	region->subtree_gap = MAX(below, above);
}

/*
 * Returns the end of the highest gap of at least that size below a ceiling, among the regions of a
 * subtree; 0 if there is none. Before them a region ends at "low", and after them one reaches down
 * to "high". A gap is where a node lacks a child. Where a whole subtree is below the ceiling, what
 * its top keeps says whether to search it. So the search takes one path down, and one along the
 * ceiling.
 */
static uintptr_t gap_in(struct tree_node *node, uint64_t bytes, uintptr_t low, uintptr_t high,
			uintptr_t ceiling)
{
	const struct region *region = region_of(node);
	uintptr_t top = MIN(high, ceiling), found;

	if (!region)
		return between(low, top) >= bytes ? top : 0;
	if (low >= ceiling ||
	    (region->subtree_gap < bytes && between(low, region->subtree_low) < bytes &&
	     between(region->subtree_high, top) < bytes))
		return 0;
	found = gap_in(node->child[1], bytes, region->end, high, ceiling);
	return found ? found : gap_in(node->child[0], bytes, low, reach(region), ceiling);
}

uintptr_t regions_find_gap(struct space *space, uint64_t bytes, uintptr_t ceiling)
{
	uintptr_t end = gap_in(space->regions.root, bytes, SPACE_LOWEST, ceiling, ceiling);

	return end ? end - bytes : 0;
}

/* ---- finding ---- */

void regions_init(struct space *space)
{
	space->regions = (struct tree){.update = update_subtree};
}

static bool ends_after(const struct tree_node *node, const void *address)
{
	return container_of(node, struct region, node)->end > *(const uintptr_t *)address;
}

struct region *region_after(struct space *space, uintptr_t address)
{
	return region_of(tree_search(&space->regions, ends_after, &address));
}

struct region *region_find(struct space *space, uintptr_t address)
{
	struct region *region = region_after(space, address);

	return region && region->start <= address ? region : NULL;
}

uintptr_t region_end_before(struct space *space, struct region *next)
{
	const struct region *region =
		region_of(next ? tree_previous(&next->node) : tree_last(&space->regions));

	return region ? region->end : 0;
}

bool regions_clear(struct space *space, uintptr_t start, uintptr_t end)
{
	const struct region *region = region_after(space, start);

	return !region || reach(region) >= end;
}

uint64_t regions_bytes(struct space *space, uintptr_t start, uintptr_t end)
{
	uint64_t bytes = 0;

	for_each_region_in (region, space, start, end)
		bytes += MIN(region->end, end) - MAX(region->start, start);
	return bytes;
}

/* ---- changing ---- */

struct region *region_copy(const struct space *space, const struct region *region)
{
	struct region *copy =
		space->region_count < SPACE_REGIONS_MOST ? slab_alloc(&regions) : NULL;

	if (!copy)
		return NULL;
	*copy = *region;
	if (copy->object)
		object_get(copy->object);
	return copy;
}

void region_discard(struct region *region)
{
	if (region->object)
		object_put(region->object);
	slab_free(&regions, region);
}

static bool starts_before(const struct tree_node *a, const struct tree_node *b)
{
	return container_of(a, struct region, node)->start <
	       container_of(b, struct region, node)->start;
}

void region_insert(struct space *space, struct region *region)
{
	tree_insert(&space->regions, &region->node, starts_before);
	space->region_count++;
	space->bytes += region->end - region->start;
}

void region_remove(struct space *space, struct region *region)
{
	tree_remove(&space->regions, &region->node);
	space->region_count--;
	space->bytes -= region->end - region->start;
	region_discard(region);
}

void region_resize(struct space *space, struct region *region, uintptr_t start, uintptr_t end)
{
	space->bytes += (end - start) - (region->end - region->start);
	region->start = start;
	region->end = end;
	tree_update(&space->regions, &region->node);
}

void regions_discard(struct space *space)
{
	struct region *region;

	while ((region = region_of(tree_take_leaf(&space->regions))))
		region_discard(region);
}

/* Copies a subtree with its shape and all that its nodes keep. Returns false when out of memory. */
static bool copy_subtree(struct space *to, struct tree_node **link, struct tree_node *from,
			 struct tree_node *parent)
{
	struct region *copy;

	if (!from)
		return true;
	copy = region_copy(to, region_of(from));
	if (!copy)
		return false;
	copy->node = (struct tree_node){.parent = parent, .height = from->height};
	*link = &copy->node;
	return copy_subtree(to, &copy->node.child[0], from->child[0], *link) &&
	       copy_subtree(to, &copy->node.child[1], from->child[1], *link);
}

bool regions_copy(const struct space *from, struct space *to)
{
	bool complete = copy_subtree(to, &to->regions.root, from->regions.root, NULL);

	to->region_count = from->region_count;
	to->bytes = from->bytes;
	return complete;
}

static bool alike(const struct region *a, const struct region *b)
{
	return a->end == b->start && a->rights == b->rights && a->never == b->never &&
	       a->shared == b->shared && a->stack == b->stack && a->object == b->object &&
	       (!a->object || a->offset + (a->end - a->start) == b->offset);
}

void regions_join(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = region_after(space, start ? start - 1 : 0), *next;

	while (region && (next = region_next(region)) && next->start <= end) {
		uintptr_t joined = next->end;

		if (alike(region, next)) {
			region_remove(space, next);
			region_resize(space, region, region->start, joined);
		} else {
			region = next;
		}
	}
}

/* Cuts the region that contains an address in two there, unless that is its start. */
static bool cut(struct space *space, uintptr_t address)
{
	struct region *region = region_find(space, address), *upper;

	if (!region || region->start == address)
		return true;
	upper = region_copy(space, region);
	if (!upper)
		return false;
	upper->start = address;
	upper->offset += address - region->start;
	region_resize(space, region, region->start, address);
	region_insert(space, upper);
	return true;
}

bool regions_cut(struct space *space, uintptr_t start, uintptr_t end)
{
	if (cut(space, start) && cut(space, end))
		return true;
	regions_join(space, start, end);
	return false;
}
