/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making an address space ready for a program: its segments, and the stack that it starts with
 * (System V ABI, x86-64 supplement, "Process initialization").
 */
#ifndef KERNEL_PROCESS_PROGRAM_H
#define KERNEL_PROCESS_PROGRAM_H

#include <kernel/process/elf.h>

/* Strings one behind the other, each with its final 0. */
struct strings {
	unsigned int count;
	const char *text;
	uint64_t bytes; /* of them all */
};

/* What may be put on the stack of a new program, in bytes: as much as Linux's least. */
#define PROGRAM_STRINGS_MOST (128ul << 10)

struct program {
	const char *name; /* the path that it was found by */
	struct strings arguments, environment;
	unsigned char random[16]; /* for it to be unpredictable with (AT_RANDOM) */
};

/* Where it starts. */
struct program_start {
	uintptr_t entry, stack;
};

/*
 * Fills an empty space. 0; or ENOEXEC, E2BIG (too many strings), ENOMEM, and then the space is to
 * be given up.
 */
long program_load(struct object *file, const struct program *program, struct space *space,
		  struct program_start *start);

#endif
