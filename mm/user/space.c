// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of an address space: it is made, copied by a fork, its memory counted, and freed when
 * its last process has ended. What happens to it in between is in the other files of mm/user.
 */
#include <mm/frame/slab.h>
#include <mm/table/ops.h>
#include <mm/user/entries.h>
#include <mm/user/region.h>

static struct slab_cache spaces = SLAB_CACHE(struct space);

struct space *space_create(void)
{
	struct space *space = slab_alloc(&spaces);

	if (!space || !mm_create(&space->mm)) {
		slab_free(&spaces, space);
		return NULL;
	}
	spin_init(&space->lock, LOCK_SPACE);
	regions_init(space);
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
	/* Unloaded from all CPUs and unpinned first: its tables are plain memory from then on. */
	mm_exit(&space->mm);
	regions_discard(space);
	entries_drop(space, 0, pt_user_limit() + 1, 0, pt_user_limit() + 1);
	mm_destroy(&space->mm);
	slab_free(&spaces, space);
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
	complete = regions_copy(parent, child);
	for_each_region (region, child) {
		if (complete && !region->shared)
			complete = entries_share(parent, child, region);
	}
	/* Even if not all was copied, some of the parent's pages have become read-only. */
	mm_flush(&parent->mm);
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
	for_each_region (region, space)
		count += entries_count(space, region, false);
	spin_release(&space->lock);
	return count;
}

/* Counts the pages that are freed with a region. The lock is held. */
static uint64_t pages_of_region(struct space *space, const struct region *region)
{
	uint64_t size = (region->end - region->start) >> PAGE_SHIFT;

	/* All pages of a shared object count, by whichever space they were touched. */
	if (region->shared)
		return region->object->named ? 0 : MIN(size, region->object->frames);
	return entries_count(space, region, region->object != NULL);
}

struct space_use space_count_use(struct space *space)
{
	struct space_use use = {.tables = mm_count_tables(&space->mm).total};

	spin_acquire(&space->lock);
	for_each_region (region, space)
		use.pages += pages_of_region(space, region);
	use.regions = space->region_count * sizeof(struct region) / PAGE_SIZE;
	spin_release(&space->lock);
	return use;
}

void space_reap(struct space *space)
{
	spin_acquire(&space->lock);
	entries_drop(space, 0, pt_user_limit() + 1, 0, pt_user_limit() + 1);
	spin_release(&space->lock);
}

bool space_has_page(struct space *space, uintptr_t address)
{
	const pt_entry_t *entry;
	bool there;

	spin_acquire(&space->lock);
	entry = mm_entry(&space->mm, address, PT_PTE);
	there = entry && pfn_valid(entry_page(*entry));
	spin_release(&space->lock);
	return there;
}
