// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Futexes: a tree of waiters, ordered by the words that they wait for; waiters for one word are in
 * order of arrival.
 */
#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/process/futex.h>
#include <mm/user/region.h>

enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_COMMAND = 0x7f,
	FUTEX_PRIVATE = 0x80,
	FUTEX_CLOCK_REALTIME = 0x100,
};

#define ANY_BITS 0xffffffffu

/* Identifies a word by what it is part of: a shared object, or one address space. */
struct word {
	const void *owner;
	uint64_t place;
	struct object *object; /* the object, if shared: a waiter holds a reference */
};

struct waiter {
	struct tree_node node;
	struct task *task;
	struct word word;
	uint32_t bits;
	bool woken; /* removed from the tree by the waker */
};

static struct tree waiters;

static struct waiter *waiter_at(const struct tree_node *node)
{
	return container_of(node, struct waiter, node);
}

static bool word_before(const struct word *a, const struct word *b)
{
	return a->owner != b->owner ? (uintptr_t)a->owner < (uintptr_t)b->owner
				    : a->place < b->place;
}

static bool waiter_before(const struct tree_node *a, const struct tree_node *b)
{
	return word_before(&waiter_at(a)->word, &waiter_at(b)->word);
}

static bool word_reached(const struct tree_node *node, const void *word)
{
	return !word_before(&waiter_at(node)->word, word);
}

static bool find_word(uintptr_t address, bool private, struct word *word)
{
	struct space *space = process_current()->space;
	struct region *region;

	*word = (struct word){space, address, NULL};
	if (private)
		return true;
	spin_acquire(&space->lock);
	region = region_find(space, address);
	if (region && region->shared)
		*word = (struct word){region->object, region->offset + (address - region->start),
				      region->object};
	spin_release(&space->lock);
	return region;
}

static long wake(const struct word *word, uint64_t most, uint32_t bits)
{
	struct tree_node *node = tree_search(&waiters, word_reached, word), *next;
	long count = 0;

	for (; node && (uint64_t)count < most; node = next) {
		struct waiter *waiter = waiter_at(node);

		next = tree_next(node);
		if (word_before(word, &waiter->word))
			break;
		if (!(waiter->bits & bits))
			continue;
		tree_remove(&waiters, node);
		waiter->woken = true;
		task_wake(waiter->task);
		count++;
	}
	return count;
}

void futex_wake_word(uintptr_t address)
{
	struct word word;

	if (find_word(address, false, &word))
		wake(&word, 1, ANY_BITS);
}

static long wait(const struct word *word, uint32_t bits, uint64_t deadline)
{
	static WAIT_QUEUE(asleep);
	struct waiter waiter = {.task = task_current(), .word = *word, .bits = bits};
	bool events = events_mask();
	long result = 0;

	if (word->object)
		object_get(word->object);
	tree_insert(&waiters, &waiter.node, waiter_before);
	while (!waiter.woken && !result) {
		if (time_system() >= deadline)
			result = -ETIMEDOUT;
		else if (thread_interrupted())
			result = deadline == TASK_FOR_EVER ? -ERESTART : -EINTR;
		else
			task_sleep_until(&asleep, deadline);
	}
	if (!waiter.woken)
		tree_remove(&waiters, &waiter.node);
	if (word->object)
		object_put(word->object);
	events_restore(events);
	return waiter.woken ? 0 : result;
}

/* The timeout of FUTEX_WAIT is a duration, that of FUTEX_WAIT_BITSET a point in time. */
static long wait_for_word(uintptr_t address, const struct word *word, uint32_t operation,
			  uint32_t value, uint64_t timeout, uint32_t bits)
{
	bool absolute = (operation & FUTEX_COMMAND) == FUTEX_WAIT_BITSET;
	uint32_t clock = operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	uint64_t deadline = TASK_FOR_EVER;
	uint32_t now;
	long error;

	if (!bits)
		return -EINVAL;
	if (timeout) {
		error = clock_read_deadline(timeout, clock, absolute, &deadline);
		if (error)
			return error;
	}
	if (user_read(address, &now, sizeof(now)))
		return -EFAULT;
	return now == value ? wait(word, bits, deadline) : -EAGAIN;
}

long sys_futex(uintptr_t address, uint32_t operation, uint32_t value, uint64_t timeout,
	       uintptr_t other, uint32_t third)
{
	bool private = operation & FUTEX_PRIVATE;
	struct word word;
	uint32_t now;

	if (address % sizeof(uint32_t))
		return -EINVAL;
	if (!find_word(address, private, &word))
		return -EFAULT;
	switch (operation & FUTEX_COMMAND) {
	case FUTEX_WAIT:
		third = ANY_BITS;
		/* falls through */
	case FUTEX_WAIT_BITSET:
		return wait_for_word(address, &word, operation, value, timeout, third);
	case FUTEX_WAKE:
		return wake(&word, value, ANY_BITS);
	case FUTEX_WAKE_BITSET:
		return third ? wake(&word, value, third) : -EINVAL;
	case FUTEX_CMP_REQUEUE:
		if (user_read(address, &now, sizeof(now)))
			return -EFAULT;
		if (now != third)
			return -EAGAIN;
		/* falls through */
	case FUTEX_REQUEUE:
		/*
		 * Requeuing would spare a waiter a spurious wake-up. Waking it is correct as well,
		 * since every waiter checks its word again.
		 */
		(void)other;
		return wake(&word, (uint64_t)value + (uint32_t)timeout, ANY_BITS);
	default:
		return -ENOSYS;
	}
}
