/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults of programs: what an address that has no entry, or one that forbids the access, gets.
 */
#ifndef MM_USER_FAULT_H
#define MM_USER_FAULT_H

#include <mm/user/space.h>

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

/* As fault_resolve(), with the lock held. "address" is the start of a page. */
enum fault fault_resolve_locked(struct space *space, uintptr_t address, unsigned int wanted);

#endif
