// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "soak CYCLES [pressure]": processes come and go, thousands of times: each dirties private and
 * shared pages, some have children, some execute this program again, some are made by vfork(). What
 * the kernel does not give back, or gives to two, shows sooner or later. With "pressure", a child
 * takes all memory that there is now and then; it may be killed, the rest must go on.
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sys/mman.h>

#define PAGE        4096ul
#define MOST_PAGES  64ul
#define PRESSURE_AT 50ul /* every so many cycles */

static unsigned long *own, *shared;

/* The word of a page that this cycle writes. */
static unsigned long *word(unsigned long *pages, unsigned long page)
{
	return pages + page * (PAGE / sizeof(*pages)) + page;
}

static unsigned long *map_pages(int flags)
{
	void *pages =
		mmap(NULL, MOST_PAGES * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	return pages;
}

/* Writes pages, checks what another may have spoilt meanwhile; a status made of "seed". */
static int dirty(unsigned long seed)
{
	unsigned long count = seed % (MOST_PAGES + 1), *fresh = map_pages(MAP_PRIVATE);

	for (unsigned long i = 0; i < count; i++) {
		*word(own, i) = seed + i;
		*word(shared, i) = seed * 3 + i;
		*word(fresh, i) += seed + 2 * i; /* zero before */
	}
	for (unsigned long i = 0; i < count; i++) {
		CHECK_IS(*word(own, i), seed + i);
		CHECK_IS(*word(fresh, i), seed + 2 * i);
	}
	return (int)(seed % 200);
}

static void *dirty_thread(void *argument)
{
	return (void *)(uintptr_t)dirty((uintptr_t)argument);
}

static int with_thread(unsigned long seed)
{
	pthread_t thread;
	void *result;

	CHECK_IS(pthread_create(&thread, NULL, dirty_thread, (void *)(seed + 1)), 0);
	CHECK_IS(pthread_join(thread, &result), 0);
	CHECK_IS((uintptr_t)result, (seed + 1) % 200);
	return (int)(seed % 200);
}

static int with_grandchild(unsigned long seed)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		_exit(dirty(seed + 7));
	dirty(seed);
	check_exit(pid, (int)((seed + 7) % 200));
	return (int)(seed % 200);
}

static void execute(unsigned long seed)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", seed);
	execl(self_path(), "soak", "--dirty", text, NULL);
	_exit(255);
}

/* What the child of a cycle does; one in eight is made by vfork() and may only execute. */
static int live(unsigned long cycle)
{
	if (cycle % 4 == 1)
		execute(cycle);
	if (cycle % 8 == 2)
		return with_grandchild(cycle);
	if (cycle % 8 == 6)
		return with_thread(cycle);
	return dirty(cycle);
}

static void run_cycle(unsigned long cycle)
{
	unsigned long count = cycle % (MOST_PAGES + 1);
	pid_t pid;

	for (unsigned long i = 0; i < MOST_PAGES; i++)
		*word(own, i) = cycle ^ i;
	if (cycle % 8 == 7) {
		pid = vfork();
		if (!pid)
			execute(cycle);
	} else {
		pid = fork();
		if (!pid)
			_exit(live(cycle));
	}
	CHECK(pid > 0);
	check_exit(pid, (int)(cycle % 200));
	for (unsigned long i = 0; i < MOST_PAGES; i++)
		CHECK_IS(*word(own, i), cycle ^ i);
	if (cycle % 8 == 0)
		for (unsigned long i = 0; i < count; i++)
			CHECK_IS(*word(shared, i), cycle * 3 + i);
}

/* A child takes memory until there is none; how it ends is the kernel's choice. */
static void press(void)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		for (;;) {
			void *memory = mmap(NULL, 256 * PAGE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (memory == MAP_FAILED)
				_exit(0);
			memset(memory, 1, 256 * PAGE);
		}
	}
	CHECK_IS(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) || !WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	unsigned long cycles = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	bool pressure = argc > 2 && !strcmp(argv[2], "pressure");

	own = map_pages(MAP_PRIVATE);
	shared = map_pages(MAP_SHARED);
	if (argc > 2 && !strcmp(argv[1], "--dirty"))
		return dirty(strtoul(argv[2], NULL, 10));
	if (!cycles) {
		check_say("soak: how many cycles?\n");
		return 1;
	}
	self_path();
	for (unsigned long cycle = 1; cycle <= cycles; cycle++) {
		run_cycle(cycle);
		if (pressure && cycle % PRESSURE_AT == 0)
			press();
		if (cycle * 10 / cycles != (cycle - 1) * 10 / cycles)
			check_say("soak: %lu of %lu\n", cycle, cycles);
	}
	check_say("soak: passed\n");
	return 0;
}
