// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pipes (pipe(7)): a ring in one block of memory between writers and readers.
 *
 * A write of at most 4096 bytes is done whole or not at all; a read takes what there is. Readers
 * see the end of the file once the last writer has closed the pipe; writers get EPIPE once the last
 * reader has.
 */
#include <kernel/file/file.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <mm/frame/frames.h>
#include <mm/frame/slab.h>
#include <mm/frame/translate.h>

#define PIPE_ORDER  4 /* 64 KiB, as Linux's */
#define PIPE_ATOMIC 4096ul

struct pipe {
	bool has_reader, has_writer; /* an open file, which several descriptors may share */
	char *ring;
	uint64_t size;    /* bytes of the ring: a power of 2, PIPE_ATOMIC at least */
	uint64_t in, out; /* bytes ever written and read */
	struct wait_queue changed;
};

static struct slab_cache pipes = SLAB_CACHE(struct pipe);
static uint64_t pages_in_rings; /* of all pipes */

static void tell(struct pipe *pipe)
{
	task_wake_all(&pipe->changed);
	task_wake_all(&files_ready);
}

/*
 * Copies between a position in the ring and a program, wrapping at the ring's end. Returns how many
 * bytes could be copied.
 */
static uint64_t ring_copy(const struct pipe *pipe, uint64_t at, uintptr_t user, uint64_t bytes,
			  uint64_t (*copy)(uintptr_t user, char *ring, uint64_t bytes))
{
	uint64_t first = MIN(bytes, pipe->size - at % pipe->size);
	uint64_t done = copy(user, pipe->ring + at % pipe->size, first);

	if (done == first && first < bytes)
		done += copy(user + first, pipe->ring, bytes - first);
	return done;
}

static uint64_t copy_out(uintptr_t user, char *ring, uint64_t bytes)
{
	return user_write_some(user, ring, bytes);
}

static uint64_t copy_in(uintptr_t user, char *ring, uint64_t bytes)
{
	return user_read_some(user, ring, bytes);
}

/* Sleeps until the pipe changes. Returns an error if the caller must not wait. */
static long wait(struct pipe *pipe, const struct file *file)
{
	bool events;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	if (task_interrupted())
		return -ERESTART;
	events = events_mask();
	task_sleep(&pipe->changed);
	events_restore(events);
	return 0;
}

static long pipe_read(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	struct pipe *pipe = file->pipe;
	uint64_t done;

	(void)position;
	if (!bytes)
		return 0;
	while (pipe->in == pipe->out) {
		long error = pipe->has_writer ? wait(pipe, file) : 0;

		if (error)
			return error;
		if (!pipe->has_writer && pipe->in == pipe->out)
			return 0;
	}
	done = ring_copy(pipe, pipe->out, to, MIN(bytes, pipe->in - pipe->out), copy_out);
	pipe->out += done;
	tell(pipe);
	return done ? (long)done : -EFAULT;
}

static long pipe_write(struct file *file, uint64_t *position, uintptr_t from, uint64_t bytes)
{
	struct pipe *pipe = file->pipe;
	uint64_t done = 0;
	long error = 0;

	(void)position;
	while (done < bytes && !error) {
		uint64_t room = pipe->size - (pipe->in - pipe->out), copied;
		uint64_t piece = MIN(bytes - done, room);

		if (!pipe->has_reader) {
			error = -EPIPE;
		} else if (!piece || (bytes <= PIPE_ATOMIC && piece < bytes)) {
			error = wait(pipe, file);
		} else {
			copied = ring_copy(pipe, pipe->in, from + done, piece, copy_in);
			pipe->in += copied;
			done += copied;
			tell(pipe);
			error = copied < piece ? -EFAULT : 0;
		}
	}
	return done ? (long)done : error;
}

static unsigned int reader_ready(struct file *file)
{
	const struct pipe *pipe = file->pipe;

	return (pipe->in != pipe->out ? READY_IN : 0u) | (pipe->has_writer ? 0u : READY_HANGUP);
}

static unsigned int writer_ready(struct file *file)
{
	const struct pipe *pipe = file->pipe;

	return (pipe->size - (pipe->in - pipe->out) >= PIPE_ATOMIC ? READY_OUT : 0u) |
	       (pipe->has_reader ? 0u : READY_ERROR);
}

/* Handles that one end was closed; frees the pipe with the second. */
static void release(struct pipe *pipe)
{
	tell(pipe);
	if (pipe->has_reader || pipe->has_writer)
		return;
	pages_in_rings -= pipe_pages(pipe);
	frames_free(virt_to_pfn(pipe->ring));
	slab_free(&pipes, pipe);
}

static void close_reader(struct file *file)
{
	file->pipe->has_reader = false;
	release(file->pipe);
}

static void close_writer(struct file *file)
{
	file->pipe->has_writer = false;
	release(file->pipe);
}

static long refuse(struct file *file, uint64_t *position, uintptr_t address, uint64_t bytes)
{
	(void)file, (void)position, (void)address, (void)bytes;
	return -EBADF;
}

static long pipe_control(struct file *file, uint32_t request, uintptr_t argument)
{
	int waiting = (int)(file->pipe->in - file->pipe->out);

	return request == IOCTL_BYTES ? user_write(argument, &waiting, sizeof(waiting)) : -ENOTTY;
}

const struct file_type pipe_reader = {
	.read = pipe_read,
	.write = refuse,
	.control = pipe_control,
	.ready = reader_ready,
	.close = close_reader,
};

const struct file_type pipe_writer = {
	.read = refuse,
	.write = pipe_write,
	.control = pipe_control,
	.ready = writer_ready,
	.close = close_writer,
};

uint64_t pipe_pages(const struct pipe *pipe)
{
	return pipe->size / PAGE_SIZE;
}

/*
 * Returns the order of a new ring. When pipes have an eighth of memory, new ones are small: so a
 * process that makes many leaves room for others' pipes.
 */
static unsigned int ring_order(void)
{
	return pages_in_rings + (1u << PIPE_ORDER) <= frame_count / 8 ? PIPE_ORDER : 0;
}

static struct pipe *new_pipe(void)
{
	struct pipe *pipe = slab_alloc(&pipes);
	unsigned int order = ring_order();
	pfn_t ring = pipe ? frames_alloc(order) : INVALID_PFN;

	/* Memory may be free in small pieces only. */
	if (pipe && !pfn_valid(ring)) {
		order = 0;
		ring = frames_alloc(order);
	}

	if (!pfn_valid(ring)) {
		slab_free(&pipes, pipe);
		return NULL;
	}
	pipe->ring = pfn_to_virt(ring);
	pipe->size = PAGE_SIZE << order;
	pages_in_rings += pipe_pages(pipe);
	list_init(&pipe->changed.tasks);
	pipe->has_reader = pipe->has_writer = true;
	return pipe;
}

long pipe_create(struct file **reader, struct file **writer, uint32_t flags)
{
	struct pipe *pipe = new_pipe();

	if (!pipe)
		return -ENOMEM;
	*reader = file_create(&pipe_reader, NULL, flags | O_RDONLY);
	if (!*reader) {
		pipe->has_reader = pipe->has_writer = false;
		release(pipe);
		return -ENOMEM;
	}
	(*reader)->pipe = pipe;
	*writer = file_create(&pipe_writer, NULL, flags | O_WRONLY);
	if (!*writer) {
		pipe->has_writer = false;
		file_put(*reader);
		return -ENOMEM;
	}
	(*writer)->pipe = pipe;
	return 0;
}
