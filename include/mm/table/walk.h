/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Visiting every table of an address space.
 *
 * One recursive walk for all levels and both geometries. It goes up to a *limit*, the last byte of
 * interest: tables that translate only addresses above it are left out. The hypervisor's root slots
 * and the hole between the two halves are never looked into, folded levels are not visited, and a
 * table comes after those below it, so the root is the last.
 */
#ifndef MM_TABLE_WALK_H
#define MM_TABLE_WALK_H

#include <mm/table/entry.h>

/* Called for each table. The answers are ORed: by convention "true" asks for a TLB flush. */
typedef bool pt_visit_t(pfn_t table, enum pt_level level, void *argument);

/*
 * Visits the tables under "root" that translate any address from 0 to "limit", included; returns
 * whether any visit returned true. The limit may be any number: one in the non-canonical hole or in
 * the hypervisor's range stands for the last address below that. An entry that is present but
 * points to no frame of the domain is a panic. Nothing may add or remove tables meanwhile: the
 * address space's lock.
 */
bool pt_walk_tables(pfn_t root, uintptr_t limit, pt_visit_t *visit, void *argument);

#endif
