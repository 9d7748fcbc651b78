/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses of the kernel. The table is made from the linked image (scripts/symbols) and
 * linked into it again.
 */
#ifndef KERNEL_LIB_SYMBOLS_H
#define KERNEL_LIB_SYMBOLS_H

#include <kernel/lib/compiler.h>

/* Name of the symbol that the address lies in and the bytes past its start; NULL if in none. */
const char *symbol_find(uintptr_t address, uint64_t *offset);

/* Address of a symbol by its exact name; 0 if there is none. */
uintptr_t symbol_address(const char *name);

/* "name+0x12", or "?" for an address in no symbol; returns "buffer". */
char *symbol_text(uintptr_t address, char *buffer, size_t size);

#define SYMBOL_TEXT 80 /* bytes that hold most texts of symbol_text() */

#endif
