/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preparing an address space for a program: its segments, and its initial stack (System V ABI,
 * x86-64 supplement, "Process initialization").
 */
#ifndef KERNEL_PROCESS_PROGRAM_H
#define KERNEL_PROCESS_PROGRAM_H

#include <kernel/process/elf.h>

/* Consecutive NUL-terminated strings. */
struct strings {
	unsigned int count;
	const char *text;
	uint64_t bytes; /* the size of all of them */
};

/* The most bytes of arguments and environment that a new program can have: Linux's minimum. */
#define PROGRAM_STRINGS_MOST (128ul << 10)

struct program {
	const char *name; /* the path by which it was found */
	struct strings arguments, environment;
	unsigned char random[16]; /* the program's source of randomness (AT_RANDOM) */
};

/* The initial rip and rsp of a program. */
struct program_start {
	uintptr_t entry, stack;
};

/*
 * Loads a program into an empty space. Returns 0; ENOEXEC; E2BIG if the strings are too long; or
 * ENOMEM. After an error the caller frees the space.
 */
long program_load(struct object *file, const struct program *program, struct space *space,
		  struct program_start *start);

#endif
