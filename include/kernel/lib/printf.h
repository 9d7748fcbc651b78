/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatted text into a buffer, as in the C library (ISO C11, sections 7.21.6.5 and .12).
 *
 * Conversions: d i u o x X c s p %; flags - 0 + space # (for x and X); width and precision, also as
 * *; lengths hh h l ll z t. A conversion that is not one of these is printed as it stands, so that
 * a mistake shows.
 */
#ifndef KERNEL_LIB_PRINTF_H
#define KERNEL_LIB_PRINTF_H

#include <kernel/lib/compiler.h>
#include <stdarg.h>

/*
 * Writes at most size - 1 bytes and a NUL (nothing if size is 0). Returns the length of the whole
 * text.
 */
int snprintf(char *buffer, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments) PRINTF_LIKE(3, 0);

#endif
