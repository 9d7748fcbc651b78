/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log ring: the last lines that were printed, to be read again.
 *
 * Every line is kept with its level. When the ring is full the oldest lines go. A pure data
 * structure: printk holds the lock.
 */
#ifndef KERNEL_LIB_LOG_H
#define KERNEL_LIB_LOG_H

#include <kernel/lib/compiler.h>

#define LOG_SIZE 0x8000 /* bytes of text kept: a power of two */

struct log {
	uint64_t end;     /* bytes ever written; the ring holds the last LOG_SIZE of them */
	bool inside_line; /* the last line has not ended yet */
	char text[LOG_SIZE];
};

/* Appends text at a level (0 .. 9); lines may come in pieces, the level is the first piece's. */
void log_append(struct log *log, unsigned int level, const char *text, size_t length);

/* Which lines: those of the levels first .. last that begin before a position, at most "count". */
struct log_filter {
	unsigned int first, last;
	uint64_t before; /* a value that "end" had; UINT64_MAX: all */
	uint64_t count;  /* the newest so many; UINT64_MAX: all */
};

/*
 * Calls "line" for the lines that pass the filter, oldest first, the unfinished one included. A
 * line longer than 255 bytes is cut.
 */
void log_for_each(const struct log *log, const struct log_filter *filter,
		  void (*line)(const char *text, void *argument), void *argument);

#endif
