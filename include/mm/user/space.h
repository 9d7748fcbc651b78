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

struct region {
	struct tree_node node; /* of its space, in order of address */
	uintptr_t start, end;  /* multiples of PAGE_SIZE; "end" is the first byte after it */
	uint8_t rights;
	uint8_t never;         /* rights that it cannot be given */
	bool shared;           /* writes are seen by all who map the object */
	bool stack;            /* grows down when somebody touches what is right below; no object */
	struct object *object; /* NULL: memory of its own, zeros at first */
	uint64_t offset;       /* bytes; of "start" in the object */

	/*
	 * Of the regions in its subtree: down to where the lowest leaves memory to others, where
	 * the highest ends, and the largest gap between two of them.
	 */
	uintptr_t subtree_low, subtree_high;
	uint64_t subtree_gap;
};

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

/* Regions that a space can have: they are kernel memory, which no limit of the program's counts. */
#define SPACE_REGIONS_MOST 65530

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

/* What a mapping is to be. */
struct mapping {
	uintptr_t address; /* a hint; or, with "fixed", where it must be */
	uint64_t length;   /* bytes, rounded up to pages */
	unsigned int rights;
	unsigned int never;    /* rights that it cannot be given later */
	bool fixed;            /* replaces what is there ... */
	bool no_replace;       /* ... or fails with EEXIST */
	bool shared;           /* an anonymous shared mapping gets an object of its own */
	bool stack;            /* grows down: EINVAL if it is shared or has an object */
	struct object *object; /* NULL: anonymous. A reference of its own is taken */
	uint64_t offset;       /* in the object, bytes */
};

/* mmap: the address, or EINVAL, ENOMEM, EEXIST, EPERM (below SPACE_LOWEST). */
long map_add(struct space *space, const struct mapping *mapping);

/* munmap: 0, or EINVAL, ENOMEM (no memory to split a region). */
long map_remove(struct space *space, uintptr_t start, uint64_t length);

/*
 * mprotect: 0, EINVAL, ENOMEM where nothing is mapped, or EACCES where that right cannot be given;
 * what lies before is changed.
 */
long map_protect(struct space *space, uintptr_t start, uint64_t length, unsigned int rights);

/* madvise(MADV_DONTNEED): 0, EINVAL, or ENOMEM as map_protect(). */
long map_discard(struct space *space, uintptr_t start, uint64_t length);

/* brk: the new break, or the old one if that cannot be. */
uintptr_t map_set_break(struct space *space, uintptr_t wanted);

/* mremap: the new address, or EINVAL, EFAULT (not one mapped region), ENOMEM; "to" if "fixed", and
 * then EPERM too. */
long map_resize(struct space *space, uintptr_t start, uint64_t length, uint64_t new_length,
		bool may_move, bool fixed, uintptr_t to);

/* Where the first gap in a range begins; "end" or more if it has none. The lock is held. */
uintptr_t regions_first_gap(struct space *space, uintptr_t start, uintptr_t end);

/* The region of an address; NULL: none. The lock is held. */
struct region *region_find(struct space *space, uintptr_t address);

enum fault {
	FAULT_DONE,      /* the access can be tried again */
	FAULT_UNMAPPED,  /* no region there: SEGV_MAPERR */
	FAULT_FORBIDDEN, /* not with these rights: SEGV_ACCERR */
	FAULT_PAST_END,  /* beyond the end of a file: SIGBUS */
	FAULT_NO_SPACE,  /* in a hole of a file, and files may take no more memory: SIGBUS */
	FAULT_NO_MEMORY, /* for the page or for a table; or the reserve would be needed */
};

/* A program touched an address, wanting one of the rights. Takes the lock. */
enum fault fault_resolve(struct space *space, uintptr_t address, unsigned int wanted);

/*
 * Copies to or from a program's memory by the frames behind it, faulting pages in; the space need
 * not be loaded. Returns how many bytes could be copied: fewer, if the program itself could not
 * have accessed the next one. "from" NULL writes zeros.
 */
uint64_t copy_to_space(struct space *space, uintptr_t address, const void *from, uint64_t bytes);
uint64_t copy_from_space(struct space *space, uintptr_t address, void *to, uint64_t bytes);

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

/* Checks the invariants of the regions. Returns NULL, or a message (kernel/lib/message.h). */
const char *regions_check(struct space *space);

#endif
