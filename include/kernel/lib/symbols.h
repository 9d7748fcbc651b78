/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses of the kernel. scripts/symbols makes the table from the linked image, which
 * is then linked again with it.
 */
#ifndef KERNEL_LIB_SYMBOLS_H
#define KERNEL_LIB_SYMBOLS_H

#include <kernel/lib/compiler.h>

/*
 * Returns the name of the symbol that contains the address, and the offset in bytes from its start;
 * NULL: none does.
 */
const char *symbol_find(uintptr_t address, uint64_t *offset);

/* Returns the address of a symbol by its exact name; 0: there is none. */
uintptr_t symbol_address(const char *name);

/* Writes "name+0x12", or "?" for an address in no symbol. Returns "buffer". */
char *symbol_text(uintptr_t address, char *buffer, size_t size);

#define SYMBOL_TEXT 80 /* bytes that hold most texts of symbol_text() */

#endif
