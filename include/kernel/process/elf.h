/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading static ELF programs (System V ABI, "Object files"; x86-64 supplement).
 *
 * The file may come from anybody. Its headers are judged as a whole before anything is mapped; what
 * they ask for must make sense, lie in a program's half of the address space, and not overlap.
 * Segments that are writable and executable at once are refused.
 */
#ifndef KERNEL_PROCESS_ELF_H
#define KERNEL_PROCESS_ELF_H

#include <mm/user/space.h>

/* What a program needs to know of itself when it starts: the auxiliary vector. */
struct elf_image {
	uintptr_t entry;    /* the first instruction */
	uintptr_t headers;  /* where the program headers are in its memory; 0: nowhere */
	unsigned int count; /* of program headers */
	uintptr_t end;      /* past the last segment, a multiple of PAGE_SIZE: the break */
};

/* Where a position-independent program is put, as on Linux without randomization. */
#define ELF_PIE_BASE 0x555555554000ul

/*
 * Maps the file's segments in the space, which has nothing there. 0, or ENOEXEC: it is no program
 * that can run here; ENOMEM. On an error some segments may be mapped: the space is to be given up.
 */
long elf_load(struct object *file, struct space *space, struct elf_image *image);

#endif
