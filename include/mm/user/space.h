/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's address space: which addresses mean what, and with which rights.
 *
 * It is a set of *regions*, ranges of pages that are alike, on top of page tables (struct mm) that
 * are filled when somebody faults. The regions are the truth; an entry that is missing can always
 * be made from them. What changes them has the semantics of the Linux system calls of the same
 * names (mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), brk(2)), errors included, and is
 * done whole or not at all, except where Linux itself stops half way and says so here.
 *
 * Pages of private regions are shared after a fork, read-only, until somebody writes: a page has a
 * count of references (mm/user/object.h), and whoever has the only one may simply write.
 */
#ifndef MM_USER_SPACE_H
#define MM_USER_SPACE_H

#include <kernel/lib/tree.h>
#include <mm/table/mm.h>
#include <mm/user/object.h>

/* Rights, with the values of PROT_READ, PROT_WRITE and PROT_EXEC. */
#define SPACE_READ    1u
#define SPACE_WRITE   2u
#define SPACE_EXECUTE 4u
#define SPACE_RIGHTS  7u

/* Invariant: regions do not overlap, and no two neighbours could be one (regions_check()). */
struct space {
	struct mm mm;
	struct tree regions;
	uint32_t region_count;
	struct spinlock lock;             /* guards the regions and the entries made from them */
	uint32_t references;              /* processes that run in it */
	uint64_t bytes;                   /* in all regions */
	uint64_t limit;                   /* how many there may be, at most */
	uintptr_t break_start, break_now; /* brk(2) */
};

/* The lowest address that can be mapped, and what stays free below a stack that has grown. */
#define SPACE_LOWEST      0x10000ul
#define SPACE_STACK_GUARD (256ul * PAGE_SIZE)
#define SPACE_STACK_MOST  (8ul << 20)

/*
 * The first address that no program gets: a page short of the end of its half. A "syscall" in the
 * very last bytes would have the processor return to an address that is none.
 */
static inline uintptr_t space_end(void)
{
	return pt_user_limit() + 1 - PAGE_SIZE;
}

/* An empty address space, not yet activated; NULL: out of memory. */
struct space *space_create(void);

/*
 * A copy for a fork: the same regions, private pages shared until one side writes. Activated (and,
 * under Xen, pinned). NULL: out of memory; the parent is as it was.
 */
struct space *space_fork(struct space *parent);

/* One user more, or less: the last one ends it and everything in it. */
struct space *space_get(struct space *space);
void space_put(struct space *space);

/* Pages that are there, shared ones included: by going through the tables. Takes the lock. */
uint64_t space_resident(struct space *space);

/* What a space takes of the machine's memory, in pages, by purpose. */
struct space_use {
	uint64_t pages;   /* of its own, or shared by forks or in objects that no directory names */
	uint64_t tables;  /* page tables, roots included */
	uint64_t regions; /* their descriptions */
};

/*
 * Counts what the end of all processes in the space could give back: so pages of files that have a
 * name do not count. Goes through tables and regions. Takes the lock.
 */
struct space_use space_count_use(struct space *space);

/*
 * Gives back all pages and tables ahead of the space's end, when every process in it is about to
 * end. The regions stay: what a thread still does in the kernel may fault a page in again. Takes
 * the lock.
 */
void space_reap(struct space *space);

/* Whether there is a page at an address now. Takes the lock. */
bool space_has_page(struct space *space, uintptr_t address);

#endif
