/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking page tables: the one way to visit many entries.
 *
 * A walk visits the entries that translate a range of addresses, in ascending order, at every level
 * and in both geometries. It never looks into the hypervisor's root slots or the hole between the
 * two halves, and folded levels do not exist for it. What happens at an entry is up to the caller's
 * *visitor*: it has up to three functions, each of which may change the entry that it is called
 * for.
 *
 * pt_find(), pt_lookup() and pte_find(), which is named as in Linux, look up a single address.
 */
#ifndef MM_TABLE_WALK_H
#define MM_TABLE_WALK_H

#include <mm/table/entry.h>

/* An entry that a walk visits. */
struct pt_place {
	pt_entry_t *entry; /* where the kernel reads it; set_entry() and its like write it */
	enum pt_level level;
	uintptr_t start, last; /* the part of the range that it translates, both included */
};

/* How a walk continues at an entry that points to a table. */
enum pt_next {
	PT_DESCEND,       /* visit those of the table's entries that are in the range */
	PT_DESCEND_WHOLE, /* visit all of the table's entries, in the range or not */
	PT_SKIP,          /* skip the table; leave() is not called for it */
	PT_STOP,          /* end the walk, which returns false */
};

struct pt_visitor {
	/* The lowest level whose tables are visited. */
	enum pt_level lowest;

	/*
	 * Called for an absent entry. Returns the table that it made the entry point to, to be
	 * visited next, or INVALID_PFN. The write of the entry may still be queued. NULL: absent
	 * entries are skipped.
	 */
	pfn_t (*absent)(const struct pt_place *at, void *argument);

	/*
	 * Called for a present entry, before the entries below it. For a leaf, only PT_STOP makes a
	 * difference. NULL: PT_DESCEND.
	 */
	enum pt_next (*enter)(const struct pt_place *at, void *argument);

	/*
	 * Called for an entry that points to a table, after the entries below it. NULL: does
	 * nothing.
	 */
	void (*leave)(const struct pt_place *at, pfn_t table, void *argument);
};

/*
 * Walks the addresses from "start" to "last", both included and canonical, under a root. Returns
 * false if a visit stopped the walk. A present entry that points to no frame of this domain is a
 * panic. Locks: one that keeps tables from being added and removed, such as mm->lock, is held.
 */
bool pt_walk(pfn_t root, uintptr_t start, uintptr_t last, const struct pt_visitor *visitor,
	     void *argument);

/*
 * Walks as pt_walk() does, but starts at a table of a lower level, which need not be linked to a
 * root.
 */
bool pt_walk_below(pfn_t table, enum pt_level level, uintptr_t start, uintptr_t last,
		   const struct pt_visitor *visitor, void *argument);

/* A visit of a table. pt_walk_tables() ORs the results; by convention true asks for a TLB flush. */
typedef bool pt_visit_t(pfn_t table, enum pt_level level, void *argument);

/*
 * Visits the tables under "root" that translate any address from 0 to "limit", included. Each is
 * visited after the tables that it points to, so the root comes last. Returns true if any visit
 * did. The limit may be any number: one in the non-canonical hole or in the hypervisor's range
 * stands for the last address below that. Locks and panics as for pt_walk().
 */
bool pt_walk_tables(pfn_t root, uintptr_t limit, pt_visit_t *visit, void *argument);

/*
 * Calls "visit" for every present leaf of the kernel's own tables, in ascending order; a false
 * return ends the walk. "rights" is what the processor makes of the whole path: PT_RW and PT_USER
 * only if every level has them, PT_NX if any level has it. Locks and panics as for pt_walk().
 */
struct pt_leaf {
	uintptr_t address;
	enum pt_level level;
	pt_entry_t entry;
	uint64_t rights;
};
void pt_for_each_leaf(bool (*visit)(const struct pt_leaf *leaf, void *argument), void *argument);

#endif
