/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel stacks, each with an unmapped guard below it, in a window of the kernel's address space.
 *
 * A stack that overflows hits an address at which nothing is mapped. The window's page tables stay
 * once they were made; frames are allocated and freed.
 */
#ifndef MM_KERNEL_STACKS_H
#define MM_KERNEL_STACKS_H

#include <kernel/lib/compiler.h>

/* The root slot of the window, and the number of stacks that fit in it. */
#define STACKS_SLOT 510
#define STACKS_MOST 4096u

/*
 * Number of stacks that programs leave to the kernel's own tasks, as they leave frames
 * (frames_reserve).
 */
#define STACKS_RESERVE 64u

/*
 * Allocates a stack of KERNEL_STACK_SIZE bytes and returns the address after its last byte. Returns
 * 0 if memory or places are used up, or if only the reserve is left and the CPU works for a
 * program. Locks: the kernel's mm->lock and the lock of the places are taken, not both at a time.
 */
uintptr_t stack_alloc(void);

/*
 * Frees a stack by the address that stack_alloc() returned. It must not be in use. Locks as for
 * stack_alloc().
 */
void stack_free(uintptr_t top);

#endif
