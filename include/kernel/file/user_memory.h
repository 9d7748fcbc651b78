/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running program's memory, as its system calls get at it: by the frames behind its pages, so
 * that no address, however wild, can make the kernel fault or reach anything but the program's own.
 *
 * None of these sleeps or lets another task run. If memory for a page of the program's is out,
 * user_memory_make_room() ends the process that holds most, and the copy goes on with what that
 * frees; it stops there only if that process is the caller's own.
 */
#ifndef KERNEL_FILE_USER_MEMORY_H
#define KERNEL_FILE_USER_MEMORY_H

#include <kernel/lib/compiler.h>

/*
 * Makes room for the running task when memory is out, and lets it take from the reserve until the
 * copy has ended; returns false if the task has to end instead. Set by kernel/process, which
 * decides who holds too much (oom_make_room(), kernel/process/oom.h).
 */
extern bool (*user_memory_make_room)(bool may_sleep);

/* Copy so many bytes; return how many could be, up to the first that the program may not access. */
uint64_t user_read_some(uintptr_t from, void *to, uint64_t bytes);
uint64_t user_write_some(uintptr_t to, const void *from, uint64_t bytes);

/* All of them: 0, or EFAULT, and then some may have been copied. */
long user_read(uintptr_t from, void *to, uint64_t bytes);
long user_write(uintptr_t to, const void *from, uint64_t bytes);

/*
 * A string of at most "size" bytes, its final 0 among them: its length, or EFAULT; ENAMETOOLONG if
 * no 0 was in them.
 */
long user_read_string(uintptr_t from, char *to, uint64_t size);

/* A path, in a page that user_free_path() gives back: 0, or EFAULT, ENAMETOOLONG, ENOMEM. */
long user_read_path(uintptr_t from, char **path);
void user_free_path(char *path);

#endif
