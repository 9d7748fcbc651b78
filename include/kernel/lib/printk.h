/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing from the kernel: to the console, and into the log ring.
 */
#ifndef KERNEL_LIB_PRINTK_H
#define KERNEL_LIB_PRINTK_H

#include <kernel/lib/compiler.h>
#include <stdarg.h>

enum printk_level {
	PRINTK_OUTPUT,  /* what somebody asked for: a command's output, test results */
	PRINTK_ERROR,   /* something that was to be done was not */
	PRINTK_WARNING, /* odd, but everything works */
	PRINTK_INFO,    /* what a boot tells about itself */
	PRINTK_DEBUG,
};

/*
 * Prints a text, which may be part of a line or several. A level above the log level goes to the
 * ring only. Lines that are not PRINTK_OUTPUT start with the time since boot, in seconds. At most
 * 511 bytes a call; the rest is cut. May be called anywhere but in an NMI; takes "printk".
 */
void printk(enum printk_level level, const char *format, ...) PRINTF_LIKE(2, 3);
void vprintk(enum printk_level level, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* The highest level that still reaches the console; PRINTK_INFO at first. */
void printk_set_level(enum printk_level level);

/* Shows the log (everything but PRINTK_OUTPUT) on the console again. */
void printk_replay(void);

/* The machine is going down: from now on nothing waits for a lock. */
void printk_begin_panic(void);

/* Shows the last "count" lines of any kind before printk_begin_panic(), indented. */
void printk_last_lines(unsigned int count);

#endif
