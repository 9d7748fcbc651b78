/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program can do with its address space: the system calls mmap(2), munmap(2), mprotect(2),
 * madvise(2), brk(2) and mremap(2), as Linux defines them.
 *
 * Results are those of the system calls: an address or 0, or a negative errno. A call that fails
 * has changed nothing, except where Linux too stops half way, which is said below. All of them take
 * the space's lock.
 */
#ifndef MM_USER_MAP_H
#define MM_USER_MAP_H

#include <mm/user/space.h>

/* A mapping that is asked for. */
struct mapping {
	uintptr_t address; /* a hint; with "fixed" or "no_replace", where it must be */
	uint64_t length;   /* bytes, rounded up to pages */
	unsigned int rights;
	unsigned int never;    /* rights that it cannot be given later */
	bool fixed;            /* replaces what is there ... */
	bool no_replace;       /* ... or fails with EEXIST */
	bool shared;           /* an anonymous shared mapping gets an object of its own */
	bool stack;            /* grows down: EINVAL if it is shared or has an object */
	struct object *object; /* NULL: anonymous; the mapping takes a reference of its own */
	uint64_t offset;       /* in the object, bytes; a multiple of PAGE_SIZE */
};

/* Maps, as mmap(2). Returns the address, EINVAL, ENOMEM, EEXIST or EPERM (below SPACE_LOWEST). */
long map_add(struct space *space, const struct mapping *mapping);

/* Unmaps, as munmap(2). Returns 0, EINVAL, or ENOMEM if a region cannot be cut in two. */
long map_remove(struct space *space, uintptr_t start, uint64_t length);

/*
 * Changes rights, as mprotect(2). Returns 0, EINVAL, ENOMEM if some of the range is not mapped, or
 * EACCES if a region cannot be given these rights; the regions below that have changed then. ENOMEM
 * can also mean that a region cannot be cut in two, and then nothing has changed.
 */
long map_protect(struct space *space, uintptr_t start, uint64_t length, unsigned int rights);

/*
 * Drops the pages of a range, which stays mapped, as madvise(2) with MADV_DONTNEED. Returns 0,
 * EINVAL, or ENOMEM if some of the range is not mapped; the pages of the rest are dropped then too.
 */
long map_discard(struct space *space, uintptr_t start, uint64_t length);

/* Moves the break, as brk(2). Returns the new break, or the old one if it cannot be moved. */
uintptr_t map_set_break(struct space *space, uintptr_t wanted);

/*
 * Resizes a mapping, and moves it if it must be and "may_move", as mremap(2); with "fixed" it moves
 * to the address "to". Returns the new address, or EINVAL, EFAULT (the range is not in one region),
 * ENOMEM, or with "fixed" EPERM.
 */
long map_resize(struct space *space, uintptr_t start, uint64_t length, uint64_t new_length,
		bool may_move, bool fixed, uintptr_t to);

#endif
