// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of boot memory against the simplest model there is: one byte a frame.
 */
#include "host.h"

#include <mm/frame/boot_memory.h>

static struct boot_memory memory;

static const char *reserve(uint64_t start, uint64_t count)
{
	return boot_memory_reserve(&memory, (struct pfn_range){pfn(start), count}, FRAME_DATA);
}

static void reserving(void **state)
{
	(void)state;
	boot_memory_init(&memory, 100);
	assert_int_equal(boot_memory_free(&memory), 100);
	assert_null(reserve(10, 5));
	assert_null(reserve(0, 1));
	assert_null(reserve(15, 5)); /* right behind another */
	assert_null(reserve(99, 1));
	assert_null(reserve(50, 0)); /* nothing */
	assert_int_equal(memory.runs, 4);
	assert_int_equal(boot_memory_free(&memory), 88);
	assert_int_equal(boot_memory_longest(&memory), 79);
	assert_false(boot_memory_is_free(&memory, pfn(0)));
	assert_true(boot_memory_is_free(&memory, pfn(1)));
	assert_false(boot_memory_is_free(&memory, pfn(14)));
	assert_true(boot_memory_is_free(&memory, pfn(20)));
	assert_false(boot_memory_is_free(&memory, pfn(99)));
	assert_false(boot_memory_is_free(&memory, pfn(100)));
}

static void overlaps_are_refused(void **state)
{
	static const uint64_t cases[][2] = {{10, 1}, {9, 2}, {14, 1}, {14, 9}, {5, 20}, {10, 5}};

	(void)state;
	boot_memory_init(&memory, 100);
	assert_null(reserve(10, 5));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = reserve(cases[i][0], cases[i][1]);

		assert_non_null(error);
		assert_non_null(strstr(error, "overlaps kernel data at pfn a"));
	}
	assert_int_equal(memory.runs, 1);
}

static void ends_are_respected(void **state)
{
	(void)state;
	boot_memory_init(&memory, 100);
	assert_non_null(strstr(reserve(100, 1), "past the end"));
	assert_non_null(strstr(reserve(99, 2), "past the end"));
	assert_non_null(strstr(reserve(UINT64_MAX, 2), "past the end"));
	assert_non_null(strstr(reserve(1, UINT64_MAX), "past the end"));
	assert_null(reserve(0, 100));
	assert_int_equal(boot_memory_free(&memory), 0);
	assert_int_equal(boot_memory_next_free(&memory, pfn(0)).count, 0);
	assert_false(pfn_valid(boot_memory_take(&memory, 1, FRAME_DATA)));
}

static void a_full_list_says_so(void **state)
{
	(void)state;
	boot_memory_init(&memory, 1000);
	for (uint64_t i = 0; i < BOOT_MEMORY_RUNS; i++)
		assert_null(reserve(i * 3, 1));
	assert_non_null(strstr(reserve(900, 1), "more than 296"));
	assert_int_equal(boot_memory_free(&memory), 1000 - BOOT_MEMORY_RUNS);
	/* Its first can be taken out all the same. */
	assert_null(boot_memory_release(&memory, (struct pfn_range){pfn(0), 1}));
	assert_int_equal(memory.runs, BOOT_MEMORY_RUNS - 1);
	assert_int_equal(memory.run[0].range.start.pfn, 3);
	assert_int_equal(memory.run[BOOT_MEMORY_RUNS - 2].range.start.pfn,
			 3 * (BOOT_MEMORY_RUNS - 1));
}

static void refusals_name_both_sides(void **state)
{
	(void)state;
	boot_memory_init(&memory, 100);
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(10), 10}, FRAME_P2M));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(30), 5}, FRAME_TABLE));
	assert_string_equal(
		boot_memory_reserve(&memory, (struct pfn_range){pfn(28), 3}, FRAME_RAMDISK),
		"ramdisk at pfn 1c, 3 pages, overlaps page tables at pfn 1e, 5 pages");
	assert_string_equal(
		boot_memory_reserve(&memory, (struct pfn_range){pfn(19), 1}, FRAME_DATA),
		"kernel data at pfn 13, 1 pages, overlaps P2M at pfn a, 10 pages");
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(20), 10}, FRAME_DATA));
	assert_string_equal(frame_kind_name(FRAME_KINDS), "unknown");
	assert_string_equal(frame_kind_name(FRAME_TAIL), "part of a block");
	assert_string_equal(frame_kind_name(FRAME_TEXT), "kernel text");
	assert_string_equal(frame_kind_name(FRAME_BOOT), "shared rings");
	assert_string_equal(frame_kind_name(FRAME_DATABASE), "frame database");
}

static void absent_frames_are_counted(void **state)
{
	(void)state;
	boot_memory_init(&memory, 1000);
	assert_int_equal(boot_memory_absent(&memory), 0);
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(10), 5}, FRAME_ABSENT));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(20), 6}, FRAME_DATA));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(30), 7}, FRAME_ABSENT));
	assert_int_equal(boot_memory_absent(&memory), 12);
}

static void against_the_model(void **state)
{
	enum { PAGES = 200 };

	(void)state;
	host_seed(4);
	for (unsigned int round = 0; round < 500; round++) {
		unsigned char used[PAGES + 1] = {0};

		boot_memory_init(&memory, PAGES);
		for (unsigned int step = 0; step < 25; step++) {
			uint64_t start = host_random_below(PAGES),
				 count = host_random_below(20) + 1;
			uint64_t longest = 0, run = 0, total = 0;
			pfn_t taken;

			if (step % 2) {
				bool fits =
					start + count <= PAGES && !memchr(used + start, 1, count);

				assert_int_equal(!reserve(start, count), fits);
				if (fits)
					memset(used + start, 1, count);
			} else {
				uint64_t lowest = 0;

				while (lowest + count <= PAGES && memchr(used + lowest, 1, count))
					lowest++;
				taken = boot_memory_take(&memory, count, FRAME_TABLE);
				assert_int_equal(pfn_valid(taken), lowest + count <= PAGES);
				if (pfn_valid(taken)) {
					assert_int_equal(taken.pfn, lowest);
					memset(used + lowest, 1, count);
				}
			}
			for (uint64_t n = 0; n < PAGES; n++) {
				assert_int_equal(boot_memory_is_free(&memory, pfn(n)), !used[n]);
				run = used[n] ? 0 : run + 1;
				longest = MAX(longest, run);
				total += !used[n];
			}
			assert_int_equal(boot_memory_free(&memory), total);
			assert_int_equal(boot_memory_longest(&memory), longest);
		}
		/* And down to the last. */
		while (boot_memory_longest(&memory))
			assert_true(pfn_valid(boot_memory_take(
				&memory, boot_memory_longest(&memory), FRAME_TABLE)));
		assert_int_equal(boot_memory_free(&memory), 0);
		for (uint64_t n = 0; n <= PAGES; n++)
			assert_int_equal(boot_memory_next_free(&memory, pfn(n)).count, 0);
		assert_false(pfn_valid(boot_memory_take(&memory, 1, FRAME_TABLE)));
	}
}

static void release(uint64_t start, uint64_t count)
{
	assert_null(boot_memory_release(&memory, (struct pfn_range){pfn(start), count}));
}

static void releasing_parts_of_runs(void **state)
{
	struct boot_memory full;

	(void)state;
	boot_memory_init(&memory, 1000);
	assert_int_equal(boot_memory_longest(&memory), 1000);
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(100), 100}, FRAME_P2M));
	assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(300), 100}, FRAME_TABLE));
	release(150, 10); /* out of the middle */
	assert_int_equal(boot_memory_free(&memory), 810);
	assert_true(boot_memory_is_free(&memory, pfn(150)) &&
		    boot_memory_is_free(&memory, pfn(159)));
	assert_false(boot_memory_is_free(&memory, pfn(149)) ||
		     boot_memory_is_free(&memory, pfn(160)));
	assert_int_equal(memory.run[1].kind, FRAME_P2M);
	release(100, 10); /* the front */
	release(190, 10); /* the end */
	assert_true(boot_memory_is_free(&memory, pfn(109)) &&
		    !boot_memory_is_free(&memory, pfn(110)));
	assert_true(boot_memory_is_free(&memory, pfn(190)) &&
		    !boot_memory_is_free(&memory, pfn(189)));
	release(140, 200); /* over several, and the gaps between them */
	assert_int_equal(boot_memory_free(&memory), 1000 - 30 - 60);
	assert_int_equal(memory.runs, 2);
	release(0, 1000);
	assert_int_equal(memory.runs, 0);
	release(5, 5); /* nothing to do */
	/* No room for what is cut in two: nothing changes. */
	boot_memory_init(&memory, 10000);
	for (unsigned int i = 0; i < BOOT_MEMORY_RUNS; i++)
		assert_null(boot_memory_reserve(&memory, (struct pfn_range){pfn(i * 20), 10},
						FRAME_DATA));
	full = memory;
	assert_non_null(boot_memory_release(&memory, (struct pfn_range){pfn(23), 2}));
	assert_memory_equal(&full, &memory, sizeof(full));
	release(20, 2);
	assert_int_equal(boot_memory_free(&memory), 10000 - BOOT_MEMORY_RUNS * 10 + 2);
}

/* What each frame is, and for whom it is wanted; FRAME_TAIL: for nobody. */
static void check_claims(const enum frame_kind *kinds, const enum frame_kind *wanted,
			 uint64_t pages)
{
	uint64_t claimed = 0, used = 0;

	for (uint64_t n = 0; n < pages; n++) {
		const struct boot_run *claim = boot_memory_claimant(&memory, pfn(n));
		enum frame_kind kind = FRAME_FREE;

		for (unsigned int i = 0; i < memory.runs; i++) {
			if (n - memory.run[i].range.start.pfn < memory.run[i].range.count)
				kind = memory.run[i].kind;
		}
		assert_int_equal(kind, kinds[n]);
		assert_int_equal(claim ? claim->claimed_as : FRAME_TAIL, wanted[n]);
		claimed += claim != NULL;
		used += kind != FRAME_FREE;
	}
	assert_int_equal(boot_memory_claimed(&memory), claimed);
	assert_int_equal(boot_memory_free(&memory), pages - used);
}

/* The P2M has two runs; others claim all around them; it gives back piece by piece. */
static void claims_wait_for_the_p2m(void **state)
{
	enum { PAGES = 60 };

	(void)state;
	host_seed(9);
	for (unsigned int round = 0; round < 300; round++) {
		enum frame_kind kinds[PAGES], wanted[PAGES];
		uint64_t start = 0;

		boot_memory_init(&memory, PAGES);
		for (uint64_t n = 0; n < PAGES; n++) {
			bool p2m = (n >= 10 && n < 25) || (n >= 30 && n < 50);

			kinds[n] = p2m ? FRAME_P2M : FRAME_FREE;
			wanted[n] = FRAME_TAIL;
		}
		assert_null(
			boot_memory_reserve(&memory, (struct pfn_range){pfn(10), 15}, FRAME_P2M));
		assert_null(
			boot_memory_reserve(&memory, (struct pfn_range){pfn(30), 20}, FRAME_P2M));
		for (unsigned int i = 0; i < 2; i++) {
			enum frame_kind kind = i ? FRAME_RAMDISK : FRAME_ABSENT;
			uint64_t count = 1 + host_random_below(25);

			start += host_random_below(5);
			assert_null(boot_memory_claim(&memory,
						      (struct pfn_range){pfn(start), count}, kind));
			for (uint64_t n = start; n < start + count; n++)
				*(kinds[n] == FRAME_P2M ? &wanted[n] : &kinds[n]) = kind;
			start += count;
			check_claims(kinds, wanted, PAGES);
		}
		for (unsigned int step = 0; step < 8; step++) {
			uint64_t from = 10 + host_random_below(40);
			uint64_t count = 0, most = 1 + host_random_below(8);

			for (; count < most && kinds[from + count] == FRAME_P2M; count++) {
				kinds[from + count] = wanted[from + count] == FRAME_TAIL
							      ? FRAME_FREE
							      : wanted[from + count];
				wanted[from + count] = FRAME_TAIL;
			}
			release(from, count);
			check_claims(kinds, wanted, PAGES);
		}
	}
	/* Whatever else is there is a contradiction, as without a P2M. */
	boot_memory_init(&memory, 100);
	assert_null(reserve(10, 10));
	assert_non_null(
		strstr(boot_memory_claim(&memory, (struct pfn_range){pfn(15), 1}, FRAME_RAMDISK),
		       "ramdisk at pfn f, 1 pages, overlaps"));
	assert_non_null(
		strstr(boot_memory_claim(&memory, (struct pfn_range){pfn(95), 6}, FRAME_RAMDISK),
		       "past the end"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releasing_parts_of_runs),
		cmocka_unit_test(reserving),
		cmocka_unit_test(claims_wait_for_the_p2m),
		cmocka_unit_test(overlaps_are_refused),
		cmocka_unit_test(ends_are_respected),
		cmocka_unit_test(refusals_name_both_sides),
		cmocka_unit_test(absent_frames_are_counted),
		cmocka_unit_test(a_full_list_says_so),
		cmocka_unit_test(against_the_model),
	};

	return cmocka_run_group_tests_name("boot_memory", tests, NULL, NULL);
}
