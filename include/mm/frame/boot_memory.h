/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which frames are in use before there is a page allocator.
 *
 * A sorted list has the runs of frames that are in use, each with what it is used for. All other
 * frames are free. The boot code reserves what it was given and takes what it builds; in the end
 * frames_init() makes the frame database of the list. One CPU, no locks.
 *
 * Something may have to be where the builder put the P2M. It *claims* these frames: they stay the
 * P2M's until the P2M has moved, and then become the claimant's, not free.
 *
 * Invariant: runs are sorted by start, do not overlap, and lie below the number of pages; only runs
 * of the P2M's are claimed.
 */
#ifndef MM_FRAME_BOOT_MEMORY_H
#define MM_FRAME_BOOT_MEMORY_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/types.h>

/* What a frame is used for. */
enum frame_kind {
	FRAME_TAIL,      /* not the first of its block, which has the kind of all */
	FRAME_FREE,      /* in the page allocator */
	FRAME_ALLOCATED, /* from the page allocator, and no page table */
	FRAME_TEXT,      /* the kernel's code and constants: read-only everywhere */
	FRAME_DATA,      /* the kernel's variables and stacks */
	FRAME_BOOT,      /* start_info, the rings shared with the toolstack's domain */
	FRAME_TABLE,     /* a page table, at boot or since: under Xen it is read-only when pinned */
	FRAME_P2M,      /* the builder's P2M and its tables: read-only in the direct map at first */
	FRAME_DATABASE, /* the frame database */
	FRAME_RAMDISK,
	FRAME_ABSENT, /* a pfn without memory */
	FRAME_KINDS
};

/* "free", "page table", ... */
const char *frame_kind_name(enum frame_kind kind);

/* Room for all absent ranges, each with a rest of the P2M next to it, and what else is in use. */
#define BOOT_MEMORY_RUNS (2 * BOOT_ABSENT + 40)

struct boot_run {
	struct pfn_range range;
	enum frame_kind kind;
	enum frame_kind claimed_as; /* what a release makes of it: FRAME_FREE if it is unclaimed */
};

struct boot_memory {
	uint64_t pages; /* the domain's: pfns 0 .. pages - 1 */
	unsigned int runs;
	struct boot_run run[BOOT_MEMORY_RUNS];
};

/* Initializes the list: pfns 0 .. pages - 1 are free. */
void boot_memory_init(struct boot_memory *memory, uint64_t pages);

/*
 * Adds a run. Returns NULL, or a message (see kernel/lib/message.h) if it is past the end,
 * overlaps another run, or the list is full; nothing has changed then. A run of 0 frames is
 * ignored, and one of kind FRAME_FREE.
 */
const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind);

/*
 * Adds a run as boot_memory_reserve() does, and claims those of its frames that are the P2M's.
 * Returns NULL or a message; part of the run may have been added then, and the boot must end.
 */
const char *boot_memory_claim(struct boot_memory *memory, struct pfn_range range,
			      enum frame_kind kind);

/* Returns the claimed run that a frame is in; NULL if the frame is not claimed. */
const struct boot_run *boot_memory_claimant(const struct boot_memory *memory, pfn_t frame);

/* Returns the number of frames that are claimed. */
uint64_t boot_memory_claimed(const struct boot_memory *memory);

/* Adds the lowest free run of "count" frames, and returns its start; INVALID_PFN: there is none. */
pfn_t boot_memory_take(struct boot_memory *memory, uint64_t count, enum frame_kind kind);

/*
 * Frees a range of frames, whatever runs they are part of; claimed ones go to their claimant
 * instead. Returns NULL, or a message if the list has no room for the runs that are left; no frame
 * that is in use is free then.
 */
const char *boot_memory_release(struct boot_memory *memory, struct pfn_range range);

/* Returns the first free run at or after "from", without what lies before it; count 0: none. */
struct pfn_range boot_memory_next_free(const struct boot_memory *memory, pfn_t from);

/* Returns true if a frame is in no run. */
bool boot_memory_is_free(const struct boot_memory *memory, pfn_t frame);

/* Returns the number of frames without memory. */
uint64_t boot_memory_absent(const struct boot_memory *memory);

/* Returns the number of frames in no run. */
uint64_t boot_memory_free(const struct boot_memory *memory);

/* Returns the length of the longest free run. */
uint64_t boot_memory_longest(const struct boot_memory *memory);

#endif
