/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions of an address space as a container: finding, cutting, joining, and where there is
 * room. For what implements mm/user/space.h; the space's lock is held for all of it.
 *
 * They are in a balanced tree in order of address, whose nodes also keep the largest gap in the
 * subtree below them. So each function takes time proportional to the logarithm of how many regions
 * the space has, and to how many lie in the range that it is asked about.
 */
#ifndef MM_USER_REGION_H
#define MM_USER_REGION_H

#include <mm/user/space.h>

struct region {
	struct tree_node node; /* of its space, in order of address */
	uintptr_t start, end;  /* multiples of PAGE_SIZE; "end" is the first byte after it */
	uint8_t rights;
	uint8_t never;         /* rights that it cannot be given */
	bool shared;           /* writes are seen by all who map the object */
	bool stack;            /* grows down when somebody touches what is right below; no object */
	struct object *object; /* NULL: memory of its own, zeros at first */
	uint64_t offset;       /* bytes; of "start" in the object */

	/*
	 * Of the regions in its subtree: down to where the lowest leaves memory to others, where
	 * the highest ends, and the largest gap between two of them.
	 */
	uintptr_t subtree_low, subtree_high;
	uint64_t subtree_gap;
};

/* Regions that a space can have: they are kernel memory, which no limit of the program's counts. */
#define SPACE_REGIONS_MOST 65530

static inline struct region *region_of(struct tree_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

static inline struct region *region_next(struct region *region)
{
	return region_of(tree_next(&region->node));
}

/* Makes a space one without regions. */
void regions_init(struct space *space);

/* Returns the first region that ends after the address; NULL: there is none. */
struct region *region_after(struct space *space, uintptr_t address);

/* The region of an address; NULL: none. The lock is held. */
struct region *region_find(struct space *space, uintptr_t address);

/* Where the first gap in a range begins; "end" or more if it has none. The lock is held. */
uintptr_t regions_first_gap(struct space *space, uintptr_t start, uintptr_t end);

/* The loop's body may not take the region out. */
#define for_each_region(region, space)                                                         \
	for (struct region *region = region_of(tree_first(&(space)->regions)); region != NULL; \
	     region = region_next(region))

/* Goes through the regions that have a page from "start" to "end", whole. */
#define for_each_region_in(region, space, start, end)            \
	for (struct region *region = region_after(space, start); \
	     region != NULL && region->start < (end); region = region_next(region))

/* Returns where the last region before one ends ("next" NULL: the last of all); 0: there is none.
 */
uintptr_t region_end_before(struct space *space, struct region *next);

/* A region that is in no space yet, and one that is given up before it was; NULL: out of memory, or
 * the space has SPACE_REGIONS_MOST. */
struct region *region_alloc(const struct space *space);
void region_discard(struct region *region);

/* Puts a region where nothing is. */
void region_insert(struct space *space, struct region *region);

/* Takes a region out and frees it, with its reference to the object. */
void region_remove(struct space *space, struct region *region);

/* Frees all regions of a space. */
void regions_discard(struct space *space);

/* Gives a space without regions a copy of those of another. False: out of memory, and it has none.
 */
bool regions_copy(const struct space *from, struct space *to);

/* Moves the bounds of a region, between its neighbours; its offset stays. */
void region_resize(struct space *space, struct region *region, uintptr_t start, uintptr_t end);

/* Cuts regions in two at both ends of a range. False: out of memory, and they are as they were. */
bool regions_cut(struct space *space, uintptr_t start, uintptr_t end);

/* Joins those that have become alike, from the one that ends at or after "start" up to "end". */
void regions_join(struct space *space, uintptr_t start, uintptr_t end);

/* Returns how many bytes of a range are in regions. */
uint64_t regions_bytes(struct space *space, uintptr_t start, uintptr_t end);

/* Returns true if no region is in a range, nor a stack above that may grow into it. */
bool regions_clear(struct space *space, uintptr_t start, uintptr_t end);

/* Returns the start of the highest clear range of that length below the ceiling; 0: none. */
uintptr_t regions_find_gap(struct space *space, uint64_t bytes, uintptr_t ceiling);

/* Checks the invariants of the regions; NULL, or what is wrong (valid until the next call).
 */
const char *regions_check(struct space *space);

#endif
