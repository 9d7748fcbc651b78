/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between the kernel and a program's memory.
 */
#ifndef MM_USER_COPY_H
#define MM_USER_COPY_H

#include <mm/user/space.h>

/*
 * Copies to or from a program's memory by the frames behind it, faulting pages in; the space need
 * not be loaded. Returns how many bytes could be copied: fewer, if the program itself could not
 * have accessed the next one. "from" NULL writes zeros.
 */
uint64_t copy_to_space(struct space *space, uintptr_t address, const void *from, uint64_t bytes);
uint64_t copy_from_space(struct space *space, uintptr_t address, void *to, uint64_t bytes);

#endif
