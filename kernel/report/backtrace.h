/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backtraces, for the reports of a kernel that stops or that waits for too long.
 */
#ifndef KERNEL_REPORT_BACKTRACE_H
#define KERNEL_REPORT_BACKTRACE_H

#include <kernel/lib/compiler.h>

#define BACKTRACE_FRAMES 24

struct backtrace {
	uintptr_t rip; /* where it was; 0: in the first of the functions below */
	unsigned int frames;
	uintptr_t address[BACKTRACE_FRAMES]; /* return addresses, innermost first */
	uintptr_t unreadable;                /* a frame that could not be read, or 0 */
	bool in_program;                     /* the CPU ran a program: there is nothing else */
};

/* Follows the chain of frame pointers from rbp on. Reads memory that may be anything. No locks. */
void backtrace_take(struct backtrace *trace, uintptr_t rip, uintptr_t rbp);

/* Prints a line for each function, innermost first. */
void backtrace_print(const struct backtrace *trace);

/*
 * Prints the backtrace of every other CPU that is online; one that does not answer is named.
 * "stop": they stop for good. Called by one CPU at a time.
 */
void backtraces_print(bool stop);

#endif
