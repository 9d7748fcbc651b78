/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an initramfs: a cpio archive in the "new ASCII" format, with or without checksums (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5)).
 *
 * The archive is not trusted. Nothing outside its bytes is read, and any error in it ends the
 * reading with a message and the offset.
 */
#ifndef KERNEL_LIB_CPIO_H
#define KERNEL_LIB_CPIO_H

#include <kernel/lib/compiler.h>

struct cpio_entry {
	const char *name; /* NUL-terminated, relative, without a leading "./"; "" is the root */
	const unsigned char *data;
	uint64_t size; /* bytes of data */
	uint32_t mode; /* type and permissions, as in stat(2) */
	uint32_t links;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t inode;
	uint64_t device;  /* the device that the inode was on: major and minor number */
	uint32_t archive; /* its number, of several; inode numbers are unique within one only */
};

struct cpio_reader {
	const unsigned char *archive;
	uint64_t size;     /* bytes; zeros after the last archive are ignored */
	uint64_t offset;   /* of the next header */
	const char *error; /* NULL, or what is wrong at "offset" */
	uint32_t archives; /* number of archives read to their ends */
};

/* Starts reading at the beginning of the archive, which may be empty. */
void cpio_open(struct cpio_reader *reader, const void *archive, uint64_t size);

/*
 * Reads the next entry. Returns false at the end of the last archive, of several one after the
 * other; or, with reader->error set, if something is wrong.
 */
bool cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);

/* Types of files in "mode". */
#define CPIO_TYPE_MASK 0170000u
#define CPIO_FILE      0100000u
#define CPIO_DIRECTORY 0040000u
#define CPIO_SYMLINK   0120000u

#endif
