/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel stacks with a guard below each, in a window of the kernel's address space.
 *
 * A stack that runs over its end hits an address that nothing is mapped at. The window's page
 * tables stay once they were made; the frames come and go.
 */
#ifndef MM_KERNEL_STACKS_H
#define MM_KERNEL_STACKS_H

#include <kernel/lib/compiler.h>

/* The root slot of the window, and how many stacks it has places for. */
#define STACKS_SLOT 510
#define STACKS_MOST 4096u

/* Places that programs leave to the kernel's own tasks, as they leave frames (frames_reserve). */
#define STACKS_RESERVE 64u

/*
 * A new stack of KERNEL_STACK_SIZE bytes: the address behind its last byte. 0: out of memory or of
 * places, or only the reserve is left and the CPU works for a program.
 */
uintptr_t stack_alloc(void);

/* Gives back a stack got from stack_alloc(). Not the one that is in use. */
void stack_free(uintptr_t top);

#endif
