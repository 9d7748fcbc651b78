// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small objects, memory objects, kernel stacks: what is given back is given back to the frame, and
 * a file reads as it was written, holes and all.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/frame/translate.h>
#include <mm/kernel/stacks.h>
#include <mm/table/ops.h>
#include <mm/user/object.h>
#include <mm/xen/batch.h>

struct thing {
	uint64_t words[5];
};

static struct slab_cache things = SLAB_CACHE(struct thing);

static void slabs_give_their_pages_back(void **state)
{
	static struct thing *all[1000];
	uint64_t free;

	(void)state;
	world_start(4, 2048);
	free = frames_free_count();
	for (unsigned int round = 0; round < 3; round++) {
		host_seed(round);
		for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
			all[i] = slab_alloc(&things);
			assert_non_null(all[i]);
			for (unsigned int w = 0; w < 5; w++) {
				assert_int_equal(all[i]->words[w], 0);
				all[i]->words[w] = i * 5 + w;
			}
		}
		/* 102 to a page. */
		assert_int_equal(free - frames_free_count(), 10);
		assert_int_equal(things.objects, 1000);
		for (unsigned int step = 0; step < 5000; step++) {
			unsigned int i = (unsigned int)host_random_below(ARRAY_SIZE(all));

			if (all[i]) {
				assert_int_equal(all[i]->words[4], i * 5 + 4);
				slab_free(&things, all[i]);
				all[i] = NULL;
			} else {
				all[i] = slab_alloc(&things);
				all[i]->words[4] = i * 5 + 4;
			}
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
			slab_free(&things, all[i]);
		assert_int_equal(frames_free_count(), free);
		assert_int_equal(things.pages, 0);
	}
	world_stop();
}

static void free_twice(void)
{
	struct thing *thing = slab_alloc(&things);

	slab_free(&things, thing);
	slab_free(&things, thing);
}

static void slabs_notice_mistakes(void **state)
{
	static pfn_t held[2048];
	unsigned int count = 0;

	(void)state;
	world_start(4, 2048);
	host_expect_panic(free_twice, "is no struct thing that is in use");
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	assert_null(slab_alloc(&things));
	while (count)
		frames_free(held[--count]);
	world_discard();
}

/* Against a plain array. */
static void files_read_as_written(void **state)
{
	enum { SIZE = 100000 };
	static unsigned char expected[SIZE], text[SIZE];
	struct object *file;
	uint64_t length = 0, free, before_writing;

	(void)state;
	world_start(4, 2048);
	free = frames_free_count();
	file = object_create(0);
	before_writing = frames_free_count();
	host_seed(1);
	for (unsigned int step = 0; step < 3000; step++) {
		uint64_t offset = host_random_below(SIZE), bytes = host_random_below(9000);

		bytes = MIN(bytes, SIZE - offset);
		switch (host_random_below(8)) {
		case 0:
			object_truncate(file, offset);
			length = offset;
			memset(expected + offset, 0, SIZE - offset);
			break;
		case 1:
		case 2:
			for (uint64_t i = 0; i < bytes; i++)
				text[i] = expected[offset + i] = (unsigned char)host_random();
			assert_int_equal(object_write(file, offset, text, bytes), bytes);
			if (bytes)
				length = MAX(length, offset + bytes);
			break;
		default:
			bytes = object_read(file, offset, text, bytes);
			assert_true(offset + bytes <= MAX(length, offset));
			assert_memory_equal(text, expected + offset, bytes);
		}
		assert_int_equal(file->bytes, length);
		assert_int_equal(file->frames, before_writing - frames_free_count());
	}
	object_put(object_get(file));
	object_put(file);
	assert_int_equal(frames_free_count(), free);
	world_stop();
}

static void far_pages_cost_only_their_way(void **state)
{
	struct object *object;
	uint64_t free;
	pfn_t page;

	(void)state;
	world_start(4, 2048);
	free = frames_free_count();
	object = object_create(0);
	page = object_page(object, 1ull << 40);
	assert_true(pfn_valid(page));
	assert_int_equal(object_find(object, 1ull << 40).pfn, page.pfn);
	assert_false(pfn_valid(object_find(object, 0)));
	assert_false(pfn_valid(object_page(object, OBJECT_MAX_PAGES)));
	assert_int_equal(object->pages, 1);
	/* Five nodes, the page, and the object itself. */
	assert_int_equal(free - frames_free_count(), 7);
	/* The first page alone needs no node, and keeps its place when the tree grows above it. */
	object_truncate(object, 0);
	page = object_page(object, 0);
	assert_int_equal(free - frames_free_count(), 2);
	assert_true(pfn_valid(object_page(object, 1)));
	assert_int_equal(object_find(object, 0).pfn, page.pfn);
	assert_int_equal(free - frames_free_count(), 4);
	object_truncate(object, PAGE_SIZE);
	frame_get(page); /* somebody maps it */
	object_put(object);
	assert_int_equal(free - frames_free_count(), 1);
	frame_put(page);
	assert_int_equal(frames_free_count(), free);
	world_stop();
}

/* Whole or not at all; the window's tables stay. */
static void stacks_without_memory(void **state)
{
	static pfn_t held[2048];
	unsigned int count = 0, failures = 0;
	uintptr_t top = 0, other;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		uint64_t free;

		world_start(levels, 2048);
		while (pfn_valid(held[count] = frames_alloc(0)))
			count++;
		while (!(top = stack_alloc())) {
			assert_null(model_check());
			frames_free(held[--count]);
			failures++;
		}
		assert_true(failures >= 4);
		assert_int_equal(model_access(0, top - 8, true, NULL), MODEL_OK);
		assert_int_equal(model_access(0, top - KERNEL_STACK_SIZE - 8, true, NULL),
				 MODEL_FAULT);
		assert_int_equal(stack_alloc(), 0);
		free = frames_free_count();
		stack_free(top);
		assert_int_equal(model_access(0, top - 8, true, NULL), MODEL_FAULT);
		assert_int_equal(frames_free_count() - free, KERNEL_STACK_SIZE / PAGE_SIZE);
		other = stack_alloc();
		assert_int_equal(other, top); /* the same place */
		stack_free(other);
		while (count)
			frames_free(held[--count]);
		world_stop();
	}
}

/* Pages that are in it in part stay, and are zeros from the new end on. */
static void truncated_to_the_byte(void **state)
{
	static const uint64_t lengths[] = {
		3 * PAGE_SIZE, 2 * PAGE_SIZE + 1, 2 * PAGE_SIZE, PAGE_SIZE + 77, 1, 0};
	static char text[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
	struct object *file;

	(void)state;
	world_start(4, 2048);
	file = object_create(0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(object_write(file, 0, text, sizeof(text)), sizeof(text));
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint64_t pages = pages_for(lengths[i]);

		object_truncate(file, lengths[i]);
		assert_int_equal(file->bytes, lengths[i]);
		assert_int_equal(pfn_valid(object_find(file, pages)), false);
		assert_int_equal(!pages || pfn_valid(object_find(file, pages - 1)), true);
	}
	/* What comes after the end is gone for good. */
	assert_int_equal(object_write(file, 0, text, 10), 10);
	object_truncate(file, 4);
	object_truncate(file, 10);
	assert_int_equal(object_read(file, 0, back, 10), 10);
	assert_memory_equal(back, "xxxx\0\0\0\0\0\0", 10);
	object_put(file);
	world_stop();
}

/* More of them than a word has bits: every one has a place of its own, which is found again. */
static void many_stacks(void **state)
{
	static uintptr_t top[140];
	uint64_t free;

	(void)state;
	world_start(4, 4096);
	for (unsigned int i = 0; i < ARRAY_SIZE(top); i++) {
		const unsigned int in_a_table =
			(unsigned int)(pt_span(PT_PMD) / 2 / KERNEL_STACK_SIZE);

		free = frames_free_count();
		top[i] = stack_alloc();
		/* A pte table with the first that needs it, and those above it with the very first.
		 */
		assert_int_equal(free - frames_free_count() - KERNEL_STACK_SIZE / PAGE_SIZE,
				 i == 0 ? 3 : i % in_a_table == 0);
		/* From the start of the window on, with a guard as large below each. */
		assert_int_equal(top[i],
				 pt_slot_address(STACKS_SLOT) + (i + 1) * 2 * KERNEL_STACK_SIZE);
	}
	/* The window's tables stay. */
	free = frames_free_count() + ARRAY_SIZE(top) * (KERNEL_STACK_SIZE / PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(top); i += 3)
		stack_free(top[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(top); i += 3)
		assert_int_equal(stack_alloc(), top[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(top); i++)
		stack_free(top[i]);
	assert_int_equal(frames_free_count(), free);
	world_stop();
}

/* In lazy mode too: a page of a stack is in use elsewhere as soon as it is freed. */
static void stacks_do_not_wait(void **state)
{
	uintptr_t top;

	(void)state;
	world_start(4, 2048);
	lazy_enter();
	top = stack_alloc();
	assert_false(batch_pending());
	assert_int_equal(model_access(0, top - 8, true, NULL), MODEL_OK);
	stack_free(top);
	assert_false(batch_pending());
	assert_int_equal(model_access(0, top - 8, true, NULL), MODEL_FAULT);
	lazy_leave();
	world_stop();
}

static void objects_without_memory(void **state)
{
	static char text[3 * PAGE_SIZE];
	static pfn_t held[2048];
	struct object *object;
	unsigned int count = 0;
	uint64_t done;

	(void)state;
	world_start(4, 2048);
	object = object_create(0);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	for (unsigned int spare = 0; spare < 6; spare++) {
		done = object_write(object, 1ull << 30, text, sizeof(text));
		assert_true(done % PAGE_SIZE == 0);
		assert_int_equal(object->bytes, done ? (1ull << 30) + done : 0);
		frames_free(held[--count]);
	}
	assert_int_equal(object_write(object, 1ull << 30, text, sizeof(text)), sizeof(text));
	object_put(object);
	while (count)
		frames_free(held[--count]);
	world_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slabs_give_their_pages_back),
		cmocka_unit_test(slabs_notice_mistakes),
		cmocka_unit_test(files_read_as_written),
		cmocka_unit_test(far_pages_cost_only_their_way),
		cmocka_unit_test(stacks_without_memory),
		cmocka_unit_test(truncated_to_the_byte),
		cmocka_unit_test(many_stacks),
		cmocka_unit_test(stacks_do_not_wait),
		cmocka_unit_test(objects_without_memory),
	};

	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
