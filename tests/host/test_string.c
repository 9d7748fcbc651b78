// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's memory and string functions against the C library's, and the parsers of numbers.
 */
#include "host.h"

#include <kernel/lib/text.h>

void *kernel_memcpy(void *to, const void *from, size_t bytes);
void *kernel_memmove(void *to, const void *from, size_t bytes);
void *kernel_memset(void *to, int value, size_t bytes);
int kernel_memcmp(const void *a, const void *b, size_t bytes);
size_t kernel_strlen(const char *text);
size_t kernel_strnlen(const char *text, size_t max);
int kernel_strcmp(const char *a, const char *b);
int kernel_strncmp(const char *a, const char *b, size_t max);
char *kernel_strchr(const char *text, int character);

#define SPACE 96

static void fill_random(unsigned char *bytes)
{
	for (size_t i = 0; i < SPACE; i++)
		bytes[i] = (unsigned char)host_random();
}

static void copies_at_every_offset(void **state)
{
	unsigned char expected[SPACE], actual[SPACE], source[SPACE];

	(void)state;
	host_seed(1);
	for (size_t length = 0; length < 40; length++)
		for (size_t from = 0; from < 9; from++)
			for (size_t to = 0; to < 9; to++) {
				fill_random(source);
				fill_random(expected);
				memcpy(actual, expected, SPACE);
				memcpy(expected + to, source + from, length);
				assert_ptr_equal(kernel_memcpy(actual + to, source + from, length),
						 actual + to);
				assert_memory_equal(actual, expected, SPACE);
			}
}

static void overlapping_moves(void **state)
{
	unsigned char expected[SPACE], actual[SPACE];

	(void)state;
	host_seed(2);
	for (size_t length = 0; length < 40; length++)
		for (size_t from = 0; from < 40; from += 3)
			for (size_t to = 0; to < 40; to++) {
				fill_random(expected);
				memcpy(actual, expected, SPACE);
				memmove(expected + to, expected + from, length);
				kernel_memmove(actual + to, actual + from, length);
				assert_memory_equal(actual, expected, SPACE);
			}
}

static void fills(void **state)
{
	unsigned char expected[SPACE], actual[SPACE];

	(void)state;
	for (size_t length = 0; length < 40; length++) {
		memset(expected, 0x11, SPACE);
		memset(actual, 0x11, SPACE);
		memset(expected + 3, 0x1fe, length);
		kernel_memset(actual + 3, 0x1fe, length);
		assert_memory_equal(actual, expected, SPACE);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void comparisons(void **state)
{
	static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "\xff", "\x7f", "aB"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
			size_t shorter = MIN(strlen(words[i]), strlen(words[j]));

			assert_int_equal(sign(kernel_strcmp(words[i], words[j])),
					 sign(strcmp(words[i], words[j])));
			assert_int_equal(sign(kernel_memcmp(words[i], words[j], shorter)),
					 sign(memcmp(words[i], words[j], shorter)));
			for (size_t n = 0; n < 4; n++)
				assert_int_equal(sign(kernel_strncmp(words[i], words[j], n)),
						 sign(strncmp(words[i], words[j], n)));
		}
}

static void lengths_and_searches(void **state)
{
	const char *text = "hello";

	(void)state;
	assert_int_equal(kernel_strlen(""), 0);
	assert_int_equal(kernel_strlen(text), 5);
	assert_int_equal(kernel_strnlen(text, 3), 3);
	assert_int_equal(kernel_strnlen(text, 9), 5);
	assert_ptr_equal(kernel_strchr(text, 'l'), text + 2);
	assert_ptr_equal(kernel_strchr(text, 0), text + 5);
	assert_null(kernel_strchr(text, 'x'));
	assert_true(text_equals(text, 4, "hell"));
	assert_false(text_equals(text, 4, "hello"));
	assert_false(text_equals(text, 4, "hel"));
	assert_true(text_equals(text, 0, ""));
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} cases[] = {
		{"0", true, 0},
		{"42", true, 42},
		{"0x2a", true, 42},
		{"0X2A", true, 42},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"0xffffffffffffffff", true, UINT64_MAX},
		{"0x10000000000000000", false, 0},
		{"", false, 0},
		{"0x", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"12a", false, 0},
		{"0xg", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 7;

		assert_int_equal(text_to_number(cases[i].text, &value), cases[i].good);
		assert_int_equal(value, cases[i].good ? cases[i].value : 7);
	}
}

static void addresses(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(text_to_address("ffff888000000000", &value));
	assert_int_equal(value, 0xffff888000000000);
	assert_true(text_to_address("0xFFFF888000000001", &value));
	assert_int_equal(value, 0xffff888000000001);
	assert_true(text_to_address("10", &value));
	assert_int_equal(value, 16);
	assert_false(text_to_address("0x0x1", &value));
	assert_false(text_to_address("kernel", &value));
	assert_false(text_to_address("", &value));
	assert_int_equal(value, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_at_every_offset),
		cmocka_unit_test(overlapping_moves),
		cmocka_unit_test(fills),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(lengths_and_searches),
		cmocka_unit_test(numbers),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
