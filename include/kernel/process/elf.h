/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading static ELF programs (System V ABI, "Object files"; x86-64 supplement).
 *
 * The file is not trusted. All headers are checked before anything is mapped: segments must be
 * possible, lie in the user half of the address space, and not overlap. A segment that is both
 * writable and executable is refused.
 */
#ifndef KERNEL_PROCESS_ELF_H
#define KERNEL_PROCESS_ELF_H

#include <mm/user/space.h>

/* What the auxiliary vector tells a program about itself. */
struct elf_image {
	uintptr_t entry;    /* address of the first instruction */
	uintptr_t headers;  /* address of the program headers in its memory; 0: not mapped */
	unsigned int count; /* number of program headers */
	uintptr_t end;      /* the end of the last segment, page aligned: the initial break */
};

/* The load address of a position-independent program, as on Linux without randomization. */
#define ELF_PIE_BASE 0x555555554000ul

/*
 * Maps the segments of a file into a space that has no regions there. Returns 0; ENOEXEC if the
 * program cannot run here; or ENOMEM. After an error some segments may be mapped: the caller frees
 * the space.
 */
long elf_load(struct object *file, struct space *space, struct elf_image *image);

#endif
