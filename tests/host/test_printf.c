// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The formatter against the C library's, whose names it shares: every conversion, flag, width and
 * precision that it claims to know must give the same text and the same length.
 */
#include "host.h"

int kernel_snprintf(char *buffer, size_t size, const char *format, ...);

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#pragma GCC diagnostic ignored "-Wformat-truncation"

#define SAME(...)                                                                         \
	do {                                                                              \
		char expected[256], actual[256];                                          \
		int expected_length = snprintf(expected, sizeof(expected), __VA_ARGS__);  \
		int actual_length = kernel_snprintf(actual, sizeof(actual), __VA_ARGS__); \
		assert_string_equal(actual, expected);                                    \
		assert_int_equal(actual_length, expected_length);                         \
	} while (0)

static void plain_text(void **state)
{
	(void)state;
	SAME("");
	SAME("no conversions");
	SAME("100%%");
	SAME("%s and %s", "one", "two");
	SAME("%c%c", 'a', 'b');
}

static void every_integer_conversion(void **state)
{
	static const char *const flags[] = {"",   "-",  "0",  "+",  " ", "#",
					    "-#", "0#", "+0", "-+", " 0"};
	static const char *const widths[] = {"", "1", "7", "20"};
	static const char *const precisions[] = {"", ".0", ".1", ".5", ".19", "."};
	static const char *const conversions[] = {"d",   "i",   "u",   "x",  "X",  "hd",
						  "hx",  "hhd", "hhu", "ld", "lu", "lx",
						  "llx", "lld", "zu",  "zx"};
	static const int64_t values[] = {
		0,         1,         -1,        9,         10,
		255,       256,       -128,      32767,     -32768,
		INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 0x123456789abcdef};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(flags); f++)
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++)
			for (size_t p = 0; p < ARRAY_SIZE(precisions); p++)
				for (size_t c = 0; c < ARRAY_SIZE(conversions); c++)
					for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
						char format[32];

						snprintf(format, sizeof(format), "<%%%s%s%s%s>",
							 flags[f], widths[w], precisions[p],
							 conversions[c]);
						SAME(format, values[v]);
					}
}

static void octal(void **state)
{
	(void)state;
	SAME("<%o> <%06o> <%-8o> <%lo>", 0100644, 0755, 8, UINT64_MAX);
	SAME("<%.0o> <%.3o>", 0, 7);
}

static void strings(void **state)
{
	(void)state;
	SAME("<%10s>", "right");
	SAME("<%-10s>", "left");
	SAME("<%.3s>", "cut short");
	SAME("<%10.3s>", "cut short");
	SAME("<%.*s>", 4, "counted");
	SAME("<%*s>", 9, "wide");
	SAME("<%*s>", -9, "left");
	SAME("<%5c>", 'x');
}

static void string_need_not_end(void **state)
{
	char text[3] = {'a', 'b', 'c'}, out[8];

	(void)state;
	kernel_snprintf(out, sizeof(out), "%.3s", text);
	assert_string_equal(out, "abc");
}

static void pointers_and_null(void **state)
{
	char out[32];

	(void)state;
	kernel_snprintf(out, sizeof(out), "%p", (void *)0xffff888000000000);
	assert_string_equal(out, "0xffff888000000000");
	kernel_snprintf(out, sizeof(out), "%s", (char *)NULL);
	assert_string_equal(out, "(null)");
}

static void truncation(void **state)
{
	char out[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(kernel_snprintf(out, size, "%s", "0123456789"), 10);
		assert_int_equal(strlen(out), size - 1);
		assert_memory_equal(out, "0123456789", size - 1);
	}
	out[0] = 'x';
	assert_int_equal(kernel_snprintf(out, 0, "%d", 5), 1);
	assert_int_equal(out[0], 'x');
}

static void unknown_conversions_show(void **state)
{
	char out[32];

	(void)state;
	kernel_snprintf(out, sizeof(out), "<%q>");
	assert_string_equal(out, "<%q>");
	kernel_snprintf(out, sizeof(out), "<%5.2k>");
	assert_string_equal(out, "<%5.2k>");
	kernel_snprintf(out, sizeof(out), "ends in %");
	assert_string_equal(out, "ends in %");
	kernel_snprintf(out, sizeof(out), "ends in %-08l");
	assert_string_equal(out, "ends in %-08l");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text),
		cmocka_unit_test(every_integer_conversion),
		cmocka_unit_test(octal),
		cmocka_unit_test(strings),
		cmocka_unit_test(string_need_not_end),
		cmocka_unit_test(pointers_and_null),
		cmocka_unit_test(truncation),
		cmocka_unit_test(unknown_conversions_show),
	};

	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
