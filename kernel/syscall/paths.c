// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about files, by path. Linux has each twice, with and without a directory to start
 * from; here the second form passes AT_WORKING_DIRECTORY.
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/clock.h>
#include <kernel/syscall/table.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

#define PERMISSIONS 07777u

/* A path that was read from the program, and the directory that it starts from. */
struct place {
	struct inode *base;
	char *path;
};

static long read_place(uint64_t directory, uintptr_t path, struct place *place)
{
	struct file *file;
	long error = user_read_path(path, &place->path);

	if (error)
		return error;
	place->base = process_current()->directory;
	if ((int32_t)directory == (int32_t)AT_WORKING_DIRECTORY || place->path[0] == '/')
		return 0;
	file = file_at(process_current()->files, (uint64_t)(int64_t)(int32_t)directory);
	error = !file ? -EBADF : !file->inode ? -ENOTDIR : 0;
	if (error)
		user_free_path(place->path);
	else
		place->base = file->inode;
	return error;
}

/* Finds the inode at a path and takes a reference to it. Returns 0 or an error. */
static long find(uint64_t directory, uintptr_t path, bool follow, struct inode **inode)
{
	struct place place;
	long error = read_place(directory, path, &place);

	if (error)
		return error;
	error = path_lookup(place.base, place.path, follow, inode);
	user_free_path(place.path);
	return error;
}

/* ---- opening ---- */

static long find_or_make(const struct place *place, uint32_t flags, uint32_t mode,
			 struct inode **inode)
{
	uint32_t wanted = FS_FILE | (mode & PERMISSIONS & ~process_current()->umask);

	bool follow = !(flags & O_NOFOLLOW);
	long error;

	if (!(flags & O_CREAT))
		return path_lookup(place->base, place->path, follow, inode);
	/* A file that exists need not be created. */
	if (!(flags & O_EXCL) && (!follow || objects_are_full())) {
		error = path_lookup(place->base, place->path, follow, inode);
		if (error != -ENOENT)
			return error;
	}
	if (objects_are_full())
		return -ENOSPC;
	return name_make_file(place->base, place->path, wanted, flags & O_EXCL, inode);
}

static long open(const struct place *place, uint32_t flags, uint32_t mode)
{
	size_t length = strlen(place->path);
	struct inode *inode;
	struct file *file;
	long error;

	/* A trailing slash means a directory, which open() does not create. */
	if ((flags & O_CREAT) && length && place->path[length - 1] == '/')
		return -EISDIR;
	error = find_or_make(place, flags, mode, &inode);
	if (error)
		return error;
	if (inode_is(inode, FS_SYMLINK))
		error = -ELOOP;
	else if ((flags & O_DIRECTORY) && !inode_is(inode, FS_DIRECTORY))
		error = -ENOTDIR;
	else
		error = file_open(inode, flags, &file);
	inode_put(inode);
	if (error)
		return error;
	return files_add(process_current()->files, file, 0, flags & O_CLOEXEC);
}

long sys_open(uint64_t directory, uintptr_t path, uint32_t flags, uint32_t mode)
{
	struct place place;
	long result;

	if ((flags & O_ACCESS) == O_ACCESS)
		return -EINVAL;
	result = read_place(directory, path, &place);
	if (result)
		return result;
	result = open(&place, flags, mode);
	user_free_path(place.path);
	return result;
}

/* ---- looking ---- */

long sys_stat(uint64_t directory, uintptr_t path, uintptr_t to, uint32_t flags)
{
	struct inode *inode;
	char first;
	long error;

	if (flags & AT_EMPTY_PATH) {
		if (user_read(path, &first, 1))
			return -EFAULT;
		if (!first && (int32_t)directory != (int32_t)AT_WORKING_DIRECTORY)
			return sys_fstat(directory, to);
	}
	error = find(directory, path, !(flags & AT_NOFOLLOW), &inode);
	if (error)
		return error;
	error = files_write_status(inode, to);
	inode_put(inode);
	return error;
}

/* Root may do everything except execute a file without any right to execute. */
long sys_access(uint64_t directory, uintptr_t path, uint32_t wanted)
{
	const uint32_t execute = 1, all = 7;
	struct inode *inode;
	long error;

	if (wanted & ~all)
		return -EINVAL;
	error = find(directory, path, true, &inode);
	if (error)
		return error;
	if ((wanted & execute) && !inode_is(inode, FS_DIRECTORY) && !(inode->mode & 0111))
		error = -EACCES;
	inode_put(inode);
	return error;
}

long sys_readlink(uint64_t directory, uintptr_t path, uintptr_t to, uint64_t bytes)
{
	struct place place;
	struct inode *inode;
	long result;

	if (!bytes || bytes > INT32_MAX)
		return -EINVAL;
	result = read_place(directory, path, &place);
	if (result)
		return result;
	result = path_lookup(place.base, place.path, false, &inode);
	if (!result) {
		/* The page that held the path is free to hold the target. */
		result = inode_read_link(inode, place.path, MIN(bytes, (uint64_t)PAGE_SIZE));
		inode_put(inode);
	}
	if (result > 0 && user_write(to, place.path, (uint64_t)result))
		result = -EFAULT;
	user_free_path(place.path);
	return result;
}

long sys_getcwd(uintptr_t to, uint64_t bytes)
{
	pfn_t page = frames_alloc(0);
	char *path = pfn_valid(page) ? pfn_to_virt(page) : NULL;
	uint64_t length;
	long result;

	if (!path)
		return -ENOMEM;
	if (!path_of_directory(process_current()->directory, path, PAGE_SIZE)) {
		result = -ENOENT;
	} else {
		length = strlen(path) + 1;
		result = length > bytes                 ? -ERANGE
			 : user_write(to, path, length) ? -EFAULT
							: (long)length;
	}
	user_free_path(path);
	return result;
}

/* Writes a struct statfs for a file system in memory. */
static long write_fs_status(uintptr_t to)
{
	const uint64_t status[15] = {
		0x858458f6, PAGE_SIZE, frame_count, frames_free_count(), frames_free_count(),
		0,          0,         0,           FS_NAME_MAX,         PAGE_SIZE,
	};

	return user_write(to, status, sizeof(status));
}

long sys_statfs(uintptr_t path, uintptr_t to)
{
	struct inode *inode;
	long error = find(AT_WORKING_DIRECTORY, path, true, &inode);

	if (error)
		return error;
	inode_put(inode);
	return write_fs_status(to);
}

long sys_fstatfs(uint64_t descriptor, uintptr_t to)
{
	return file_at(process_current()->files, descriptor) ? write_fs_status(to) : -EBADF;
}

/* ---- making and removing ---- */

static long make(uint64_t directory, uintptr_t path, uint32_t mode)
{
	struct place place;
	long error = objects_are_full() ? -ENOSPC : read_place(directory, path, &place);

	if (error)
		return error;
	error = name_create(place.base, place.path, mode & ~process_current()->umask, NULL, NULL);
	user_free_path(place.path);
	return error;
}

long sys_mkdir(uint64_t directory, uintptr_t path, uint32_t mode)
{
	return make(directory, path, FS_DIRECTORY | (mode & 01777));
}

/* Makes regular files only: every device that this kernel has exists already. */
long sys_mknod(uint64_t directory, uintptr_t path, uint32_t mode)
{
	if ((mode & FS_TYPE_MASK) && (mode & FS_TYPE_MASK) != FS_FILE)
		return -EPERM;
	return make(directory, path, FS_FILE | (mode & PERMISSIONS));
}

long sys_unlink(uint64_t directory, uintptr_t path, uint32_t flags)
{
	struct place place;
	long error;

	if (flags & ~(uint32_t)AT_DIRECTORY)
		return -EINVAL;
	error = read_place(directory, path, &place);
	if (error)
		return error;
	error = name_unlink(place.base, place.path, flags & AT_DIRECTORY);
	user_free_path(place.path);
	return error;
}

long sys_link(uint64_t directory, uintptr_t path, uint64_t new_directory, uintptr_t new_path,
	      uint32_t flags)
{
	struct inode *inode;
	struct place place;
	long error = find(directory, path, flags & AT_FOLLOW, &inode);

	if (error)
		return error;
	error = objects_are_full() ? -ENOSPC : read_place(new_directory, new_path, &place);
	if (!error) {
		error = name_link(place.base, inode, place.path);
		user_free_path(place.path);
	}
	inode_put(inode);
	return error;
}

long sys_symlink(uintptr_t target_address, uint64_t directory, uintptr_t path)
{
	struct place place;
	char *target;
	long error = user_read_path(target_address, &target);

	if (error)
		return error;
	error = !*target             ? -ENOENT
		: objects_are_full() ? -ENOSPC
				     : read_place(directory, path, &place);
	if (!error) {
		error = name_create(place.base, place.path, FS_SYMLINK | 0777, target, NULL);
		user_free_path(place.path);
	}
	user_free_path(target);
	return error;
}

long sys_rename(uint64_t directory, uintptr_t path, uint64_t new_directory, uintptr_t new_path,
		uint32_t flags)
{
	const uint32_t no_replace = 1;
	struct place from, to;
	struct inode *there;
	long error;

	if (flags & ~no_replace)
		return -EINVAL;
	error = read_place(directory, path, &from);
	if (error)
		return error;
	error = read_place(new_directory, new_path, &to);
	if (!error) {
		if ((flags & no_replace) && path_lookup(to.base, to.path, false, &there) == 0) {
			inode_put(there);
			error = -EEXIST;
		}
		if (!error)
			error = name_rename(from.base, from.path, to.base, to.path);
		user_free_path(to.path);
	}
	user_free_path(from.path);
	return error;
}

/* ---- changing ---- */

long sys_chmod(uint64_t directory, uintptr_t path, uint32_t mode)
{
	struct inode *inode;
	long error = find(directory, path, true, &inode);

	if (error)
		return error;
	inode->mode = (inode->mode & FS_TYPE_MASK) | (mode & PERMISSIONS);
	inode_put(inode);
	return 0;
}

/* Accepts root as owner and refuses all others: there are no other users. */
static long own(uint32_t user, uint32_t group)
{
	return (user && user != UINT32_MAX) || (group && group != UINT32_MAX) ? -EPERM : 0;
}

long sys_fchown(uint64_t descriptor, uint32_t user, uint32_t group)
{
	return file_at(process_current()->files, descriptor) ? own(user, group) : -EBADF;
}

long sys_chown(uint64_t directory, uintptr_t path, uint32_t user, uint32_t group)
{
	struct inode *inode;
	long error = find(directory, path, false, &inode);

	if (error)
		return error;
	inode_put(inode);
	return own(user, group);
}

long sys_truncate(uintptr_t path, int64_t bytes)
{
	struct inode *inode;
	long error;

	if (bytes < 0)
		return -EINVAL;
	error = find(AT_WORKING_DIRECTORY, path, true, &inode);
	if (error)
		return error;
	if (inode_is(inode, FS_DIRECTORY))
		error = -EISDIR;
	else if (!inode_is(inode, FS_FILE) || inode->device)
		error = -EINVAL;
	else if ((uint64_t)bytes > FILE_MOST)
		error = -EFBIG;
	if (!error) {
		object_truncate(inode->data, (uint64_t)bytes);
		inode_touch(inode);
	}
	inode_put(inode);
	return error;
}

/* Special values of nanoseconds (utimensat(2)). */
#define TIME_NOW  0x3fffffff
#define TIME_OMIT 0x3ffffffe

/*
 * Sets the time of modification, the only one that is kept. "path" 0: that of the open file
 * "directory".
 */
static long set_time(uint64_t directory, uintptr_t path, const struct clock_time *time,
		     uint32_t flags)
{
	struct inode *inode;
	long error;

	if (path) {
		error = find(directory, path, !(flags & AT_NOFOLLOW), &inode);
	} else {
		struct file *file = file_at(process_current()->files, directory);

		error = file && file->inode ? 0 : -EBADF;
		inode = error ? NULL : inode_get(file->inode);
	}
	if (error)
		return error;
	if (time->nanoseconds == TIME_NOW)
		inode_touch(inode);
	else if (time->nanoseconds != TIME_OMIT)
		inode->mtime = (uint64_t)time->seconds;
	inode_put(inode);
	return 0;
}

long sys_utimens(uint64_t directory, uintptr_t path, uintptr_t times_address, uint32_t flags)
{
	struct clock_time times[2] = {{0, TIME_NOW}, {0, TIME_NOW}};

	if (times_address && user_read(times_address, times, sizeof(times)))
		return -EFAULT;
	return set_time(directory, path, &times[1], flags);
}

/* The older form with microseconds, which programs of Debian 11 use. */
long sys_utimes(uintptr_t path, uintptr_t times_address)
{
	struct clock_time times[2] = {{0, TIME_NOW}, {0, TIME_NOW}};

	if (times_address) {
		if (user_read(times_address, times, sizeof(times)))
			return -EFAULT;
		if ((uint64_t)times[0].nanoseconds >= 1000000 ||
		    (uint64_t)times[1].nanoseconds >= 1000000)
			return -EINVAL;
	}
	return path ? set_time(AT_WORKING_DIRECTORY, path, &times[1], 0) : -EFAULT;
}

/* ---- where one is ---- */

long sys_chdir(uintptr_t path)
{
	struct process *process = process_current();
	struct inode *inode;
	long error = find(AT_WORKING_DIRECTORY, path, true, &inode);

	if (error)
		return error;
	if (!inode_is(inode, FS_DIRECTORY)) {
		inode_put(inode);
		return -ENOTDIR;
	}
	inode_put(process->directory);
	process->directory = inode;
	return 0;
}

long sys_umask(uint32_t mask)
{
	struct process *process = process_current();
	uint32_t before = process->umask;

	process->umask = mask & 0777;
	return before;
}
