/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking through page tables: the one way to look at many entries.
 *
 * A walk goes through the entries that translate a range of addresses, in ascending order, at every
 * level and in both geometries. The hypervisor's root slots and the hole between the two halves are
 * never looked into, and folded levels do not exist. What is done at an entry is the caller's: a
 * *visitor* has up to three functions, each of which may change the entry that it is called for.
 *
 * (For one address: pt_find(), pt_lookup() and, by the names that Linux has, pte_find().)
 */
#ifndef MM_TABLE_WALK_H
#define MM_TABLE_WALK_H

#include <mm/table/entry.h>

/* An entry on a walk. */
struct pt_place {
	pt_entry_t *entry; /* where the kernel reads it; writing goes by set_entry() and its like */
	enum pt_level level;
	uintptr_t start, last; /* the addresses of the range that it translates, both included */
};

/* How a walk goes on at an entry that points to a table. */
enum pt_next {
	PT_BELOW,       /* through those of the table's entries that are in the range */
	PT_WHOLE_BELOW, /* through all of the table's entries, in the range or not */
	PT_PAST,        /* not into the table; leave() is not called for it */
	PT_STOP,        /* nowhere: the walk ends, and returns false */
};

struct pt_visitor {
	/* Tables below this level are not looked into. */
	enum pt_level lowest;

	/*
	 * At an absent entry: returns the table that it made the entry point to, for the walk to go
	 * on below it, or INVALID_PFN. (The entry itself may be a request that waits.) NULL: goes
	 * past.
	 */
	pfn_t (*absent)(const struct pt_place *at, void *argument);

	/*
	 * At a present entry, before the entries below it. For a leaf only PT_STOP matters. NULL:
	 * PT_BELOW.
	 */
	enum pt_next (*enter)(const struct pt_place *at, void *argument);

	/* At an entry that points to a table, after all below it were visited. NULL: nothing. */
	void (*leave)(const struct pt_place *at, pfn_t table, void *argument);
};

/*
 * Walks the addresses from "start" to "last", both included and canonical, under a root. Returns
 * false if a visit stopped it. An entry that is present but points to no frame of the domain is a
 * panic. Locks: what keeps others from adding and removing tables, the address space's.
 */
bool pt_walk(pfn_t root, uintptr_t start, uintptr_t last, const struct pt_visitor *visitor,
	     void *argument);

/* pt_walk() from a table of a lower level on, one that no root need lead to. */
bool pt_walk_below(pfn_t table, enum pt_level level, uintptr_t start, uintptr_t last,
		   const struct pt_visitor *visitor, void *argument);

/* Called for each table. The answers are ORed: by convention "true" asks for a TLB flush. */
typedef bool pt_visit_t(pfn_t table, enum pt_level level, void *argument);

/*
 * Visits the tables under "root" that translate any address from 0 to "limit", included, each after
 * those below it, so the root is the last. Returns true if any visit did. The limit may be any
 * number: one in the non-canonical hole or in the hypervisor's range stands for the last address
 * below that. Locks and panics as for pt_walk().
 */
bool pt_walk_tables(pfn_t root, uintptr_t limit, pt_visit_t *visit, void *argument);

/*
 * Calls "visit" for every present leaf of the live tables in ascending order. "rights" is what the
 * processor makes of the whole path: PT_RW and PT_USER only if every level has them, PT_NX if any
 * has it. A false return ends the walk. Locks and panics as for pt_walk().
 */
struct pt_leaf {
	uintptr_t address;
	enum pt_level level;
	pt_entry_t entry;
	uint64_t rights;
};
void pt_for_each_leaf(bool (*visit)(const struct pt_leaf *leaf, void *argument), void *argument);

#endif
