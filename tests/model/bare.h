/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine without a hypervisor, for the direct map: built by mm/ itself, of any size.
 *
 * Memory is a file that takes room only where it is touched, so there can be gigabytes. A witness
 * looks at every store to an entry and at every flush: what a processor may still remember decides
 * which store may come next.
 */
#ifndef TESTS_BARE_H
#define TESTS_BARE_H

#include "recorder.h"
#include <mm/frame/boot_memory.h>
#include <mm/table/entry.h>

/* In pages. */
#define GIB     (1ul << 18)
#define MIB2    512ul
#define LARGEST (3 * GIB + 5 * MIB2)

extern struct bare {
	struct boot_memory memory;
	pfn_t root;
	struct recorder recorder;
	uint64_t flushes;  /* of everything */
	pt_entry_t window; /* what fixed_window shows */
} bare;

/* Powers it on: geometry, memory in one piece, nothing mapped. "large" is pt_geometry's. */
void bare_start(unsigned int levels, unsigned int large, uint64_t pages);

/* Before bare_build(): these pages are no memory. Ignored where something else is. */
void bare_add_hole(uint64_t first, uint64_t count);

/* direct_map_build(). */
void bare_build(void);

/* On with the frame database, under the recorder: the state in which the kernel runs. */
void bare_complete(void);

/* Fails the test if the witness or the recorder has seen something wrong, or a flush is missing. */
void bare_check(void);

/* Checks all, and powers it off. */
void bare_stop(void);

/* What the direct map is made of. Every entry is checked to map the page that belongs there. */
struct bare_found {
	uint64_t tables;
	uint64_t leaves[PT_PGD + 1]; /* by level */
	uint64_t pages;              /* that these map, in pages */
	uint64_t joinable;           /* tables that could be one page */
};
struct bare_found bare_look(void);

/* Fails the test unless all of memory is mapped, by the largest pages that fit. */
void bare_expect_as_built(void);

#endif
