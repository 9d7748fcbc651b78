/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory objects: the pages of a file, or of memory that address spaces share.
 *
 * The pages of an object are numbered from 0. A page is made when it is first needed, and one that
 * was never written reads as zeros. The object holds one reference to each of its pages (struct
 * frame), and every mapping of a page holds another. Pages are found by a tree with 512 entries a
 * node, which is as deep as the highest page needs.
 */
#ifndef MM_USER_OBJECT_H
#define MM_USER_OBJECT_H

#include <arch/lock.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

struct object {
	uint32_t references; /* of regions, open files and directory entries */
	uint64_t bytes;      /* length of the file; the rest of its last page is zero */
	uint64_t pages;      /* number of pages that exist */
	uint64_t frames;     /* number of frames in use, for pages and for nodes of the tree */
	uint64_t number;     /* the file's, for people; 0: the object is no file */
	bool named;          /* a directory has it: it outlives the processes that use it */
	unsigned int depth;  /* of the tree: it has room for 512^depth pages */
	void *root;
	struct spinlock lock; /* guards the tree */
};

/* The number of a page is less than this. */
#define OBJECT_MAX_PAGES (1ull << 45)

/* Makes an object of that length, without pages, with one reference. NULL: out of memory. */
struct object *object_create(uint64_t bytes);

/* Takes a reference, and returns the object. */
struct object *object_get(struct object *object);

/* Drops a reference. The last one frees the object, with its references to pages. */
void object_put(struct object *object);

/*
 * Returns a page by its number, or INVALID_PFN if it does not exist. Takes no reference: the kernel
 * lock, under which files are truncated, keeps the page.
 */
pfn_t object_find(struct object *object, uint64_t number);

/*
 * Returns a page by its number, and makes it, all zeros, if it does not exist. Takes no reference.
 * INVALID_PFN: out of memory, or object_is_full().
 */
pfn_t object_page(struct object *object, uint64_t number);

/*
 * Returns a page that lies in the object's length, with a reference for the caller, and makes it if
 * it does not exist. INVALID_PFN: past the end, out of memory, or object_is_full(). For page
 * faults, which other CPUs' truncations do not wait for.
 */
pfn_t object_get_page(struct object *object, uint64_t number);

/*
 * Returns true if files may take no more memory. Files outlive every process, so ending a process
 * could not make room. They may use neither the last sixteenth of memory nor the reserve.
 */
bool objects_are_full(void);

/* Returns true if the object is a file's, and files may take no more memory. */
bool object_is_full(const struct object *object);

/*
 * Copies from the object, from an offset on, to the kernel's memory. Returns the number of bytes
 * copied: fewer at the end of the file.
 */
uint64_t object_read(struct object *object, uint64_t offset, void *to, uint64_t bytes);

/*
 * Copies to the object, which becomes longer if need be. Returns the number of bytes copied: fewer
 * when out of memory.
 */
uint64_t object_write(struct object *object, uint64_t offset, const void *from, uint64_t bytes);

/*
 * Sets the length. Pages past it are dropped, and the rest of the last page is zeroed. A program
 * that has such a page mapped keeps it, and no longer sees what the file gets there later.
 */
void object_truncate(struct object *object, uint64_t bytes);

#endif
