// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory objects: the tree of their pages, and reading and writing their contents.
 *
 * An entry is the address of a frame, or NULL. The frame is a page at level 0, and at a level above
 * a node, which consists of entries of the next lower level. The root is an entry too, at the level
 * "depth": an object of one page has no nodes.
 */
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/frame/translate.h>
#include <mm/user/object.h>

#define NODE_BITS    9
#define NODE_ENTRIES (1u << NODE_BITS)

static struct slab_cache objects = SLAB_CACHE(struct object);

struct object *object_create(uint64_t bytes)
{
	struct object *object = slab_alloc(&objects);

	if (object) {
		object->references = 1;
		object->bytes = bytes;
		spin_init(&object->lock, LOCK_OBJECT);
	}
	return object;
}

struct object *object_get(struct object *object)
{
	__atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
	return object;
}

/* Returns the number of pages that an entry at that level has room for. */
static uint64_t room(unsigned int level)
{
	return 1ull << NODE_BITS * level;
}

/* Allocates the frame for an entry at that level. Returns NULL when out of memory. */
static void *new_frame(struct object *object, unsigned int level)
{
	pfn_t frame = frames_alloc_zeroed();

	if (!pfn_valid(frame))
		return NULL;
	object->frames++;
	object->pages += level == 0;
	return pfn_to_virt(frame);
}

/*
 * Drops the pages from number "first" on below an entry, and the nodes that become empty. "base" is
 * the number of the first page that the entry has room for.
 */
static void drop_from(struct object *object, void **entry, unsigned int level, uint64_t base,
		      uint64_t first)
{
	void **node = *entry;
	bool empty = true;

	if (!node || base + room(level) <= first)
		return;
	for (unsigned int i = 0; level && i < NODE_ENTRIES; i++) {
		drop_from(object, &node[i], level - 1, base + i * room(level - 1), first);
		empty &= !node[i];
	}
	if (!empty)
		return;
	object->frames--;
	object->pages -= level == 0;
	frame_put(virt_to_pfn(node));
	*entry = NULL;
}

void object_put(struct object *object)
{
	if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
		return;
	drop_from(object, &object->root, object->depth, 0, 0);
	slab_free(&objects, object);
}

/* Adds levels to the tree until it has room for that page, or there is no memory left. */
static void grow(struct object *object, uint64_t number)
{
	if (!object->root)
		object->depth = 0;
	for (; number >= room(object->depth); object->depth++) {
		void **root;

		/* An empty tree has no nodes, however deep it is. */
		if (!object->root)
			continue;
		root = new_frame(object, object->depth + 1);
		if (!root)
			return;
		root[0] = object->root;
		object->root = root;
	}
}

/* Finds a page; if "make", makes it and the nodes on the way to it. INVALID_PFN: there is none. */
static pfn_t find(struct object *object, uint64_t number, bool make)
{
	void **entry = &object->root;

	if (make)
		grow(object, number);
	if (number >= room(object->depth))
		return INVALID_PFN;
	for (unsigned int level = object->depth;; level--) {
		if (!*entry && make)
			*entry = new_frame(object, level);
		if (!*entry)
			return INVALID_PFN;
		if (!level)
			return virt_to_pfn(*entry);
		entry = (void **)*entry + (number >> NODE_BITS * (level - 1)) % NODE_ENTRIES;
	}
}

static pfn_t find_locked(struct object *object, uint64_t number, bool make)
{
	bool events = spin_lock(&object->lock);
	pfn_t page = find(object, number, make);

	spin_unlock(&object->lock, events);
	return page;
}

pfn_t object_find(struct object *object, uint64_t number)
{
	return find_locked(object, number, false);
}

pfn_t object_page(struct object *object, uint64_t number)
{
	return find_locked(object, number, number < OBJECT_MAX_PAGES && !object_is_full(object));
}

pfn_t object_get_page(struct object *object, uint64_t number)
{
	bool make = !object_is_full(object);
	bool events = spin_lock(&object->lock);
	pfn_t page = INVALID_PFN;

	/* Under the lock: a truncation may drop the page at any other time. */
	if (number < ROUND_UP(object->bytes, PAGE_SIZE) >> PAGE_SHIFT && number < OBJECT_MAX_PAGES)
		page = find(object, number, make);
	if (pfn_valid(page))
		frame_get(page);
	spin_unlock(&object->lock, events);
	return page;
}

bool objects_are_full(void)
{
	return frames_reserve && frames_free_count() < frames_reserve + frame_count / 16;
}

bool object_is_full(const struct object *object)
{
	return object->number && objects_are_full();
}

uint64_t object_read(struct object *object, uint64_t offset, void *to, uint64_t bytes)
{
	uint64_t left = offset < object->bytes ? MIN(bytes, object->bytes - offset) : 0;
	uint64_t done = 0;

	while (done < left) {
		uint64_t within = (offset + done) % PAGE_SIZE;
		uint64_t piece = MIN(left - done, PAGE_SIZE - within);
		pfn_t page = object_find(object, (offset + done) >> PAGE_SHIFT);

		if (pfn_valid(page))
			memcpy((char *)to + done, (char *)pfn_to_virt(page) + within, piece);
		else
			memset((char *)to + done, 0, piece);
		done += piece;
	}
	return done;
}

uint64_t object_write(struct object *object, uint64_t offset, const void *from, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		uint64_t within = (offset + done) % PAGE_SIZE;
		uint64_t piece = MIN(bytes - done, PAGE_SIZE - within);
		pfn_t page = object_page(object, (offset + done) >> PAGE_SHIFT);

		if (!pfn_valid(page))
			break;
		memcpy((char *)pfn_to_virt(page) + within, (const char *)from + done, piece);
		done += piece;
	}
	if (done)
		object->bytes = MAX(object->bytes, offset + done);
	return done;
}

void object_truncate(struct object *object, uint64_t bytes)
{
	uint64_t within = bytes % PAGE_SIZE;
	pfn_t last = object_find(object, bytes >> PAGE_SHIFT);
	bool events;

	if (within && pfn_valid(last))
		memset((char *)pfn_to_virt(last) + within, 0, PAGE_SIZE - within);
	events = spin_lock(&object->lock);
	drop_from(object, &object->root, object->depth, 0, (bytes >> PAGE_SHIFT) + (within != 0));
	object->bytes = bytes;
	spin_unlock(&object->lock, events);
}
