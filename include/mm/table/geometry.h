/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The geometry of page tables: how many levels there are, and which bits of an address select the
 * entry at each. It is data, not code.
 *
 * Levels are numbered from 1, the table whose entries map pages, to 5, the root of a machine with
 * 57-bit addresses. With four levels the p4d is *folded*: no table exists at that level, and the
 * root's entries point to pud tables. Code that asks the geometry, instead of counting levels by
 * itself, works for both.
 *
 * Intel SDM volume 3, chapter "Paging".
 */
#ifndef MM_TABLE_GEOMETRY_H
#define MM_TABLE_GEOMETRY_H

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

enum pt_level { PT_NONE = 0, PT_PTE = 1, PT_PMD, PT_PUD, PT_P4D, PT_PGD };

/* Entries that fit in a table's page. On the machine a table has that many. */
#define PT_LEVEL_BITS 9
#define PT_ENTRIES    (1u << PT_LEVEL_BITS)

/* Chosen once, at boot. Fewer "bits" than PT_LEVEL_BITS are for tests. */
struct pt_geometry {
	unsigned int levels;         /* tables on the way from the root to a page: 4 or 5 */
	unsigned int bits;           /* log2 of the entries of a table */
	unsigned int reserved_first; /* the first root slot of the hypervisor, and ... */
	unsigned int reserved_count; /* ... how many it has: 0 without a hypervisor */
	unsigned int large_levels;   /* bit n: an entry at level n may map a large page */
	uint8_t shift[PT_PGD + 1]; /* by level: log2 of the bytes that one of its entries covers */
};

extern struct pt_geometry pt_geometry;

/* Xen's PV interface: four levels whatever the machine has, and no large pages. */
#define PT_GEOMETRY_XEN                           \
	((struct pt_geometry){                    \
		.levels = 4,                      \
		.bits = PT_LEVEL_BITS,            \
		.reserved_first = 256,            \
		.reserved_count = 16,             \
		.shift = {0, 12, 21, 30, 39, 39}, \
	})

/*
 * Returns a geometry of 4 or 5 "levels" with 2^bits entries a table, without slots of a hypervisor
 * and without large pages.
 */
static inline struct pt_geometry pt_geometry_make(unsigned int levels, unsigned int bits)
{
	struct pt_geometry geometry = {.levels = levels, .bits = bits};

	for (unsigned int level = PT_PTE; level < PT_PGD; level++)
		geometry.shift[level] = (uint8_t)(PAGE_SHIFT + bits * (level - 1));
	geometry.shift[PT_PGD] = (uint8_t)(PAGE_SHIFT + bits * (levels - 1));
	return geometry;
}

/* Returns the number of entries of a table. */
static inline unsigned int pt_entries(void)
{
	return 1u << pt_geometry.bits;
}

/* Returns true if a slot of the root belongs to the hypervisor. */
static inline bool pt_slot_reserved(unsigned int slot)
{
	return slot - pt_geometry.reserved_first < pt_geometry.reserved_count;
}

/* Returns true if the geometry has tables at that level. */
static inline bool pt_level_exists(enum pt_level level)
{
	return level != PT_P4D || pt_geometry.levels == 5;
}

/* Returns the level of the tables that a table of this level points to; PT_NONE below PT_PTE. */
static inline enum pt_level pt_level_below(enum pt_level level)
{
	enum pt_level below = (enum pt_level)(level - 1);

	return pt_level_exists(below) ? below : (enum pt_level)(below - 1);
}

/*
 * Returns the level of the tables that point to one of this level; a number above PT_PGD for the
 * root.
 */
static inline enum pt_level pt_level_above(enum pt_level level)
{
	enum pt_level above = (enum pt_level)(level + 1);

	return pt_level_exists(above) ? above : (enum pt_level)(above + 1);
}

/* Returns the position of a level, 1 for PT_PTE, counting only levels that have tables. */
static inline unsigned int pt_level_rank(enum pt_level level)
{
	return level == PT_PGD ? pt_geometry.levels : (unsigned int)level;
}

/* Returns log2 of the bytes that one entry of a table at this level covers. */
static inline unsigned int pt_shift(enum pt_level level)
{
	return pt_geometry.shift[level];
}

/* Returns the bytes that one entry of a table at this level covers. */
static inline uint64_t pt_span(enum pt_level level)
{
	return 1ull << pt_shift(level);
}

/* Returns the number of pages that one entry of a table at this level translates. */
static inline uint64_t pt_pages(enum pt_level level)
{
	return pt_span(level) >> PAGE_SHIFT;
}

/* Returns the index of the entry that translates the address in a table at this level. */
static inline unsigned int pt_index(uintptr_t address, enum pt_level level)
{
	return (address >> pt_shift(level)) & (pt_entries() - 1);
}

/*
 * Returns the last byte that the entry of "start" at that level translates, or "last" if that is
 * lower.
 */
static inline uintptr_t pt_entry_last(uintptr_t start, uintptr_t last, enum pt_level level)
{
	return MIN(start | (pt_span(level) - 1), last);
}

/* Copies the highest translated bit into the bits above it: only such addresses are canonical. */
static inline uintptr_t pt_canonical(uintptr_t address)
{
	unsigned int unused = 64 - (pt_shift(PT_PGD) + pt_geometry.bits);

	return (uintptr_t)((int64_t)(address << unused) >> unused);
}

/* Returns the first address that a slot of the root translates. */
static inline uintptr_t pt_slot_address(unsigned int slot)
{
	return pt_canonical((uintptr_t)slot << pt_shift(PT_PGD));
}

/* Returns the last byte of the user half, the lower half of the address space. */
static inline uintptr_t pt_user_limit(void)
{
	return (1ull << (pt_shift(PT_PGD) + pt_geometry.bits - 1)) - 1;
}

/*
 * Returns the last byte that a mapping may have when the program asks for it at "hint". Programs
 * keep data in the upper bits of pointers. So with five levels they get addresses above 2^47 only
 * by a hint that is above it, as on Linux (Documentation/arch/x86/x86_64/5level-paging.rst).
 */
static inline uintptr_t pt_user_ceiling(uintptr_t hint)
{
	const uintptr_t without_hint = (1ull << 47) - 1;

	return hint > without_hint
		       ? pt_user_limit()
		       : (pt_user_limit() < without_hint ? pt_user_limit() : without_hint);
}

/* Returns the name of a level: "pte", "pmd", "pud", "p4d" or "pgd". */
const char *pt_level_name(enum pt_level level);

#endif
