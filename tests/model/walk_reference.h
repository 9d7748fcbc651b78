/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second opinion on walks: a reference that knows no limits and no geometry of mm/'s. It looks at
 * every entry of every table, and asks of each table found whether it begins at or below the limit.
 */
#ifndef TESTS_WALK_REFERENCE_H
#define TESTS_WALK_REFERENCE_H

#include <mm/table/mm.h>
#include <mm/table/walk.h>

#define WALK_TABLES 4096

/* Tables in the order in which they were visited. */
struct walk_visits {
	unsigned int count;
	uint64_t table[WALK_TABLES];
	enum pt_level level[WALK_TABLES];
};

/* A visit that is written down; "argument" is a struct walk_visits. */
bool walk_note(pfn_t table, enum pt_level level, void *argument);

/* Fails the test unless the walker and the reference visit the same, in the same order. */
void walk_compare(const struct mm *mm, uint64_t limit);

#endif
