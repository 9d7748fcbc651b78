/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions of an address space: how they are found, cut, joined, and where there is room for
 * more.
 *
 * They are in a balanced tree in order of address. Each node also keeps the largest gap in its
 * subtree, so the time that a function takes grows with the logarithm of the number of regions, and
 * with the number of those in the range that it is asked about.
 *
 * All of it is done with the space's lock held.
 */
#ifndef MM_USER_REGION_H
#define MM_USER_REGION_H

#include <mm/user/space.h>

/* A range of pages that are alike. */
struct region {
	struct tree_node node; /* of its space, in order of address */
	uintptr_t start, end;  /* multiples of PAGE_SIZE; "end" is the first byte after it */
	uint8_t rights;
	uint8_t never;         /* rights that it cannot be given */
	bool shared;           /* writes are seen by all who map the object */
	bool stack;            /* grows down on a fault just below it; has no object */
	struct object *object; /* NULL: anonymous memory, zeros at first */
	uint64_t offset;       /* bytes; of "start" in the object */

	/*
	 * About the regions in its subtree: the lowest address that they keep from others, the end
	 * of the highest, and the largest gap between two of them, in bytes.
	 */
	uintptr_t subtree_low, subtree_high;
	uint64_t subtree_gap;
};

/* The most regions that a space can have: they are kernel memory that no other limit counts. */
#define SPACE_REGIONS_MOST 65530

/* Returns the region of a node of the tree; NULL for NULL. */
static inline struct region *region_of(struct tree_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

/* Returns the region with the next higher addresses; NULL after the last. */
static inline struct region *region_next(struct region *region)
{
	return region_of(tree_next(&region->node));
}

/* Initializes the regions of a new space: there are none. */
void regions_init(struct space *space);

/* Returns the first region that ends after the address; NULL if there is none. */
struct region *region_after(struct space *space, uintptr_t address);

/* Returns the region that contains an address; NULL if there is none. */
struct region *region_find(struct space *space, uintptr_t address);

/* Loops over all regions. The body may not remove the region. */
#define for_each_region(region, space)                                                         \
	for (struct region *region = region_of(tree_first(&(space)->regions)); region != NULL; \
	     region = region_next(region))

/* Loops over the regions that overlap a range. The body may not remove the region. */
#define for_each_region_in(region, space, start, end)            \
	for (struct region *region = region_after(space, start); \
	     region != NULL && region->start < (end); region = region_next(region))

/*
 * Returns the end of the region before "next", or of the last region if "next" is NULL. Returns 0
 * if there is none.
 */
uintptr_t region_end_before(struct space *space, struct region *next);

/*
 * Makes a copy of a region, with a reference to the object, that is in no space yet. Returns NULL
 * when out of memory, or if the space has SPACE_REGIONS_MOST.
 */
struct region *region_copy(const struct space *space, const struct region *region);

/* Frees a region that is in no space, with its reference to the object. */
void region_discard(struct region *region);

/* Adds a region to a space. It may not overlap another. */
void region_insert(struct space *space, struct region *region);

/* Removes a region from its space and frees it, with its reference to the object. */
void region_remove(struct space *space, struct region *region);

/* Frees all regions of a space that ends: it has none, but their counts stay. */
void regions_discard(struct space *space);

/*
 * Copies all regions to a space without any. Returns false when out of memory; then the copy is not
 * complete, and can only be discarded.
 */
bool regions_copy(const struct space *from, struct space *to);

/* Moves the bounds of a region, which stay between its neighbours. The offset does not change. */
void region_resize(struct space *space, struct region *region, uintptr_t start, uintptr_t end);

/*
 * Cuts the regions at both ends of a range in two, so that none reaches over an end. Returns false,
 * with all regions as before, when out of memory.
 */
bool regions_cut(struct space *space, uintptr_t start, uintptr_t end);

/* Joins neighbours that are alike, from the region that ends at or after "start" up to "end". */
void regions_join(struct space *space, uintptr_t start, uintptr_t end);

/* Returns the number of bytes of a range that are in regions: all of them, unless it has a gap. */
uint64_t regions_bytes(struct space *space, uintptr_t start, uintptr_t end);

/* Returns true if no region overlaps a range, and no stack above it may grow into it. */
bool regions_clear(struct space *space, uintptr_t start, uintptr_t end);

/* Returns the start of the highest clear range of that length below a ceiling; 0: none. */
uintptr_t regions_find_gap(struct space *space, uint64_t bytes, uintptr_t ceiling);

#endif
