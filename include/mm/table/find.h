/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking up one address in page tables, and reading a table.
 *
 * Two functions: pt_find() trusts the tables and counts instructions; pt_lookup() survives tables
 * that are nonsense, and tells every step. For many addresses: mm/table/walk.h.
 */
#ifndef MM_TABLE_FIND_H
#define MM_TABLE_FIND_H

#include <mm/table/entry.h>

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

/* One of the entries that translate an address. */
struct pt_step {
	enum pt_level level;
	mfn_t table;        /* the table that was looked into */
	unsigned int index; /* which of its entries */
	pt_entry_t entry;   /* what was there */
};

/* The entries that translate an address, root first. */
struct pt_path {
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
struct pt_path pt_lookup(uintptr_t address);

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
