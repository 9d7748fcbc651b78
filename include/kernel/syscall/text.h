/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system call in words, as a trace prints it: mprotect(0x5e2000, 4096, r--) = 0.
 */
#ifndef KERNEL_SYSCALL_TEXT_H
#define KERNEL_SYSCALL_TEXT_H

#include <arch/traps.h>
#include <kernel/lib/compiler.h>

/* Room for the longest call, and for the longest result, with the final NUL. */
#define SYSCALL_TEXT   200
#define SYSCALL_RESULT 24

/*
 * Writes the name and the arguments of the call that the registers ask for (64-bit; see
 * syscall_widen()), cut at size - 1 bytes. A path is read from the running program's memory, and
 * printed as an address if it is not to be read there; of a long one only the beginning is printed.
 */
void syscall_text(char *text, size_t size, const struct regs *regs);

/* Writes the result of the call of that number: a number, or "-ENOENT". */
void syscall_text_result(char *text, size_t size, uint64_t number, long result);

#endif
