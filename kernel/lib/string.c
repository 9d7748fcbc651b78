// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying, filling and comparing blocks of memory and strings.
 *
 * Copies and fills use the processor's string instructions, which current processors carry out a
 * cache line at a time.
 */
#include <kernel/lib/string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *start = to;
	size_t words = bytes / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
	bytes %= 8;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
	return start;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *target = (unsigned char *)to + bytes;
	const unsigned char *source = (const unsigned char *)from + bytes;

	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		return memcpy(to, from, bytes);
	/*
	 * The target begins inside the source: copy from the end, before its tail is overwritten.
	 */
	while (bytes--)
		*--target = *--source;
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	void *start = to;
	size_t words = bytes / 8;
	uint64_t pattern = (unsigned char)value * 0x0101010101010101ull;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
	bytes %= 8;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *left = a, *right = b;

	for (; bytes; bytes--, left++, right++) {
		if (*left != *right)
			return *left - *right;
	}
	return 0;
}

size_t strlen(const char *text)
{
	return strnlen(text, SIZE_MAX);
}

size_t strnlen(const char *text, size_t max)
{
	size_t length = 0;

	while (length < max && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}

char *strchr(const char *text, int character)
{
	for (;; text++) {
		if (*text == (char)character)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}
