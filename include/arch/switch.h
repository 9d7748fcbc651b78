/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching between kernel stacks, and saving the floating-point and segment registers of programs,
 * none of which the kernel itself uses.
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <stdint.h>

/*
 * Saves the registers that a function must preserve on the current stack, stores its stack pointer
 * in *from, and continues where the stack "to" was left. Returns when another call switches back.
 * Events are masked.
 */
void switch_stacks(uintptr_t *from, uintptr_t to);

/*
 * Prepares an unused stack. Returns the value of "to" with which switch_stacks() starts the
 * function, which must never return.
 */
uintptr_t fresh_stack(uintptr_t top, void (*function)(void));

/* FXSAVE and FXRSTOR (Intel SDM volume 1): 512 bytes, aligned to 16. */
static inline void save_fpu(unsigned char *area)
{
	__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static inline void restore_fpu(const unsigned char *area)
{
	__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

/* The data segment selectors of a program. In 64-bit mode nothing else depends on them. */
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
 * Loads selectors: 0, or ones that a program has loaded before. The thread pointer must be set
 * afterwards, since loading fs may overwrite its base. Events are masked.
 */
void load_selectors(struct selectors selectors);

/* Fills in the floating-point state of a new program: all exceptions masked, everything else 0. */
void fresh_fpu(unsigned char *area);

#endif
