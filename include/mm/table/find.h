/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking up one address in page tables, and reading a single table.
 *
 * There are two lookups. pt_find() trusts the tables and is counted in instructions; pt_lookup()
 * survives tables that make no sense, and reports every step. mm/table/walk.h visits many
 * addresses.
 *
 * These functions take no lock. A caller that needs the tables to stay holds the lock of their
 * address space (mm_lock()).
 */
#ifndef MM_TABLE_FIND_H
#define MM_TABLE_FIND_H

#include <mm/table/entry.h>

/*
 * Returns the entry that maps an address, as a page or as a large page, and stores its level in
 * *level. Returns NULL if nothing is mapped there, or if a table on the way cannot be read.
 */
pt_entry_t *pt_find_leaf(pfn_t root, uintptr_t address, enum pt_level *level);

/*
 * Returns the address at which the kernel reads the table in that frame, or NULL if the frame is
 * not this domain's or not mapped yet. Under Xen tables are read-only there.
 */
const pt_entry_t *pt_table(mfn_t frame);

/* Returns the frame of the root of the kernel's own tables, as pfn and as mfn. */
pfn_t pt_root(void);
mfn_t pt_root_mfn(void);

/* Sets the frame that pt_root() returns. Called once, at boot. */
void pt_set_root(pfn_t root);

/* One step of a lookup: an entry, and where it was read. */
struct pt_step {
	enum pt_level level;
	mfn_t table;        /* the frame of the table */
	unsigned int index; /* of the entry in that table */
	pt_entry_t entry;   /* its value; empty if the table could not be read */
};

/* The steps of a lookup, from the root down. */
struct pt_path {
	struct pt_step step[5];
	unsigned int steps; /* in use; the last one is the leaf or the absent entry */
	bool mapped;        /* the last step's entry maps memory */
	bool broken; /* the last step's table could not be read: its frame is not ours, or not
			mapped */
};

/*
 * Looks an address up in the kernel's own tables. It reads with probe_read(), so it survives tables
 * that make no sense and may be used in a panic. "address" may be any number. For one in Xen's
 * range and for a non-canonical one no table is read, and "steps" is 0.
 */
struct pt_path pt_lookup(uintptr_t address);

/*
 * Returns the machine address of any mapped virtual address of the kernel, in the direct map or
 * not, by a walk of the live tables. An address that is not mapped is a panic.
 */
maddr_t pt_virt_to_machine(const void *address);

/*
 * Returns the entry at "level" on the way to "address" in the tables under a root. Returns NULL if
 * the walk ends above that level, at an absent entry or a large page. Updates that are still queued
 * are not seen: batch_flush() in mm/xen/batch.h issues them.
 */
pt_entry_t *pt_find(pfn_t root, uintptr_t address, enum pt_level level);

#endif
