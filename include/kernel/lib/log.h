/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log ring: the last lines printed, kept to be shown again.
 *
 * Each line is stored with its level. When the ring is full the oldest lines are dropped. A pure
 * data structure: printk holds the lock.
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

/*
 * Appends text at a level (0 to 9). A line may come in pieces; its level is that of the first
 * piece.
 */
void log_append(struct log *log, unsigned int level, const char *text, size_t length);

/* Selects lines: of the levels first to last, beginning before a position, at most "count". */
struct log_filter {
	unsigned int first, last;
	uint64_t before; /* a value that "end" had; UINT64_MAX: all */
	uint64_t count;  /* the newest lines; UINT64_MAX: all */
};

/*
 * Calls "line" for each line that passes the filter, oldest first, the unfinished line included. A
 * line longer than 255 bytes is cut.
 */
void log_for_each(const struct log *log, const struct log_filter *filter,
		  void (*line)(const char *text, void *argument), void *argument);

#endif
