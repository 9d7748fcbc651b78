// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying between the kernel and the running program; see the header.
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/task/task.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/user/copy.h>
#include <mm/user/fault.h>

bool (*user_memory_make_room)(bool may_sleep);

/* Where a copy has stopped, and what it needs to go on. */
struct stop {
	struct space *space;
	unsigned int wanted; /* SPACE_READ or SPACE_WRITE */
	bool spent;          /* the task might take from the reserve before the copy began */
	bool refused;        /* there is no room, for the process has to end */
};

/*
 * Returns true if a copy that stopped at an address can go on. If it stopped for want of memory,
 * room is made without letting another task run: the caller is in the middle of something.
 */
static bool can_go_on(struct stop *stop, uintptr_t address)
{
	enum fault result = fault_resolve(stop->space, address, stop->wanted);

	if (result == FAULT_NO_MEMORY)
		stop->refused = !user_memory_make_room(false);
	return result == FAULT_DONE || (result == FAULT_NO_MEMORY && !stop->refused);
}

/* A task whose process has to end keeps the reserve that it was given for that. */
static void keep_reserve(const struct stop *stop)
{
	if (!stop->refused)
		task_spend_reserve(task_current(), stop->spent);
}

static struct stop stop_of(struct space *space, unsigned int wanted)
{
	return (struct stop){space, wanted, task_current()->spends_reserve, false};
}

uint64_t user_read_some(uintptr_t from, void *to, uint64_t bytes)
{
	struct space *space = task_current()->space;
	uint64_t done = copy_from_space(space, from, to, bytes);
	struct stop stop;

	if (likely(done == bytes))
		return done;
	stop = stop_of(space, SPACE_READ);
	while (done < bytes && can_go_on(&stop, from + done))
		done += copy_from_space(space, from + done, (char *)to + done, bytes - done);
	keep_reserve(&stop);
	return done;
}

uint64_t user_write_some(uintptr_t to, const void *from, uint64_t bytes)
{
	struct space *space = task_current()->space;
	uint64_t done = copy_to_space(space, to, from, bytes);
	struct stop stop;

	if (likely(done == bytes))
		return done;
	stop = stop_of(space, SPACE_WRITE);
	while (done < bytes && can_go_on(&stop, to + done))
		done += copy_to_space(space, to + done, from ? (const char *)from + done : NULL,
				      bytes - done);
	keep_reserve(&stop);
	return done;
}

long user_read(uintptr_t from, void *to, uint64_t bytes)
{
	return user_read_some(from, to, bytes) == bytes ? 0 : -EFAULT;
}

long user_write(uintptr_t to, const void *from, uint64_t bytes)
{
	return user_write_some(to, from, bytes) == bytes ? 0 : -EFAULT;
}

long user_read_string(uintptr_t from, char *to, uint64_t size)
{
	uint64_t done = 0;

	/* Page by page: what lies behind the string's end may be forbidden. */
	while (done < size) {
		uint64_t rest = PAGE_SIZE - (from + done) % PAGE_SIZE;
		uint64_t wanted = MIN(size - done, rest);
		uint64_t read = user_read_some(from + done, to + done, wanted);
		uint64_t length = strnlen(to + done, read);

		if (length < read)
			return (long)(done + length);
		if (read < wanted)
			return -EFAULT;
		done += read;
	}
	return -ENAMETOOLONG;
}

long user_read_path(uintptr_t from, char **path)
{
	pfn_t page = frames_alloc(0);
	long length;

	if (!pfn_valid(page))
		return -ENOMEM;
	*path = pfn_to_virt(page);
	length = user_read_string(from, *path, PAGE_SIZE);
	if (length < 0)
		user_free_path(*path);
	return length < 0 ? length : 0;
}

void user_free_path(char *path)
{
	frames_free(virt_to_pfn(path));
}
