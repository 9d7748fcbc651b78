/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replacing the program of a process (execve(2)).
 */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

#include <kernel/process.h>

/*
 * Makes a space with the program at a path in it, or with the interpreter that its first line
 * names ("#!"), and names the process after it. 0 and the space, not activated, or ENOENT, EACCES,
 * ENOEXEC, E2BIG, ENOMEM, and so on; then only the name may have changed.
 */
long exec_prepare(struct process *process, const char *path, const struct strings *arguments,
		  const struct strings *environment, struct space **result,
		  struct program_start *start);

/* Bytes that nobody can guess who does not know this machine's clocks: not for secrets. */
void random_bytes(unsigned char *bytes, uint64_t count);

/* Does not return to the program that called, unless with an error. */
long sys_execve(uintptr_t path, uintptr_t arguments, uintptr_t environment);

#endif
