/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error numbers of the system-call interface, which are Linux's (errno(3)). A function that can
 * fail in a way that a program is told of returns one of these, negative.
 */
#ifndef KERNEL_ERRNO_H
#define KERNEL_ERRNO_H

enum {
	EPERM = 1,
	ENOENT = 2,
	E2BIG = 7,
	ENOEXEC = 8,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	ENOTDIR = 20,
	EISDIR = 21,
	EINVAL = 22,
	ENAMETOOLONG = 36,
	ENOTEMPTY = 39,
	ELOOP = 40,
};

#endif
