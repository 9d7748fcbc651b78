/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each CPU remembers of page tables: its TLB, and the tables that it has walked through. For
 * the model of Xen and for the bare machine, which say how an address is translated now.
 *
 * A CPU keeps what it has found until it is flushed. It may look at any time, asked or not, and so
 * it does here: translations_look() lets every CPU look up all watched addresses. First it compares
 * what they remember with what the tables say. A difference is noted with the CPU that ran last,
 * since that one has changed the tables, and owes a flush.
 */
#ifndef TESTS_TRANSLATIONS_H
#define TESTS_TRANSLATIONS_H

#include <stdbool.h>
#include <stdint.h>

#define TRANSLATION_CPUS   4
#define TRANSLATION_TABLES 4 /* that a walk finds below the root */

struct translation {
	bool valid; /* there is a page */
	bool writable, executable;
	uint64_t frame;
	unsigned int tables;
	uint64_t table[TRANSLATION_TABLES];
};

/*
 * How a machine translates: the root that a CPU has loaded (0: none), and a walk. "generation" may
 * be NULL. It tells how often all CPUs were made to forget all translations to a frame.
 */
struct translation_source {
	uint64_t (*root)(unsigned int cpu);
	struct translation (*walk)(uint64_t root, uint64_t address);
	uint64_t (*generation)(uint64_t frame);
};

/* Begins with empty TLBs, and nothing watched. */
void translations_start(const struct translation_source *source);

/* Flush one address of a CPU, or everything. */
void translations_flush_address(unsigned int cpu, uint64_t address);
void translations_flush(unsigned int cpu);

/* What an access finds. */
enum translations_found {
	TRANSLATIONS_OK,
	TRANSLATIONS_FAULT,
	TRANSLATIONS_STALE, /* the TLB and the tables disagree */
};

/* Accesses an address, through the TLB, which this fills. */
enum translations_found translations_access(unsigned int cpu, uint64_t address, bool write,
					    uint64_t *frame);

/* ---- what is wrong ---- */

/*
 * Which difference matters. In a program's memory a CPU must not remember a page or a right that is
 * gone. It may miss one that has come: then it faults, and looks again. The kernel must not fault
 * in the direct map, so there a right that has come matters; one that has gone does not, because
 * Xen itself flushes before it makes a page a table.
 */
enum translations_kind { TRANSLATIONS_PROGRAM, TRANSLATIONS_DIRECT };

/* Watches an address, or nothing any more. At most 32. */
void translations_watch(uint64_t address, enum translations_kind kind);
void translations_watch_nothing(void);

/* Compares, notes differences as those that "running" owes a flush for, and looks everything up. */
void translations_look(unsigned int running);

/* Something that a CPU remembers. */
struct translations_known {
	unsigned int cpu;
	uint64_t address; /* 0: a table that it has walked through */
	uint64_t frame;
};

/* Finds something whose frame the function returns true for. */
bool translations_find(bool (*is_wanted)(uint64_t frame), struct translations_known *known);

/* Finds something for which that CPU owes a flush. */
bool translations_owed(unsigned int by, struct translations_known *known);

#endif
