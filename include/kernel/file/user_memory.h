/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between the kernel and the running program's memory. It uses the direct map of the frames
 * that the program's pages name, so no address can make the kernel fault or reach anything but the
 * program's own memory.
 *
 * No function here sleeps or lets another task run. If there is no memory for one of the program's
 * pages, user_memory_make_room() ends the largest process, and the copy continues with what that
 * frees. It stops there only if that process is the caller's own.
 */
#ifndef KERNEL_FILE_USER_MEMORY_H
#define KERNEL_FILE_USER_MEMORY_H

#include <kernel/lib/compiler.h>

/*
 * Makes room for the running task when it is out of memory, and lets it take from the reserve until
 * the copy has ended; returns false if the task has to end instead. Set by kernel/process, which
 * decides who holds too much (oom_make_room(), kernel/process/oom.h).
 */
extern bool (*user_memory_make_room)(bool may_sleep);

/*
 * Copy that many bytes. Return how many could be copied, up to the first that the program may not
 * access.
 */
uint64_t user_read_some(uintptr_t from, void *to, uint64_t bytes);
uint64_t user_write_some(uintptr_t to, const void *from, uint64_t bytes);

/* Copy all bytes. Return 0, or EFAULT after copying some of them. */
long user_read(uintptr_t from, void *to, uint64_t bytes);
long user_write(uintptr_t to, const void *from, uint64_t bytes);

/*
 * Reads a NUL-terminated string of at most "size" bytes, its NUL included. Returns its length; or
 * EFAULT, or ENAMETOOLONG if it has no NUL.
 */
long user_read_string(uintptr_t from, char *to, uint64_t size);

/*
 * Reads a path into a page that user_free_path() frees. Returns 0, or EFAULT, ENAMETOOLONG, ENOMEM.
 */
long user_read_path(uintptr_t from, char **path);
void user_free_path(char *path);

#endif
