/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time as programs see it: clocks and sleeping (clock_gettime(2), nanosleep(2)).
 */
#ifndef KERNEL_PROCESS_CLOCK_H
#define KERNEL_PROCESS_CLOCK_H

#include <kernel/lib/compiler.h>

/* Clocks; the others (of processes, coarse, ...) are one of these two by another name. */
#define CLOCK_REALTIME  0
#define CLOCK_MONOTONIC 1

struct clock_time {
	int64_t seconds, nanoseconds;
};

/*
 * Reads a struct timespec of the program's, a duration or ("absolute") a point in time of that
 * clock, and makes it a system time: below 2^63, or TASK_FOR_EVER if it lies centuries ahead. 0, or
 * EFAULT, EINVAL.
 */
long clock_read_deadline(uintptr_t address, uint32_t clock, bool absolute, uint64_t *deadline);

/*
 * Reads a struct timeval of the program's, a duration, and makes it a system time. Its microseconds
 * may be more than a second. 0, or EFAULT, EINVAL.
 */
long clock_read_timeval(uintptr_t address, uint64_t *deadline);

long sys_clock_gettime(uint32_t clock, uintptr_t time);
long sys_clock_getres(uint32_t clock, uintptr_t time);
long sys_gettimeofday(uintptr_t time);
long sys_time(uintptr_t time);
long sys_nanosleep(uint32_t clock, bool absolute, uintptr_t time, uintptr_t rest);

#endif
