/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults of programs: making the entry that an access needs, or saying why there is none.
 */
#ifndef MM_USER_FAULT_H
#define MM_USER_FAULT_H

#include <mm/user/space.h>

/* How a fault ends. */
enum fault {
	FAULT_DONE,      /* the access can be tried again */
	FAULT_UNMAPPED,  /* there is no region: SEGV_MAPERR */
	FAULT_FORBIDDEN, /* the region does not allow the access: SEGV_ACCERR */
	FAULT_PAST_END,  /* the page is past the end of the file: SIGBUS */
	FAULT_NO_SPACE,  /* the file has a hole there, and object_is_full(): SIGBUS */
	FAULT_NO_MEMORY, /* a page or a table is needed, and at most the reserve is left */
};

/*
 * Handles the fault of a program at an address, where it wanted one of the rights SPACE_READ,
 * SPACE_WRITE and SPACE_EXECUTE. Takes the lock.
 */
enum fault fault_resolve(struct space *space, uintptr_t address, unsigned int wanted);

/* Does what fault_resolve() does, with the lock held, for a page in the user half by its start. */
enum fault fault_resolve_locked(struct space *space, uintptr_t address, unsigned int wanted);

#endif
