// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log ring: lines come back whole, in order, by level, also after the ring has wrapped.
 */
#include "host.h"

#include <kernel/lib/log.h>

static struct log ring;
static char seen[2 * LOG_SIZE];

static void collect(const char *text, void *argument)
{
	(void)argument;
	strcat(seen, text);
	strcat(seen, "\n");
}

static const char *lines(unsigned int first, unsigned int last, uint64_t count)
{
	struct log_filter filter = {first, last, UINT64_MAX, count};

	seen[0] = '\0';
	log_for_each(&ring, &filter, collect, NULL);
	return seen;
}

static void append(unsigned int level, const char *text)
{
	log_append(&ring, level, text, strlen(text));
}

static void start(void)
{
	memset(&ring, 0, sizeof(ring));
}

static void lines_and_levels(void **state)
{
	(void)state;
	start();
	assert_string_equal(lines(0, 9, UINT64_MAX), "");
	append(3, "info\n");
	append(0, "output\nmore output\n");
	append(1, "error\n");
	assert_string_equal(lines(0, 9, UINT64_MAX), "info\noutput\nmore output\nerror\n");
	assert_string_equal(lines(1, 4, UINT64_MAX), "info\nerror\n");
	assert_string_equal(lines(0, 0, UINT64_MAX), "output\nmore output\n");
	assert_string_equal(lines(0, 9, 2), "more output\nerror\n");
	assert_string_equal(lines(0, 0, 1), "more output\n");
	assert_string_equal(lines(2, 2, 5), "");
}

static void lines_in_pieces(void **state)
{
	(void)state;
	start();
	append(3, "one ");
	assert_true(ring.inside_line);
	append(1, "two "); /* the level is that of the first piece */
	append(3, "three\n");
	assert_false(ring.inside_line);
	append(2, "unfinished");
	assert_string_equal(lines(3, 3, UINT64_MAX), "one two three\n");
	assert_string_equal(lines(2, 2, UINT64_MAX), "unfinished\n");
	append(3, "\n\n");
	assert_string_equal(lines(0, 9, UINT64_MAX), "one two three\nunfinished\n\n");
}

static void lines_before_a_position(void **state)
{
	struct log_filter filter = {0, 9, 0, 2};

	(void)state;
	start();
	append(0, "a\nb\nc\n");
	filter.before = ring.end;
	append(0, "d\n");
	seen[0] = '\0';
	log_for_each(&ring, &filter, collect, NULL);
	assert_string_equal(seen, "b\nc\n");
}

static void the_ring_wraps(void **state)
{
	char line[64], expected[64];
	const char *text;
	unsigned int number = 0;

	(void)state;
	start();
	/* Line lengths that do not divide the ring, several times round it. */
	while (ring.end < 5 * LOG_SIZE) {
		snprintf(line, sizeof(line), "line %u%.*s\n", number, (int)(number % 29),
			 "............................");
		append(number++ % 4, line);
	}
	/* Every line that is left is whole, and they are consecutive up to the last. */
	text = lines(0, 9, UINT64_MAX);
	assert_true(strlen(text) > LOG_SIZE / 2);
	assert_int_equal(sscanf(text, "line %u", &number), 1);
	while (*text) {
		snprintf(expected, sizeof(expected), "line %u%.*s\n", number, (int)(number % 29),
			 "............................");
		assert_memory_equal(text, expected, strlen(expected));
		text += strlen(expected);
		number++;
	}
	assert_string_equal(expected, line);
}

static void one_huge_line(void **state)
{
	static char huge[3 * LOG_SIZE];

	(void)state;
	start();
	memset(huge, 'x', sizeof(huge));
	log_append(&ring, 1, huge, sizeof(huge));
	assert_string_equal(lines(0, 9, UINT64_MAX), "");
	append(1, "\nnext\n");
	assert_string_equal(lines(0, 9, UINT64_MAX), "next\n");
}

static void long_lines_are_cut(void **state)
{
	char line[401];

	(void)state;
	start();
	memset(line, 'y', 400);
	line[399] = '\n';
	line[400] = '\0';
	append(1, line);
	assert_int_equal(strlen(lines(0, 9, UINT64_MAX)), 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_levels),        cmocka_unit_test(lines_in_pieces),
		cmocka_unit_test(lines_before_a_position), cmocka_unit_test(the_ring_wraps),
		cmocka_unit_test(one_huge_line),           cmocka_unit_test(long_lines_are_cut),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
