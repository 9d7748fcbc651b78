/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error numbers of the system-call interface, which are Linux's (errno(3)). A function that can
 * fail in a way that a program is told of returns one of these, negative.
 */
#ifndef KERNEL_LIB_ERRNO_H
#define KERNEL_LIB_ERRNO_H

enum {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	EINTR = 4,
	EIO = 5,
	E2BIG = 7,
	ENOEXEC = 8,
	EBADF = 9,
	ECHILD = 10,
	EAGAIN = 11,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	ENODEV = 19,
	ENOTDIR = 20,
	EISDIR = 21,
	EINVAL = 22,
	EMFILE = 24,
	ENOTTY = 25,
	EFBIG = 27,
	ENOSPC = 28,
	ESPIPE = 29,
	EPIPE = 32,
	ERANGE = 34,
	ENAMETOOLONG = 36,
	ENOSYS = 38,
	ENOTEMPTY = 39,
	ELOOP = 40,
	ETIMEDOUT = 110,

	/*
	 * Never returned to a program: the system call was interrupted by a signal. ERESTART
	 * restarts it unless a handler without SA_RESTART was called; ERESTART_UNLESS_HANDLED
	 * restarts it unless any handler was called.
	 */
	ERESTART = 512,
	ERESTART_UNLESS_HANDLED = 514,
};

#endif
