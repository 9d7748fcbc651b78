/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request by which one CPU starts another: written by cpus.c, read by start.S.
 *
 * There is one, since CPUs start one after the other. "wanted" is written last, and the CPU that is
 * started replaces it by REQUEST_NOBODY before it uses the rest.
 */
#ifndef ARCH_NATIVE_START_H
#define ARCH_NATIVE_START_H

#define REQUEST_NOBODY 0xffffffff

/* Offsets of the members. */
#define REQUEST_WANTED     0
#define REQUEST_CR4        4
#define REQUEST_FIRST_ROOT 8
#define REQUEST_ROOT       16
#define REQUEST_STACK      24
#define REQUEST_CPU        32
#define REQUEST_ENTRY      40

#ifndef __ASSEMBLY__

#include <arch/cpu.h>

struct start_request {
	uint32_t wanted;     /* the APIC id of the CPU that shall start */
	uint32_t cr4;        /* set before paging is turned on ... */
	uint32_t first_root; /* ... with these tables, which map the image where it is, too */
	uint64_t root;       /* the kernel's own tables */
	uintptr_t stack;     /* the top of its stack */
	struct cpu *cpu;
	void (*entry)(void);
};
_Static_assert(offsetof(struct start_request, wanted) == REQUEST_WANTED &&
		       offsetof(struct start_request, cr4) == REQUEST_CR4 &&
		       offsetof(struct start_request, first_root) == REQUEST_FIRST_ROOT &&
		       offsetof(struct start_request, root) == REQUEST_ROOT &&
		       offsetof(struct start_request, stack) == REQUEST_STACK &&
		       offsetof(struct start_request, cpu) == REQUEST_CPU &&
		       offsetof(struct start_request, entry) == REQUEST_ENTRY,
	       "start.S uses these offsets");

#endif

#endif
