/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which frames before there is a page allocator.
 *
 * A sorted list of the runs that are in use, each with what it is used for; all the rest is free.
 * The boot code reserves what it was handed and takes what it builds, and then mm/frames.c turns
 * the whole into the frame database. One CPU, no locks.
 *
 * Invariant: runs are sorted by start, do not overlap, and lie below the number of pages.
 */
#ifndef MM_BOOT_MEMORY_H
#define MM_BOOT_MEMORY_H

#include <boot/boot_info.h>
#include <mm/types.h>

/* What a frame is for. */
enum frame_kind {
	FRAME_TAIL,      /* part of a block of several frames, not its first: see there */
	FRAME_FREE,      /* in the page allocator */
	FRAME_ALLOCATED, /* given out by the page allocator */
	FRAME_TEXT,      /* the kernel's code and constants: read-only everywhere */
	FRAME_DATA,      /* the kernel's variables and stacks */
	FRAME_BOOT,      /* start_info, the rings shared with the toolstack's domain */
	FRAME_TABLE,     /* a page table: read-only everywhere */
	FRAME_P2M,      /* the builder's P2M and its tables: read-only in the direct map at first */
	FRAME_DATABASE, /* the frame database */
	FRAME_RAMDISK,
	FRAME_ABSENT, /* a pfn without memory */
	FRAME_KINDS
};

/* "free", "page table", ... */
const char *frame_kind_name(enum frame_kind kind);

/* Whether there are page tables among frames of that kind: a PV builder's P2M brings its own. */
bool frame_kind_may_be_table(enum frame_kind kind);

#define BOOT_MEMORY_RUNS (BOOT_ABSENT + 32)

struct boot_run {
	struct pfn_range range;
	enum frame_kind kind;
};

struct boot_memory {
	uint64_t pages; /* the domain's: pfns 0 .. pages - 1 */
	unsigned int runs;
	struct boot_run run[BOOT_MEMORY_RUNS];
};

/* Everything is free: pfns 0 .. pages - 1. */
void boot_memory_init(struct boot_memory *memory, uint64_t pages);

/*
 * Marks a run as in use. Returns NULL, or a message (valid until the next call) if it is past the
 * end, overlaps a run already there, or finds the list full; nothing is changed then. A run of 0
 * frames is ignored.
 */
const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind);

/* The lowest free run of "count" frames, which it marks; INVALID_PFN if there is none. */
pfn_t boot_memory_take(struct boot_memory *memory, uint64_t count, enum frame_kind kind);

/*
 * Makes frames free again, of whatever runs they are part. Returns NULL, or a message if that would
 * cut a run in two and the list is full; nothing is changed then.
 */
const char *boot_memory_release(struct boot_memory *memory, struct pfn_range range);

/* The first free run that starts at or after "from", cut to start there; count 0: none is left. */
struct pfn_range boot_memory_next_free(const struct boot_memory *memory, pfn_t from);

/* Whether that frame is in no run. */
bool boot_memory_is_free(const struct boot_memory *memory, pfn_t frame);

/* Frames that are no memory. */
uint64_t boot_memory_absent(const struct boot_memory *memory);

/* Frames in no run, and the length of the longest free run. */
uint64_t boot_memory_free(const struct boot_memory *memory);
uint64_t boot_memory_longest(const struct boot_memory *memory);

#endif
