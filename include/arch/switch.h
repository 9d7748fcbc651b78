/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching from one kernel stack to another, and the floating-point and segment registers of
 * programs. The
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

/* The data segments of a program. In 64-bit mode they matter to nobody else. */
struct selectors {
	uint16_t ds, es, fs, gs;
};

static inline struct selectors read_selectors(void)
{
	struct selectors now;

	__asm__ volatile("movw %%ds, %0; movw %%es, %1; movw %%fs, %2; movw %%gs, %3"
			 : "=rm"(now.ds), "=rm"(now.es), "=rm"(now.fs), "=rm"(now.gs));
	return now;
}

/*
 * Loads a program's selectors, all of which a program has loaded before, or 0. The thread pointer
 * must be set after it: loading fs may overwrite its base. Events are masked.
 */
void load_selectors(struct selectors selectors);

/* As a program finds the registers when it starts: all exceptions masked, everything else 0. */
void fresh_fpu(unsigned char *area);

#endif
