/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replacing the program of a process (execve(2)).
 */
#ifndef KERNEL_PROCESS_EXEC_H
#define KERNEL_PROCESS_EXEC_H

#include <kernel/process/process.h>

/* A program that is ready to be run: all that execve() needs memory for. */
struct exec_image {
	struct space *space; /* with the program in it, not activated */
	struct program_start start;
	struct object *path;     /* for /proc/self/exe */
	char name[PROCESS_NAME]; /* what the process will be called */
};

/*
 * Makes the image of the program at a path, or of the interpreter that its first line names ("#!"),
 * for a process, which stays as it is. 0, or ENOENT, EACCES, ENOEXEC, E2BIG, ENOMEM and so on; then
 * *image is empty.
 */
long exec_prepare(struct process *process, const char *path, const struct strings *arguments,
		  const struct strings *environment, struct exec_image *image);

/* Gives a process the name and the path of its new program. Takes over the image's "path". */
void exec_name_process(struct process *process, const struct exec_image *image);

/* Gives up an image that is not used after all. */
void exec_discard(struct exec_image *image);

/* Does not return to the program that called, unless with an error. */
long sys_execve(uintptr_t path, uintptr_t arguments, uintptr_t environment);

#endif
