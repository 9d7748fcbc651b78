// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program pays for the kernel: system calls, first touches of memory, changes of protection,
 * fork, exec and pipes. The same executable runs on Linux and on Pinwheel, so the comparison
 * is of kernels alone; scripts/bench-programs makes it. Each row is
 *
 *     row: NAME: TICKS ticks, N times, H hypercalls
 *
 * the best of five runs (of two, where one takes long). Under QEMU with -icount the TSC ticks
 * once for each instruction of the guest, the hypervisor's included. H is for that best run, as
 * counted by /proc/hypercalls, -1 where there is no such file. Reading that file is outside what is
 * timed, but what comes between (a child's start, say) counts for the hypercalls.
 *
 *     bench [MAXPAGES]       leave out rows that need more than so many pages of memory (65536)
 *     bench exit             end at once: what fork+exec runs
 *
 * System calls are made bare where the C library would do more than the call.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <string.h>
#include <sys/mman.h>

#define PAGES         4096ul  /* that rows "per page" touch */
#define SCATTER_PAGES 65536ul /* among which the scattered ones lie */

/* Runs what is measured once; "size" is the row's. */
typedef struct cost (*measure_fn)(unsigned long size);

static volatile char *map(unsigned long pages)
{
	void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	check(memory != MAP_FAILED, "mmap");
	return memory;
}

/* Stores only: a load before would be a fault of its own, on the page of zeroes. */
static void touch(volatile char *memory, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		memory[i * PAGE] = 1;
}

static volatile char *map_dirty(unsigned long pages)
{
	volatile char *memory = map(pages ? pages : 1);

	touch(memory, pages);
	return memory;
}

static void unmap(volatile char *memory, unsigned long pages)
{
	check(munmap((void *)memory, (pages ? pages : 1) * PAGE) == 0, "munmap");
}

/* ---- system calls ---- */

static struct cost null_call(unsigned long calls)
{
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < calls; i++)
		syscall(SYS_getppid);
	stop(&cost);
	return cost;
}

/* ---- memory ---- */

static struct cost touch_in_order(unsigned long pages)
{
	volatile char *memory = map(pages);
	struct cost cost;

	start(&cost);
	touch(memory, pages);
	stop(&cost);
	unmap(memory, pages);
	return cost;
}

/*
 * One page in each group of neighbours, at a place in it that the group's number decides; the
 * groups come in the order of a generator that visits each number below a power of two once.
 */
static struct cost touch_scattered(unsigned long pages)
{
	const unsigned long neighbours = SCATTER_PAGES / pages;
	volatile char *memory = map(SCATTER_PAGES);
	unsigned long group = 1;
	struct cost cost;

	start(&cost);
	for (unsigned long i = 0; i < pages; i++) {
		group = (group * 1229 + 911) % pages;
		memory[(group * neighbours + group * 7 % neighbours) * PAGE] = 1;
	}
	stop(&cost);
	unmap(memory, SCATTER_PAGES);
	return cost;
}

static struct cost unmap_pages(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;

	start(&cost);
	unmap(memory, pages);
	stop(&cost);
	return cost;
}

static struct cost protect(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;
	int result;

	start(&cost);
	result = mprotect((void *)memory, pages * PAGE, PROT_READ);
	stop(&cost);
	check(result == 0, "mprotect");
	unmap(memory, pages);
	return cost;
}

static struct cost unprotect(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;
	int result;

	check(mprotect((void *)memory, pages * PAGE, PROT_READ) == 0, "mprotect");
	start(&cost);
	result = mprotect((void *)memory, pages * PAGE, PROT_READ | PROT_WRITE);
	stop(&cost);
	check(result == 0, "mprotect");
	unmap(memory, pages);
	return cost;
}

/* ---- processes ---- */

static struct cost fork_exit_wait(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;
	pid_t child;

	start(&cost);
	child = syscall(SYS_fork);
	if (child == 0)
		end();
	wait_for(child);
	stop(&cost);
	unmap(memory, pages);
	return cost;
}

/*
 * Until fork returns in the parent. The child waits for a byte, for it must not have run and
 * ended in what is measured; should it run first, it goes to sleep at once.
 */
static struct cost fork_alone(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;
	pid_t child;
	int ends[2];
	char byte = 0;

	check(pipe(ends) == 0, "pipe");
	start(&cost);
	child = syscall(SYS_fork);
	if (child == 0) {
		check(read(ends[0], &byte, 1) == 1, "read");
		end();
	}
	stop(&cost);
	check(write(ends[1], &byte, 1) == 1, "write");
	wait_for(child);
	close(ends[0]);
	close(ends[1]);
	unmap(memory, pages);
	return cost;
}

static struct cost fork_exec(unsigned long unused)
{
	static char *const arguments[] = {"bench", "exit", NULL}, *const environment[] = {NULL};
	struct cost cost;
	pid_t child;

	(void)unused;
	start(&cost);
	child = syscall(SYS_fork);
	if (child == 0) {
		syscall(SYS_execve, "/bin/bench", arguments, environment);
		syscall(SYS_exit_group, 1);
	}
	wait_for(child);
	stop(&cost);
	return cost;
}

/* In the child, while the parent still has the pages: every touch makes a copy. */
static struct cost copy_on_write(unsigned long pages)
{
	volatile char *memory = map_dirty(pages);
	struct cost cost;
	pid_t child;
	int ends[2];

	check(pipe(ends) == 0, "pipe");
	child = syscall(SYS_fork);
	if (child == 0) {
		start(&cost);
		touch(memory, pages);
		stop(&cost);
		check(write(ends[1], &cost, sizeof(cost)) == sizeof(cost), "write");
		end();
	}
	check(read(ends[0], &cost, sizeof(cost)) == sizeof(cost), "read");
	wait_for(child);
	close(ends[0]);
	close(ends[1]);
	unmap(memory, pages);
	return cost;
}

static void pass_bytes(int from, int to, unsigned long count)
{
	char byte;

	while (count--)
		check(read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1, "pipe");
}

static struct cost round_trips(unsigned long count)
{
	int there[2], back[2];
	struct cost cost;
	char byte = 0;
	pid_t child;

	check(pipe(there) == 0 && pipe(back) == 0, "pipe");
	child = syscall(SYS_fork);
	if (child == 0) {
		pass_bytes(there[0], back[1], count + 1);
		end();
	}
	/* Once before, so that the child has started. */
	check(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
	start(&cost);
	for (unsigned long i = 0; i < count; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			check(0, "pipe");
	stop(&cost);
	wait_for(child);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
	return cost;
}

/* ---- the table ---- */

static const struct row {
	const char *name;
	measure_fn measure;
	unsigned long size;  /* what the function is called with */
	unsigned long times; /* operations in it */
	unsigned long pages; /* of memory that it needs */
	unsigned int runs;
} rows[] = {
	{"null system call", null_call, 1000, 1000, 0, 5},
	{"first touch in order, per page", touch_in_order, PAGES, PAGES, PAGES, 5},
	{"first touch scattered, per page", touch_scattered, PAGES, PAGES, PAGES, 5},
	{"munmap, per page", unmap_pages, PAGES, PAGES, PAGES, 5},
	{"mprotect to read-only, per page", protect, PAGES, PAGES, PAGES, 5},
	{"mprotect to writable, per page", unprotect, PAGES, PAGES, PAGES, 5},
	{"fork+exit+wait, 0 dirty pages", fork_exit_wait, 0, 1, 0, 5},
	{"fork+exit+wait, 256 dirty pages", fork_exit_wait, 256, 1, 256, 5},
	{"fork+exit+wait, 4096 dirty pages", fork_exit_wait, 4096, 1, 4096, 5},
	{"fork+exit+wait, 65536 dirty pages", fork_exit_wait, 65536, 1, 65536, 2},
	{"fork alone, 0 dirty pages", fork_alone, 0, 1, 0, 5},
	{"fork alone, 256 dirty pages", fork_alone, 256, 1, 256, 5},
	{"fork alone, 4096 dirty pages", fork_alone, 4096, 1, 4096, 5},
	{"fork alone, 65536 dirty pages", fork_alone, 65536, 1, 65536, 2},
	{"fork+exec+exit+wait", fork_exec, 0, 1, 0, 5},
	{"copy on write, per page", copy_on_write, PAGES, PAGES, 2 * PAGES, 5},
	{"pipe round trip", round_trips, 1000, 1000, 0, 5},
};

static void run(const struct row *row)
{
	struct cost best = {.ticks = UINT64_MAX};

	for (unsigned int i = 0; i < row->runs; i++) {
		struct cost cost = row->measure(row->size);

		if (cost.ticks < best.ticks)
			best = cost;
	}
	print_row(row->name, &best, row->times);
}

int main(int argc, char **argv)
{
	unsigned long most = 65536;

	if (argc > 1 && strcmp(argv[1], "exit") == 0)
		end();
	if (argc > 1)
		most = strtoul(argv[1], NULL, 10);
	find_counting();
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].pages <= most)
			run(&rows[i]);
	printf("rows: done\n");
	return 0;
}
