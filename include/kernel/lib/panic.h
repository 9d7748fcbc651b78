/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of the line.
 */
#ifndef KERNEL_LIB_PANIC_H
#define KERNEL_LIB_PANIC_H

#include <kernel/lib/compiler.h>

struct regs;

/*
 * Something is wrong with the kernel: says what, shows how it got there and the last lines of the
 * log, and ends the domain with SHUTDOWN_crash. May be called from anywhere.
 */
void panic(const char *format, ...) NORETURN PRINTF_LIKE(1, 2);

/* The same for an exception that nobody expected: also registers and, for a page fault, the walk.
 */
void panic_trap(const struct regs *regs) NORETURN;

/*
 * Something is wrong with what the kernel was given (too little memory, a start_info that makes no
 * sense): says so in one line, without a backtrace that would help nobody, and ends the domain with
 * SHUTDOWN_crash.
 */
void fatal(const char *format, ...) NORETURN PRINTF_LIKE(1, 2);

#endif
