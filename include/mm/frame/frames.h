/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame database and the page allocator.
 *
 * One struct frame describes each pfn of the domain. The allocator is a buddy system (Knuth, The
 * Art of Computer Programming volume 1, section 2.5) of blocks of 2^order frames, aligned to their
 * size. A block is split in two when a smaller one is needed, and joined with its buddy, the other
 * half, when both are free.
 *
 * Invariants, checked by frames_check():
 *  - every frame belongs to exactly one block; the block's first frame has its kind and order, the
 *    others are FRAME_TAIL; frames that were never in the allocator are blocks of order 0;
 *  - a free block is in the list of its order, and its buddy is not a free block of that order;
 *  - a frame that has a level is of kind FRAME_TABLE, except while pin_try() asks Xen about it.
 *
 * All functions may be called with events masked, take only the allocator's lock, and never block.
 */
#ifndef MM_FRAME_FRAMES_H
#define MM_FRAME_FRAMES_H

#include <arch/lock.h>
#include <kernel/lib/list.h>
#include <kernel/lib/string.h>
#include <kernel/lib/types.h>
#include <mm/frame/boot_memory.h>
#include <mm/frame/translate.h>

/* The order of the largest block, 2^10 frames or 4 MiB, and the number of orders. */
#define FRAMES_MAX_ORDER 10
#define FRAMES_ORDERS    (FRAMES_MAX_ORDER + 1)

struct frame {
	struct list_node link; /* free: in the list of its order; allocated: for its owner */
	uint64_t private;      /* allocated: for its owner, 0 at first */
	uint32_t references;   /* allocated: 1 at first, see frame_get() and frame_put() */
	uint8_t kind;          /* enum frame_kind */
	uint8_t order;         /* of the block that starts here: it has 2^order frames */
	uint8_t flags;         /* page table: FRAME_LEVEL etc.; 0 for all other frames */
};

/* Flags of a page table's frame. */
#define FRAME_LEVEL   0x07 /* mask: enum pt_level; 0: not a page table */
#define FRAME_PINNED  0x08 /* Xen holds it validated, so it is read-only */
#define FRAME_SAVE    0x10 /* a root that mm_pin_all() pinned and mm_unpin_all() will unpin */
#define FRAME_ADOPTED 0x20 /* validated since the boot, as part of its parent: it has no pin */

_Static_assert(100 * sizeof(struct frame) < PAGE_SIZE,
	       "the database must stay below 1 % of memory");

/*
 * Builds the database in an array of memory->pages zeroed elements, and adds every free frame of
 * *memory to the allocator. Free frames for which present() is false become FRAME_ABSENT.
 */
void frames_init(struct frame *database, const struct boot_memory *memory,
		 bool (*present)(pfn_t frame));

/* Returns the size in bytes of the database of a domain with that number of pages. */
static inline uint64_t frames_database_size(uint64_t pages)
{
	return pages * sizeof(struct frame);
}

/*
 * The reserve, in pages, which programs leave to the kernel. While the running CPU works for a
 * program (this_cpu()->keeps_reserve, set by the scheduler), frames_alloc() fails rather than leave
 * fewer pages than this free. So what a program asks for fails early, and what the kernel must
 * finish does not.
 */
extern uint64_t frames_reserve;

/*
 * Allocates a block of 2^order frames, order 0 to FRAMES_MAX_ORDER, aligned to its size. Its
 * contents are undefined. Returns its first frame, or INVALID_PFN if there is no such block, the
 * order is too large, or the block would take from the reserve.
 */
pfn_t frames_alloc(unsigned int order);

/* Allocates one frame as frames_alloc(0) does, and fills it with zeros. */
static inline pfn_t frames_alloc_zeroed(void)
{
	pfn_t frame = frames_alloc(0);

	if (pfn_valid(frame))
		memset(pfn_to_virt(frame), 0, PAGE_SIZE);
	return frame;
}

/*
 * Allocates adjacent blocks of the largest size. Returns the first frame, or INVALID_PFN if that
 * many are not free side by side. Each block is freed by itself, by frames_free().
 */
pfn_t frames_alloc_run(uint64_t blocks);

/* Frees an allocated block, by its first frame. Anything else is a panic. */
void frames_free(pfn_t frame);

/* Takes another reference to an allocated frame. */
void frame_get(pfn_t frame);

/* Drops a reference to an allocated frame, and frees it with the last one. */
void frame_put(pfn_t frame);

/* Adds a single frame of boot memory, which was never allocated, to the allocator. */
void frames_release(pfn_t frame);

/*
 * The frame database, indexed by pfn, and the number of its elements: the pfns of the domain,
 * absent ones included. Both are set by frames_init() and constant from then on.
 */
extern struct frame *frame_database;
extern uint64_t frame_count;

/* Returns the description of a frame, or NULL if pfn is past the end of the domain. */
static inline struct frame *frame_of(pfn_t frame)
{
	return frame.pfn < frame_count ? &frame_database[frame.pfn] : NULL;
}

/* Returns the frame of a description that frame_of() returned. */
pfn_t frame_number(const struct frame *frame);

/*
 * Makes a frame, allocated or the boot's, the frame of a page table of a level (enum pt_level). The
 * kind is written first, so that frames_check() never sees a level without it.
 */
static inline void frame_become_table(struct frame *frame, unsigned int level)
{
	frame->kind = FRAME_TABLE;
	__atomic_store_n(&frame->flags, (uint8_t)level, __ATOMIC_RELEASE);
}

/* Makes the frame of a page table an allocated one again, which frames_free() takes. */
static inline void frame_leave_table(struct frame *frame)
{
	frame->flags = 0;
	__atomic_store_n(&frame->kind, FRAME_ALLOCATED, __ATOMIC_RELEASE);
}

/* Returns the first frame of the block of a frame, which must be one of the domain's. */
pfn_t frames_block(pfn_t frame);

struct frames_stats {
	uint64_t total;                 /* frames in the database */
	uint64_t kind[FRAME_KINDS];     /* frames of each kind; none is FRAME_TAIL */
	uint64_t blocks[FRAMES_ORDERS]; /* free blocks of each order */
};

/* Counts the frames in the whole database. Events can occur meanwhile. */
void frames_stats(struct frames_stats *stats);

/* Returns the number of free frames, which is kept in a counter. */
uint64_t frames_free_count(void);

/*
 * Checks the invariants over the whole database. Returns NULL, or what is wrong and where (see
 * kernel/lib/message.h). Events can occur meanwhile. If one of them changes the allocator the check
 * starts again, and after several times with events masked throughout.
 */
const char *frames_check(void);

#endif
