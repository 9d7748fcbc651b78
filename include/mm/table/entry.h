/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables as data: levels, geometry, entries, and looking up an address.
 *
 * Levels are numbered from 1, the table whose entries map pages, to 5, the root of a machine with
 * 57-bit addresses. With four levels the p4d is *folded*: no table exists at that level, and the
 * root's entries point to pud tables. Code that asks the geometry instead of counting by itself
 * works for both. An entry holds an mfn; mm/frame/translate.h gives the pfn.
 *
 * Intel SDM volume 3, chapter "Paging"; what Xen adds: public/xen.h, comment on mmu_update.
 */
#ifndef MM_TABLE_ENTRY_H
#define MM_TABLE_ENTRY_H

#include <kernel/lib/types.h>
#include <mm/frame/translate.h>

enum pt_level { PT_NONE = 0, PT_PTE = 1, PT_PMD, PT_PUD, PT_P4D, PT_PGD };

/* Entries that a page of a table has room for; on the machine that is how many there are. */
#define PT_LEVEL_BITS 9
#define PT_ENTRIES    (1u << PT_LEVEL_BITS)

/* How addresses are cut up; chosen once at boot. Small values of "bits" are for tests. */
struct pt_geometry {
	unsigned int levels;         /* tables on the way from the root to a page: 4 or 5 */
	unsigned int bits;           /* log2 of the entries of a table */
	unsigned int reserved_first; /* root slots of the hypervisor, never ours: the first ... */
	unsigned int reserved_count; /* ... and how many: 0 without one */
	unsigned int large_levels;   /* bit n: an entry at level n may map a large page */
	uint8_t shift[PT_PGD + 1]; /* by level: log2 of the bytes that one of its entries covers */
};

extern struct pt_geometry pt_geometry;

/* Xen's PV interface: four levels, whatever the machine has, no large pages. */
#define PT_GEOMETRY_XEN                           \
	((struct pt_geometry){                    \
		.levels = 4,                      \
		.bits = PT_LEVEL_BITS,            \
		.reserved_first = 256,            \
		.reserved_count = 16,             \
		.shift = {0, 12, 21, 30, 39, 39}, \
	})

/* Any other, without a hypervisor's slots and without large pages. */
static inline struct pt_geometry pt_geometry_make(unsigned int levels, unsigned int bits)
{
	struct pt_geometry geometry = {.levels = levels, .bits = bits};

	for (unsigned int level = PT_PTE; level < PT_PGD; level++)
		geometry.shift[level] = (uint8_t)(PAGE_SHIFT + bits * (level - 1));
	geometry.shift[PT_PGD] = (uint8_t)(PAGE_SHIFT + bits * (levels - 1));
	return geometry;
}

/* Entries of a table. */
static inline unsigned int pt_entries(void)
{
	return 1u << pt_geometry.bits;
}

/* Whether a slot of the root belongs to the hypervisor. */
static inline bool pt_slot_reserved(unsigned int slot)
{
	return slot - pt_geometry.reserved_first < pt_geometry.reserved_count;
}

/* Whether the geometry has tables at that level. */
static inline bool pt_level_exists(enum pt_level level)
{
	return level != PT_P4D || pt_geometry.levels == 5;
}

/* The level of the tables that a table of this level points to; PT_NONE below PT_PTE. */
static inline enum pt_level pt_level_below(enum pt_level level)
{
	enum pt_level below = (enum pt_level)(level - 1);

	return pt_level_exists(below) ? below : (enum pt_level)(below - 1);
}

/* The level of the tables that point to one of this level; past PT_PGD above the root. */
static inline enum pt_level pt_level_above(enum pt_level level)
{
	enum pt_level above = (enum pt_level)(level + 1);

	return pt_level_exists(above) ? above : (enum pt_level)(above + 1);
}

/* Position of a level, 1 for PT_PTE, counting only levels that have tables. */
static inline unsigned int pt_level_rank(enum pt_level level)
{
	return level == PT_PGD ? pt_geometry.levels : (unsigned int)level;
}

/* log2 of the bytes that one entry of a table at this level covers. */
static inline unsigned int pt_shift(enum pt_level level)
{
	return pt_geometry.shift[level];
}

/* Bytes that one entry of a table at this level covers. */
static inline uint64_t pt_span(enum pt_level level)
{
	return 1ull << pt_shift(level);
}

/* Which of the entries of a table at this level the address goes through. */
static inline unsigned int pt_index(uintptr_t address, enum pt_level level)
{
	return (address >> pt_shift(level)) & (pt_entries() - 1);
}

/* The last byte, up to "last", that the entry at that level translates on the way to "start". */
static inline uintptr_t pt_entry_last(uintptr_t start, uintptr_t last, enum pt_level level)
{
	return MIN(start | (pt_span(level) - 1), last);
}

/* Copies the highest translated bit into the bits above it, as the processor demands. */
static inline uintptr_t pt_canonical(uintptr_t address)
{
	unsigned int unused = 64 - (pt_shift(PT_PGD) + pt_geometry.bits);

	return (uintptr_t)((int64_t)(address << unused) >> unused);
}

/* The address that starts a slot of the root. */
static inline uintptr_t pt_slot_address(unsigned int slot)
{
	return pt_canonical((uintptr_t)slot << pt_shift(PT_PGD));
}

/* The last byte of the lower, the programs', half of the address space. */
static inline uintptr_t pt_user_limit(void)
{
	return (1ull << (pt_shift(PT_PGD) + pt_geometry.bits - 1)) - 1;
}

/*
 * The last byte that a program's mapping may have when the program asks for it at "hint". Programs
 * keep things in the upper bits of pointers, so with five levels they get addresses above 2^47 only
 * by a hint that is above it, as on Linux (Documentation/arch/x86/x86_64/5level-paging.rst).
 */
static inline uintptr_t pt_user_ceiling(uintptr_t hint)
{
	const uintptr_t without_hint = (1ull << 47) - 1;

	return hint > without_hint
		       ? pt_user_limit()
		       : (pt_user_limit() < without_hint ? pt_user_limit() : without_hint);
}

/* "pte", "pmd", "pud", "p4d" or "pgd". */
const char *pt_level_name(enum pt_level level);

/* An entry of a table at any level. */
typedef struct {
	uint64_t raw;
} pt_entry_t;

#define PT_PRESENT  (1ull << 0)
#define PT_RW       (1ull << 1)
#define PT_USER     (1ull << 2) /* Xen sets it itself: guest kernel and programs share ring 3 */
#define PT_PWT      (1ull << 3)
#define PT_PCD      (1ull << 4)
#define PT_ACCESSED (1ull << 5)
#define PT_DIRTY    (1ull << 6)
#define PT_HUGE     (1ull << 7) /* maps a large page; at levels above PT_PTE */
#define PT_GLOBAL   (1ull << 8)
#define PT_NX       (1ull << 63)

#define PT_FRAME_MASK 0x000ffffffffff000ull

/* Rights of kernel pages; accessed and dirty are set ahead, so the processor need not. */
#define PT_KERNEL_RO (PT_PRESENT | PT_ACCESSED | PT_NX)
#define PT_KERNEL_RW (PT_KERNEL_RO | PT_RW | PT_DIRTY)
#define PT_KERNEL_RX (PT_PRESENT | PT_ACCESSED)

/* An entry that points to a table: the least restrictive, the leaves decide. */
#define PT_TABLE (PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_DIRTY)

static inline pt_entry_t pt_entry_none(void)
{
	return (pt_entry_t){0};
}

static inline pt_entry_t pt_entry_from_mfn(mfn_t frame, uint64_t flags)
{
	return (pt_entry_t){frame.mfn << PAGE_SHIFT | flags};
}

static inline mfn_t pt_entry_mfn(pt_entry_t entry)
{
	return mfn((entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
}

static inline uint64_t pt_entry_flags(pt_entry_t entry)
{
	return entry.raw & ~PT_FRAME_MASK;
}

static inline bool pt_entry_is_none(pt_entry_t entry)
{
	return entry.raw == 0;
}

static inline bool pt_entry_present(pt_entry_t entry)
{
	return entry.raw & PT_PRESENT;
}

/* Whether the entry ends the walk: it maps memory, a page or a large page. */
static inline bool pt_entry_leaf(pt_entry_t entry, enum pt_level level)
{
	return level == PT_PTE || (entry.raw & PT_HUGE);
}

/* Returns true if the entry is present and points to a table. */
static inline bool pt_entry_is_table(pt_entry_t entry, enum pt_level level)
{
	return pt_entry_present(entry) && !pt_entry_leaf(entry, level);
}

/*
 * Whether a present entry cannot be what the level demands: a large page at a level that has none,
 * or the address of no table of the domain's. Whatever walks on from such an entry walks astray.
 */
bool pt_entry_bad(pt_entry_t entry, enum pt_level level);

/*
 * An entry for a frame of the domain; the empty one if the frame has no memory, so that what is
 * made of an unknown pfn can never map a frame that the P2M does not name. (It may name another
 * domain's, or one of a device: P2M_FOREIGN, P2M_IDENTITY.) Without PT_PRESENT in "flags" the
 * address bits are not a frame's, and pfn and flags are stored as they are.
 */
static inline pt_entry_t pt_entry_make(pfn_t frame, uint64_t flags)
{
	mfn_t behind;

	if (!(flags & PT_PRESENT))
		return (pt_entry_t){frame.pfn << PAGE_SHIFT | flags};
	behind = pfn_to_mfn(frame);
	return likely(mfn_valid(behind)) ? pt_entry_from_mfn(behind, flags) : pt_entry_none();
}

/* The frame behind an entry: INVALID_PFN if it is not the domain's. */
pfn_t pt_entry_pfn(pt_entry_t entry);

/*
 * The entry that maps an address, a page's or a large one's, and its level in *level; NULL if there
 * is none, or a table on the way cannot be read.
 */
pt_entry_t *pt_find_leaf(pfn_t root, uintptr_t address, enum pt_level *level);

/*
 * Address at which the kernel reads the table page in that frame, or NULL if the frame is not the
 * domain's or not mapped yet. Tables are read-only there.
 */
const pt_entry_t *pt_table(mfn_t frame);

/* The root of the tables that the kernel runs on, and the same as a machine frame. */
pfn_t pt_root(void);
mfn_t pt_root_mfn(void);

/* Tells the lookups where the root is: once at boot. */
void pt_set_root(pfn_t root);

/* One step of a walk. */
struct pt_step {
	enum pt_level level;
	mfn_t table;        /* the table that was looked into */
	unsigned int index; /* which of its entries */
	pt_entry_t entry;   /* what was there */
};

/* A walk of one address, root first. */
struct pt_walk {
	struct pt_step step[5];
	unsigned int steps; /* how many were taken: the last is the leaf or the absent entry */
	bool mapped;        /* the last entry maps memory */
	bool broken;        /* a table could not be read: its frame is not ours or not mapped */
};

/*
 * Looks the address up in the live tables. Reads through probe_read(), so it survives tables that
 * are nonsense: usable in a panic. "address" may be anything, Xen's own range and non-canonical
 * ones included (there, nothing is looked at and steps is 0).
 */
struct pt_walk pt_lookup(uintptr_t address);

/* Machine address of the entry that a step looked at: what mmu_update wants. */
maddr_t pt_step_address(const struct pt_step *step);

/*
 * The machine address that any mapped virtual address of the kernel stands for ("arbitrary": not
 * only the direct map's), by walking the live tables. An unmapped one is a panic.
 */
maddr_t pt_virt_to_machine(const void *address);

/*
 * The entry at "level" on the way to "address" in the tables under a root; NULL if the walk ends
 * above that level, by an absent entry or a large page. Entries that a batch has not issued yet are
 * not seen (mm/xen/batch.h, batch_flush).
 */
pt_entry_t *pt_find(pfn_t root, uintptr_t address, enum pt_level level);

#endif
