// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsing words and numbers that a person typed: decimal, hexadecimal, and addresses. */
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>

bool text_equals(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool to_number(const char *text, unsigned int base, uint64_t *value)
{
	uint64_t result = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)digit_value(*text);

		if (digit >= base || __builtin_mul_overflow(result, base, &result) ||
		    __builtin_add_overflow(result, digit, &result))
			return false;
	}
	*value = result;
	return true;
}

static bool has_hex_prefix(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool text_to_number(const char *text, uint64_t *value)
{
	return has_hex_prefix(text) ? to_number(text + 2, 16, value) : to_number(text, 10, value);
}

bool text_to_address(const char *text, uint64_t *value)
{
	return to_number(has_hex_prefix(text) ? text + 2 : text, 16, value);
}
