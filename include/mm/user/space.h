/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's address space: which addresses mean what, and with which rights.
 *
 * It is a set of *regions* (mm/user/region.h), ranges of pages that are alike, on top of page
 * tables (struct mm). The regions are the truth. An entry of the tables is made when the program
 * faults (mm/user/fault.h). It can be made again from its region, unless it is the only one that
 * knows of a private copy. Programs change the regions with the system calls of mm/user/map.h.
 *
 * After a fork both sides share the pages of private regions, read-only, until one of them writes.
 * Each page has a count of references (struct frame): who holds the only one may write in place.
 */
#ifndef MM_USER_SPACE_H
#define MM_USER_SPACE_H

#include <kernel/lib/tree.h>
#include <mm/table/mm.h>
#include <mm/user/object.h>

/* The rights of a region, with the values of PROT_READ, PROT_WRITE and PROT_EXEC. */
#define SPACE_READ    1u
#define SPACE_WRITE   2u
#define SPACE_EXECUTE 4u
#define SPACE_RIGHTS  7u

/* Invariant: regions do not overlap, and no two neighbours are so alike that they could be one. */
struct space {
	struct mm mm;
	struct tree regions;
	uint32_t region_count;
	struct spinlock lock;             /* guards the regions and the entries made from them */
	uint32_t references;              /* processes that run in it */
	uint64_t bytes;                   /* in all regions */
	uint64_t limit;                   /* upper bound of "bytes" */
	uintptr_t break_start, break_now; /* brk(2) */
};

/*
 * The lowest address that can be mapped; the bytes that stay free below a stack that grows; and the
 * size up to which it grows.
 */
#define SPACE_LOWEST      0x10000ul
#define SPACE_STACK_GUARD (256ul * PAGE_SIZE)
#define SPACE_STACK_MOST  (8ul << 20)

/*
 * Returns the first address that no program can map: a page below the end of the user half. A
 * "syscall" in the very last bytes would make the processor return to a non-canonical address.
 */
static inline uintptr_t space_end(void)
{
	return pt_user_limit() + 1 - PAGE_SIZE;
}

/* Makes an empty address space, not yet activated. Returns NULL when out of memory. */
struct space *space_create(void);

/*
 * Makes a copy for a fork: the same regions, with private pages shared until one side writes. The
 * copy is activated and, under Xen, pinned. Returns NULL when out of memory; the parent is then as
 * before. Takes the parent's lock.
 */
struct space *space_fork(struct space *parent);

/* Takes a reference for another process, and returns the space. */
struct space *space_get(struct space *space);

/* Drops a reference. The last one frees the space, with its regions, pages and tables. */
void space_put(struct space *space);

/* Counts the pages that are present, shared ones included, in the tables. Takes the lock. */
uint64_t space_resident(struct space *space);

/* The memory that a space uses, in pages, by purpose. */
struct space_use {
	uint64_t pages;   /* private, shared since a fork, or in objects that no directory names */
	uint64_t tables;  /* page tables, roots included */
	uint64_t regions; /* descriptions of regions */
};

/*
 * Counts the memory that could be freed if all processes in the space ended. Pages of files that
 * have a name outlive them and do not count. Takes the lock.
 */
struct space_use space_count_use(struct space *space);

/*
 * Frees all pages and tables of a space whose processes are all about to end. The regions stay: a
 * thread that is still in the kernel may fault a page in again. Takes the lock.
 */
void space_reap(struct space *space);

/* Returns true if a page is present, or inaccessible, at an address now. Takes the lock. */
bool space_has_page(struct space *space, uintptr_t address);

#endif
