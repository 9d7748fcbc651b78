/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects: a slab cache cuts pages of the frame allocator into pieces of one size, and frees
 * a page as soon as all of its pieces are free (Bonwick, "The slab allocator", USENIX Summer 1994,
 * without the colours). When every object was freed, every frame is free again.
 */
#ifndef MM_FRAME_SLAB_H
#define MM_FRAME_SLAB_H

#include <arch/lock.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

struct slab_cache {
	const char *name;         /* of the type, for messages */
	size_t size;              /* bytes of an object: a multiple of 8, from 16 to a page */
	struct list_node partial; /* pages with at least one free object; NULL before the first */
	uint64_t objects, pages;  /* objects in use, and pages that they are cut from */
	struct spinlock lock;
};

/* Initializer of a cache, with static storage, for objects of a type. */
#define SLAB_CACHE(type)      \
	((struct slab_cache){ \
		.name = #type, .size = ROUND_UP(sizeof(type), 8), .lock = SPINLOCK(LOCK_SLAB)})

/* Returns an object, all zeros; NULL: out of memory. Locks: the cache's, the allocator's. */
void *slab_alloc(struct slab_cache *cache);

/* Frees an object of the cache; NULL is ignored. An object that is not in use is a panic. */
void slab_free(struct slab_cache *cache, void *object);

#endif
