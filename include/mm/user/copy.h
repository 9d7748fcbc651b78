/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between the kernel and the memory of a program, whose address space need not be loaded.
 *
 * Pages are faulted in as needed, and reached by the direct map. Both functions return the number
 * of bytes copied: fewer than asked for where the program itself could not have accessed the next
 * byte, or memory was out. Both take the space's lock.
 */
#ifndef MM_USER_COPY_H
#define MM_USER_COPY_H

#include <mm/user/space.h>

/* Copies to a program's memory; "from" NULL writes zeros. */
uint64_t copy_to_space(struct space *space, uintptr_t address, const void *from, uint64_t bytes);

/* Copies from a program's memory. */
uint64_t copy_from_space(struct space *space, uintptr_t address, void *to, uint64_t bytes);

#endif
