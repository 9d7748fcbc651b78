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

/*
 * Unmaps a range. Returns false, with nothing changed, if a region cannot be cut at one of its
 * ends; so it cannot fail where none reaches over an end.
 */
static bool unmap(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region, *next;

	if (!regions_cut(space, start, end))
		return false;
	region = region_after(space, start);
	if (!region || region->start >= end)
		return true;
	for (; region && region->start < end; region = next) {
		next = region_next(region);
		region_remove(space, region);
	}
	/* Tables can be freed up to the next region on either side. */
	entries_drop(space, start, end, region_end_before(space, region),
		     region ? region->start : pt_user_limit() + 1);
	return true;
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
	uintptr_t ceiling = pt_user_ceiling(mapping->address) + 1 - PAGE_SIZE;

	if (mapping->fixed || mapping->no_replace) {
		if (wanted != mapping->address)
			return -EINVAL;
		if (!range_end(wanted, bytes))
			return -ENOMEM;
		if (wanted < SPACE_LOWEST)
			return -EPERM;
		if (mapping->no_replace && regions_bytes(space, wanted, wanted + bytes))
			return -EEXIST;
		return (long)wanted;
	}
	if (wanted < SPACE_LOWEST || !range_end(wanted, bytes) || wanted + bytes > ceiling ||
	    !regions_clear(space, wanted, wanted + bytes))
		wanted = regions_find_gap(space, bytes, ceiling);
	return wanted ? (long)wanted : -ENOMEM;
}

/* Adds a copy of a region, in place of what is there. Returns false when out of memory. */
static bool add_region(struct space *space, const struct region *region)
{
	uint64_t replaced = regions_bytes(space, region->start, region->end);
	struct region *copy;

	if (space->bytes - replaced + (region->end - region->start) > space->limit)
		return false;
	copy = region_copy(space, region);
	if (!copy)
		return false;
	if (!unmap(space, region->start, region->end)) {
		region_discard(copy);
		return false;
	}
	region_insert(space, copy);
	return true;
}

static long map_locked(struct space *space, const struct mapping *mapping)
{
	uint64_t bytes = ROUND_UP(mapping->length, PAGE_SIZE);
	struct region region = {
		.rights = (uint8_t)mapping->rights,
		.never = (uint8_t)mapping->never,
		.shared = mapping->shared,
		.stack = mapping->stack,
		.object = mapping->object,
		.offset = mapping->object ? mapping->offset : 0,
	};
	long start;

	if (!mapping->length || mapping->offset % PAGE_SIZE || (mapping->rights & ~SPACE_RIGHTS) ||
	    (mapping->stack && (mapping->shared || mapping->object)))
		return -EINVAL;
	if (!range_end(0, bytes) || mapping->offset + bytes < mapping->offset)
		return -ENOMEM;
	start = choose_address(space, mapping, bytes);
	if (start < 0)
		return start;
	region.start = (uintptr_t)start;
	region.end = region.start + bytes;
	if (region.shared && !region.object) {
		region.object = object_create(bytes);
		if (!region.object)
			return -ENOMEM;
	}
	if (add_region(space, &region))
		regions_join(space, region.start, region.end);
	else
		start = -ENOMEM;
	/* The region has a reference of its own. */
	if (region.object != mapping->object)
		object_put(region.object);
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

long map_remove(struct space *space, uintptr_t start, uint64_t length)
{
	uintptr_t end = range_end(start, length);
	bool unmapped;

	if (!length || !end)
		return -EINVAL;
	spin_acquire(&space->lock);
	unmapped = unmap(space, start, end);
	spin_release(&space->lock);
	return unmapped ? 0 : -ENOMEM;
}

long map_protect(struct space *space, uintptr_t start, uint64_t length, unsigned int rights)
{
	uintptr_t end = start + ROUND_UP(length, PAGE_SIZE), stop = start;
	bool refused = false;
	long result = -ENOMEM;

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (!length)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (rights & ~SPACE_RIGHTS)
		return -EINVAL;
	spin_acquire(&space->lock);
	/* As in Linux, what comes before a gap or a refusal is changed all the same. */
	for_each_region_in (region, space, start, end) {
		if (region->start > stop)
			break;
		refused = region->never & rights;
		if (refused)
			break;
		stop = MIN(region->end, end);
	}
	if (regions_cut(space, start, stop)) {
		for_each_region_in (region, space, start, stop) {
			if (region->rights == rights)
				continue;
			region->rights = (uint8_t)rights;
			entries_protect(space, region);
		}
		regions_join(space, start, stop);
		result = stop == end ? 0 : refused ? -EACCES : -ENOMEM;
	}
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
	result = regions_bytes(space, start, end) == end - start ? 0 : -ENOMEM;
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
	struct mapping more = {.rights = SPACE_READ | SPACE_WRITE, .no_replace = true};
	uintptr_t end = ROUND_UP(wanted, PAGE_SIZE);
	bool moved;

	spin_acquire(&space->lock);
	more.address = ROUND_UP(space->break_now, PAGE_SIZE);
	more.length = end - more.address;
	/* Programs ask by an impossible address where the break is. */
	if (wanted < space->break_start || end < wanted)
		moved = false;
	else if (end < more.address)
		moved = unmap(space, end, more.address);
	else
		moved = !more.length || map_locked(space, &more) >= 0;
	if (moved)
		space->break_now = wanted;
	wanted = space->break_now;
	spin_release(&space->lock);
	return wanted;
}

/* ---- remap ---- */

/* Maps the range anew elsewhere, moves its pages there, and unmaps it. */
static long move_region(struct space *space, const struct region *region, uintptr_t start,
			uint64_t old, uint64_t new, bool fixed, uintptr_t address)
{
	const struct mapping place = {.address = fixed ? address : 0, .fixed = fixed};
	struct region moved = *region;
	uintptr_t end = start + old;
	long to = choose_address(space, &place, new);
	bool added;

	if (to < 0)
		return to;
	moved.start = (uintptr_t)to;
	moved.end = moved.start + new;
	moved.offset += start - region->start;
	/* Cut first: after the move nothing may fail. */
	if (!regions_cut(space, start, end))
		return -ENOMEM;
	/* The bytes that move count once. */
	space->limit += old;
	added = add_region(space, &moved);
	space->limit -= old;
	if (added && entries_move(space, start, moved.start, MIN(old, new))) {
		unmap(space, start, end);
		regions_join(space, moved.start, moved.end);
		return to;
	}
	if (added)
		unmap(space, moved.start, moved.end);
	regions_join(space, start, end);
	return -ENOMEM;
}

static long remap_locked(struct space *space, uintptr_t start, uint64_t old, uint64_t new,
			 bool may_move, bool fixed, uintptr_t to)
{
	struct region *region = region_find(space, start);

	if (!region)
		return -EFAULT;
	if (fixed && to < start + old && start < to + new)
		return -EINVAL;
	/* Shrinking unmaps the end, whatever regions are there. */
	if (!fixed && new <= old)
		return new == old || unmap(space, start + new, start + old) ? (long)start : -ENOMEM;
	if (region->end - start < old)
		return -EFAULT;
	if (region->object && region->offset + (start + new - region->start) < region->offset)
		return -ENOMEM;
	/* Growing in place needs room after the region, of which the range must be the end. */
	if (!fixed && region->end == start + old &&
	    regions_clear(space, start + old, start + new) && range_end(start, new) &&
	    space->bytes + (new - old) <= space->limit) {
		region_resize(space, region, region->start, start + new);
		regions_join(space, start, start + new);
		return (long)start;
	}
	if (!may_move)
		return -ENOMEM;
	return move_region(space, region, start, old, new, fixed, to);
}

long map_resize(struct space *space, uintptr_t start, uint64_t length, uint64_t new_length,
		bool may_move, bool fixed, uintptr_t to)
{
	uint64_t old = ROUND_UP(length, PAGE_SIZE), new = ROUND_UP(new_length, PAGE_SIZE);
	long result;

	/* A length that is 0, or wraps to 0 when it is rounded up, is an error. */
	if (start % PAGE_SIZE || !old || !new || (fixed && (!may_move || !range_end(to, new))))
		return -EINVAL;
	if (!range_end(start, old))
		return -EFAULT;
	spin_acquire(&space->lock);
	result = remap_locked(space, start, old, new, may_move, fixed, to);
	spin_release(&space->lock);
	return result;
}
