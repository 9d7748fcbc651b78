/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an initramfs: a cpio archive in the "new ASCII" format, with or without checksums
 * (Linux, Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5)).
 *
 * The archive may come from anybody. Nothing outside its bytes is ever read, and whatever is wrong
 * with it ends the reading with a message and the offset.
 */
#ifndef KERNEL_LIB_CPIO_H
#define KERNEL_LIB_CPIO_H

#include <kernel/lib/compiler.h>

struct cpio_entry {
	const char *name; /* 0-terminated, relative, without a leading "./"; "" is the root */
	const unsigned char *data;
	uint64_t size; /* bytes of data */
	uint32_t mode; /* type and permissions, as in stat(2) */
	uint32_t links;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t inode;
	uint64_t device;  /* that the inode was on: major and minor number */
	uint32_t archive; /* of several, one after the other: an inode is known within its own */
};

struct cpio_reader {
	const unsigned char *archive;
	uint64_t size;     /* bytes; zeros behind the end are ignored */
	uint64_t offset;   /* of the next header */
	const char *error; /* NULL, or what is wrong at "offset" */
	uint32_t archives; /* whose end was read */
};

/* Starts at the beginning of the archive. It may be empty. */
void cpio_open(struct cpio_reader *reader, const void *archive, uint64_t size);

/*
 * Fetches the next entry. False at the end of the archive, or of the last one of several put behind
 * each other; false also if something is wrong, and then reader->error says what.
 */
bool cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);

/* Types of files in "mode". */
#define CPIO_TYPE_MASK 0170000u
#define CPIO_FILE      0100000u
#define CPIO_DIRECTORY 0040000u
#define CPIO_SYMLINK   0120000u

#endif
