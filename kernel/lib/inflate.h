/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The "deflate" compression inside a gzip file, for kernel/lib/gunzip.c.
 */
#ifndef KERNEL_LIB_INFLATE_H
#define KERNEL_LIB_INFLATE_H

#include <kernel/lib/compiler.h>

struct stream {
	const unsigned char *next, *end; /* input that is not yet in "bits" */
	uint64_t bits;                   /* the next bits, the first one lowest; then zeros */
	unsigned int held;               /* how many */
	unsigned char *to;
	uint64_t at, room; /* bytes, at <= room */
	uint64_t start;    /* where this member's output began: no match reaches further back */
	const char *error;
};

/* Notes what is wrong, unless something was already. Returns false. */
bool inflate_fail(struct stream *stream, const char *what);

/* Notes that the data ends too early. Returns false. */
bool inflate_fail_short(struct stream *stream);

/*
 * Unpacks the blocks of one member from "next" on, which is left at the byte after them. Returns
 * false, with the error noted, if they are not sound or there is no room. The tables are static:
 * one caller at a time.
 */
bool inflate_blocks(struct stream *stream);

#endif
