// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: every word, wrong words, and lines of every length that Xen can pass.
 */
#include "host.h"

#include <kernel/cmdline.h>
#include <kernel/lib/printk.h>

static char problems[4096];

static void note_problem(const char *word, size_t length, const char *what)
{
	size_t used = strlen(problems);

	snprintf(problems + used, sizeof(problems) - used, "[%.*s: %s]", (int)length, word, what);
}

static struct cmdline parse(const char *text)
{
	struct cmdline result;

	problems[0] = '\0';
	cmdline_parse(text, &result, note_problem);
	return result;
}

static void empty_lines(void **state)
{
	(void)state;
	for (const char *const *text = (const char *const[]){"", " ", "\t \n", "    ", NULL}; *text;
	     text++) {
		struct cmdline result = parse(*text);

		assert_false(result.selftest);
		assert_int_equal(result.loglevel, -1);
		assert_string_equal(problems, "");
	}
}

static void selftest_words(void **state)
{
	struct cmdline result = parse("selftest");

	(void)state;
	assert_true(result.selftest);
	assert_string_equal(result.suites, "");
	result = parse("selftest=a,b quiet");
	assert_true(result.selftest);
	assert_string_equal(result.suites, "a,b");
	assert_false(result.bench);
	assert_true(parse("bench").bench);
	result = parse("selftest=a selftest");
	assert_string_equal(result.suites, "");
	assert_string_equal(problems, "");
	result = parse("selftest=");
	assert_false(result.selftest);
	assert_non_null(strstr(problems, "[selftest=: needs the names"));
}

static void log_levels(void **state)
{
	(void)state;
	assert_int_equal(parse("quiet").loglevel, PRINTK_WARNING);
	assert_int_equal(parse("loglevel=0").loglevel, 0);
	assert_int_equal(parse("loglevel=4").loglevel, 4);
	assert_int_equal(parse("loglevel=4 quiet").loglevel, PRINTK_WARNING);
	assert_string_equal(problems, "");
	for (const char *const *text =
		     (const char *const[]){"loglevel=5", "loglevel=", "loglevel=-1", "loglevel=44",
					   "loglevel=x", NULL};
	     *text; text++) {
		assert_int_equal(parse(*text).loglevel, -1);
		assert_non_null(strstr(problems, "from 0 to 4"));
	}
}

static void unknown_words_are_reported(void **state)
{
	struct cmdline result = parse("  foo selftest \t bar=1  selftests quiets");

	(void)state;
	assert_true(result.selftest);
	assert_non_null(strstr(problems, "[foo: "));
	assert_non_null(strstr(problems, "[bar=1: "));
	assert_non_null(strstr(problems, "[selftests: "));
	assert_non_null(strstr(problems, "[quiets: "));
}

static void levels_of_page_tables(void **state)
{
	(void)state;
	assert_int_equal(parse("quiet").levels, 0);
	assert_int_equal(parse("la57").levels, 5);
	assert_int_equal(parse("la57 nola57").levels, 4);
	assert_string_equal(problems, "");
	parse("la57=1");
	assert_non_null(strstr(problems, "[la57=1: "));
}

static void nothing_is_read_behind_the_dashes(void **state)
{
	struct cmdline result = parse("quiet init=/bin/sh -- selftest foo");

	(void)state;
	assert_false(result.selftest);
	assert_int_equal(result.loglevel, PRINTK_WARNING);
	assert_string_equal(result.init, "/bin/sh");
	assert_string_equal(result.arguments, " selftest foo");
	assert_string_equal(problems, "");
	assert_string_equal(parse("init=/bin/sh").arguments, "");
	assert_string_equal(parse("init=sh").init, "");
	assert_non_null(strstr(problems, "[init=sh: needs an absolute path"));
	assert_string_equal(parse("init=").init, "");
	parse("--x");
	assert_non_null(strstr(problems, "[--x: "));
}

static void longest_line(void **state)
{
	char text[1024];
	struct cmdline result;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	result = parse(text);
	assert_false(result.selftest);
	assert_non_null(strstr(problems, "is not a word"));

	memcpy(text, "selftest=", 9);
	result = parse(text);
	assert_true(result.selftest);
	assert_int_equal(strlen(result.suites), 1023 - 9);

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 1 - 5, "quiet", 5);
	assert_int_equal(parse(text).loglevel, PRINTK_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_lines),
		cmocka_unit_test(selftest_words),
		cmocka_unit_test(log_levels),
		cmocka_unit_test(levels_of_page_tables),
		cmocka_unit_test(unknown_words_are_reported),
		cmocka_unit_test(nothing_is_read_behind_the_dashes),
		cmocka_unit_test(longest_line),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
