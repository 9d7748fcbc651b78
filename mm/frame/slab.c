// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slab allocator.
 *
 * The free objects of a page are a list linked through their first words. In the page's struct
 * frame, "private" is the head of that list and "references" the number of objects in use.
 */
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/frame/translate.h>

struct free_object {
	struct free_object *next;
};

/* Adds a page of free objects to a cache. Returns false when out of memory. The lock is held. */
static bool add_page(struct slab_cache *cache)
{
	pfn_t page = frames_alloc(0);
	struct free_object *chain = NULL;
	struct frame *frame;

	if (!pfn_valid(page))
		return false;
	for (size_t at = 0; at + cache->size <= PAGE_SIZE; at += cache->size) {
		struct free_object *object = (void *)((char *)pfn_to_virt(page) + at);

		object->next = chain;
		chain = object;
	}
	frame = frame_of(page);
	frame->private = (uintptr_t)chain;
	frame->references = 0;
	list_add(&cache->partial, &frame->link);
	cache->pages++;
	return true;
}

void *slab_alloc(struct slab_cache *cache)
{
	bool events = spin_lock(&cache->lock);
	struct free_object *object = NULL;

	if (!cache->partial.next)
		list_init(&cache->partial);
	if (!list_empty(&cache->partial) || add_page(cache)) {
		struct frame *frame = container_of(cache->partial.next, struct frame, link);

		object = (struct free_object *)frame->private;
		frame->private = (uintptr_t)object->next;
		frame->references++;
		cache->objects++;
		if (!frame->private)
			list_remove(&frame->link);
	}
	spin_unlock(&cache->lock, events);
	return object ? memset(object, 0, cache->size) : NULL;
}

void slab_free(struct slab_cache *cache, void *memory)
{
	struct free_object *object = memory;
	struct frame *frame;
	bool events;

	if (!object)
		return;
	events = spin_lock(&cache->lock);
	frame = frame_of(virt_to_pfn(object));
	if (frame->kind != FRAME_ALLOCATED || !frame->references)
		panic("%p is no %s that is in use", memory, cache->name);
	if (!frame->private)
		list_add(&cache->partial, &frame->link);
	object->next = (struct free_object *)frame->private;
	frame->private = (uintptr_t)object;
	cache->objects--;
	if (--frame->references == 0) {
		list_remove(&frame->link);
		cache->pages--;
		frames_free(frame_number(frame));
	}
	spin_unlock(&cache->lock, events);
}
