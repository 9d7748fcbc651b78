/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark programs have in common: counting, and the form of a row. See bench.c.
 */
#ifndef TESTS_USER_BENCH_H
#define TESTS_USER_BENCH_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

struct cost {
	uint64_t ticks;
	long hypercalls;
};

static inline void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(1);
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static inline long hypercalls(void)
{
	char text[32];
	int file = open("/proc/hypercalls", O_RDONLY);
	ssize_t length;

	if (file < 0)
		return -1;
	length = read(file, text, sizeof(text) - 1);
	check(length > 0, "/proc/hypercalls");
	text[length] = '\0';
	close(file);
	return atol(text);
}

/*
 * What reading the counter twice adds by itself: subtracted, so that a row without hypercalls
 * has 0 of them.
 */
static long counting;

static inline void find_counting(void)
{
	long before = hypercalls();

	counting = hypercalls() - before;
}

static inline void start(struct cost *cost)
{
	cost->hypercalls = hypercalls();
	cost->ticks = rdtsc();
}

static inline void stop(struct cost *cost)
{
	cost->ticks = rdtsc() - cost->ticks;
	if (cost->hypercalls >= 0)
		cost->hypercalls = hypercalls() - cost->hypercalls - counting;
}

static inline void end(void)
{
	syscall(SYS_exit_group, 0);
}

static inline void wait_for(pid_t child)
{
	int status;

	check(syscall(SYS_wait4, child, &status, 0, NULL) == child && status == 0, "child");
}

static inline void print_row(const char *name, const struct cost *cost, unsigned long times)
{
	printf("row: %s: %lu ticks, %lu times, %ld hypercalls\n", name, (unsigned long)cost->ticks,
	       times, cost->hypercalls);
	fflush(stdout);
}

#endif
