// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about open files, by descriptor. An open file is held while it is in use: another
 * thread may close its descriptor while this one sleeps.
 */
#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/clock.h>
#include <kernel/syscall/table.h>

/* Linux moves no more at a time. */
#define BYTES_MOST  0x7ffff000ul
#define PIECES_MOST 1024

/* What is moved without looking whether somebody else wants the processor. */
#define PIECE_BYTES (256ul << 10)

/* ---- reading and writing ---- */

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

/* What need not wait for anybody is moved piece by piece, so that others have their turns. */
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

/* An open file for reading or writing, with a reference; NULL: there is none such. */
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

/* A piece of readv() and writev() (struct iovec). */
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

/* Nothing is moved if any of the pieces is impossible. */
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
		/* A short one is the end, not an error; what there was is not waited to be more. */
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

/* ---- descriptors ---- */

long sys_close(uint64_t descriptor)
{
	return files_close(process_current()->files, descriptor);
}

static long duplicate(uint64_t descriptor, uint64_t least, bool close_on_exec)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (least >= FILES_MOST)
		return -EINVAL;
	return files_add(process_current()->files, file_get(file), (unsigned int)least,
			 close_on_exec);
}

long sys_dup(uint64_t descriptor)
{
	return duplicate(descriptor, 0, false);
}

long sys_dup3(uint64_t old, uint64_t new, uint32_t flags, bool same_is_fine)
{
	if (!file_at(process_current()->files, old) || new >= FILES_MOST)
		return -EBADF;
	if (old == new)
		return same_is_fine ? (long)new : -EINVAL;
	if (flags & ~(uint32_t)O_CLOEXEC)
		return -EINVAL;
	files_close(process_current()->files, new);
	return duplicate(old, new, flags & O_CLOEXEC);
}

long sys_fcntl(uint64_t descriptor, uint32_t command, uint64_t argument)
{
	enum { DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC = 1030 };
	const uint32_t changeable = O_APPEND | O_NONBLOCK;
	struct files *files = process_current()->files;
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	switch (command) {
	case DUPFD:
	case DUPFD_CLOEXEC:
		return duplicate(descriptor, argument, command == DUPFD_CLOEXEC);
	case GETFD:
		return files_closes_on_exec(files, (unsigned int)descriptor);
	case SETFD:
		files_set_close_on_exec(files, (unsigned int)descriptor, argument & 1);
		return 0;
	case GETFL:
		return file->flags & (O_ACCESS | changeable);
	case SETFL:
		file->flags = (file->flags & ~changeable) | ((uint32_t)argument & changeable);
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_ioctl(uint64_t descriptor, uint32_t request, uintptr_t argument)
{
	struct file *file = file_at(process_current()->files, descriptor);

	return file ? file->type->control(file, request, argument) : -EBADF;
}

long sys_pipe2(uintptr_t descriptors, uint32_t flags)
{
	struct files *files = process_current()->files;
	struct file *reader, *writer;
	int numbers[2];
	long error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(&reader, &writer, flags & O_NONBLOCK);
	if (error)
		return error;
	numbers[0] = (int)files_add(files, reader, 0, flags & O_CLOEXEC);
	numbers[1] = (int)files_add(files, writer, 0, flags & O_CLOEXEC);
	if (numbers[0] < 0 || numbers[1] < 0)
		error = -EMFILE;
	else
		error = user_write(descriptors, numbers, sizeof(numbers));
	for (unsigned int i = 0; i < 2 && error; i++) {
		if (numbers[i] >= 0)
			files_close(files, (uint64_t)numbers[i]);
	}
	return error;
}

/* ---- what they are ---- */

/* What Linux calls these devices: major number and minor number. */
static uint64_t device_number(const struct inode *inode)
{
	static const uint16_t numbers[] = {
		[DEVICE_NULL] = 0x103, [DEVICE_ZERO] = 0x105, [DEVICE_TTY] = 0x500};

	return inode_is(inode, FS_DEVICE) && inode->device < ARRAY_SIZE(numbers)
		       ? numbers[inode->device]
		       : 0;
}

long write_status(const struct inode *inode, uintptr_t to)
{
	/* struct stat */
	struct {
		uint64_t device, inode, links;
		uint32_t mode, user, group, padding;
		uint64_t which;
		int64_t bytes, block_bytes, blocks;
		struct clock_time access, modification, change;
		int64_t unused[3];
	} status = {
		.device = 1,
		.inode = inode->number,
		.links = inode->links,
		.mode = inode->mode,
		.which = device_number(inode),
		.bytes = inode->data ? (int64_t)inode->data->bytes : 0,
		.block_bytes = PAGE_SIZE,
		.blocks = inode->data ? (int64_t)inode->data->pages * (PAGE_SIZE / 512) : 0,
		.access.seconds = (int64_t)inode->mtime,
		.modification.seconds = (int64_t)inode->mtime,
		.change.seconds = (int64_t)inode->mtime,
	};

	_Static_assert(sizeof(status) == 144, "as Linux has it");
	return user_write(to, &status, sizeof(status));
}

long sys_fstat(uint64_t descriptor, uintptr_t to)
{
	const struct file *file = file_at(process_current()->files, descriptor);
	const struct inode pipe = {.mode = 0010600, .links = 1};

	if (!file)
		return -EBADF;
	return write_status(file->inode ? file->inode : &pipe, to);
}

long sys_ftruncate(uint64_t descriptor, int64_t bytes)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (bytes < 0 || !file->object || !file_writes(file))
		return -EINVAL;
	if ((uint64_t)bytes > FILE_MOST)
		return -EFBIG;
	object_truncate(file->object, (uint64_t)bytes);
	inode_touch(file->inode);
	return 0;
}

long sys_fchmod(uint64_t descriptor, uint32_t mode)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (!file->inode)
		return -EINVAL;
	file->inode->mode = (file->inode->mode & FS_TYPE_MASK) | (mode & 07777);
	return 0;
}

long sys_fchdir(uint64_t descriptor)
{
	struct process *process = process_current();
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (!file->inode || !inode_is(file->inode, FS_DIRECTORY))
		return -ENOTDIR;
	inode_put(process->directory);
	process->directory = inode_get(file->inode);
	return 0;
}

/* ---- directories ---- */

/* Where the entries go. */
struct listing {
	uintptr_t to;
	uint64_t left;
	long error;
};

static bool list_entry(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	struct __attribute__((packed)) {
		uint64_t inode, next;
		uint16_t bytes;
		uint8_t type;
		char name[FS_NAME_MAX + 1];
	} entry;
	struct listing *listing = argument;
	uint64_t length = offsetof(__typeof__(entry), name) + strlen(name) + 1;

	entry.inode = inode->number;
	entry.next = next;
	entry.bytes = (uint16_t)ROUND_UP(length, 8);
	entry.type = (uint8_t)(inode->mode >> 12 & 15);
	memcpy(entry.name, name, strlen(name) + 1);
	if (entry.bytes > listing->left) {
		listing->error = -EINVAL;
		return false;
	}
	if (user_write(listing->to, &entry, length)) {
		listing->error = -EFAULT;
		return false;
	}
	listing->to += entry.bytes;
	listing->left -= entry.bytes;
	return true;
}

/* What one call lists at most, in bytes: who has room for more calls again, after others' turns. */
#define LISTING_MOST 65536

long sys_getdents64(uint64_t descriptor, uintptr_t to, uint64_t bytes)
{
	struct listing listing = {to, MIN(bytes, LISTING_MOST), 0};
	struct file *file = file_at(process_current()->files, descriptor);
	long error;

	if (!file)
		return -EBADF;
	if (!file->inode)
		return -ENOTDIR;
	error = fs_list(file->inode, &file->position, list_entry, &listing);
	if (error)
		return error;
	/* That there is no room for the next one is an error only if there was for none. */
	return listing.to > to ? (long)(listing.to - to) : listing.error;
}

/* ---- waiting for several ---- */

struct poll_request {
	int32_t descriptor;
	int16_t wanted, ready;
};

static unsigned int ready_of(int32_t descriptor)
{
	struct file *file = file_at(process_current()->files, (uint64_t)(int64_t)descriptor);

	if (!file)
		return READY_INVALID;
	return file->type->ready ? file->type->ready(file) : READY_IN | READY_OUT;
}

/* POLLRDNORM and POLLWRNORM say the same once more. */
static unsigned int with_synonyms(unsigned int ready)
{
	return ready | (ready & READY_IN ? 0x40u : 0) | (ready & READY_OUT ? 0x100u : 0);
}

/* How many of them are ready; which is noted in them. */
static long look(struct poll_request *requests, uint64_t count)
{
	const unsigned int always = READY_ERROR | READY_HANGUP | READY_INVALID;
	long found = 0;

	for (uint64_t i = 0; i < count; i++) {
		struct poll_request *request = &requests[i];

		request->ready = 0;
		if (request->descriptor < 0)
			continue;
		request->ready = (int16_t)(with_synonyms(ready_of(request->descriptor)) &
					   ((unsigned int)request->wanted | always));
		found += request->ready != 0;
	}
	return found;
}

static long wait_until_ready(struct poll_request *requests, uint64_t count, uint64_t deadline)
{
	bool events = events_mask();
	long result;

	while (!(result = look(requests, count)) && time_system() < deadline) {
		result = -ERESTART_UNLESS_HANDLED;
		if (thread_interrupted())
			break;
		task_sleep_until(&files_ready, deadline);
	}
	events_restore(events);
	return result;
}

/* A signal mask for the time of a wait: as rt_sigsuspend()'s, put back afterwards. */
static long with_mask(uintptr_t mask, struct poll_request *requests, uint64_t count,
		      uint64_t deadline)
{
	struct thread *thread = thread_current();
	uint64_t before = thread->blocked, set;
	long result;

	if (!mask)
		return wait_until_ready(requests, count, deadline);
	if (user_read(mask, &set, sizeof(set)))
		return -EFAULT;
	thread->blocked = set & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
	result = wait_until_ready(requests, count, deadline);
	if (result == -ERESTART_UNLESS_HANDLED) {
		thread->blocked_after = before;
		thread->suspended = true;
	} else {
		thread->blocked = before;
	}
	return result;
}

static long poll(uintptr_t address, uint64_t count, uint64_t deadline, uintptr_t mask)
{
	struct poll_request requests[FILES_MOST];
	long result;

	if (count > FILES_MOST)
		return -EINVAL;
	if (user_read(address, requests, count * sizeof(requests[0])))
		return -EFAULT;
	result = with_mask(mask, requests, count, deadline);
	if (result >= 0 && user_write(address, requests, count * sizeof(requests[0])))
		return -EFAULT;
	return result;
}

/* When it has been interrupted and is done again, the time goes on. */
static uint64_t lasting_deadline(uint64_t deadline)
{
	struct thread *thread = thread_current();

	if (!thread->sleep_until)
		thread->sleep_until = deadline;
	return thread->sleep_until;
}

long sys_poll(uintptr_t requests, uint64_t count, int64_t milliseconds)
{
	uint64_t deadline = TASK_FOR_EVER;

	if (milliseconds >= 0)
		deadline = time_system() + (uint64_t)milliseconds * NS_PER_MS;
	return poll(requests, count, lasting_deadline(deadline), 0);
}

long sys_ppoll(uintptr_t requests, uint64_t count, uintptr_t timeout, uintptr_t mask)
{
	uint64_t deadline = TASK_FOR_EVER;
	long error = timeout ? clock_read_deadline(timeout, CLOCK_MONOTONIC, false, &deadline) : 0;

	if (error)
		return error;
	return poll(requests, count, lasting_deadline(deadline), mask);
}

/* Sets of select(): for reading, for writing, for what never happens here. */
#define SET_WORDS (FILES_MOST / 64)
struct sets {
	uint64_t bits[3][SET_WORDS];
};

static bool has(const struct sets *sets, unsigned int which, unsigned int descriptor)
{
	return sets->bits[which][descriptor / 64] >> descriptor % 64 & 1;
}

static unsigned int requests_of_sets(const struct sets *sets, unsigned int count,
				     struct poll_request *requests)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		int wanted = (has(sets, 0, i) ? READY_IN : 0) | (has(sets, 1, i) ? READY_OUT : 0);

		if (wanted || has(sets, 2, i))
			requests[used++] = (struct poll_request){(int32_t)i, (int16_t)wanted, 0};
	}
	return used;
}

/* The sets of those that are ready, and how many bits that makes; EBADF if one is not open. */
static long sets_of_requests(const struct poll_request *requests, unsigned int used,
			     struct sets *sets)
{
	long bits = 0;

	*sets = (struct sets){0};
	for (unsigned int i = 0; i < used; i++) {
		unsigned int descriptor = (unsigned int)requests[i].descriptor;
		unsigned int ready = (unsigned int)requests[i].ready;
		unsigned int wanted = (unsigned int)requests[i].wanted;
		const bool result[2] = {
			(wanted & READY_IN) && (ready & (READY_IN | READY_HANGUP | READY_ERROR)),
			(wanted & READY_OUT) && (ready & (READY_OUT | READY_ERROR))};

		if (ready & READY_INVALID)
			return -EBADF;
		for (unsigned int which = 0; which < 2; which++) {
			sets->bits[which][descriptor / 64] |= (uint64_t)result[which]
							      << descriptor % 64;
			bits += result[which];
		}
	}
	return bits;
}

/* "timeout" is a struct timespec (pselect6) or a struct timeval (select); 0: for ever. */
static long read_timeout(uintptr_t timeout, bool timeval, uint64_t *deadline)
{
	*deadline = TASK_FOR_EVER;
	if (!timeout)
		return 0;
	return timeval ? clock_read_timeval(timeout, deadline)
		       : clock_read_deadline(timeout, CLOCK_MONOTONIC, false, deadline);
}

long sys_select(int32_t count, uintptr_t addresses[3], uintptr_t timeout, bool timeval,
		uintptr_t mask_pointer)
{
	struct poll_request requests[FILES_MOST];
	struct sets sets = {0};
	uint64_t deadline, bytes;
	uintptr_t mask = 0;
	unsigned int used;
	long result;

	if (count < 0)
		return -EINVAL;
	count = MIN(count, FILES_MOST);
	bytes = ROUND_UP((uint64_t)count, 64) / 8;
	for (unsigned int i = 0; i < 3; i++) {
		if (addresses[i] && user_read(addresses[i], sets.bits[i], bytes))
			return -EFAULT;
	}
	/* pselect6() gives the mask by way of a structure. */
	if (mask_pointer && user_read(mask_pointer, &mask, sizeof(mask)))
		return -EFAULT;
	result = read_timeout(timeout, timeval, &deadline);
	if (result)
		return result;
	used = requests_of_sets(&sets, (unsigned int)count, requests);
	result = with_mask(mask, requests, used, lasting_deadline(deadline));
	if (result >= 0)
		result = sets_of_requests(requests, used, &sets);
	for (unsigned int i = 0; i < 3 && result >= 0; i++) {
		if (addresses[i] && user_write(addresses[i], sets.bits[i], bytes))
			return -EFAULT;
	}
	return result;
}
