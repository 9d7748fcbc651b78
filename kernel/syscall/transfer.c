// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading and writing: read(2), write(2), and the forms with a position or a vector. The call holds
 * a reference to the open file, since another thread may close its descriptor while this one
 * sleeps.
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/syscall/table.h>

/* Linux's limits of one call. */
#define BYTES_MOST  0x7ffff000ul
#define PIECES_MOST 1024

/* The bytes that are copied before other tasks may run. */
#define PIECE_BYTES (256ul << 10)

static long transfer_piece(struct file *file, uint64_t *position, uintptr_t address, uint64_t bytes,
			   bool write)
{
	if (write)
		return file->type->write(file, position, address, bytes);
	return file->type->read(file, position, address, bytes);
}

/*
 * Signals a writer whose pipe has lost its last reader: also where the pipe took some of the bytes
 * before that.
 */
static void signal_broken_pipe(struct file *file)
{
	const struct signal_info info = {.pid = process_current()->pid};

	if (file->pipe && file->type->ready(file) & READY_ERROR)
		signal_send(process_current(), thread_current(), SIGPIPE, &info);
}

/* Reads or writes. What never sleeps is done in pieces, so that other tasks can run. */
static long transfer(struct file *file, uint64_t *position, uintptr_t address, uint64_t bytes,
		     bool write)
{
	long done = 0, result = 0;

	bytes = MIN(bytes, BYTES_MOST);
	if (!file->type->has_position) {
		result = transfer_piece(file, position, address, bytes, write);
		if (write && result < (long)bytes)
			signal_broken_pipe(file);
		return result;
	}
	do {
		uint64_t piece = MIN(bytes - (uint64_t)done, PIECE_BYTES);

		result = transfer_piece(file, position, address + (uint64_t)done, piece, write);
		done += MAX(result, 0);
		if (result < (long)piece)
			break;
	} while ((uint64_t)done < bytes && !task_pause());
	return done ? done : result;
}

/* Returns an open file that can be read (or written), with a reference; NULL: there is none. */
static struct file *file_for(uint64_t descriptor, bool write)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file || !(write ? file_writes(file) : file_reads(file)))
		return NULL;
	return file_get(file);
}

static long move(uint64_t descriptor, uintptr_t address, uint64_t bytes, bool write)
{
	struct file *file = file_for(descriptor, write);
	long result;

	if (!file)
		return -EBADF;
	result = transfer(file, &file->position, address, bytes, write);
	file_put(file);
	return result;
}

long sys_read(uint64_t descriptor, uintptr_t to, uint64_t bytes)
{
	return move(descriptor, to, bytes, false);
}

long sys_write(uint64_t descriptor, uintptr_t from, uint64_t bytes)
{
	return move(descriptor, from, bytes, true);
}

static long move_at(uint64_t descriptor, uintptr_t address, uint64_t bytes, int64_t position,
		    bool write)
{
	struct file *file = file_for(descriptor, write);
	uint64_t at = (uint64_t)position;
	long result;

	if (position < 0) {
		if (file)
			file_put(file);
		return -EINVAL;
	}
	if (!file)
		return -EBADF;
	result = file->type->has_position ? transfer(file, &at, address, bytes, write) : -ESPIPE;
	file_put(file);
	return result;
}

long sys_pread(uint64_t descriptor, uintptr_t to, uint64_t bytes, int64_t position)
{
	return move_at(descriptor, to, bytes, position, false);
}

long sys_pwrite(uint64_t descriptor, uintptr_t from, uint64_t bytes, int64_t position)
{
	return move_at(descriptor, from, bytes, position, true);
}

/* struct iovec of readv() and writev(). */
struct piece {
	uintptr_t address;
	uint64_t bytes;
};

static long read_piece(uintptr_t pieces, uint64_t i, struct piece *piece)
{
	if (user_read(pieces + i * sizeof(*piece), piece, sizeof(*piece)))
		return -EFAULT;
	return (int64_t)piece->bytes < 0 ? -EINVAL : 0;
}

/* Checks all pieces before anything is transferred. Returns 0 or an error. */
static long check_pieces(uintptr_t pieces, uint64_t count)
{
	struct piece piece;
	long error = count > PIECES_MOST ? -EINVAL : 0;

	for (uint64_t i = 0; i < count && !error; i++)
		error = read_piece(pieces, i, &piece);
	return error;
}

static long move_pieces(uint64_t descriptor, uintptr_t pieces, uint64_t count, bool write)
{
	struct file *file = file_for(descriptor, write);
	long done = 0, result;

	if (!file)
		return -EBADF;
	result = check_pieces(pieces, count);
	for (uint64_t i = 0; i < count && !result; i++) {
		struct piece piece;

		result = read_piece(pieces, i, &piece);
		if (result || !piece.bytes)
			continue;
		result = transfer(file, &file->position, piece.address, piece.bytes, write);
		if (result <= 0)
			break;
		done += result;
		/*
		 * A short transfer ends the call without an error. It does not wait for more than
		 * was ready.
		 */
		result = (uint64_t)result < piece.bytes || (!write && !file->type->has_position) ||
			 (uint64_t)done >= BYTES_MOST || task_pause();
	}
	file_put(file);
	return done || result > 0 ? done : result;
}

long sys_readv(uint64_t descriptor, uintptr_t pieces, uint64_t count)
{
	return move_pieces(descriptor, pieces, count, false);
}

long sys_writev(uint64_t descriptor, uintptr_t pieces, uint64_t count)
{
	return move_pieces(descriptor, pieces, count, true);
}

long sys_lseek(uint64_t descriptor, int64_t offset, uint32_t from)
{
	enum { SET, CURRENT, END };
	struct file *file = file_at(process_current()->files, descriptor);
	int64_t base;

	if (!file)
		return -EBADF;
	if (!file->type->has_position)
		return -ESPIPE;
	if (from > END)
		return -EINVAL;
	base = from == SET       ? 0
	       : from == CURRENT ? (int64_t)file->position
	       : file->object    ? (int64_t)file->object->bytes
				 : 0;
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	file->position = (uint64_t)base;
	return base;
}
