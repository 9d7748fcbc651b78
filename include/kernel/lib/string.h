/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the C library's <string.h> that the kernel uses, with the same meaning (ISO C11,
 * section 7.24), and three of its own for parsers. The compiler itself emits calls of the first
 * four.
 */
#ifndef KERNEL_LIB_STRING_H
#define KERNEL_LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *text, int character);

/* Returns true if the "length" bytes at "text" are exactly the string "word". */
bool text_equals(const char *text, size_t length, const char *word);

/*
 * Parses all of "text" as a number: decimal, or hexadecimal with a leading 0x, in either case.
 * Returns false, with *value unchanged, if it is empty, contains anything else, or does not fit in
 * 64 bits.
 */
bool text_to_number(const char *text, uint64_t *value);

/*
 * Parses all of "text" as a hexadecimal address, with or without 0x. Returns false as
 * text_to_number() does.
 */
bool text_to_address(const char *text, uint64_t *value);

#endif
