/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random histories of programs' address spaces: system calls, forks and accesses, against a naive
 * account with one entry a page. The same on the model and in the kernel on a real machine; only
 * how an address is accessed differs.
 */
#ifndef TESTS_HISTORIES_H
#define TESTS_HISTORIES_H

#include <mm/user/fault.h>

/* An access with all faults that it takes; the last one's result if it cannot be had. */
struct history_access {
	enum fault (*read)(struct space *space, uintptr_t address, uint64_t *value);
	enum fault (*write)(struct space *space, uintptr_t address, uint64_t value);
};

/*
 * Plays "steps" steps of the history with that seed, and ends all spaces. Returns NULL, or what
 * went wrong at which step (valid until the next call); the spaces are then left as they are.
 */
const char *history_play(const struct history_access *access, uint64_t seed, unsigned int steps);

#endif
