// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page allocator: its invariants after every step of long random histories, on domains of odd
 * sizes with holes in them, and the mistakes of its callers.
 */
#include "host.h"

#include <mm/frame/frames.h>

static struct frame *database;
static struct boot_memory memory;

static bool all_present(pfn_t frame)
{
	(void)frame;
	return true;
}

static bool some_absent(pfn_t frame)
{
	return frame.pfn % 37 != 5;
}

static void start(uint64_t pages, bool (*present)(pfn_t))
{
	free(database);
	database = calloc(pages, sizeof(*database));
	assert_non_null(database);
	frames_init(database, &memory, present);
	if (frames_check())
		fail_msg("%s", frames_check());
}

static void start_empty(uint64_t pages)
{
	boot_memory_init(&memory, pages);
	start(pages, all_present);
}

static void sizes_that_are_no_powers_of_two(void **state)
{
	static const uint64_t sizes[] = {1, 2, 3, 511, 1023, 1024, 1025, 2047, 5000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		start_empty(sizes[i]);
		assert_int_equal(frames_free_count(), sizes[i]);
		assert_null(frame_of(pfn(sizes[i])));
		assert_non_null(frame_of(pfn(sizes[i] - 1)));
	}
}

static void reserved_frames_are_never_given_out(void **state)
{
	(void)state;
	boot_memory_init(&memory, 3000);
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(0), 1}, FRAME_TEXT));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(100), 333}, FRAME_RAMDISK));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(2999), 1}, FRAME_TABLE));
	start(3000, some_absent);
	for (;;) {
		pfn_t frame = frames_alloc(0);

		if (!pfn_valid(frame))
			break;
		assert_true(boot_memory_is_free(&memory, frame));
		assert_true(some_absent(frame));
	}
	assert_int_equal(frames_free_count(), 0);
	assert_null(frames_check());
	assert_int_equal(frame_of(pfn(100))->kind, FRAME_RAMDISK);
	assert_int_equal(frame_of(pfn(5))->kind, FRAME_ABSENT);
}

static void random_histories(void **state)
{
	enum { PAGES = 3001, HELD = 200 };
	pfn_t held[HELD];
	unsigned char owner[PAGES];

	(void)state;
	for (uint64_t seed = 0; seed < 12; seed++) {
		uint64_t free_at_start;
		unsigned int count = 0;

		host_seed(seed);
		boot_memory_init(&memory, PAGES);
		assert_null(
			boot_memory_reserve(&memory, (struct pfn_range){pfn(700), 60}, FRAME_P2M));
		start(PAGES, seed % 2 ? some_absent : all_present);
		free_at_start = frames_free_count();
		memset(owner, 0, sizeof(owner));

		for (unsigned int step = 0; step < 3000; step++) {
			if (count < HELD && host_random_below(100) < 55) {
				unsigned int order = (unsigned int)host_random_below(7);
				pfn_t block = frames_alloc(order);

				if (!pfn_valid(block))
					continue;
				assert_int_equal(block.pfn % (1u << order), 0);
				assert_int_equal(
					frames_block(pfn(block.pfn + (1u << order) - 1)).pfn,
					block.pfn);
				for (uint64_t n = 0; n < 1u << order; n++) {
					assert_int_equal(owner[block.pfn + n], 0);
					owner[block.pfn + n] = 1;
				}
				held[count++] = block;
			} else if (count) {
				uint64_t which = host_random_below(count);
				pfn_t block = held[which];

				memset(owner + block.pfn, 0, 1u << frame_of(block)->order);
				frames_free(block);
				held[which] = held[--count];
			}
			if (step % 50 == 0 && frames_check())
				fail_msg("seed %lu, step %u: %s", seed, step, frames_check());
		}
		while (count)
			frames_free(held[--count]);
		assert_null(frames_check());
		assert_int_equal(frames_free_count(), free_at_start);
	}
}

static pfn_t interference;
static unsigned int interferences;

static void take_or_give(void)
{
	interferences++;
	if (pfn_valid(interference))
		frames_free(interference);
	interference = pfn_valid(interference) ? INVALID_PFN : frames_alloc(0);
}

/* Between every two pieces of memory, again and again. */
static void take_and_give(void)
{
	take_or_give();
	host_interfere(2, take_and_give, NULL);
}

/* Whoever comes between the pieces of a check neither waits for its end nor deceives it. */
#define MOMENTS 13u /* at which a check below lets others in */

static void never(void)
{
	fail_msg("a void check went on");
}

/* Makes the check void. What is left then is a whole one: its start, and each moment. */
static void make_void(void)
{
	take_or_give();
	host_interfere(1 + MOMENTS + 1, never, NULL);
}

static void checks_let_others_in(void **state)
{
	struct frames_stats stats;
	unsigned int moments = 0;

	(void)state;
	boot_memory_init(&memory, 10000);
	start(10000, all_present);
	/* Every second page is free; one at the start of memory comes and goes. */
	for (unsigned int i = 0; i < 10000; i++)
		assert_true(pfn_valid(frames_alloc(0)));
	for (uint64_t n = 1; n < 10000; n += 2)
		frames_free(pfn(n));
	interference = pfn(0);
	/* At each moment at which somebody may come: nine in memory, four in the list of 5000. */
	for (unsigned int nth = 2;; nth++) {
		interferences = 0;
		host_interfere(nth, take_or_give, NULL);
		if (frames_check())
			fail_msg("moment %u: %s", nth, frames_check());
		if (!host_interfered())
			break;
		assert_int_equal(interferences, 1);
		moments++;
	}
	host_interfere(0, NULL, NULL);
	assert_int_equal(moments, MOMENTS);
	/* A check that is void begins anew at once: in memory, and in a list. */
	for (unsigned int nth = 2; nth < 2 + MOMENTS; nth++) {
		host_interfere(nth, make_void, NULL);
		assert_null(frames_check());
		assert_false(host_interfered());
	}
	host_interfere(0, NULL, NULL);
	/* So often that it never came to its end unless it kept them out. */
	interferences = 0;
	host_interfere(2, take_and_give, NULL);
	assert_null(frames_check());
	host_interfere(0, NULL, NULL);
	assert_in_range(interferences, 2, 100);
	/* Counting lets them in too. */
	interferences = 0;
	host_interfere(5, take_or_give, NULL);
	frames_stats(&stats);
	assert_int_equal(interferences, 1);
	assert_null(frames_check());
}

static void everything_is_joined_in_the_end(void **state)
{
	struct frames_stats stats;
	static pfn_t all[4096];

	(void)state;
	start_empty(4096);
	for (unsigned int i = 0; i < 4096; i++)
		all[i] = frames_alloc(0);
	assert_false(pfn_valid(frames_alloc(0)));
	for (unsigned int i = 0; i < 4096; i++)
		frames_free(all[(i * 2731) % 4096]);
	frames_stats(&stats);
	assert_int_equal(stats.blocks[FRAMES_MAX_ORDER], 4);
	assert_int_equal(stats.kind[FRAME_FREE], 4096);
}

/* Runs of the largest blocks: side by side, or none; each goes back by itself. */
static void runs_of_large_blocks(void **state)
{
	const uint64_t size = 1ull << FRAMES_MAX_ORDER;
	pfn_t run;

	(void)state;
	start_empty(8 * size + 5);
	assert_false(pfn_valid(frames_alloc_run(9)));
	run = frames_alloc_run(8);
	assert_int_equal(run.pfn, 0);
	assert_int_equal(frames_free_count(), 5);
	for (uint64_t i = 0; i < 8; i++)
		frames_free(pfn(i * size));
	assert_null(frames_check());
	/* Without the fourth there are three before it and four behind it. */
	assert_int_equal(frames_alloc_run(8).pfn, 0);
	for (uint64_t i = 0; i < 8; i++) {
		if (i != 3)
			frames_free(pfn(i * size));
	}
	assert_false(pfn_valid(frames_alloc_run(5)));
	assert_int_equal(frames_alloc_run(4).pfn, 4 * size);
	assert_int_equal(frames_alloc_run(3).pfn, 0);
	assert_null(frames_check());
}

static void impossible_orders(void **state)
{
	(void)state;
	start_empty(2048);
	assert_false(pfn_valid(frames_alloc(FRAMES_MAX_ORDER + 1)));
	assert_false(pfn_valid(frames_alloc(64)));
	assert_false(pfn_valid(frames_alloc(UINT32_MAX)));
	assert_int_equal(frames_free_count(), 2048);
}

static void boot_memory_can_be_released(void **state)
{
	(void)state;
	boot_memory_init(&memory, 64);
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(8), 1}, FRAME_TABLE));
	start(64, all_present);
	assert_int_equal(frames_free_count(), 63);
	frames_release(pfn(8));
	assert_int_equal(frames_free_count(), 64);
	assert_null(frames_check());
	assert_int_equal(frame_of(pfn(0))->order, 6); /* one block again */
}

static void free_twice(void)
{
	pfn_t block = frames_alloc(3);

	frames_free(block);
	frames_free(block);
}

static void free_the_middle(void)
{
	frames_free(pfn(frames_alloc(3).pfn + 1));
}

static void free_past_the_end(void)
{
	frames_free(pfn(2048));
}

static void release_allocated(void)
{
	frames_release(frames_alloc(0));
}

static void free_a_table(void)
{
	pfn_t table = frames_alloc(0);

	frame_become_table(frame_of(table), 1);
	frames_free(table);
}

static void release_a_table(void)
{
	pfn_t table = frames_alloc(0);

	frame_become_table(frame_of(table), 1);
	frames_release(table);
}

static void wrong_frees_are_panics(void **state)
{
	(void)state;
	start_empty(2048);
	host_expect_panic(free_twice, "not the start of an allocated block");
	host_expect_panic(free_the_middle, "part of a block");
	host_expect_panic(free_past_the_end, "past the end of memory");
	host_expect_panic(release_allocated, "not boot memory");
	host_expect_panic(free_a_table, "is still a page table (flags 1)");
	host_expect_panic(release_a_table, "is still a page table (flags 1)");
}

/* What an owner notes in a frame is gone with it. */
static void a_frame_comes_without_a_past(void **state)
{
	pfn_t frame;

	(void)state;
	start_empty(64);
	frame = frames_alloc(0);
	frame_of(frame)->private = 1234;
	frame_of(frame)->references = 5;
	frames_free(frame);
	assert_int_equal(frames_alloc(0).pfn, frame.pfn);
	assert_int_equal(frame_of(frame)->private, 0);
	assert_int_equal(frame_of(frame)->references, 1);
	frames_free(frame);
}

static void the_checker_sees_damage(void **state)
{
	pfn_t block;

	(void)state;
	start_empty(2048);
	block = frames_alloc(4);
	frame_of(pfn(block.pfn + 3))->kind = FRAME_ALLOCATED;
	assert_non_null(strstr(frames_check(), "inside the block"));
	start_empty(2048);
	frame_of(frames_alloc(0))->kind = FRAME_FREE;
	assert_non_null(frames_check());
	/* Free by its kind, and on no list; its buddy is in use. */
	start_empty(2048);
	block = frames_alloc(0);
	assert_int_equal(frames_alloc(0).pfn, block.pfn ^ 1);
	frame_of(block)->kind = FRAME_FREE;
	assert_non_null(strstr(frames_check(), "frames free in the database"));
	start_empty(2048);
	block = frames_alloc(0);
	frame_become_table(frame_of(block), 3);
	assert_null(frames_check());
	frame_of(block)->kind = FRAME_ALLOCATED;
	assert_non_null(strstr(frames_check(), "is allocated of order 0"));
	start_empty(2048);
	frame_of(pfn(1024))->kind = FRAME_ALLOCATED;
	assert_non_null(frames_check());
	start_empty(2048);
	frame_of(pfn(0))->order = 9;
	assert_non_null(frames_check());
}

static void PRINTF_LIKE(1, 2) expect_damage(const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_non_null(frames_check());
	assert_string_equal(frames_check(), text);
}

/* Each rule of the database broken alone, and put right again. */
static void the_damage_is_named(void **state)
{
	struct frame saved, *frame;
	pfn_t one, other;

	(void)state;
	start_empty(2048 + 3);
	one = frames_alloc(4);
	frame = frame_of(one);
	saved = *frame;
	frame->kind = FRAME_TAIL;
	expect_damage("pfn %lx belongs to no block (kind %u)", one.pfn, FRAME_TAIL);
	frame->kind = FRAME_KINDS;
	expect_damage("pfn %lx belongs to no block (kind %u)", one.pfn, FRAME_KINDS);
	*frame = saved;
	frame->order = FRAMES_MAX_ORDER + 1;
	expect_damage("the block at pfn %lx has an impossible order %u", one.pfn,
		      FRAMES_MAX_ORDER + 1);
	*frame = saved;
	/* Larger than what is left of memory: the last three frames are blocks of 2 and 1. */
	frame_of(pfn(2048))->order = 2;
	expect_damage("the block at pfn 800 has an impossible order 2");
	frame_of(pfn(2048))->order = 1;
	frame_of(pfn(2050))->order = 1;
	frame_of(pfn(2050))->kind = FRAME_DATA;
	expect_damage("the block at pfn 802 has an impossible order 1");
	frame_of(pfn(2050))->order = 0;
	frame_of(pfn(2050))->kind = FRAME_FREE;
	for (uint64_t i = 1; i < 16; i += 14) {
		frame_of(pfn(one.pfn + i))->kind = FRAME_ABSENT;
		expect_damage("pfn %lx inside the block at pfn %lx is absent", one.pfn + i,
			      one.pfn);
		frame_of(pfn(one.pfn + i))->kind = FRAME_TAIL;
	}
	assert_null(frames_check());
	/* Two halves, free and not joined; one alone is right. */
	start_empty(2048);
	one = frames_alloc(0);
	other = frames_alloc(0);
	assert_int_equal(other.pfn, one.pfn ^ 1);
	frames_free(one);
	assert_null(frames_check());
	frame_of(other)->kind = FRAME_FREE;
	expect_damage("the free block at pfn %lx was not joined with its buddy",
		      MIN(one.pfn, other.pfn));
	frame_of(other)->kind = FRAME_ALLOCATED;
	/* On a list, and not free. */
	frame_of(one)->kind = FRAME_RAMDISK;
	expect_damage("pfn %lx is on the free list of order 0 but is ramdisk", one.pfn);
	frame_of(one)->kind = FRAME_FREE;
	assert_null(frames_check());
	/* Free by its kind, and on no list. */
	frames_free(other);
	one = frames_alloc(0);
	other = frames_alloc(0);
	frame_of(one)->kind = FRAME_FREE;
	expect_damage("%lu frames free in the database, %lu on lists, %lu counted",
		      frames_free_count() + 1, frames_free_count(), frames_free_count());
	frame_of(one)->kind = FRAME_ALLOCATED;
	frames_free(one);
	frames_free(other);
	assert_null(frames_check());
}

static void release_nothing(void)
{
	frames_release(pfn(2048));
}

static void release_free(void)
{
	frames_release(pfn(0));
}

static void block_of_nothing(void)
{
	frame_of(pfn(0))->kind = FRAME_TAIL;
	frames_block(pfn(7));
}

static void wrong_uses_are_named(void **state)
{
	(void)state;
	start_empty(2048);
	host_clear_output();
	host_expect_words(free_past_the_end, "frames_free: pfn 800 is past the end of memory, not "
					     "the start of an allocated block");
	host_expect_words(release_nothing,
			  "frames_release: pfn 800 is past the end of memory, not boot memory");
	host_expect_words(release_free, "frames_release: pfn 0 is free, not boot memory");
	host_expect_words(block_of_nothing, "frames_block: pfn 7 belongs to no block");
}

static int release_database(void **state)
{
	(void)state;
	free(database);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_that_are_no_powers_of_two),
		cmocka_unit_test(reserved_frames_are_never_given_out),
		cmocka_unit_test(random_histories),
		cmocka_unit_test(checks_let_others_in),
		cmocka_unit_test(everything_is_joined_in_the_end),
		cmocka_unit_test(runs_of_large_blocks),
		cmocka_unit_test(a_frame_comes_without_a_past),
		cmocka_unit_test(impossible_orders),
		cmocka_unit_test(boot_memory_can_be_released),
		cmocka_unit_test(wrong_frees_are_panics),
		cmocka_unit_test(the_checker_sees_damage),
		cmocka_unit_test(the_damage_is_named),
		cmocka_unit_test(wrong_uses_are_named),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, release_database);
}
