/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsing the words and numbers that a person typed: on the command line, at the prompt.
 */
#ifndef KERNEL_LIB_TEXT_H
#define KERNEL_LIB_TEXT_H

#include <kernel/lib/compiler.h>

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
