// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own symbols: a binary search finds the name for an address, and a linear one the
 * address for a name, since only a person at the prompt asks for that.
 */
#include <kernel/lib/layout.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/lib/symbols.h>

/* An entry of the table that scripts/symbols writes, sorted by address. */
struct symbol {
	uint32_t address; /* bytes above KERNEL_VIRT_BASE */
	uint32_t name;    /* bytes into symbol_names */
};

extern const uint64_t symbol_count;
extern const struct symbol symbol_table[];
extern const char symbol_names[];
extern char image_start[], image_end[];

const char *symbol_find(uintptr_t address, uint64_t *offset)
{
	uint64_t low = 0, high = symbol_count;

	if (address < (uintptr_t)image_start || address >= (uintptr_t)image_end)
		return NULL;
	address -= KERNEL_VIRT_BASE;
	/* The last symbol that starts at or below the address lies in [low, high). */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (symbol_table[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	if (low == high || symbol_table[low].address > address)
		return NULL;
	*offset = address - symbol_table[low].address;
	return symbol_names + symbol_table[low].name;
}

uintptr_t symbol_address(const char *name)
{
	for (uint64_t i = 0; i < symbol_count; i++) {
		if (strcmp(symbol_names + symbol_table[i].name, name) == 0)
			return KERNEL_VIRT_BASE + symbol_table[i].address;
	}
	return 0;
}

char *symbol_text(uintptr_t address, char *buffer, size_t size)
{
	uint64_t offset;
	const char *name = symbol_find(address, &offset);

	if (name)
		snprintf(buffer, size, "%s+0x%lx", name, offset);
	else
		snprintf(buffer, size, "?");
	return buffer;
}
