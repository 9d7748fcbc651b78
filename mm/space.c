// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions: splitting, merging, and the system calls that are made of that; see the header.
 *
 * Every operation is: check; cut the regions at both ends of the range, which is all that may need
 * memory; then change what lies between, which cannot fail; then join what has become alike.
 */
#include <kernel/errno.h>
#include <kernel/printf.h>
#include <mm/frames.h>
#include <mm/pages.h>
#include <mm/paravirt.h>
#include <mm/slab.h>

static struct slab_cache spaces = SLAB_CACHE(struct space);
static struct slab_cache regions = SLAB_CACHE(struct region);

static struct region *region_at(struct list_node *node)
{
	return container_of(node, struct region, link);
}

#define for_each_region(region, space)                                 \
	for (struct region *region = region_at((space)->regions.next); \
	     &region->link != &(space)->regions; region = region_at(region->link.next))

/* ---- single regions ---- */

/* The first region that ends after the address; NULL: there is none. */
static struct region *first_after(struct space *space, uintptr_t address)
{
	for_each_region(region, space)
	{
		if (region->end > address)
			return region;
	}
	return NULL;
}

struct region *space_find(struct space *space, uintptr_t address)
{
	struct region *region = first_after(space, address);

	return region && region->start <= address ? region : NULL;
}

static bool alike(const struct region *a, const struct region *b)
{
	return a->end == b->start && a->rights == b->rights && a->never == b->never &&
	       a->shared == b->shared && a->stack == b->stack && a->object == b->object &&
	       (!a->object || a->offset + (a->end - a->start) == b->offset);
}

static void free_region(struct space *space, struct region *region)
{
	if (!list_empty(&region->link))
		space->region_count--;
	list_remove(&region->link);
	if (region->object)
		object_put(region->object);
	slab_free(&regions, region);
}

/* Joins a region with the one before it, if they are alike. Returns the one that is left. */
static struct region *join(struct space *space, struct region *region)
{
	struct region *before = region_at(region->link.previous);

	if (&before->link == &space->regions || !alike(before, region))
		return region;
	before->end = region->end;
	free_region(space, region);
	return before;
}

/* Joins all that have become alike from the one that ends at or after "start" up to "end". */
static void join_range(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = first_after(space, start ? start - 1 : 0);

	while (region && region->start <= end) {
		region = join(space, region);
		region = region->link.next == &space->regions ? NULL : region_at(region->link.next);
	}
}

/* Puts a region where nothing is. */
static void insert(struct space *space, struct region *region)
{
	struct list_node *before = space->regions.previous;

	while (before != &space->regions && region_at(before)->start > region->start)
		before = before->previous;
	list_add(before, &region->link);
	space->region_count++;
	space->bytes += region->end - region->start;
}

static struct region *alloc_region(const struct space *space)
{
	return space->region_count < SPACE_REGIONS_MOST ? slab_alloc(&regions) : NULL;
}

/* Cuts the region that contains an address in two there; no cut is needed at its ends. */
static bool cut(struct space *space, uintptr_t address)
{
	struct region *region = space_find(space, address), *upper;

	if (!region || region->start == address)
		return true;
	upper = alloc_region(space);
	if (!upper)
		return false;
	*upper = *region;
	upper->start = address;
	upper->offset += address - region->start;
	if (upper->object)
		object_get(upper->object);
	region->end = address;
	list_add(&region->link, &upper->link);
	space->region_count++;
	return true;
}

/* Cuts at both ends; false: out of memory, and the regions are as they were. */
static bool cut_out(struct space *space, uintptr_t start, uintptr_t end)
{
	if (cut(space, start) && cut(space, end))
		return true;
	join_range(space, start, end);
	return false;
}

/* Where tables may be dropped around a range: up to the next region on either side. */
static uintptr_t floor_of(struct space *space, uintptr_t start)
{
	uintptr_t floor = 0;

	for_each_region(region, space)
	{
		if (region->end <= start)
			floor = region->end;
	}
	return floor;
}

static uintptr_t ceiling_of(struct space *space, uintptr_t end)
{
	struct region *next = first_after(space, end);

	return next ? MAX(next->start, end) : pt_user_limit() + 1;
}

/* Takes regions that were cut out away, with their pages. Cannot fail. */
static void remove_range(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = first_after(space, start);
	bool any = region && region->start < end;

	while (region && region->start < end) {
		struct region *next =
			region->link.next == &space->regions ? NULL : region_at(region->link.next);

		space->bytes -= region->end - region->start;
		free_region(space, region);
		region = next;
	}
	if (any)
		pages_drop(space, start, end, floor_of(space, start), ceiling_of(space, end));
}

/* ---- ranges ---- */

/* The end of a range of whole pages in the programs' half; 0: it is no such range. */
static uintptr_t range_end(uintptr_t start, uint64_t length)
{
	uint64_t bytes = ROUND_UP(length, PAGE_SIZE);

	if (start % PAGE_SIZE || bytes < length || bytes > space_end() ||
	    start > space_end() - bytes)
		return 0;
	return start + bytes;
}

static bool is_free(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = first_after(space, start);

	return !region || region->start >= end;
}

/* What a stack may still grow into is not given away without being asked for, nor the guard below.
 */
static uintptr_t reach(const struct region *region)
{
	uintptr_t floor = region->end - MIN(region->end, SPACE_STACK_MOST);

	floor = region->stack ? MIN(floor, region->start) : region->start;
	return region->stack ? floor - MIN(floor, SPACE_STACK_GUARD) : floor;
}

/* Free, and not what a stack above may still grow into. */
static bool is_clear(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = first_after(space, start);

	return !region || reach(region) >= end;
}

/* The highest free range of that length below the ceiling; 0: there is none. */
static uintptr_t find_gap(struct space *space, uint64_t bytes, uintptr_t ceiling)
{
	uintptr_t top = ceiling;

	for (struct list_node *node = space->regions.previous; node != &space->regions;
	     node = node->previous) {
		struct region *region = region_at(node);

		if (region->end <= top && top - region->end >= bytes)
			break;
		top = MIN(top, reach(region));
	}
	return top >= SPACE_LOWEST + bytes ? top - bytes : 0;
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
		if (mapping->no_replace && !is_free(space, wanted, wanted + bytes))
			return -EEXIST;
		return (long)wanted;
	}
	if (wanted >= SPACE_LOWEST && range_end(wanted, bytes) && wanted + bytes <= ceiling &&
	    is_clear(space, wanted, wanted + bytes))
		return (long)wanted;
	gap = find_gap(space, bytes, ceiling);
	return gap ? (long)gap : -ENOMEM;
}

/* The bytes of regions in a range. */
static uint64_t mapped_in(struct space *space, uintptr_t start, uintptr_t end)
{
	uint64_t bytes = 0;

	for_each_region(region, space)
	{
		if (region->end > start && region->start < end)
			bytes += MIN(region->end, end) - MAX(region->start, start);
	}
	return bytes;
}

static struct region *new_region(const struct space *space, const struct mapping *mapping,
				 uintptr_t start, uint64_t bytes)
{
	struct region *region = alloc_region(space);

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
	list_init(&region->link);
	if (mapping->object) {
		region->object = object_get(mapping->object);
	} else if (mapping->shared) {
		region->object = object_create(bytes);
		region->offset = 0;
		if (!region->object) {
			slab_free(&regions, region);
			return NULL;
		}
	}
	return region;
}

/* Leaves joining the new region with its neighbours to the caller. */
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
	if (space->bytes - mapped_in(space, (uintptr_t)start, (uintptr_t)start + bytes) + bytes >
	    space->limit)
		return -ENOMEM;
	region = new_region(space, mapping, (uintptr_t)start, bytes);
	if (!region)
		return -ENOMEM;
	if (!cut_out(space, region->start, region->end)) {
		free_region(space, region);
		return -ENOMEM;
	}
	remove_range(space, region->start, region->end);
	insert(space, region);
	return start;
}

static long map_locked(struct space *space, const struct mapping *mapping)
{
	long start = map_alone(space, mapping);

	if (start >= 0)
		join_range(space, (uintptr_t)start,
			   (uintptr_t)start + ROUND_UP(mapping->length, PAGE_SIZE));
	return start;
}

long space_map(struct space *space, const struct mapping *mapping)
{
	long result;

	spin_acquire(&space->lock);
	result = map_locked(space, mapping);
	spin_release(&space->lock);
	return result;
}

/* ---- unmap, protect, forget ---- */

static long unmap_locked(struct space *space, uintptr_t start, uintptr_t end)
{
	if (!cut_out(space, start, end))
		return -ENOMEM;
	remove_range(space, start, end);
	return 0;
}

long space_unmap(struct space *space, uintptr_t start, uint64_t length)
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

uintptr_t space_first_gap(struct space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = first_after(space, start);

	while (start < end && region && region->start <= start) {
		start = region->end;
		region = region->link.next == &space->regions ? NULL : region_at(region->link.next);
	}
	return MIN(start, end);
}

/* The first region in a range that cannot be given these rights; its start, or "end". */
static uintptr_t first_refusal(struct space *space, uintptr_t start, uintptr_t end,
			       unsigned int rights)
{
	for_each_region(region, space)
	{
		if (region->end > start && region->start < end && (region->never & rights))
			return MAX(region->start, start);
	}
	return end;
}

long space_protect(struct space *space, uintptr_t start, uint64_t length, unsigned int rights)
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
	/* Linux changes what comes before a gap, and then says that there was one. */
	gap = space_first_gap(space, start, end);
	refusal = first_refusal(space, start, gap, rights);
	result = refusal < gap ? -EACCES : gap < end ? -ENOMEM : 0;
	gap = MIN(gap, refusal);
	if (!cut_out(space, start, gap)) {
		spin_release(&space->lock);
		return -ENOMEM;
	}
	for_each_region(region, space)
	{
		if (region->start < start || region->start >= gap || region->rights == rights)
			continue;
		region->rights = (uint8_t)rights;
		pages_protect(space, region, region->start, region->end);
	}
	join_range(space, start, gap);
	spin_release(&space->lock);
	return result;
}

long space_forget(struct space *space, uintptr_t start, uint64_t length)
{
	uintptr_t end = range_end(start, length);
	long result;

	if (!end && length)
		return -EINVAL;
	if (start % PAGE_SIZE)
		return -EINVAL;
	if (!length)
		return 0;
	spin_acquire(&space->lock);
	result = space_first_gap(space, start, end) == end ? 0 : -ENOMEM;
	for_each_region(region, space)
	{
		uintptr_t from = MAX(region->start, start), to = MIN(region->end, end);

		if (from < to)
			pages_drop(space, from, to, from, from);
	}
	spin_release(&space->lock);
	return result;
}

/* ---- brk ---- */

uintptr_t space_set_break(struct space *space, uintptr_t wanted)
{
	uintptr_t old_end, new_end;

	spin_acquire(&space->lock);
	old_end = ROUND_UP(space->break_now, PAGE_SIZE);
	new_end = ROUND_UP(wanted, PAGE_SIZE);
	if (wanted < space->break_start || new_end < wanted) {
		/* A question: where is it? */
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

/* Maps a copy of the region's description elsewhere, moves the pages there, and unmaps the rest. */
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

	/* Cut first: afterwards nothing may fail. */
	if (!cut_out(space, start, start + old))
		return -ENOMEM;
	/* What is moved does not count twice. */
	space->limit += old;
	to = map_alone(space, &mapping);
	space->limit -= old;
	if (to < 0) {
		join_range(space, start, start + old);
		return to;
	}
	if (pages_move(space, start, (uintptr_t)to, MIN(old, new))) {
		remove_range(space, start, start + old);
		join_range(space, (uintptr_t)to, (uintptr_t)to + new);
		return to;
	}
	remove_range(space, (uintptr_t)to, (uintptr_t)to + new);
	join_range(space, start, start + old);
	return -ENOMEM;
}

static long remap_locked(struct space *space, uintptr_t start, uint64_t old, uint64_t new,
			 bool may_move, bool fixed, uintptr_t to)
{
	struct region *region = space_find(space, start);
	struct mapping place = {.address = to, .fixed = fixed};

	if (!region)
		return -EFAULT;
	if (fixed && to < start + old && start < to + new)
		return -EINVAL;
	/* Getting smaller is unmapping, whatever is there. */
	if (!fixed && new <= old) {
		long error = new < old ? unmap_locked(space, start + new, start + old) : 0;

		return error ? error : (long)start;
	}
	if (region->end - start < old)
		return -EFAULT;
	/* In place, if it is the region's end that grows and there is room. */
	if (!fixed && region->end == start + old && is_clear(space, start + old, start + new) &&
	    range_end(start, new) && space->bytes + (new - old) <= space->limit) {
		space->bytes += new - old;
		region->end = start + new;
		join_range(space, start, start + new);
		return (long)start;
	}
	if (!may_move)
		return -ENOMEM;
	return move_region(space, region, start, old, new, &place);
}

long space_remap(struct space *space, uintptr_t start, uint64_t length, uint64_t new_length,
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

/* ---- life ---- */

struct space *space_create(void)
{
	struct space *space = slab_alloc(&spaces);

	if (!space)
		return NULL;
	if (!mm_create(&space->mm)) {
		slab_free(&spaces, space);
		return NULL;
	}
	list_init(&space->regions);
	space->references = 1;
	space->limit = pt_user_limit();
	return space;
}

struct space *space_get(struct space *space)
{
	__atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
	return space;
}

void space_put(struct space *space)
{
	if (__atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL))
		return;
	/* Off the processors and unpinned first: then everything else is plain memory. */
	mm_exit(&space->mm);
	remove_range(space, 0, pt_user_limit() + 1);
	mm_destroy(&space->mm);
	slab_free(&spaces, space);
}

/* The same regions. False: out of memory. */
static bool copy_regions(struct space *parent, struct space *child)
{
	for_each_region(region, parent)
	{
		struct region *copy = alloc_region(child);

		if (!copy)
			return false;
		*copy = *region;
		list_init(&copy->link);
		if (copy->object)
			object_get(copy->object);
		insert(child, copy);
		if (!region->shared && !pages_share(parent, child, region))
			return false;
	}
	return true;
}

struct space *space_fork(struct space *parent)
{
	struct space *child = space_create();
	bool complete;

	if (!child)
		return NULL;
	spin_acquire(&parent->lock);
	child->limit = parent->limit;
	child->break_start = parent->break_start;
	child->break_now = parent->break_now;
	complete = copy_regions(parent, child);
	/* The parent's pages became read-only; or some, and its next writes make that good. */
	paravirt.flush_all();
	lazy_flush();
	spin_release(&parent->lock);
	if (!complete) {
		space_put(child);
		return NULL;
	}
	mm_dup(&child->mm);
	return child;
}

uint64_t space_resident(struct space *space)
{
	uint64_t count = 0;

	spin_acquire(&space->lock);
	for_each_region(region, space) count += pages_count(space, region->start, region->end);
	spin_release(&space->lock);
	return count;
}

/* Pages of a region that go away with it. The lock is held. */
static uint64_t pages_of_region(struct space *space, const struct region *region)
{
	uint64_t size = (region->end - region->start) >> PAGE_SHIFT;

	if (!region->object)
		return pages_count(space, region->start, region->end);
	/* Of a shared object what others have touched counts too, and what nobody maps any more. */
	if (region->shared)
		return region->object->named ? 0 : MIN(size, object_frames(region->object));
	return pages_count_copies(space, region);
}

struct space_use space_count_use(struct space *space)
{
	struct space_use use = {.tables = mm_count_tables(&space->mm).total};

	spin_acquire(&space->lock);
	for_each_region(region, space) use.pages += pages_of_region(space, region);
	use.regions = space->region_count * sizeof(struct region) / PAGE_SIZE;
	spin_release(&space->lock);
	return use;
}

void space_reap(struct space *space)
{
	spin_acquire(&space->lock);
	pages_drop(space, 0, pt_user_limit() + 1, 0, pt_user_limit() + 1);
	spin_release(&space->lock);
}

bool space_has_page(struct space *space, uintptr_t address)
{
	const pt_entry_t *entry;
	bool there;

	spin_acquire(&space->lock);
	entry = mm_entry(&space->mm, address, PT_PTE);
	there = entry && pfn_valid(page_of_entry(*entry));
	spin_release(&space->lock);
	return there;
}

/* ---- invariants ---- */

static const char *check_region(const struct region *region, uintptr_t last)
{
	static char message[120];

	if (region->start < last || region->start >= region->end || region->start % PAGE_SIZE ||
	    region->end % PAGE_SIZE || region->end > pt_user_limit() + 1) {
		snprintf(message, sizeof(message), "a region from %lx to %lx follows one to %lx",
			 region->start, region->end, last);
		return message;
	}
	if (region->stack && region->object) {
		snprintf(message, sizeof(message),
			 "the region at %lx grows down, away from the start of its object",
			 region->start);
		return message;
	}
	return NULL;
}

const char *space_check(struct space *space)
{
	const struct region *before = NULL;
	uint64_t bytes = 0;

	for_each_region(region, space)
	{
		const char *error = check_region(region, before ? before->end : 0);

		if (error)
			return error;
		if (before && alike(before, region))
			return "two neighbouring regions are alike";
		bytes += region->end - region->start;
		before = region;
	}
	return bytes == space->bytes ? NULL : "the count of mapped bytes is wrong";
}
