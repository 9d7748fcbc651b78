// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about the address space: from Linux's flags to mm/user/map.h.
 */
#include <arch/kernel_lock.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/oom.h>
#include <kernel/syscall/table.h>
#include <mm/user/map.h>
#include <mm/user/region.h>

enum {
	MAP_SHARED = 1,
	MAP_PRIVATE = 2,
	MAP_TYPE = 15,
	MAP_FIXED = 0x10,
	MAP_ANONYMOUS = 0x20,
	MAP_GROWSDOWN = 0x100,
	MAP_FIXED_NOREPLACE = 0x100000,

	MREMAP_MAYMOVE = 1,
	MREMAP_FIXED = 2,

	MADV_DONTNEED = 4,

	MS_ASYNC = 1,
	MS_INVALIDATE = 2,
	MS_SYNC = 4,
};

/*
 * Finds the object of an open file that may be mapped as *mapping says, and takes a reference for
 * the caller. Returns 0 or an error. The kernel lock is held.
 */
static long find_object(uint64_t descriptor, struct mapping *mapping)
{
	struct file *file = file_at(process_current()->files, descriptor);

	if (!file)
		return -EBADF;
	if (!file_reads(file) ||
	    (mapping->shared && (mapping->rights & SPACE_WRITE) && !file_writes(file)))
		return -EACCES;
	if (!file->object)
		return -ENODEV;
	mapping->object = object_get(file->object);
	if (mapping->shared && !file_writes(file))
		mapping->never = SPACE_WRITE;
	return 0;
}

long sys_mmap(uintptr_t address, uint64_t length, uint32_t rights, uint32_t flags,
	      uint64_t descriptor, uint64_t offset)
{
	uint32_t type = flags & MAP_TYPE;
	bool anonymous = flags & MAP_ANONYMOUS;
	struct mapping mapping = {
		.address = address,
		.length = length,
		.rights = rights & SPACE_RIGHTS,
		.fixed = flags & MAP_FIXED,
		.no_replace = flags & MAP_FIXED_NOREPLACE,
		.shared = type != MAP_PRIVATE,
		.stack = anonymous && (flags & MAP_GROWSDOWN),
		.offset = anonymous ? 0 : offset,
	};
	long error;

	if (offset % PAGE_SIZE)
		return -EINVAL;
	if (!anonymous) {
		kernel_enter();
		error = find_object(descriptor, &mapping);
		kernel_leave();
		if (error)
			return error;
	}
	/* MAP_SHARED_VALIDATE has the bits of both types, and is for files only. */
	if (!length || !type || type > (anonymous ? MAP_PRIVATE : MAP_SHARED | MAP_PRIVATE))
		error = -EINVAL;
	else
		error = map_add(process_current()->space, &mapping);
	if (mapping.object)
		object_put(mapping.object);
	return error;
}

/* Returns the new break, or the old one if it cannot be moved: brk() has no errors. */
long sys_brk(uintptr_t wanted)
{
	uintptr_t now;

	do
		now = map_set_break(process_current()->space, wanted);
	while (now != wanted && oom_try_again_unlocked());
	return (long)now;
}

long sys_mremap(uintptr_t address, uint64_t length, uint64_t new_length, uint32_t flags,
		uintptr_t to)
{
	if (flags & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED))
		return -EINVAL;
	return map_resize(process_current()->space, address, length, new_length,
			  flags & MREMAP_MAYMOVE, flags & MREMAP_FIXED, to);
}

/* Returns true if all pages of a range are in regions. */
static bool is_mapped(struct space *space, uintptr_t start, uintptr_t end)
{
	bool mapped;

	spin_acquire(&space->lock);
	mapped = start >= end || regions_bytes(space, start, end) == end - start;
	spin_release(&space->lock);
	return mapped;
}

/* Returns the end of a range of pages; 0: it would wrap around. */
static uintptr_t end_of(uintptr_t address, uint64_t length)
{
	uint64_t bytes = ROUND_UP(length, PAGE_SIZE);

	return address % PAGE_SIZE || bytes < length || address + bytes < address ? 0
										  : address + bytes;
}

/* Follows only the advice that has visible effects; checks the range of all others. */
long sys_madvise(uintptr_t address, uint64_t length, uint32_t advice)
{
	/* Bits for read-ahead, lazy freeing, merging, huge pages, dumps and cold pages. */
	const uint64_t known = 0x33f11f;
	uintptr_t end = end_of(address, length);

	if (advice >= 64 || !(known >> advice & 1))
		return -EINVAL;
	if (advice == MADV_DONTNEED)
		return map_discard(process_current()->space, address, length);
	if (!end && length)
		return -EINVAL;
	return is_mapped(process_current()->space, address, end) ? 0 : -ENOMEM;
}

/* Checks the range. There is nothing to flush: a store to a shared page is in the file at once. */
long sys_msync(uintptr_t address, uint64_t length, uint32_t flags)
{
	uintptr_t end = end_of(address, length);

	if ((flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || address % PAGE_SIZE ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	/* A length that wraps to 0 when it is rounded up is an error. */
	if (!end && ROUND_UP(length, PAGE_SIZE))
		return -ENOMEM;
	return is_mapped(process_current()->space, address, end) ? 0 : -ENOMEM;
}

/* Writes one byte for each page: 1 if it is resident. */
long sys_mincore(uintptr_t address, uint64_t length, uintptr_t to)
{
	struct space *space = process_current()->space;
	uintptr_t end = end_of(address, length);

	if (address % PAGE_SIZE)
		return -EINVAL;
	if ((!end && length) || end > space_end())
		return -ENOMEM;
	if (to > pt_user_limit())
		return -EFAULT;
	/* Pages before a gap are reported, as on Linux. */
	for (; address < end; address += PAGE_SIZE, to++) {
		char there = (char)space_has_page(space, address);

		if (task_pause())
			return -ERESTART;
		if (!is_mapped(space, address, address + PAGE_SIZE))
			return -ENOMEM;
		if (user_write(to, &there, 1))
			return -EFAULT;
	}
	return 0;
}
