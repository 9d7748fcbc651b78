// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls that change an address space, by cutting and joining regions (mm/user/region.c).
 *
 * Each one first checks its arguments. Then it cuts the regions at both ends of the range, which is
 * all that can run out of memory. Then it changes what lies between, which cannot fail, and joins
 * the regions that have become alike.
 */
#include <kernel/lib/errno.h>
#include <mm/user/entries.h>
#include <mm/user/map.h>
#include <mm/user/region.h>

/* Removes the regions of a range that was cut at both ends, with their pages. Cannot fail. */
static void remove_range(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = region_after(space, start);
	bool any = region && region->start < end;

	while (region && region->start < end) {
		struct region *next = region_next(region);

		region_remove(space, region);
		region = next;
	}
	/* Tables can be freed up to the next region on either side. */
	if (any)
		entries_drop(space, start, end, region_end_before(space, region),
			     region ? region->start : pt_user_limit() + 1);
}

/* ---- ranges ---- */

/* Returns the end of a range of whole pages that programs can map; 0 if it is none. */
static uintptr_t range_end(uintptr_t start, uint64_t length)
{
	uint64_t bytes = ROUND_UP(length, PAGE_SIZE);

	if (start % PAGE_SIZE || bytes < length || bytes > space_end() ||
	    start > space_end() - bytes)
		return 0;
	return start + bytes;
}

/* ---- map ---- */

static long choose_address(struct space *space, const struct mapping *mapping, uint64_t bytes)
{
	uintptr_t wanted = ROUND_DOWN(mapping->address, PAGE_SIZE);
	uintptr_t ceiling = pt_user_ceiling(mapping->address) + 1 - PAGE_SIZE, gap;

	if (mapping->fixed || mapping->no_replace) {
		if (mapping->address % PAGE_SIZE)
			return -EINVAL;
		if (!range_end(mapping->address, bytes))
			return -ENOMEM;
		if (mapping->address < SPACE_LOWEST)
			return -EPERM;
		if (mapping->no_replace && regions_bytes(space, wanted, wanted + bytes))
			return -EEXIST;
		return (long)wanted;
	}
	if (wanted >= SPACE_LOWEST && range_end(wanted, bytes) && wanted + bytes <= ceiling &&
	    regions_clear(space, wanted, wanted + bytes))
		return (long)wanted;
	gap = regions_find_gap(space, bytes, ceiling);
	return gap ? (long)gap : -ENOMEM;
}

static struct region *new_region(const struct space *space, const struct mapping *mapping,
				 uintptr_t start, uint64_t bytes)
{
	struct region *region = region_alloc(space);

	if (!region)
		return NULL;
	*region = (struct region){
		.start = start,
		.end = start + bytes,
		.rights = (uint8_t)mapping->rights,
		.never = (uint8_t)mapping->never,
		.shared = mapping->shared,
		.stack = mapping->stack,
		.offset = mapping->offset,
	};
	if (mapping->object) {
		region->object = object_get(mapping->object);
	} else if (mapping->shared) {
		region->object = object_create(bytes);
		region->offset = 0;
		if (!region->object) {
			region_discard(region);
			return NULL;
		}
	}
	return region;
}

/* Maps without joining the new region with its neighbours, which is left to the caller. */
static long map_alone(struct space *space, const struct mapping *mapping)
{
	uint64_t bytes = ROUND_UP(mapping->length, PAGE_SIZE);
	struct region *region;
	long start;

	if (!mapping->length || mapping->offset % PAGE_SIZE || (mapping->rights & ~SPACE_RIGHTS) ||
	    (mapping->stack && (mapping->shared || mapping->object)))
		return -EINVAL;
	if (bytes < mapping->length || bytes > pt_user_limit() ||
	    mapping->offset + bytes < mapping->offset)
		return -ENOMEM;
	start = choose_address(space, mapping, bytes);
	if (start < 0)
		return start;
	if (space->bytes - regions_bytes(space, (uintptr_t)start, (uintptr_t)start + bytes) +
		    bytes >
	    space->limit)
		return -ENOMEM;
	region = new_region(space, mapping, (uintptr_t)start, bytes);
	if (!region)
		return -ENOMEM;
	if (!regions_cut(space, region->start, region->end)) {
		region_discard(region);
		return -ENOMEM;
	}
	remove_range(space, region->start, region->end);
	region_insert(space, region);
	return start;
}

static long map_locked(struct space *space, const struct mapping *mapping)
{
	long start = map_alone(space, mapping);

	if (start >= 0)
		regions_join(space, (uintptr_t)start,
			     (uintptr_t)start + ROUND_UP(mapping->length, PAGE_SIZE));
	return start;
}

long map_add(struct space *space, const struct mapping *mapping)
{
	long result;

	spin_acquire(&space->lock);
	result = map_locked(space, mapping);
	spin_release(&space->lock);
	return result;
}

/* ---- unmap, protect, discard ---- */

static long unmap_locked(struct space *space, uintptr_t start, uintptr_t end)
{
	if (!regions_cut(space, start, end))
		return -ENOMEM;
	remove_range(space, start, end);
	return 0;
}

long map_remove(struct space *space, uintptr_t start, uint64_t length)
{
	uintptr_t end = range_end(start, length);
	long result;

	if (!length || !end)
		return -EINVAL;
	spin_acquire(&space->lock);
	result = unmap_locked(space, start, end);
	spin_release(&space->lock);
	return result;
}

/* Returns the start of the first region in a range that cannot be given these rights, or "end". */
static uintptr_t first_refusal(struct space *space, uintptr_t start, uintptr_t end,
			       unsigned int rights)
{
	for_each_region_in (region, space, start, end) {
		if (region->never & rights)
			return MAX(region->start, start);
	}
	return end;
}

long map_protect(struct space *space, uintptr_t start, uint64_t length, unsigned int rights)
{
	uintptr_t end = start + ROUND_UP(length, PAGE_SIZE), gap, refusal;
	long result;

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (!length)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (rights & ~SPACE_RIGHTS)
		return -EINVAL;
	spin_acquire(&space->lock);
	/* As in Linux, what comes before a gap is changed before the gap is reported. */
	gap = regions_first_gap(space, start, end);
	refusal = first_refusal(space, start, gap, rights);
	result = refusal < gap ? -EACCES : gap < end ? -ENOMEM : 0;
	gap = MIN(gap, refusal);
	if (!regions_cut(space, start, gap)) {
		spin_release(&space->lock);
		return -ENOMEM;
	}
	for_each_region_in (region, space, start, gap) {
		if (region->rights == rights)
			continue;
		region->rights = (uint8_t)rights;
		entries_protect(space, region);
	}
	regions_join(space, start, gap);
	spin_release(&space->lock);
	return result;
}

long map_discard(struct space *space, uintptr_t start, uint64_t length)
{
	uintptr_t end = range_end(start, length);
	long result;

	if (start % PAGE_SIZE || (length && !end))
		return -EINVAL;
	if (!length)
		return 0;
	spin_acquire(&space->lock);
	result = regions_first_gap(space, start, end) == end ? 0 : -ENOMEM;
	for_each_region_in (region, space, start, end) {
		uintptr_t from = MAX(region->start, start), to = MIN(region->end, end);

		entries_drop(space, from, to, from, from);
	}
	spin_release(&space->lock);
	return result;
}

/* ---- brk ---- */

uintptr_t map_set_break(struct space *space, uintptr_t wanted)
{
	uintptr_t old_end, new_end;

	spin_acquire(&space->lock);
	old_end = ROUND_UP(space->break_now, PAGE_SIZE);
	new_end = ROUND_UP(wanted, PAGE_SIZE);
	if (wanted < space->break_start || new_end < wanted) {
		/* Programs ask by an impossible address where the break is. */
	} else if (new_end < old_end) {
		if (unmap_locked(space, new_end, old_end) == 0)
			space->break_now = wanted;
	} else {
		struct mapping more = {
			.address = old_end,
			.length = new_end - old_end,
			.rights = SPACE_READ | SPACE_WRITE,
			.no_replace = true,
		};

		if (new_end == old_end || map_locked(space, &more) >= 0)
			space->break_now = wanted;
	}
	wanted = space->break_now;
	spin_release(&space->lock);
	return wanted;
}

/* ---- remap ---- */

/* Maps the range anew elsewhere, moves its pages there, and unmaps it. */
static long move_region(struct space *space, struct region *region, uintptr_t start, uint64_t old,
			uint64_t new, const struct mapping *place)
{
	struct mapping mapping = {
		.address = place->address,
		.length = new,
		.rights = region->rights,
		.never = region->never,
		.fixed = place->fixed,
		.shared = region->shared,
		.stack = region->stack,
		.object = region->object,
		.offset = region->object ? region->offset + (start - region->start) : 0,
	};
	long to;

	/* Cut first: after the move nothing may fail. */
	if (!regions_cut(space, start, start + old))
		return -ENOMEM;
	/* The bytes that move count once. */
	space->limit += old;
	to = map_alone(space, &mapping);
	space->limit -= old;
	if (to < 0) {
		regions_join(space, start, start + old);
		return to;
	}
	if (entries_move(space, start, (uintptr_t)to, MIN(old, new))) {
		remove_range(space, start, start + old);
		regions_join(space, (uintptr_t)to, (uintptr_t)to + new);
		return to;
	}
	remove_range(space, (uintptr_t)to, (uintptr_t)to + new);
	regions_join(space, start, start + old);
	return -ENOMEM;
}

static long remap_locked(struct space *space, uintptr_t start, uint64_t old, uint64_t new,
			 bool may_move, bool fixed, uintptr_t to)
{
	struct region *region = region_find(space, start);
	struct mapping place = {.address = to, .fixed = fixed};

	if (!region)
		return -EFAULT;
	if (fixed && to < start + old && start < to + new)
		return -EINVAL;
	/* Shrinking unmaps the end, whatever regions are there. */
	if (!fixed && new <= old) {
		long error = new < old ? unmap_locked(space, start + new, start + old) : 0;

		return error ? error : (long)start;
	}
	if (region->end - start < old)
		return -EFAULT;
	/* Growing in place needs room after the region, of which the range must be the end. */
	if (!fixed && region->end == start + old &&
	    regions_clear(space, start + old, start + new) && range_end(start, new) &&
	    space->bytes + (new - old) <= space->limit &&
	    (!region->object || region->offset + (start + new - region->start) >= region->offset)) {
		region_resize(space, region, region->start, start + new);
		regions_join(space, start, start + new);
		return (long)start;
	}
	if (!may_move)
		return -ENOMEM;
	return move_region(space, region, start, old, new, &place);
}

long map_resize(struct space *space, uintptr_t start, uint64_t length, uint64_t new_length,
		bool may_move, bool fixed, uintptr_t to)
{
	uint64_t old = ROUND_UP(length, PAGE_SIZE), new = ROUND_UP(new_length, PAGE_SIZE);
	long result;

	if (start % PAGE_SIZE || !new_length || new < new_length || !length || old < length ||
	    (fixed && (!may_move || !range_end(to, new))))
		return -EINVAL;
	if (!range_end(start, old))
		return -EFAULT;
	spin_acquire(&space->lock);
	result = remap_locked(space, start, old, new, may_move, fixed, to);
	spin_release(&space->lock);
	return result;
}
