/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which frames before there is a page allocator.
 *
 * A sorted list of the runs that are in use, each with what it is used for; all the rest is free.
 * The boot code reserves what it was handed and takes what it builds, and then mm/frame/frames.c
 * turns the whole into the frame database. One CPU, no locks.
 *
 * What must be where the builder put the P2M is a *claim*: the frames stay the P2M's until it has
 * been moved, and become the claimant's, not free, when it gives them back.
 *
 * Invariant: runs are sorted by start, do not overlap, and lie below the number of pages; a claim
 * lies in a run of the P2M's.
 */
#ifndef MM_FRAME_BOOT_MEMORY_H
#define MM_FRAME_BOOT_MEMORY_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/types.h>

/* What a frame is for. */
enum frame_kind {
	FRAME_TAIL,      /* part of a block of several frames, not its first: see there */
	FRAME_FREE,      /* in the page allocator */
	FRAME_ALLOCATED, /* given out by the page allocator */
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

/* Whether there are page tables among frames of that kind: a PV builder's P2M brings its own. */
bool frame_kind_may_be_table(enum frame_kind kind);

#define BOOT_MEMORY_RUNS   (BOOT_ABSENT + 32)
#define BOOT_MEMORY_CLAIMS (BOOT_ABSENT + 8)

struct boot_run {
	struct pfn_range range;
	enum frame_kind kind;
};

struct boot_memory {
	uint64_t pages; /* the domain's: pfns 0 .. pages - 1 */
	unsigned int runs;
	struct boot_run run[BOOT_MEMORY_RUNS];
	unsigned int claims;
	struct boot_run claim[BOOT_MEMORY_CLAIMS];
};

/* Everything is free: pfns 0 .. pages - 1. */
void boot_memory_init(struct boot_memory *memory, uint64_t pages);

/*
 * Marks a run as in use. Returns NULL, or a message (see kernel/lib/message.h) if it is past the
 * end, overlaps a run already there, or finds the list full; nothing is changed then. A run of 0
 * frames is ignored.
 */
const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind);

/*
 * Marks a run as in use like boot_memory_reserve(), but for those of its frames that the P2M has:
 * of these it notes that they are wanted. Returns NULL or a message, as that; the boot ends then.
 */
const char *boot_memory_claim(struct boot_memory *memory, struct pfn_range range,
			      enum frame_kind kind);

/* The claim on a frame of the P2M's; NULL: nobody wants it. */
const struct boot_run *boot_memory_claimant(const struct boot_memory *memory, pfn_t frame);

/* Frames of the P2M's that somebody wants. */
uint64_t boot_memory_claimed(const struct boot_memory *memory);

/* The lowest free run of "count" frames, which it marks; INVALID_PFN if there is none. */
pfn_t boot_memory_take(struct boot_memory *memory, uint64_t count, enum frame_kind kind);

/*
 * Makes frames free again, of whatever runs they are part; those that somebody has claimed become
 * part of his run instead. Returns NULL, or a message if that takes more runs than the list has
 * room for; nothing is free that is in use then.
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
