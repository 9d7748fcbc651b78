/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching from one kernel stack to another, and the floating-point registers of programs. The
 * kernel itself uses none of the latter.
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <stdint.h>

/*
 * Keeps the registers that a function must preserve on this stack, notes it in *from, and goes on
 * where the stack "to" was left. Returns when somebody switches back. Events are masked.
 */
void switch_stacks(uintptr_t *from, uintptr_t to);

/* What to switch to so that a function begins on a stack that was not used yet: it never returns.
 */
uintptr_t fresh_stack(uintptr_t top, void (*function)(void));

/* FXSAVE and FXRSTOR (Intel SDM volume 1): 512 bytes, at a multiple of 16. */
static inline void save_fpu(unsigned char *area)
{
	__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static inline void restore_fpu(const unsigned char *area)
{
	__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

/* As a program finds the registers when it starts: all exceptions masked, everything else 0. */
void fresh_fpu(unsigned char *area);

#endif
