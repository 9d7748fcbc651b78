// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is ended when memory is out? In each test one process, the hog, takes memory in a way of its
 * own until there is none, while an innocent one, far smaller, needs a little. The hog must be what
 * ends, or be refused; the innocent one goes on with its memory intact; and afterwards as much is
 * free as before. Run as number 1, this program is also what must never be ended.
 *
 * It takes all the memory of the machine, so it runs nowhere but on Pinwheel.
 */
#define _GNU_SOURCE
#include "check.h"
#include "pinwheel.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#define PAGE 4096ul
#define GIB  (1ul << 30)

static long free_pages(void)
{
	struct sysinfo info;

	CHECK_IS(sysinfo(&info), 0);
	return (long)(info.freeram / PAGE);
}

static unsigned char *map_memory(unsigned long bytes, int flags)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

/* ---- the innocent one ---- */

#define INNOCENT_PAGES 200

static unsigned char *innocent_memory;

/* Takes memory for the innocent process, and leaves some of it untouched for later. */
static void begin_innocent(void)
{
	innocent_memory = map_memory(2 * INNOCENT_PAGES * PAGE, MAP_PRIVATE);
	for (unsigned int i = 0; i < INNOCENT_PAGES; i++)
		innocent_memory[i * PAGE] = (unsigned char)i;
}

/* What it does while memory is out: by faults, by system calls, by new memory of the kernel's. */
static void work_innocently(void)
{
	unsigned char *fresh = innocent_memory + INNOCENT_PAGES * PAGE;
	int ends[2];

	for (unsigned int i = 0; i < INNOCENT_PAGES; i++)
		CHECK_IS(innocent_memory[i * PAGE], (unsigned char)i);
	for (unsigned int i = 0; i < INNOCENT_PAGES / 2; i++)
		CHECK_IS(syscall(SYS_getrandom, fresh + i * PAGE, 8, 0), 8);
	for (unsigned int i = INNOCENT_PAGES / 2; i < INNOCENT_PAGES; i++)
		fresh[i * PAGE] = 1;
	CHECK(sbrk(4 * PAGE) != (void *)-1);
	CHECK_IS(pipe(ends), 0);
	CHECK_IS(write(ends[1], fresh, PAGE), PAGE);
	CHECK_IS(read(ends[0], fresh, PAGE), PAGE);
	CHECK_IS(close(ends[0]), 0);
	CHECK_IS(close(ends[1]), 0);
}

/* ---- hogs: each sends its number through "full" when it has all it can get, and then stays ----
 */

static int full[2];

static int stay(void)
{
	pid_t self = getpid();

	if (write(full[1], &self, sizeof(self)) != sizeof(self))
		return 1;
	for (;;)
		pause();
}

/*
 * Runs a hog until it is full or ended, then works innocently: the hog must be gone by a SIGKILL,
 * or, if "refused", be there still, having been told that there is no more.
 */
static void with_hog(int (*hog)(void), bool refused)
{
	long before;
	pid_t pid, last;
	ssize_t told;

	begin_innocent();
	CHECK_IS(pipe(full), 0);
	before = free_pages();
	pid = start_child(hog);
	CHECK_IS(close(full[1]), 0);
	/* The end of the file: the hog ended before it was full. */
	told = read(full[0], &last, sizeof(last));
	work_innocently();
	if (refused) {
		CHECK_IS(told, sizeof(last));
		CHECK_IS(kill(last, SIGTERM), 0);
		CHECK(wait_status(pid) != SIGKILL);
	} else {
		check_killed(pid, SIGKILL);
	}
	CHECK_IS(close(full[0]), 0);
	CHECK_IS(munmap(innocent_memory, 2 * INNOCENT_PAGES * PAGE), 0);
	/* What the innocent one has given back makes up for tables that stay. */
	while (free_pages() < before)
		nap(1);
}

/* Page faults of its own. */
static int hog_by_faults(void)
{
	unsigned char *memory = map_memory(GIB, MAP_PRIVATE);

	for (unsigned long at = 0; at < GIB; at += PAGE)
		memory[at] = 1;
	return stay();
}

static void memory_taken_by_faults(void)
{
	with_hog(hog_by_faults, false);
}

/* System calls that write to its memory. */
static int hog_by_calls(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	unsigned char *memory = map_memory(GIB, MAP_PRIVATE);

	for (unsigned long at = 0; at < GIB; at += PAGE) {
		if (read(zero, memory + at, PAGE) != PAGE)
			return 2;
	}
	return stay();
}

static void memory_taken_by_system_calls(void)
{
	with_hog(hog_by_calls, false);
}

/* It stops just short of the last page, and stays: whoever comes next must not pay for it. */
static int hog_all_but_nothing(void)
{
	unsigned char *memory = map_memory(GIB, MAP_PRIVATE);

	for (unsigned long at = 0; free_pages() > 66; at += PAGE)
		memory[at] = 1;
	return stay();
}

static void memory_that_is_kept(void)
{
	with_hog(hog_all_but_nothing, false);
}

/* Two processes in one space, as after vfork(): its memory comes back when both were ended. */
static int just_stay(void *argument)
{
	(void)argument;
	while (pause())
		;
	return 0;
}

static int hog_in_a_shared_space(void)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));

	if (clone(just_stay, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
		return 2;
	return hog_all_but_nothing();
}

/*
 * The innocent one needs more than the reserve, in one system call, during which nobody can run to
 * his end.
 */
static void memory_of_a_shared_space(void)
{
	static struct iovec pieces[2 * INNOCENT_PAGES];
	unsigned char *fresh = map_memory(ARRAY_SIZE(pieces) * PAGE, MAP_PRIVATE);
	int zero = open("/dev/zero", O_RDONLY);
	pid_t pid, last;

	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct iovec){fresh + i * PAGE, PAGE};
	CHECK_IS(pipe(full), 0);
	pid = start_child(hog_in_a_shared_space);
	CHECK_IS(read(full[0], &last, sizeof(last)), sizeof(last));
	for (long done = 0; done < (long)ARRAY_SIZE(pieces);) {
		ssize_t moved = readv(zero, pieces + done, (int)((long)ARRAY_SIZE(pieces) - done));

		CHECK(moved > 0);
		done += moved / (ssize_t)PAGE;
	}
	check_killed(pid, SIGKILL);
}

static int hog_a_little(void)
{
	unsigned char *memory = map_memory(1500 * PAGE, MAP_PRIVATE);

	for (unsigned long i = 0; i < 1500; i++)
		memory[i * PAGE] = 1;
	return stay();
}

/* One system call that needs two page tables and a page for each of 1024 bytes. */
static int read_scattered_bytes(void)
{
	static struct iovec pieces[1024];
	unsigned long at = 1ul << 40;
	int zero = open("/dev/zero", O_RDONLY);

	for (unsigned int i = 0; i < 1024; i++, at += GIB) {
		pieces[i] = (struct iovec){mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
					   1};
		if (pieces[i].iov_base == MAP_FAILED)
			return 2;
	}
	return readv(zero, pieces, 1024) == 1024 ? 0 : 3;
}

/*
 * It takes what there is, then what the end of the other one gives, then the reserve in steps of
 * three, until less than that is left: it cannot go on, and is the largest itself by then. (Most of
 * memory is a file's: that is on nobody's account.)
 */
static void memory_taken_by_scattered_bytes(void)
{
	static char page[PAGE];
	int file = open("filler", O_RDWR | O_CREAT, 0600);
	pid_t pid, last;

	CHECK(file >= 0);
	while (free_pages() > 2900)
		CHECK_IS(write(file, page, PAGE), PAGE);
	CHECK_IS(pipe(full), 0);
	pid = start_child(hog_a_little);
	CHECK_IS(read(full[0], &last, sizeof(last)), sizeof(last));
	check_killed(start_child(read_scattered_bytes), SIGKILL);
	check_killed(pid, SIGKILL);
	CHECK_IS(unlink("filler"), 0);
}

/* A file that has lost its name counts once, however often it was opened. */
static int hog_without_files(void)
{
	for (int file = 3; file < 256; file++) {
		if (file != full[1])
			close(file);
	}
	return hog_by_faults();
}

static void files_count_once(void)
{
	static char page[PAGE];
	int file = open("file", O_RDWR | O_CREAT, 0600);

	CHECK(file >= 0);
	for (unsigned int i = 0; i < 100; i++)
		CHECK_IS(write(file, page, PAGE), PAGE);
	for (unsigned int i = 0; i < 150; i++)
		CHECK(open("file", O_RDONLY) >= 0);
	CHECK_IS(unlink("file"), 0);
	with_hog(hog_without_files, false);
}

/* Page tables, and not a page of its own: it only reads. */
static int hog_of_tables(void)
{
	const unsigned long bytes = 1ul << 44;
	volatile unsigned char *memory =
		mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if ((void *)memory == MAP_FAILED)
		return 2;
	for (unsigned long at = 0; at < bytes; at += 2ul << 20)
		(void)memory[at];
	return stay();
}

static void page_tables(void)
{
	with_hog(hog_of_tables, false);
}

/* Memory that a child has touched and only the parent still maps. */
static int hog_of_shared_memory(void)
{
	const unsigned long piece = 1ul << 20;

	for (;;) {
		unsigned char *memory = mmap(NULL, piece, PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		pid_t child = memory == MAP_FAILED ? -1 : fork();

		if (child < 0)
			continue;
		if (!child) {
			memset(memory, 1, piece);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}

static void shared_memory(void)
{
	with_hog(hog_of_shared_memory, false);
}

/* Goes on in a child, which has no files: a process may have only so many. */
static void go_on_in_child(void)
{
	pid_t child = fork();

	if (child) {
		waitpid(child, NULL, 0);
		_exit(child < 0);
	}
	for (int file = 3; file < 256; file++) {
		if (file != full[1])
			close(file);
	}
}

/* Text that the kernel makes for each open of a file in /proc. */
static int hog_of_open_files(void)
{
	unsigned char *memory = mmap(NULL, GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (unsigned long page = 0; page < 16000; page += 2)
		mprotect(memory + page * PAGE, PAGE, PROT_READ);
	for (;;) {
		while (open("/proc/self/maps", O_RDONLY) >= 0)
			;
		if (errno != EMFILE)
			return stay();
		go_on_in_child();
	}
}

static void open_files_without_a_name(void)
{
	with_hog(hog_of_open_files, false);
}

/* A family, each member of which has as many pipes as a process can have: others still get theirs.
 */
static int hog_of_pipes(void)
{
	int ends[2];

	for (unsigned int i = 0; i < 30; i++) {
		while (!pipe(ends))
			;
		if (errno != EMFILE)
			break;
		go_on_in_child();
	}
	return stay();
}

static void pipes(void)
{
	with_hog(hog_of_pipes, true);
}

static int just_pause(void *argument)
{
	(void)argument;
	while (syscall(SYS_pause))
		;
	return 0;
}

/* Threads, each of which has a kernel stack. */
static int hog_of_threads(void)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	unsigned int count = 0;

	/* They touch nothing of their stacks: one serves them all. */
	while (clone(just_pause, stack + sizeof(stack) - 64 * (count % 512), flags, NULL) >= 0)
		count++;
	return errno == EAGAIN || errno == ENOMEM ? stay() : 2;
}

static void kernel_stacks(void)
{
	with_hog(hog_of_threads, true);
}

/* ---- files ---- */

/* A sparse file, filled through a mapping: refused by SIGBUS, as in a full tmpfs on Linux. */
static int hog_of_sparse_file(void)
{
	int file = open("sparse", O_RDWR | O_CREAT, 0666);
	unsigned char *memory;

	if (file < 0 || ftruncate(file, GIB))
		return 2;
	memory = mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	for (unsigned long at = 0; at < GIB; at += PAGE)
		memory[at] = 1;
	return 3;
}

static void sparse_files(void)
{
	long before = free_pages();

	begin_innocent();
	check_killed(start_child(hog_of_sparse_file), SIGBUS);
	/* The file is still there: but not all memory is the file's. */
	CHECK(free_pages() > 500);
	work_innocently();
	CHECK_IS(munmap(innocent_memory, 2 * INNOCENT_PAGES * PAGE), 0);
	CHECK_IS(unlink("sparse"), 0);
	CHECK(free_pages() >= before - 2);
}

/* ---- number 1 ---- */

/* The hog is smaller than number 1, which has two thirds of what there is: the hog it is. */
static void number_one_is_kept(void)
{
	unsigned long pages = (unsigned long)free_pages() * 2 / 3;
	unsigned char *memory = map_memory(pages * PAGE, MAP_PRIVATE);

	for (unsigned long i = 0; i < pages; i++)
		memory[i * PAGE] = (unsigned char)i;
	check_killed(start_child(hog_by_faults), SIGKILL);
	check_killed(start_child(hog_by_calls), SIGKILL);
	for (unsigned long i = 0; i < pages; i++)
		CHECK_IS(memory[i * PAGE], (unsigned char)i);
	CHECK_IS(munmap(memory, pages * PAGE), 0);
}

static const struct check_test tests[] = {
	CHECK_TEST(memory_taken_by_faults),
	CHECK_TEST(memory_taken_by_system_calls),
	CHECK_TEST(memory_taken_by_scattered_bytes),
	CHECK_TEST(memory_of_a_shared_space),
	CHECK_TEST(files_count_once),
	CHECK_TEST(memory_that_is_kept),
	CHECK_TEST(page_tables),
	CHECK_TEST(shared_memory),
	CHECK_TEST(open_files_without_a_name),
	CHECK_TEST(pipes),
	CHECK_TEST(kernel_stacks),
	CHECK_TEST(sparse_files),
};

int main(int argc, char **argv)
{
	int failed;

	if (!on_pinwheel()) {
		printf("oom: this is not Pinwheel, and all memory of it would be taken\n");
		return 1;
	}
	check_before = enter_workplace;
	check_after = leave_workplace;
	failed = check_run("oom", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
	/* Here and not in a child: for this process is number 1. */
	if (argc == 1 && getpid() == 1) {
		number_one_is_kept();
		check_say("oom: number_one_is_kept is right\n");
	}
	return failed;
}
