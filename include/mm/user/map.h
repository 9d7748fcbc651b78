/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program asks of its address space: mmap(2) and its relatives, with the semantics of Linux,
 * errors included.
 *
 * Each is done whole or not at all, except where Linux itself stops half way and says so here. All
 * take the space's lock.
 */
#ifndef MM_USER_MAP_H
#define MM_USER_MAP_H

#include <mm/user/space.h>

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

#endif
