// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the cost of an operation grows with what there is already: mappings of a process, files in a
 * directory, processes. Like bench.c this runs on Linux and on Pinwheel, and prints rows for
 * scripts/bench-programs, two for each operation: with few things and with ten times as many,
 *
 *     row: NAME, COUNT THINGS: TICKS ticks, N times, H hypercalls
 *
 *     growth [DIVISOR]       so many times fewer things of each kind, where memory is short
 */
#define _GNU_SOURCE
#include "bench.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define OPERATIONS 500ul /* of each row, in one run */
#define RUNS       5u

/* Goes through all numbers below "count" (no multiple of 7919) in an order of no use to caches. */
static unsigned long scattered(unsigned long i, unsigned long count)
{
	return i * 7919 % count;
}

/* ---- mappings: pieces of three pages, a gap of one after each ---- */

#define PIECE (4 * PAGE)

static char *arena;

static void make_mappings(unsigned long from, unsigned long to, unsigned long most)
{
	if (!arena) {
		arena = mmap(NULL, most * PIECE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		check(arena != MAP_FAILED, "mmap");
	}
	for (unsigned long i = from; i < to; i++)
		check(munmap(arena + i * PIECE + 3 * PAGE, PAGE) == 0, "munmap");
}

static void end_mappings(unsigned long count, unsigned long most)
{
	(void)count;
	check(munmap(arena, most * PIECE) == 0, "munmap");
}

/* Cuts the page in the middle out, and joins it with its neighbours again. */
static struct cost protect_one(unsigned long count, unsigned long *times)
{
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < OPERATIONS; i++) {
		char *page = arena + scattered(i, count) * PIECE + PAGE;

		if (mprotect(page, PAGE, PROT_READ) || mprotect(page, PAGE, PROT_READ | PROT_WRITE))
			check(0, "mprotect");
	}
	stop(&cost);
	*times = 2 * OPERATIONS;
	return cost;
}

/* Too large for any of the gaps. */
static struct cost map_and_unmap(unsigned long count, unsigned long *times)
{
	struct cost cost;

	(void)count;
	start(&cost);
	for (unsigned long i = 0; i < OPERATIONS; i++) {
		void *memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED || munmap(memory, 2 * PAGE))
			check(0, "mmap");
	}
	stop(&cost);
	*times = OPERATIONS;
	return cost;
}

/* One page in each of some pieces that follow each other. */
static struct cost touch_pieces(unsigned long count, unsigned long *times)
{
	unsigned long first = count / 2, touched = count / 2 < OPERATIONS ? count / 2 : OPERATIONS;
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < touched; i++)
		*(volatile char *)(arena + (first + i) * PIECE) = 1;
	stop(&cost);
	for (unsigned long i = 0; i < touched; i++)
		check(madvise(arena + (first + i) * PIECE, PAGE, MADV_DONTNEED) == 0, "madvise");
	*times = touched;
	return cost;
}

/* ---- files ---- */

static const char *file_name(unsigned long number)
{
	static char name[32];

	snprintf(name, sizeof(name), "file%lu", number);
	return name;
}

static void make_files(unsigned long from, unsigned long to, unsigned long most)
{
	(void)most;
	if (!from) {
		mkdir("/tmp", 0777);
		check(mkdir("/tmp/growth", 0777) == 0 && chdir("/tmp/growth") == 0, "/tmp/growth");
	}
	for (unsigned long i = from; i < to; i++) {
		int file = open(file_name(i), O_CREAT | O_EXCL | O_WRONLY, 0600);

		check(file >= 0 && close(file) == 0, "create");
	}
}

static void end_files(unsigned long count, unsigned long most)
{
	(void)most;
	while (count--)
		check(unlink(file_name(count)) == 0, "unlink");
	check(chdir("/") == 0 && rmdir("/tmp/growth") == 0, "/tmp/growth");
}

static struct cost open_and_close(unsigned long count, unsigned long *times)
{
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < OPERATIONS; i++) {
		int file = open(file_name(scattered(i, count)), O_RDONLY);

		if (file < 0 || close(file))
			check(0, "open");
	}
	stop(&cost);
	*times = OPERATIONS;
	return cost;
}

static struct cost create_and_unlink(unsigned long count, unsigned long *times)
{
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < OPERATIONS; i++) {
		const char *name = file_name(count + scattered(i, count));
		int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

		if (file < 0 || close(file) || unlink(name))
			check(0, "create");
	}
	stop(&cost);
	*times = OPERATIONS;
	return cost;
}

static struct cost list_all(unsigned long count, unsigned long *times)
{
	static char names[32768];
	int directory = open(".", O_RDONLY | O_DIRECTORY);
	struct cost cost;
	long result;

	check(directory >= 0, "open");
	start(&cost);
	do
		result = syscall(SYS_getdents64, directory, names, sizeof(names));
	while (result > 0);
	stop(&cost);
	check(result == 0, "getdents64");
	close(directory);
	*times = count;
	return cost;
}

/* ---- processes ---- */

static pid_t *children;

static void make_processes(unsigned long from, unsigned long to, unsigned long most)
{
	if (!children)
		children = calloc(most, sizeof(*children));
	check(children != NULL, "calloc");
	for (unsigned long i = from; i < to; i++) {
		children[i] = syscall(SYS_fork);
		if (!children[i])
			for (;;)
				syscall(SYS_pause);
		check(children[i] > 0, "fork");
	}
	/* All of them have had their first turn, and sleep, before anything is measured. */
	for (unsigned long i = from; i < to; i++)
		syscall(SYS_sched_yield);
}

static void end_processes(unsigned long count, unsigned long most)
{
	(void)most;
	for (unsigned long i = 0; i < count; i++)
		check(kill(children[i], SIGKILL) == 0, "kill");
	while (count--)
		check(waitpid(children[count], NULL, 0) == children[count], "wait");
}

static struct cost fork_exit_wait(unsigned long count, unsigned long *times)
{
	struct cost cost;
	pid_t child;

	(void)count;
	*times = 20;
	start(&cost);
	for (unsigned long i = 0; i < *times; i++) {
		child = syscall(SYS_fork);
		if (child == 0)
			end();
		wait_for(child);
	}
	stop(&cost);
	return cost;
}

static struct cost find_process(unsigned long count, unsigned long *times)
{
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < OPERATIONS; i++)
		if (kill(children[scattered(i, count)], 0))
			check(0, "kill");
	stop(&cost);
	*times = OPERATIONS;
	return cost;
}

/* ---- the table ---- */

static const struct kind {
	const char *things;
	unsigned long few, many;
	void (*make)(unsigned long from, unsigned long to, unsigned long most);
	void (*end)(unsigned long count, unsigned long most);
	struct {
		const char *name;
		struct cost (*measure)(unsigned long count, unsigned long *times);
	} rows[3];
} kinds[] = {
	{"mappings",
	 2000,
	 20000,
	 make_mappings,
	 end_mappings,
	 {{"mprotect", protect_one},
	  {"mmap+munmap", map_and_unmap},
	  {"first touch", touch_pieces}}},
	{"files",
	 1000,
	 10000,
	 make_files,
	 end_files,
	 {{"open+close", open_and_close},
	  {"create+close+unlink", create_and_unlink},
	  {"getdents64, per file", list_all}}},
	{"processes",
	 400,
	 4000,
	 make_processes,
	 end_processes,
	 {{"fork+exit+wait", fork_exit_wait}, {"kill with signal 0", find_process}}},
};

static void run_rows(const struct kind *kind, unsigned long count)
{
	for (unsigned int i = 0; i < 3 && kind->rows[i].measure; i++) {
		struct cost best = {.ticks = UINT64_MAX};
		unsigned long times = 1;
		char name[96];

		for (unsigned int run = 0; run < RUNS; run++) {
			struct cost cost = kind->rows[i].measure(count, &times);

			if (cost.ticks < best.ticks)
				best = cost;
		}
		snprintf(name, sizeof(name), "%s, %lu %s", kind->rows[i].name, count, kind->things);
		print_row(name, &best, times);
	}
}

int main(int argc, char **argv)
{
	unsigned long divisor = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

	check(divisor > 0, "usage: growth [DIVISOR]");
	find_counting();
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		unsigned long few = kind->few / divisor, many = kind->many / divisor;

		kind->make(0, few, many);
		run_rows(kind, few);
		kind->make(few, many, many);
		run_rows(kind, many);
		kind->end(many, many);
	}
	printf("rows: done\n");
	return 0;
}
