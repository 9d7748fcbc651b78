// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What several CPUs bring, and what they cost: copies of the same work on 1, 2, 4 ... CPUs at once,
 * and what it takes to make other CPUs forget a page or an address space.
 *
 * Under QEMU with -icount the TSC counts the instructions of all CPUs together. So if copies do not
 * wait for each other an operation costs the same whatever their number; what CPUs spend on waiting
 * for a lock is added to it. Without -icount, where CPUs really run at once, W counts how often one
 * waited for Pinwheel's kernel lock (0 where there is no /proc/kernel_lock). The second kind of row
 * is one operation while other CPUs have the address space loaded: their threads sleep, so all that
 * they execute is what they are asked.
 *
 *     scaling [MOSTCPUS]
 *
 * Rows are those of bench.c, with ", W waits" after them; the same file runs on Linux.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#define ROUNDS 200ul

/* Shared by all copies. */
static struct shared {
	unsigned int ready, go, done;
	int never;
} * shared;

static unsigned int cpus_here(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned int)CPU_COUNT(&set) : 1;
}

/* Lets QEMU, which with -icount runs one processor at a time, go on to the next. */
static void pause_for_others(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static volatile char *map_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(page != MAP_FAILED, "mmap");
	return page;
}

/* Returns how often a CPU has waited for the kernel lock. */
static long lock_waits(void)
{
	int file = open("/proc/kernel_lock", O_RDONLY);
	long taken, waited = -1;
	char text[64] = "";

	if (file < 0)
		return 0;
	check(read(file, text, sizeof(text) - 1) > 0, "/proc/kernel_lock");
	close(file);
	check(sscanf(text, "%ld %ld", &taken, &waited) == 2, "/proc/kernel_lock");
	return waited;
}

/* ---- work that each copy does ---- */

static void null_calls(void)
{
	for (unsigned long i = 0; i < ROUNDS; i++)
		syscall(SYS_getppid);
}

static void faults(void)
{
	volatile char *page = map_page();

	for (unsigned long i = 0; i < ROUNDS; i++) {
		*page = 1;
		syscall(SYS_madvise, page, PAGE, MADV_DONTNEED);
	}
}

static void maps(void)
{
	for (unsigned long i = 0; i < ROUNDS; i++)
		syscall(SYS_munmap, map_page(), PAGE);
}

static void pipes(void)
{
	int ends[2];
	char byte = 0;

	check(pipe(ends) == 0, "pipe");
	for (unsigned long i = 0; i < ROUNDS; i++) {
		check(write(ends[1], &byte, 1) == 1, "write");
		check(read(ends[0], &byte, 1) == 1, "read");
	}
}

static void forks(void)
{
	for (unsigned long i = 0; i < ROUNDS / 10; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		check(waitpid(child, NULL, 0) == child, "waitpid");
	}
}

static const struct work {
	const char *name;
	void (*once)(void);
	unsigned long times;
} works[] = {
	{"null system call", null_calls, ROUNDS},
	{"page fault and its page's end", faults, ROUNDS},
	{"mmap+munmap", maps, ROUNDS},
	{"pipe: write and read", pipes, ROUNDS},
	{"fork+exit+wait", forks, ROUNDS / 10},
};

static void wait_until(const unsigned int *count, unsigned int wanted)
{
	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted)
		pause_for_others();
}

/* Runs "copies" of a piece of work at the same time. */
static void run_copies(const struct work *work, unsigned int copies)
{
	uint64_t start;
	long waits;

	*shared = (struct shared){0};
	for (unsigned int i = 0; i < copies; i++) {
		pid_t child = fork();

		if (child)
			continue;
		work->once(); /* once before it counts */
		__atomic_fetch_add(&shared->ready, 1, __ATOMIC_ACQ_REL);
		while (!__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE))
			pause_for_others();
		work->once();
		__atomic_fetch_add(&shared->done, 1, __ATOMIC_ACQ_REL);
		_exit(0);
	}
	wait_until(&shared->ready, copies);
	waits = lock_waits();
	start = rdtsc();
	__atomic_store_n(&shared->go, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < copies; i++)
		check(wait(NULL) > 0, "wait");
	start = rdtsc() - start;
	printf("row: %s, %u at once: %lu ticks, %lu times, -1 hypercalls, %ld waits\n", work->name,
	       copies, start, copies * work->times, lock_waits() - waits);
}

/* ---- other CPUs that must be told ---- */

static void *sleep_for_ever(void *unused)
{
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_ACQ_REL);
	syscall(SYS_futex, &shared->never, FUTEX_WAIT, 0, NULL, NULL, 0);
	return unused;
}

/* Leaves this address space loaded on other CPUs, on each of which one of its threads sleeps. */
static void spread(unsigned int threads)
{
	pthread_t thread;

	*shared = (struct shared){0};
	for (unsigned int i = 0; i < threads; i++)
		check(!pthread_create(&thread, NULL, sleep_for_ever, NULL), "pthread_create");
	wait_until(&shared->ready, threads);
	/* They are about to sleep. */
	for (unsigned int i = 0; i < 1000; i++)
		pause_for_others();
}

static void unmap_while_loaded(unsigned int others)
{
	uint64_t ticks = 0;

	spread(others);
	for (unsigned long i = 0; i < ROUNDS; i++) {
		volatile char *page = map_page();
		uint64_t start;

		*page = 1;
		start = rdtsc();
		syscall(SYS_munmap, page, PAGE);
		ticks += rdtsc() - start;
	}
	printf("row: munmap of a page, loaded on %u other CPUs: %lu ticks, %lu times, -1 "
	       "hypercalls\n",
	       others, ticks, ROUNDS);
	fflush(stdout);
	_exit(0);
}

static void end_while_loaded(unsigned int others)
{
	uint64_t start;
	int ends[2];

	check(pipe(ends) == 0, "pipe");
	if (fork() == 0) {
		spread(others);
		start = rdtsc();
		check(write(ends[1], &start, sizeof(start)) == sizeof(start), "write");
		syscall(SYS_exit_group, 0);
	}
	check(wait(NULL) > 0, "wait");
	check(read(ends[0], &start, sizeof(start)) == sizeof(start), "read");
	printf("row: exit, loaded on %u other CPUs: %lu ticks, 1 times, -1 hypercalls\n", others,
	       rdtsc() - start);
}

int main(int argc, char **argv)
{
	unsigned int most = argc > 1 ? (unsigned int)atoi(argv[1]) : cpus_here();

	setvbuf(stdout, NULL, _IOLBF, 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++) {
		for (unsigned int copies = 1; copies <= most; copies *= 2)
			run_copies(&works[i], copies);
	}
	for (unsigned int others = 0; others < most; others = others ? 2 * others + 1 : 1) {
		pid_t child = fork();

		if (child == 0)
			unmap_while_loaded(others);
		check(waitpid(child, NULL, 0) == child, "waitpid");
		end_while_loaded(others);
	}
	puts("rows: done");
	return 0;
}
