// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buddy allocator over the frame database.
 *
 * The first frame of a block is a multiple of its size, so flipping one bit of that number, the one
 * for its order, gives the block's buddy. All state is in the database: the first frame of a block
 * says what the block is, so joining two blocks looks at one frame and searches nothing.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/message.h>
#include <kernel/lib/panic.h>
#include <mm/frame/frames.h>

static struct spinlock lock = SPINLOCK(LOCK_FRAMES);
struct frame *frame_database;
uint64_t frame_count;
static uint64_t free_pages;
static uint64_t changes; /* number of changes to the free lists so far */
static struct list_node free_lists[FRAMES_ORDERS];
uint64_t frames_reserve = 64;

pfn_t frame_number(const struct frame *frame)
{
	return pfn((uint64_t)(frame - frame_database));
}

static void set_block(struct frame *frame, enum frame_kind kind, unsigned int order)
{
	frame->kind = (uint8_t)kind;
	frame->order = (uint8_t)order;
}

/* Adds a block to the free list of its order. The lock is held. */
static void add_free(struct frame *frame, unsigned int order)
{
	set_block(frame, FRAME_FREE, order);
	list_add(&free_lists[order], &frame->link);
	free_pages += 1ull << order;
	changes++;
}

/* Removes a free block from its list. The lock is held. */
static void remove_free(struct frame *frame)
{
	list_remove(&frame->link);
	free_pages -= 1ull << frame->order;
	changes++;
	set_block(frame, FRAME_TAIL, 0);
}

/* Returns a block's buddy if it is a free block of the same order, or NULL. The lock is held. */
static struct frame *free_buddy(const struct frame *frame, unsigned int order)
{
	struct frame *buddy = frame_of(pfn(frame_number(frame).pfn ^ 1ull << order));

	return buddy && buddy->kind == FRAME_FREE && buddy->order == order ? buddy : NULL;
}

/* Frees a block, joined with its buddy for as long as that is free. The lock is held. */
static void free_block(struct frame *frame, unsigned int order)
{
	struct frame *buddy;

	set_block(frame, FRAME_TAIL, 0);
	for (; order < FRAMES_MAX_ORDER && (buddy = free_buddy(frame, order)); order++) {
		remove_free(buddy);
		frame = MIN(frame, buddy);
	}
	add_free(frame, order);
}

/* Frees a run of any length and alignment, as the largest blocks that fit. */
static void free_run(struct pfn_range run)
{
	while (run.count) {
		unsigned int order = 0;

		while (order < FRAMES_MAX_ORDER && run.start.pfn % (2ull << order) == 0 &&
		       run.count >= 2ull << order)
			order++;
		free_block(&frame_database[run.start.pfn], order);
		run.start.pfn += 1ull << order;
		run.count -= 1ull << order;
	}
}

/* Frees the frames of a run that are present, and marks the others absent. */
static void free_present(struct pfn_range run, bool (*present)(pfn_t frame))
{
	struct pfn_range piece = {run.start, 0};
	uint64_t end = run.start.pfn + run.count;

	for (pfn_t frame = run.start; frame.pfn < end; frame.pfn++) {
		if (present(frame)) {
			piece.count++;
			continue;
		}
		set_block(&frame_database[frame.pfn], FRAME_ABSENT, 0);
		free_run(piece);
		piece = (struct pfn_range){pfn(frame.pfn + 1), 0};
	}
	free_run(piece);
}

void frames_init(struct frame *storage, const struct boot_memory *memory,
		 bool (*present)(pfn_t frame))
{
	struct pfn_range gap;

	frame_database = storage;
	frame_count = memory->pages;
	free_pages = 0;
	for (unsigned int order = 0; order < FRAMES_ORDERS; order++)
		list_init(&free_lists[order]);
	for (unsigned int i = 0; i < memory->runs; i++) {
		const struct boot_run *run = &memory->run[i];

		for (uint64_t n = 0; n < run->range.count; n++)
			set_block(&frame_database[run->range.start.pfn + n], run->kind, 0);
	}
	for (gap = boot_memory_next_free(memory, pfn(0)); gap.count;
	     gap = boot_memory_next_free(memory, pfn(gap.start.pfn + gap.count)))
		free_present(gap, present);
}

/* Takes a free block off its list, and makes its first 2^order frames an allocated block. */
static void take_block(struct frame *frame, unsigned int order)
{
	remove_free(frame);
	set_block(frame, FRAME_ALLOCATED, order);
	frame->references = 1;
	frame->private = 0;
	frame->flags = 0;
}

pfn_t frames_alloc(unsigned int order)
{
	pfn_t result = INVALID_PFN;
	unsigned int from = order;
	bool events = spin_lock(&lock);
	uint64_t reserve = this_cpu()->keeps_reserve ? frames_reserve : 0;

	if (free_pages < reserve + (1ull << MIN(order, FRAMES_MAX_ORDER))) {
		this_cpu()->memory_refused = true;
		from = FRAMES_ORDERS;
	}
	while (from <= FRAMES_MAX_ORDER && list_empty(&free_lists[from]))
		from++;
	if (from <= FRAMES_MAX_ORDER) {
		struct frame *frame = container_of(free_lists[from].next, struct frame, link);

		take_block(frame, order);
		/* What is above it in the block that was free stays free, as the upper halves. */
		while (from-- > order)
			add_free(frame + (1ull << from), from);
		result = frame_number(frame);
	}
	spin_unlock(&lock, events);
	return result;
}

pfn_t frames_alloc_run(uint64_t blocks)
{
	const uint64_t size = 1ull << FRAMES_MAX_ORDER;
	bool events = spin_lock(&lock);
	uint64_t found = 0, end = 0;

	for (; found < blocks && end < frame_count; end += size) {
		const struct frame *frame = &frame_database[end];
		bool free = frame->kind == FRAME_FREE && frame->order == FRAMES_MAX_ORDER;

		found = free ? found + 1 : 0;
	}
	for (uint64_t i = 1; i <= blocks && found == blocks; i++)
		take_block(&frame_database[end - i * size], FRAMES_MAX_ORDER);
	spin_unlock(&lock, events);
	return found == blocks ? pfn(end - blocks * size) : INVALID_PFN;
}

/* Frees a block whose kind is in the mask. Anything else is a panic. */
static ALWAYS_INLINE void give_back(pfn_t number, unsigned int kinds, const char *caller,
				    const char *expected)
{
	bool events = spin_lock(&lock);
	struct frame *frame = frame_of(number);

	if (frame && frame->flags)
		panic("%s: pfn %lx is still a page table (flags %x)", caller, number.pfn,
		      frame->flags);
	if (!frame || !(kinds & 1u << frame->kind))
		panic("%s: pfn %lx is %s, not %s", caller, number.pfn,
		      frame ? frame_kind_name(frame->kind) : "past the end of memory", expected);
	free_block(frame, frame->order);
	spin_unlock(&lock, events);
}

void frames_free(pfn_t frame)
{
	give_back(frame, 1u << FRAME_ALLOCATED, "frames_free", "the start of an allocated block");
}

void frames_release(pfn_t frame)
{
	const unsigned int never =
		1u << FRAME_TAIL | 1u << FRAME_FREE | 1u << FRAME_ALLOCATED | 1u << FRAME_ABSENT;

	give_back(frame, ~never, "frames_release", "boot memory");
}

void frame_get(pfn_t frame)
{
	__atomic_fetch_add(&frame_of(frame)->references, 1, __ATOMIC_RELAXED);
}

void frame_put(pfn_t frame)
{
	if (__atomic_sub_fetch(&frame_of(frame)->references, 1, __ATOMIC_ACQ_REL) == 0)
		frames_free(frame);
}

pfn_t frames_block(pfn_t number)
{
	for (unsigned int order = 0; order <= FRAMES_MAX_ORDER; order++) {
		pfn_t start = pfn(ROUND_DOWN(number.pfn, 1ull << order));

		if (frame_database[start.pfn].kind != FRAME_TAIL)
			return start;
	}
	panic("frames_block: pfn %lx belongs to no block", number.pfn);
}

/*
 * Returns true between two blocks of the largest size, which no smaller block crosses. There, those
 * who go through all frames release the lock for a moment, so that events can occur.
 */
static bool is_border(uint64_t n)
{
	return n % (1ull << FRAMES_MAX_ORDER) == 0;
}

void frames_stats(struct frames_stats *stats)
{
	bool events = spin_lock(&lock);

	*stats = (struct frames_stats){.total = frame_count};
	for (uint64_t n = 0; n < frame_count;) {
		const struct frame *frame = &frame_database[n];

		stats->kind[frame->kind] += 1ull << frame->order;
		if (frame->kind == FRAME_FREE)
			stats->blocks[frame->order]++;
		n += 1ull << frame->order;
		if (is_border(n)) {
			spin_unlock(&lock, events);
			events = spin_lock(&lock);
		}
	}
	spin_unlock(&lock, events);
}

uint64_t frames_free_count(void)
{
	return __atomic_load_n(&free_pages, __ATOMIC_RELAXED);
}

/* After that many checks that were interrupted by changes, one that holds the lock throughout. */
#define CHECK_TRIES 8

static const char *check_block(uint64_t n)
{
	const struct frame *frame = &frame_database[n];
	uint64_t size = 1ull << frame->order;

	if (frame->kind == FRAME_TAIL || frame->kind >= FRAME_KINDS)
		return message_make("pfn %lx belongs to no block (kind %u)", n, frame->kind);
	if (frame->order > FRAMES_MAX_ORDER || n % size || size > frame_count - n)
		return message_make("the block at pfn %lx has an impossible order %u", n,
				    frame->order);
	if ((frame->flags & FRAME_LEVEL) && (frame->kind != FRAME_TABLE || frame->order))
		return message_make("the page table at pfn %lx is %s of order %u", n,
				    frame_kind_name(frame->kind), frame->order);
	for (uint64_t i = 1; i < size; i++) {
		if (frame_database[n + i].kind != FRAME_TAIL)
			return message_make("pfn %lx inside the block at pfn %lx is %s", n + i, n,
					    frame_kind_name(frame_database[n + i].kind));
	}
	if (frame->kind == FRAME_FREE && frame->order < FRAMES_MAX_ORDER &&
	    free_buddy(frame, frame->order))
		return message_make("the free block at pfn %lx was not joined with its buddy", n);
	return NULL;
}

/* What a check returns that must start again: the free lists changed while it paused. */
static const char interrupted[] = "the free lists changed";

/* A check in progress. */
struct check {
	bool events;      /* whether they were enabled before */
	bool alone;       /* the lock is held throughout */
	uint64_t changes; /* the counter of changes, when it began */
	uint64_t free;    /* frames that are free in the database */
};

/* Releases the lock for a moment. */
static const char *pause(struct check *check)
{
	if (check->alone)
		return NULL;
	spin_unlock(&lock, check->events);
	check->events = spin_lock(&lock);
	return check->changes == changes ? NULL : interrupted;
}

static const char *check_database(struct check *check)
{
	for (uint64_t n = 0; n < frame_count;) {
		const struct frame *frame = &frame_database[n];
		const char *error = check_block(n);

		if (error)
			return error;
		if (frame->kind == FRAME_FREE)
			check->free += 1ull << frame->order;
		n += 1ull << frame->order;
		if (is_border(n) && (error = pause(check)))
			return error;
	}
	return NULL;
}

/* Checks what is on the free lists, and that it is as much as the database has, and the counter. */
static const char *check_lists(struct check *check)
{
	uint64_t blocks = 0, on_lists = 0;
	const char *error;

	for (unsigned int order = 0; order < FRAMES_ORDERS; order++) {
		list_for_each_entry (const struct frame, frame, &free_lists[order], link) {
			if (frame->kind != FRAME_FREE || frame->order != order)
				return message_make(
					"pfn %lx is on the free list of order %u but is %s",
					frame_number(frame).pfn, order,
					frame_kind_name(frame->kind));
			on_lists += 1ull << order;
			if (is_border(++blocks) && (error = pause(check)))
				return error;
		}
	}
	if (on_lists != check->free || on_lists != free_pages)
		return message_make("%lu frames free in the database, %lu on lists, %lu counted",
				    check->free, on_lists, free_pages);
	return NULL;
}

const char *frames_check(void)
{
	const char *error = interrupted;

	for (unsigned int tries = 0; error == interrupted; tries++) {
		struct check check = {.alone = tries == CHECK_TRIES, .events = spin_lock(&lock)};

		check.changes = changes;
		error = check_database(&check);
		if (!error)
			error = check_lists(&check);
		spin_unlock(&lock, check.events);
	}
	return error;
}
