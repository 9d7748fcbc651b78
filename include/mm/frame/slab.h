/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects: a slab cache hands out pieces of one size, cut from pages of the frame allocator,
 * and gives a page back as soon as all of its pieces are free (Bonwick, "The slab allocator",
 * USENIX Summer 1994, without the colours). So when everything was freed, every frame is free
 * again.
 */
#ifndef MM_FRAME_SLAB_H
#define MM_FRAME_SLAB_H

#include <arch/lock.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

struct slab_cache {
	const char *name;         /* for the prompt */
	size_t size;              /* bytes of an object: 16 to a page, a multiple of 8 */
	struct list_node partial; /* pages with at least one free object */
	uint64_t objects, pages;  /* handed out, and taken for them */
	struct spinlock lock;
	bool ready; /* the list above was initialized */
};

/* A cache for objects of that type, to be defined with static storage. */
#define SLAB_CACHE(type)      \
	((struct slab_cache){ \
		.name = #type, .size = ROUND_UP(sizeof(type), 8), .lock = SPINLOCK(LOCK_SLAB)})

/* An object, all zeros; NULL: out of memory. Lock: the cache's, and the allocator's. */
void *slab_alloc(struct slab_cache *cache);

/* Gives back what slab_alloc() gave, of the same cache; NULL is ignored. */
void slab_free(struct slab_cache *cache, void *object);

#endif
