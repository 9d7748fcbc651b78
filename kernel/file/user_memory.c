// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying between the kernel and the running program, for system calls: bytes, strings and paths.
 *
 * A copy that runs out of memory calls user_memory_make_room() and continues where it stopped.
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

/* Returns true if a copy that stopped at an address can continue there. */
static bool can_go_on(struct space *space, uintptr_t address, unsigned int wanted)
{
	enum fault result = fault_resolve(space, address, wanted);

	return result == FAULT_DONE || (result == FAULT_NO_MEMORY && user_memory_make_room(false));
}

/* Takes back what user_memory_make_room() may have granted: the copy is over. */
static void keep_reserve(void)
{
	task_spend_reserve(task_current(), false);
}

uint64_t user_read_some(uintptr_t from, void *to, uint64_t bytes)
{
	struct space *space = task_current()->space;
	uint64_t done = copy_from_space(space, from, to, bytes);

	if (likely(done == bytes))
		return done;
	while (done < bytes && can_go_on(space, from + done, SPACE_READ))
		done += copy_from_space(space, from + done, (char *)to + done, bytes - done);
	keep_reserve();
	return done;
}

uint64_t user_write_some(uintptr_t to, const void *from, uint64_t bytes)
{
	struct space *space = task_current()->space;
	uint64_t done = copy_to_space(space, to, from, bytes);

	if (likely(done == bytes))
		return done;
	while (done < bytes && can_go_on(space, to + done, SPACE_WRITE))
		done += copy_to_space(space, to + done, from ? (const char *)from + done : NULL,
				      bytes - done);
	keep_reserve();
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

	/* Page by page: the page after the string may be inaccessible. */
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
