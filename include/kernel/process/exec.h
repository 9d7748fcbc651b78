/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replacing the program of a process (execve(2)).
 */
#ifndef KERNEL_PROCESS_EXEC_H
#define KERNEL_PROCESS_EXEC_H

#include <kernel/process/process.h>

/* A program that is ready to run: everything for which execve() allocates memory. */
struct exec_image {
	struct space *space; /* holds the program; not activated */
	struct program_start start;
	struct object *path;     /* for /proc/self/exe */
	char name[PROCESS_NAME]; /* the name of the process */
};

/*
 * Prepares the program at a path, or the interpreter that its first line names ("#!"). The process
 * is not changed. Returns 0, or ENOENT, EACCES, ENOEXEC, E2BIG, ENOMEM and so on, with *image
 * empty.
 */
long exec_prepare(struct process *process, const char *path, const struct strings *arguments,
		  const struct strings *environment, struct exec_image *image);

/*
 * Sets the name and path of a process to those of its new program. Consumes the image's reference
 * to "path".
 */
void exec_name_process(struct process *process, const struct exec_image *image);

/* Frees an image that is not used. */
void exec_discard(struct exec_image *image);

/* Replaces the program. Returns to the calling program only with an error. */
long sys_execve(uintptr_t path, uintptr_t arguments, uintptr_t environment);

#endif
