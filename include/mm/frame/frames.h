/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame database and the page allocator.
 *
 * One struct frame describes each pfn of the domain. The allocator is a buddy system (Knuth, The
 * Art of Computer Programming volume 1, section 2.5): blocks of 2^order frames, aligned to their
 * size; a block is split in two when a smaller one is wanted and joined with its buddy, the other
 * half, when both are free.
 *
 * Invariants, checked by frames_check():
 *  - every frame belongs to exactly one block; the block's first frame carries kind and order, the
 *    others are FRAME_TAIL; frames that the allocator never had are blocks of order 0;
 *  - a free block is in the list of its order, and its buddy is not a free block of that order;
 *  - a frame that has a level is of kind FRAME_TABLE, except while pin_try() asks Xen about it.
 *
 * Everything here may be called with events masked, takes only the lock "frames", and never blocks.
 */
#ifndef MM_FRAME_FRAMES_H
#define MM_FRAME_FRAMES_H

#include <arch/lock.h>
#include <kernel/lib/list.h>
#include <kernel/lib/string.h>
#include <kernel/lib/types.h>
#include <mm/frame/boot_memory.h>
#include <mm/frame/translate.h>

/* The largest block: 2^10 frames, 4 MiB. */
#define FRAMES_MAX_ORDER 10
#define FRAMES_ORDERS    (FRAMES_MAX_ORDER + 1)

struct frame {
	struct list_node link; /* free: the list of its order; allocated: its owner's to use */
	uint64_t private;      /* allocated: its owner's to use */
	uint32_t references;   /* allocated: 1 from frames_alloc() on; frame_get(), frame_put() */
	uint8_t kind;          /* enum frame_kind */
	uint8_t order;         /* of the block that starts here: it has 2^order frames */
	uint8_t flags;         /* FRAME_... bits of a page table; 0 for all others */
	struct spinlock lock;  /* of a page table: guards its entries; taken with spin_acquire() */
};

/* Page tables: what level it is, and whether Xen holds it validated, so that it is read-only. */
#define FRAME_LEVEL   0x07 /* mask: enum pt_level; 0: not a page table */
#define FRAME_PINNED  0x08
#define FRAME_SAVE    0x10 /* a root that mm_pin_all() pinned: mm_unpin_all() undoes that */
#define FRAME_ADOPTED 0x20 /* validated since the boot: there is no pin to be taken away */

_Static_assert(100 * sizeof(struct frame) < PAGE_SIZE,
	       "the database must stay below 1 % of memory");

/*
 * Builds the database in "database" (an array of memory->pages zeroed elements) and puts every free
 * frame of *memory into the allocator. Frames of which "present" is false are FRAME_ABSENT.
 */
void frames_init(struct frame *database, const struct boot_memory *memory,
		 bool (*present)(pfn_t frame));

/* Bytes of the database for so many pages. */
static inline uint64_t frames_database_size(uint64_t pages)
{
	return pages * sizeof(struct frame);
}

/*
 * The reserve, in pages: frames that programs leave to the kernel. While the running CPU works for
 * a program (this_cpu()->keeps_reserve, which the scheduler sets), frames_alloc() fails rather than
 * leave fewer than these free. Whatever a program asks for fails early by that, on every path, and
 * what the kernel must finish does not.
 */
extern uint64_t frames_reserve;

/*
 * A block of 2^order frames, order 0 .. FRAMES_MAX_ORDER, aligned to its size; INVALID_PFN if there
 * is none, the order is too large, or it would take from the reserve. Its contents are whatever
 * they were.
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
 * Adjacent blocks of the largest size, for something that must be in one piece for a while:
 * INVALID_PFN if so many are not free side by side. Each goes back by frames_free().
 */
pfn_t frames_alloc_run(uint64_t blocks);

/* Gives back a block got from frames_alloc(), by its first frame. Anything else is a panic. */
void frames_free(pfn_t frame);

/* Takes another reference to an allocated frame. */
void frame_get(pfn_t frame);

/* Drops a reference to an allocated frame, and frees it with the last one. */
void frame_put(pfn_t frame);

/* Gives the allocator a single frame that it never had: boot memory no longer needed. */
void frames_release(pfn_t frame);

/*
 * The frame database, indexed by pfn, and the number of its elements: the pfns of the domain,
 * absent ones included. Both are set by frames_init() and constant from then on.
 */
extern struct frame *frame_database;
extern uint64_t frame_count;

/* The frame's description, or NULL if pfn is past the end of the domain. */
static inline struct frame *frame_of(pfn_t frame)
{
	return frame.pfn < frame_count ? &frame_database[frame.pfn] : NULL;
}

/* The reverse, for a pointer that frame_of() gave. */
pfn_t frame_number(const struct frame *frame);

/*
 * Makes a single frame that of a page table of a level (enum pt_level), whoever allocated it. The
 * kind is written first and the level last, so that frames_check() never sees the one without the
 * other.
 */
static inline void frame_become_table(struct frame *frame, unsigned int level)
{
	frame->kind = FRAME_TABLE;
	__atomic_store_n(&frame->flags, (uint8_t)level, __ATOMIC_RELEASE);
}

/* Makes the frame of a page table an allocated one, which frames_free() takes. */
static inline void frame_leave_table(struct frame *frame)
{
	frame->flags = 0;
	__atomic_store_n(&frame->kind, FRAME_ALLOCATED, __ATOMIC_RELEASE);
}

/* First frame of the block that the frame belongs to. The frame must be one of the domain's. */
pfn_t frames_block(pfn_t frame);

struct frames_stats {
	uint64_t total;                 /* frames in the database */
	uint64_t kind[FRAME_KINDS];     /* frames of each kind; none is FRAME_TAIL */
	uint64_t blocks[FRAMES_ORDERS]; /* free blocks of each order */
};

/* Counts, by going through the whole database; events may come meanwhile. */
void frames_stats(struct frames_stats *stats);

/* Free frames, from a counter. */
uint64_t frames_free_count(void);

/*
 * Checks the invariants over the whole database. Returns NULL, or what is wrong and where (see
 * kernel/lib/message.h). Events may come meanwhile, and others may allocate: then it begins anew,
 * and at last does hold them back.
 */
const char *frames_check(void);

#endif
