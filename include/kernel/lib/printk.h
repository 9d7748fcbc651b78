/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing from the kernel: to the console, and into the log ring.
 */
#ifndef KERNEL_LIB_PRINTK_H
#define KERNEL_LIB_PRINTK_H

#include <kernel/lib/compiler.h>
#include <stdarg.h>

enum printk_level {
	PRINTK_OUTPUT,  /* requested output: a command's, test results */
	PRINTK_ERROR,   /* something failed */
	PRINTK_WARNING, /* something is odd, but everything works */
	PRINTK_INFO,    /* messages of the boot */
	PRINTK_DEBUG,
};

/*
 * Prints text: part of a line, or several lines. A level above the log level goes to the ring only.
 * Lines that are not PRINTK_OUTPUT start with the time since boot, in seconds. A call prints at
 * most 511 bytes and cuts the rest. Callable from anywhere but an NMI; takes the lock "printk".
 */
void printk(enum printk_level level, const char *format, ...) PRINTF_LIKE(2, 3);
void vprintk(enum printk_level level, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* Sets the highest level that reaches the console; PRINTK_INFO at first. */
void printk_set_level(enum printk_level level);

/* Prints the log, except for PRINTK_OUTPUT, on the console again. */
void printk_replay(void);

/* Prepares for a panic: from now on printk waits for no lock. */
void printk_begin_panic(void);

/* Prints the last "count" lines of any level before printk_begin_panic(), indented. */
void printk_last_lines(unsigned int count);

#endif
