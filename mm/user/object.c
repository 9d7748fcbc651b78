// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory objects: the tree of their pages, and reading and writing their contents.
 *
 * An entry of a node is the address of a node of the next lower level; at the lowest level it is a
 * pfn plus one. 0 is an empty entry.
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

static unsigned int index_at(uint64_t number, unsigned int level)
{
	return number >> NODE_BITS * level & (NODE_ENTRIES - 1);
}

/* Returns the number of pages that a tree of that depth has room for. */
static uint64_t room(unsigned int depth)
{
	return depth ? 1ull << NODE_BITS * depth : 0;
}

static uint64_t *new_node(struct object *object)
{
	pfn_t frame = frames_alloc_zeroed();

	if (!pfn_valid(frame))
		return NULL;
	object->nodes++;
	return pfn_to_virt(frame);
}

static void free_node(struct object *object, uint64_t *node)
{
	object->nodes--;
	frames_free(virt_to_pfn(node));
}

/*
 * Drops the pages from number "first" on below a node, and frees the nodes that become empty.
 * Returns true if this node is empty.
 */
static bool drop_from(struct object *object, uint64_t *node, unsigned int level, uint64_t base,
		      uint64_t first)
{
	bool empty = true;

	for (unsigned int i = 0; i < NODE_ENTRIES; i++) {
		uint64_t at = base + ((uint64_t)i << NODE_BITS * level);
		uint64_t last = at + (1ull << NODE_BITS * level) - 1;

		if (node[i] && last >= first) {
			if (level == 0) {
				frame_put(pfn(node[i] - 1));
				object->pages--;
				node[i] = 0;
			} else if (drop_from(object, (uint64_t *)node[i], level - 1, at, first)) {
				free_node(object, (uint64_t *)node[i]);
				node[i] = 0;
			}
		}
		empty &= !node[i];
	}
	return empty;
}

static void drop_pages(struct object *object, uint64_t first)
{
	if (object->root && drop_from(object, object->root, object->depth - 1, 0, first)) {
		free_node(object, object->root);
		object->root = NULL;
		object->depth = 0;
	}
}

void object_put(struct object *object)
{
	if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
		return;
	drop_pages(object, 0);
	slab_free(&objects, object);
}

/* Adds levels to the tree until it has room for that page. Returns false when out of memory. */
static bool grow(struct object *object, uint64_t number)
{
	while (number >= room(object->depth)) {
		uint64_t *root = new_node(object);

		if (!root)
			return false;
		/* An empty tree gets its full depth at once. */
		while (!object->root && number >= room(object->depth + 1))
			object->depth++;
		root[0] = (uint64_t)object->root;
		object->root = root;
		object->depth++;
	}
	return true;
}

/*
 * Returns the entry of a page. If a node on the way is missing, makes it if "make", or returns
 * NULL; also when out of memory.
 */
static uint64_t *entry_of(struct object *object, uint64_t number, bool make)
{
	uint64_t *node;

	if (make && !grow(object, number))
		return NULL;
	if (number >= room(object->depth))
		return NULL;
	node = object->root;
	for (unsigned int level = object->depth - 1; level > 0; level--) {
		uint64_t *slot = &node[index_at(number, level)];

		if (!*slot && make)
			*slot = (uint64_t)new_node(object);
		if (!*slot)
			return NULL;
		node = (uint64_t *)*slot;
	}
	return &node[index_at(number, 0)];
}

pfn_t object_find(struct object *object, uint64_t number)
{
	bool events = spin_lock(&object->lock);
	const uint64_t *entry = entry_of(object, number, false);
	pfn_t page = entry && *entry ? pfn(*entry - 1) : INVALID_PFN;

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

pfn_t object_page(struct object *object, uint64_t number)
{
	bool events = spin_lock(&object->lock);
	bool make = !object_is_full(object);
	uint64_t *entry = number < OBJECT_MAX_PAGES ? entry_of(object, number, make) : NULL;
	pfn_t page = INVALID_PFN;

	if (entry && *entry) {
		page = pfn(*entry - 1);
	} else if (make && entry) {
		page = frames_alloc_zeroed();
		if (pfn_valid(page)) {
			*entry = page.pfn + 1;
			object->pages++;
		}
	}
	spin_unlock(&object->lock, events);
	return page;
}

uint64_t object_frames(const struct object *object)
{
	return object->pages + object->nodes;
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
	drop_pages(object, (bytes >> PAGE_SHIFT) + (within != 0));
	object->bytes = bytes;
	spin_unlock(&object->lock, events);
}
