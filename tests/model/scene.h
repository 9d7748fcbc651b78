/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program with a child and a file, and operations on its memory that two CPUs carry out at once.
 *
 * CPUs 0 and 1 run the operations. CPUs 2 and 3 have the program and its child loaded all the
 * while. What they remember is watched (translations.h).
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stdbool.h>

struct operation {
	const char *name;
	void (*run)(void); /* with events masked, and without the kernel lock */
	bool in_child;     /* the CPU has the child loaded at first, not the program */

	/* Returns what is wrong when it has returned, or NULL. May be NULL. */
	const char *(*check)(void);
};

#define OPERATIONS 19u
extern const struct operation operations[OPERATIONS];

/* Returns true if two CPUs can do that at once: what ends, ends once. */
bool operations_make_sense(const struct operation *a, const struct operation *b);

/* Once for a machine: what all scenes need. */
void scene_start(void);
void scene_stop(void);

/* Makes the program's memory and loads it, and ends it all. The latter returns what was wrong. */
void scene_set_up(const struct operation *const pair[2]);
const char *scene_tear_down(const struct operation *const pair[2]);

#endif
