/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory objects: the pages of a file, or of memory that address spaces share.
 *
 * Pages are numbered from 0 and come into being when somebody needs one; what was never written
 * reads as zeros. The object holds one reference to each of its pages (struct frame, "references"),
 * every mapping of a page another. Pages are found by a tree of 512 entries a node, as deep as the
 * highest page needs.
 */
#ifndef MM_USER_OBJECT_H
#define MM_USER_OBJECT_H

#include <arch/lock.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

struct object {
	uint32_t references; /* regions, open files, directory entries */
	uint64_t bytes;      /* the file's length; what lies behind it in its last page is zero */
	uint64_t pages;      /* that exist */
	uint64_t nodes;      /* of the tree by which they are found */
	uint64_t number;     /* of the file, for people; 0: it is none */
	bool named;          /* a directory has it: it outlives the processes that use it */
	unsigned int depth;  /* of the tree: it has room for 512^depth pages */
	uint64_t *root;
	struct spinlock lock; /* guards the tree */
};

/* Page numbers are below this. */
#define OBJECT_MAX_PAGES (1ull << 45)

/* An empty object of so many bytes, with one reference; NULL: out of memory. */
struct object *object_create(uint64_t bytes);

/* One reference more, or less: the last one frees the object and lets go of its pages. */
struct object *object_get(struct object *object);
void object_put(struct object *object);

/* The page with that number, or INVALID_PFN if there is none. No reference is taken. */
pfn_t object_find(struct object *object, uint64_t number);

/*
 * The same, made if it is missing, all zeros. INVALID_PFN: out of memory, or object_is_full().
 */
pfn_t object_page(struct object *object, uint64_t number);

/*
 * Returns true if files may take no more memory. They outlive every process, so that ending one
 * could not make room: a sixteenth of all memory is not for them, nor is the reserve.
 */
bool objects_are_full(void);

/* Returns true if the object is a file's, and files may take no more memory. */
bool object_is_full(const struct object *object);

/* Pages that the object has: those with contents, and the nodes of its tree. */
uint64_t object_frames(const struct object *object);

/*
 * Copies between the object and memory of the kernel's. Reading stops at the end of the file;
 * writing makes it longer, and stops when memory is out. Both return how many bytes were copied.
 */
uint64_t object_read(struct object *object, uint64_t offset, void *to, uint64_t bytes);
uint64_t object_write(struct object *object, uint64_t offset, const void *from, uint64_t bytes);

/*
 * Sets the length; pages past it are let go of, and the rest of the last one is zeroed. A mapping
 * that shows such a page keeps it, and no longer sees what the file has there later.
 */
void object_truncate(struct object *object, uint64_t bytes);

#endif
