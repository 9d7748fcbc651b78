/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time for programs: clocks and sleeping (clock_gettime(2), nanosleep(2)).
 */
#ifndef KERNEL_PROCESS_CLOCK_H
#define KERNEL_PROCESS_CLOCK_H

#include <kernel/lib/compiler.h>

/* The two clocks. All others, such as the coarse ones, are treated as one of these. */
#define CLOCK_REALTIME  0
#define CLOCK_MONOTONIC 1

struct clock_time {
	int64_t seconds, nanoseconds;
};

/*
 * Reads a struct timespec from the program's memory: a duration, or, if "absolute", a point in time
 * of a clock. Converts it to a system time below 2^63, or to TASK_FOR_EVER if it is centuries
 * ahead. Returns 0, EFAULT or EINVAL.
 */
long clock_read_deadline(uintptr_t address, uint32_t clock, bool absolute, uint64_t *deadline);

/*
 * Reads a struct timeval from the program's memory, a duration, and converts it to a system time.
 * The microseconds may exceed a second. Returns 0, EFAULT or EINVAL.
 */
long clock_read_timeval(uintptr_t address, uint64_t *deadline);

long sys_clock_gettime(uint32_t clock, uintptr_t time);
long sys_clock_getres(uint32_t clock, uintptr_t time);
long sys_gettimeofday(uintptr_t time);
long sys_time(uintptr_t time);
long sys_nanosleep(uint32_t clock, bool absolute, uintptr_t time, uintptr_t rest);

#endif
