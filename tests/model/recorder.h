/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A witness to the paravirt operations.
 *
 * It wraps whatever backend is in use, passes everything on, and keeps a list of the tables that
 * there are, of the entries that point to them, and of what happened last. It finds every breach of
 * the hooks' contract (mm/table/ops.h): a table that is linked without having been announced, one
 * announced twice, not zeroed, or without the lock; one adopted late or not linked; a root that
 * inherits from one that does not exist, or is loaded without having inherited; a release of a
 * table that was never announced or that an entry still points to. For tests and for the curious;
 * one CPU.
 *
 * A root slot that is also written to the programs' root counts as one store and one pointer: the
 * backend writes both or none.
 */
#ifndef TESTS_MODEL_RECORDER_H
#define TESTS_MODEL_RECORDER_H

#include <mm/table/ops.h>

#define RECORDER_TABLES 8192 /* tables alive at a time, and entries that point to them */
#define RECORDER_LOG    256  /* events kept */

enum record_kind {
	RECORD_ALLOC,
	RECORD_ADOPT,
	RECORD_RELEASE,
	RECORD_CLONE,
	RECORD_ENTRY,   /* a store above the pte level */
	RECORD_PTE,     /* one at it */
	RECORD_PROTECT, /* a protection change */
	RECORD_RIGHTS,  /* a page of the direct map made read-only or writable */
	RECORD_KINDS
};

struct record {
	enum record_kind kind;
	enum pt_level level;
	pfn_t table; /* announced, adopted, released, written to, or whose rights change; a store
			for an address of the kernel's names none: INVALID_PFN */
	pt_entry_t value; /* of a store */
};

struct recorder_slot {
	uint64_t key; /* pfn + 1 of a table, or address of an entry; 0: unused */
	uint64_t value : 56;
	uint64_t level : 7;
	uint64_t inherited : 1; /* of a root: it has the kernel's half */
};

struct recorder {
	struct paravirt_ops below;
	struct recorder_slot table[2 * RECORDER_TABLES]; /* value: entries that point to it */
	struct recorder_slot entry[2 * RECORDER_TABLES]; /* value: pfn of the table it points to */
	uint64_t found;                                  /* tables that there were at the start */
	uint64_t live;                                   /* tables that there are */
	uint64_t count[RECORD_KINDS];
	struct record log[RECORDER_LOG]; /* the n-th event is at n % RECORDER_LOG */
	uint64_t events;
	const char *breach; /* the first breach of the contract; NULL: none */
};

/*
 * Begins to listen. Tables that there are, the kernel's and those of all address spaces, are taken
 * down as adopted; before pin_adopt_boot_tables() there are none. One at a time. Lock: the list of
 * address spaces'.
 */
void recorder_start(struct recorder *recorder);

/* Puts the backend back. The record stays. */
void recorder_stop(void);

/* "alloc", "release" and so on. */
const char *record_kind_name(enum record_kind kind);

#endif
