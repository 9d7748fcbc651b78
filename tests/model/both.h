/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table for the model of Xen and for the bare machine, for tests that run on both.
 */
#ifndef TESTS_BOTH_H
#define TESTS_BOTH_H

#include <kernel/lib/types.h>

struct both {
	const char *name;
	unsigned int levels;

	/*
	 * Starts the machine, with mm/ as it is after the boot and under a recorder. Stops it, with
	 * all checks: there must be the tables that there were when keep_tables() was called.
	 */
	void (*start)(unsigned int levels, uint64_t pages);
	void (*keep_tables)(void);
	void (*stop)(void);

	/* Returns what is wrong so far, or NULL. */
	const char *(*check)(void);

	/* Returns the pfn of a frame as translations.h numbers them. */
	uint64_t (*pfn_of)(uint64_t frame);
};

enum { BOTH_XEN, BOTH_NATIVE, BOTH_XEN_5, BOTH_NATIVE_5, BOTH_COUNT };
extern const struct both both[BOTH_COUNT];

#endif
