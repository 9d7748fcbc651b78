/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files and descriptors (open(2), dup(2), fcntl(2)).
 *
 * A process has a table of descriptors, small numbers that stand for open files. An open file has a
 * position and flags, which all descriptors that came from it by dup() or fork() share. How reading
 * and writing work depends on its type: a file in memory, a directory, a pipe, the tty.
 */
#ifndef KERNEL_FILE_FILE_H
#define KERNEL_FILE_FILE_H

#include <kernel/file/fs.h>
#include <kernel/task/task.h>

/* Flags of open(2), with Linux's values. */
enum {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_ACCESS = 3,
	O_CREAT = 0100,
	O_EXCL = 0200,
	O_TRUNC = 01000,
	O_APPEND = 02000,
	O_NONBLOCK = 04000,
	O_DIRECTORY = 0200000,
	O_NOFOLLOW = 0400000,
	O_CLOEXEC = 02000000,
};

/* States of an open file: poll(2). */
enum {
	READY_IN = 1,
	READY_OUT = 4,
	READY_ERROR = 8,
	READY_HANGUP = 16,
	READY_INVALID = 32,
};

/* Devices, and files whose contents are made when they are opened: values of inode->device. */
enum {
	DEVICE_NULL = 1,
	DEVICE_ZERO,
	DEVICE_TTY,
	PROC_MAPS,
	PROC_HYPERCALLS,
	PROC_KERNEL_LOCK, /* how often it was taken, and how often after waiting */
	PROC_EXE,
};

/* ioctl(2) of any file: returns the number of bytes that can be read (FIONREAD). */
#define IOCTL_BYTES 0x541b

struct file;

/*
 * The operations of an open file. Reading and writing copy between it and the running program's
 * memory at *position, and advance it (pipes and the tty have no position). They return the number
 * of bytes, or an error.
 */
struct file_type {
	long (*read)(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes);
	long (*write)(struct file *file, uint64_t *position, uintptr_t from, uint64_t bytes);
	long (*control)(struct file *file, uint32_t request, uintptr_t argument); /* ioctl(2) */
	unsigned int (*ready)(struct file *file); /* READY_...; NULL: always, for both */
	void (*close)(struct file *file); /* the last reference is gone; NULL: nothing to do */
	bool has_position;
};

struct file {
	uint32_t references;
	uint32_t flags; /* O_... */
	const struct file_type *type;
	uint64_t position;     /* bytes; of a directory: fs_list()'s cursor */
	struct inode *inode;   /* NULL: none, as for a pipe */
	struct object *object; /* its contents; NULL: none */
	struct pipe *pipe;
};

static inline bool file_reads(const struct file *file)
{
	return (file->flags & O_ACCESS) != O_WRONLY;
}

static inline bool file_writes(const struct file *file)
{
	return (file->flags & O_ACCESS) != O_RDONLY;
}

/*
 * Creates an open file with one reference, and takes over the caller's reference to the inode.
 * Returns NULL if out of memory.
 */
struct file *file_create(const struct file_type *type, struct inode *inode, uint32_t flags);

/* The longest file, in bytes. */
#define FILE_MOST (OBJECT_MAX_PAGES << PAGE_SHIFT)

/*
 * Opens an inode of any type. Returns 0, or EACCES, EISDIR, ENOMEM, ENODEV. The caller keeps its
 * reference to the inode.
 */
long file_open(struct inode *inode, uint32_t flags, struct file **result);

struct file *file_get(struct file *file);
void file_put(struct file *file);

/* Woken when a pipe or the tty may have become ready: for poll(). */
extern struct wait_queue files_ready;

extern const struct file_type pipe_reader, pipe_writer, tty_file;

/* Most descriptors of a process. */
#define FILES_MOST 256

struct files {
	struct file *file[FILES_MOST];
	uint64_t close_on_exec[FILES_MOST / 64]; /* a bit for each descriptor */
	unsigned int end;                        /* all open ones are below */
};

/* Return an empty table, and a copy for fork(); NULL: out of memory. */
struct files *files_create(void);
struct files *files_copy(const struct files *files);

/* Closes all descriptors and frees the table. */
void files_put(struct files *files);

/* Closes the descriptors that exec() must not keep. */
void files_exec(struct files *files);

/* Returns the open file of that number, without a reference; NULL: there is none. */
struct file *file_at(const struct files *files, uint64_t descriptor);

/*
 * Gives the file the lowest free descriptor from "least" on. Takes over the caller's reference, on
 * failure too. Returns the descriptor, or EMFILE.
 */
long files_add(struct files *files, struct file *file, unsigned int least, bool close_on_exec);

bool files_closes_on_exec(const struct files *files, unsigned int descriptor);
void files_set_close_on_exec(struct files *files, unsigned int descriptor, bool close);

/* Closes a descriptor. Returns 0, or EBADF. */
long files_close(struct files *files, uint64_t descriptor);

/*
 * Creates a pipe: two open files with a reference each. It holds 64 KiB or, once all pipes together
 * use an eighth of memory, 4 KiB. Returns 0, or ENOMEM.
 */
long pipe_create(struct file **reader, struct file **writer, uint32_t flags);

/* Returns the number of pages in a pipe's ring. */
uint64_t pipe_pages(const struct pipe *pipe);

#endif
