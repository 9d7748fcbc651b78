// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "cpus [ROUNDS] [TEST]": what a program may rely on when its threads run on several processors at
 * once.
 *
 * A page that one thread protects, unmaps, moves, discards or copies must be so for all threads
 * when the call returns: another processor's TLB may not have one more write or one stale read. The
 * siblings here make no system calls meanwhile, so nothing but an interrupt from the other
 * processor can tell theirs. The same holds for a sibling that must stop or die. The rest is about
 * what is shared: memory that several threads touch for the first time, wake-ups, signals, the
 * clock.
 *
 * No verdict depends on time, except that what takes PATIENCE has failed. Every test also holds on
 * one processor, where it takes a time slice for each step. 50 ROUNDS are the default.
 */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE     4096ul
#define WORDS    (PAGE / sizeof(unsigned long))
#define PATIENCE 100000 /* milliseconds */
#define MOST     8      /* threads at once */

static unsigned long rounds = 50;

/* ---- helpers ---- */

static pthread_t start(void *(*body)(void *), uintptr_t number)
{
	pthread_t thread;

	CHECK_IS(pthread_create(&thread, NULL, body, (void *)number), 0);
	return thread;
}

/* Starts "count" threads, with their numbers from 0 as arguments. */
static void start_all(pthread_t *threads, unsigned int count, void *(*body)(void *))
{
	CHECK(count <= MOST);
	for (unsigned int i = 0; i < count; i++)
		threads[i] = start(body, i);
}

static void join_all(const pthread_t *threads, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
}

static void run_threads(unsigned int count, void *(*body)(void *))
{
	pthread_t threads[MOST];

	start_all(threads, count, body);
	join_all(threads, count);
}

static unsigned int processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CHECK(!sched_getaffinity(0, sizeof(set), &set));
	return (unsigned int)CPU_COUNT(&set);
}

/* Returns how many siblings have a processor each, beside the calling thread: from 1 to 3. */
static unsigned int siblings(void)
{
	unsigned int count = processors();

	return count < 2 ? 1 : count > 4 ? 3 : count - 1;
}

static void relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Waits without sleeping, and yields now and then: there may be fewer processors than threads. */
#define WAIT_FOR(condition)                                                     \
	do {                                                                    \
		struct wait_for wait_for = {0};                                 \
		while (!(condition))                                            \
			wait_for_it(&wait_for, __func__, __LINE__, #condition); \
	} while (0)

struct wait_for {
	unsigned long times;
	long end;
};

static void wait_for_it(struct wait_for *wait, const char *function, int line, const char *what)
{
	relax();
	if (++wait->times % 2048)
		return;
	sched_yield();
	if (!wait->end)
		wait->end = milliseconds_now() + PATIENCE;
	if (milliseconds_now() > wait->end)
		check_failed(function, line, what, 0);
}

static void *map_at(void *address, unsigned long pages, int rights, int flags, int file)
{
	void *memory = mmap(address, pages * PAGE, rights, flags | (file < 0 ? MAP_ANONYMOUS : 0),
			    file, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

static unsigned long *map_pages(unsigned long pages, int flags)
{
	return map_at(NULL, pages, PROT_READ | PROT_WRITE, flags, -1);
}

/* Returns an address far from everything else: its page tables are of no other use. */
static unsigned long *lonely_place(void)
{
	const unsigned long bytes = 1ul << 30;
	char *hole = map_at(NULL, bytes / PAGE, PROT_NONE, MAP_PRIVATE, -1);

	CHECK_IS(munmap(hole, bytes), 0);
	return (unsigned long *)(((uintptr_t)hole + bytes / 2) & ~(PAGE * 512 - 1));
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	CHECK_IS(sigaction(signal, &action, NULL), 0);
}

/*
 * Memory that is likely to get the frames freed last, with a pattern. Returns it, for
 * check_bait().
 */
#define BAIT 16ul

static unsigned long *lay_bait(unsigned long seed)
{
	unsigned long *bait = map_pages(BAIT, MAP_PRIVATE);

	for (unsigned long i = 0; i < BAIT * WORDS; i++)
		bait[i] = ~(seed + i);
	return bait;
}

static void check_bait(unsigned long *bait, unsigned long seed)
{
	for (unsigned long i = 0; i < BAIT * WORDS; i++)
		CHECK_IS(bait[i], ~(seed + i));
	CHECK_IS(munmap(bait, BAIT * PAGE), 0);
}

/* ---- at once ---- */

static atomic_ulong ball;

static void *play(void *argument)
{
	const unsigned long mine = (uintptr_t)argument, turns = processors() > 1 ? 20000 : 20;
	const long end = milliseconds_now() + PATIENCE;

	for (unsigned long turn = mine; turn < turns; turn += 2) {
		while (atomic_load(&ball) != turn)
			relax();
		if (turn % 512 == mine)
			CHECK(milliseconds_now() < end);
		atomic_store(&ball, turn + 1);
	}
	return NULL;
}

/* A time slice for each turn would be 200 s. */
static void threads_run_at_once(void)
{
	run_threads(2, play);
}

/* ---- writers: not one write more ---- */

static unsigned long *target;
static atomic_bool stop;
static atomic_ulong closing, opened; /* rounds */
static struct {
	_Alignas(64) atomic_ulong written, faulted;
} writers[MOST];
static __thread uintptr_t own_number;

/* A write to the closed page: says so, and tries again when it is open. */
static void wait_until_open(int signal, siginfo_t *info, void *context)
{
	const unsigned long round = atomic_load(&closing);

	(void)context;
	CHECK_IS(signal, SIGSEGV);
	CHECK(info->si_addr == target + own_number * 8);
	atomic_store(&writers[own_number].faulted, round);
	while (atomic_load(&opened) < round)
		relax();
}

static void *write_for_ever(void *argument)
{
	volatile unsigned long *word;

	own_number = (uintptr_t)argument;
	word = target + own_number * 8;
	for (unsigned long count = 1; !atomic_load_explicit(&stop, memory_order_relaxed); count++) {
		*word = count;
		atomic_store_explicit(&writers[own_number].written, count, memory_order_release);
	}
	return NULL;
}

static unsigned long written(unsigned int i)
{
	return atomic_load(&writers[i].written);
}

/* A way to close the target: returns where its page can be seen afterwards, or NULL. */
struct door {
	unsigned long *(*close)(void);
	void (*open)(unsigned long *seen);
};

static unsigned long *make_read_only(void)
{
	CHECK_IS(mprotect(target, PAGE, PROT_READ), 0);
	return target;
}

static unsigned long *make_inaccessible(void)
{
	CHECK_IS(mprotect(target, PAGE, PROT_NONE), 0);
	return NULL;
}

static void make_writable(unsigned long *seen)
{
	(void)seen;
	CHECK_IS(mprotect(target, PAGE, PROT_READ | PROT_WRITE), 0);
}

static unsigned long *unmap_target(void)
{
	CHECK_IS(munmap(target, PAGE), 0);
	return NULL;
}

static unsigned long *cover_target(void)
{
	map_at(target, 1, PROT_NONE, MAP_PRIVATE | MAP_FIXED, -1);
	return NULL;
}

static unsigned long *cover_by_file(void)
{
	int file = open(self_path(), O_RDONLY);

	CHECK(file >= 0);
	map_at(target, 1, PROT_READ, MAP_SHARED | MAP_FIXED, file);
	CHECK_IS(close(file), 0);
	return target;
}

static void map_target(unsigned long *seen)
{
	(void)seen;
	map_at(target, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, -1);
}

static unsigned long *move_target(void)
{
	unsigned long *to = target + (4ul << 20) / sizeof(*to);
	void *moved = mremap(target, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	CHECK(moved == to);
	return to;
}

static void move_back(unsigned long *seen)
{
	CHECK(mremap(seen, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
}

/* Maps or unmaps the page after the target: with it, the target's page table stays in use. */
static void set_neighbour(bool mapped)
{
	unsigned long *neighbour = target + WORDS;

	if (mapped)
		*(unsigned long *)map_at(neighbour, 1, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_FIXED, -1) = 1;
	else
		CHECK_IS(munmap(neighbour, PAGE), 0);
}

/* Closes the target in the middle of all writers' loops; none may write once more. */
static void close_once(const struct door *door, unsigned long round, unsigned int count)
{
	unsigned long before[MOST], seen_then[MOST], *seen, *bait;

	set_neighbour(round % 2);
	for (unsigned int i = 0; i < count; i++)
		before[i] = written(i);
	for (unsigned int i = 0; i < count; i++)
		WAIT_FOR(written(i) > before[i] + 1);
	atomic_store(&closing, round);
	seen = door->close();
	for (unsigned int i = 0; i < count; i++) {
		seen_then[i] = seen ? *(volatile unsigned long *)(seen + i * 8ul) : 0;
		before[i] = written(i);
	}
	bait = lay_bait(round);
	for (unsigned int i = 0; i < count; i++) {
		/* A write of before may be counted late, but only one. */
		WAIT_FOR(atomic_load(&writers[i].faulted) == round || written(i) > before[i] + 1);
		CHECK(written(i) <= before[i] + 1);
		if (seen)
			CHECK_IS(*(volatile unsigned long *)(seen + i * 8ul), seen_then[i]);
	}
	check_bait(bait, round);
	door->open(seen);
	atomic_store(&opened, round);
}

static void write_through(const struct door *door)
{
	const unsigned int count = siblings();
	pthread_t threads[MOST];

	handle(SIGSEGV, wait_until_open);
	target = lonely_place();
	map_target(NULL);
	start_all(threads, count, write_for_ever);
	for (unsigned long round = 1; round <= (rounds + 9) / 10; round++)
		close_once(door, round, count);
	atomic_store(&stop, true);
	join_all(threads, count);
}

static void writes_end_when_read_only(void)
{
	write_through(&(struct door){make_read_only, make_writable});
}

static void writes_end_when_inaccessible(void)
{
	write_through(&(struct door){make_inaccessible, make_writable});
}

static void writes_end_when_unmapped(void)
{
	write_through(&(struct door){unmap_target, map_target});
}

static void writes_end_when_covered(void)
{
	write_through(&(struct door){cover_target, map_target});
	atomic_store(&stop, false);
	atomic_store(&closing, 0);
	atomic_store(&opened, 0);
	write_through(&(struct door){cover_by_file, map_target});
}

static void writes_end_when_moved(void)
{
	write_through(&(struct door){move_target, move_back});
}

/* ---- readers: no stale read ---- */

#define PAGES 16u

/*
 * What happens to one page after the other. Step 2 i: the readers look at page i, which has its old
 * value or, already, its new one. Step 2 i + 1: it has the new one.
 */
#define NO_STEP ULONG_MAX

static unsigned long *pages;
static unsigned long old_value, new_value; /* of page 0; that of page i is greater by i, unless 0 */
static atomic_ulong step, answers[MOST];

static unsigned long value_of(unsigned long first, unsigned long page)
{
	return first ? first + page : 0;
}

static void *read_for_ever(void *argument)
{
	atomic_ulong *answer = &answers[(uintptr_t)argument];

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		unsigned long now = atomic_load(&step), page = now / 2, value;

		if (now != NO_STEP) {
			value = *(volatile unsigned long *)(pages + page * WORDS);
			if (value != value_of(new_value, page)) {
				CHECK_IS(value, value_of(old_value, page));
				CHECK(now % 2 == 0);
			}
		}
		atomic_store(answer, now);
	}
	return NULL;
}

static void take_step(unsigned long to, unsigned int count)
{
	atomic_store(&step, to);
	for (unsigned int i = 0; i < count; i++)
		WAIT_FOR(atomic_load(&answers[i]) == to);
}

static void fill_pages(unsigned long *memory, unsigned long first)
{
	for (unsigned long i = 0; i < PAGES; i++)
		memory[i * WORDS] = first + i;
}

static void write_page(unsigned long page)
{
	pages[page * WORDS] = new_value + page;
}

static void discard_page(unsigned long page)
{
	CHECK_IS(madvise(pages + page * WORDS, PAGE, MADV_DONTNEED), 0);
}

static void replace_page(unsigned long page)
{
	map_at(pages + page * WORDS, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, -1);
}

static unsigned long *spare;

static void move_page_there(unsigned long page)
{
	void *to = pages + page * WORDS;

	CHECK(mremap(spare + page * WORDS, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
}

/* Changes page after page while all siblings read it. */
static void read_through(void (*prepare)(void), void (*change)(unsigned long page),
			 void (*after)(void))
{
	const unsigned int count = siblings();
	pthread_t threads[MOST];

	atomic_store(&step, NO_STEP);
	start_all(threads, count, read_for_ever);
	for (unsigned long round = 0; round < (rounds + 99) / 100; round++) {
		prepare();
		for (unsigned long i = 0; i < PAGES; i++) {
			unsigned long *bait;

			take_step(2 * i, count);
			change(i);
			bait = lay_bait(round + i);
			take_step(2 * i + 1, count);
			check_bait(bait, round + i);
		}
		take_step(NO_STEP, count);
		CHECK_IS(munmap(pages, PAGES * PAGE), 0);
		if (after)
			after();
	}
	atomic_store(&stop, true);
	join_all(threads, count);
}

static void prepare_zero_pages(void)
{
	pages = map_pages(PAGES, MAP_PRIVATE);
	old_value = 0;
	new_value = 1000;
}

static void prepare_pages(void)
{
	pages = map_pages(PAGES, MAP_PRIVATE);
	fill_pages(pages, 2000);
	old_value = 2000;
	new_value = 0;
}

static void prepare_move(void)
{
	prepare_pages();
	spare = map_pages(PAGES, MAP_PRIVATE);
	new_value = 3000;
	fill_pages(spare, new_value);
}

static pid_t holder;
static int hold[2];

/* A child has all the pages as well, until release_pages(). */
static void prepare_shared_pages(void)
{
	char byte;

	prepare_pages();
	new_value = 4000;
	CHECK_IS(pipe(hold), 0);
	holder = fork();
	CHECK(holder >= 0);
	if (!holder) {
		close(hold[1]);
		if (read(hold[0], &byte, 1))
			_exit(1);
		for (unsigned long i = 0; i < PAGES; i++)
			CHECK_IS(pages[i * WORDS], old_value + i);
		_exit(0);
	}
}

static void release_pages(void)
{
	CHECK_IS(close(hold[1]), 0);
	check_exit(holder, 0);
	CHECK_IS(close(hold[0]), 0);
}

static int file;

/* Opens a file without a name. Page i of "count" begins with the value first + i. */
static int open_file(unsigned long count, unsigned long first)
{
	char path[64];
	int opened_file;

	snprintf(path, sizeof(path), "/tmp/cpus.%d", (int)getpid());
	mkdir("/tmp", 0777); /* there need not be one */
	opened_file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(opened_file >= 0);
	CHECK_IS(unlink(path), 0);
	for (unsigned long i = 0; i < count; i++) {
		unsigned long value = first + i;
		long at = (long)(i * PAGE);

		CHECK_IS(pwrite(opened_file, &value, sizeof(value), at), sizeof(value));
	}
	CHECK_IS(ftruncate(opened_file, (long)(count * PAGE)), 0);
	return opened_file;
}

static void prepare_file(void)
{
	old_value = 5000;
	new_value = 6000;
	file = open_file(PAGES, old_value);
	pages = map_at(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
}

static void close_file(void)
{
	CHECK_IS(close(file), 0);
}

static void reads_see_first_writes(void)
{
	read_through(prepare_zero_pages, write_page, NULL);
}

static void reads_see_copies(void)
{
	read_through(prepare_shared_pages, write_page, release_pages);
}

static void reads_see_copies_of_a_file(void)
{
	read_through(prepare_file, write_page, close_file);
}

static void reads_see_discarded_pages(void)
{
	read_through(prepare_pages, discard_page, NULL);
}

static void reads_see_replaced_pages(void)
{
	read_through(prepare_pages, replace_page, NULL);
}

static void reads_see_moved_pages(void)
{
	read_through(prepare_move, move_page_there, NULL);
}

/* ---- fork ---- */

static struct {
	atomic_ulong written;
	atomic_ulong sum;
} * outside; /* what parents and children share */

/* Writes 1 to all pages, one after the other, then 2 and so on. */
static void *sweep(void *argument)
{
	for (unsigned long count = 1; !atomic_load(&stop); count++) {
		for (unsigned long i = 0; i < PAGES; i++)
			*(volatile unsigned long *)(pages + i * WORDS) = count;
		atomic_store(&outside->written, count);
	}
	return argument;
}

/*
 * In a child: its pages are those of one moment, and stay so while the sibling of its parent goes
 * on.
 */
static void check_moment(unsigned long round)
{
	const unsigned long then = atomic_load(&outside->written);
	volatile unsigned long *page = pages;
	unsigned long seen[PAGES];

	for (unsigned long i = 0; i < PAGES; i++)
		seen[i] = page[i * WORDS];
	/* The pages that the sibling had reached in its last sweep come first. */
	CHECK(seen[0] - seen[PAGES - 1] <= 1);
	for (unsigned long i = 1; i < PAGES; i++)
		CHECK(seen[i] == seen[i - 1] || seen[i] == seen[PAGES - 1]);
	WAIT_FOR(atomic_load(&outside->written) > then + 2);
	for (unsigned long i = 0; i < PAGES; i++) {
		CHECK_IS(page[i * WORDS], seen[i]);
		CHECK_IS(page[i * WORDS + 1], round);
		page[i * WORDS + 1] = 0;
	}
	_exit(0);
}

static void forks_are_moments(void)
{
	pthread_t thread;

	pages = map_pages(PAGES, MAP_PRIVATE);
	outside = (void *)map_pages(1, MAP_SHARED);
	thread = start(sweep, 0);
	for (unsigned long round = 1; round <= (rounds + 1) / 2; round++) {
		const unsigned long then = atomic_load(&outside->written);
		pid_t pid;

		for (unsigned long i = 0; i < PAGES; i++)
			pages[i * WORDS + 1] = round;
		WAIT_FOR(atomic_load(&outside->written) > then + 1);
		pid = fork();
		CHECK(pid >= 0);
		if (!pid)
			check_moment(round);
		check_exit(pid, 0);
		for (unsigned long i = 0; i < PAGES; i++)
			CHECK_IS(pages[i * WORDS + 1], round);
	}
	atomic_store(&stop, true);
	CHECK_IS(pthread_join(thread, NULL), 0);
}

static pthread_barrier_t barrier;

#define ADDERS 4u

/* Adds 1 to each page at the same time as the other threads. */
static void *add_to_pages(void *argument)
{
	for (unsigned long round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		for (unsigned long i = 0; i < PAGES; i++)
			atomic_fetch_add((atomic_ulong *)(pages + i * WORDS), 1);
		pthread_barrier_wait(&barrier);
	}
	return argument;
}

/* Pages that are copied by four threads at once are copied once. */
static void copies_are_made_once(void)
{
	pthread_t threads[ADDERS];

	CHECK_IS(pthread_barrier_init(&barrier, NULL, ADDERS + 1), 0);
	start_all(threads, ADDERS, add_to_pages);
	for (unsigned long round = 0; round < rounds; round++) {
		/* The adders add to the copies, or to pages that are new. */
		bool copies = round % 4 == 0;

		if (copies)
			prepare_shared_pages();
		else
			prepare_zero_pages();
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		for (unsigned long i = 0; i < PAGES; i++)
			CHECK_IS(pages[i * WORDS], value_of(old_value, i) + ADDERS);
		CHECK_IS(munmap(pages, PAGES * PAGE), 0);
		if (copies)
			release_pages();
	}
	join_all(threads, ADDERS);
}

#define CHILDREN 2u

/* Forks, and waits for the child, which writes to what it has from its parent. */
static void *fork_often(void *argument)
{
	unsigned long *own = map_pages(PAGES, MAP_PRIVATE), first = (uintptr_t)argument * 100 + 1;

	for (unsigned long round = 0; round < (rounds + 3) / 4; round++) {
		pid_t pid;

		fill_pages(own, first + round);
		pid = fork();
		CHECK(pid >= 0);
		if (!pid) {
			for (unsigned long i = 0; i < PAGES; i++)
				CHECK_IS(own[i * WORDS], first + round + i);
			memset(own, 0xff, PAGES * PAGE);
			_exit((int)(round % 100));
		}
		check_exit(pid, (int)(round % 100));
		for (unsigned long i = 0; i < PAGES; i++)
			CHECK_IS(own[i * WORDS], first + round + i);
	}
	return NULL;
}

static int fork_in_threads(void)
{
	run_threads(2, fork_often);
	return 0;
}

/* Two threads of each of two processes. */
static void forks_at_once(void)
{
	pid_t pids[CHILDREN];

	for (unsigned int i = 0; i < CHILDREN; i++)
		pids[i] = start_child(fork_in_threads);
	for (unsigned int i = 0; i < CHILDREN; i++)
		check_exit(pids[i], 0);
}

/* ---- the end of threads that make no system call ---- */

static void *jump_for_ever(void *argument)
{
	atomic_fetch_add(&outside->sum, 1);
	__asm__ volatile("1: jmp 1b");
	return argument;
}

static void *count_for_ever(void *argument)
{
	for (;;)
		atomic_fetch_add(&outside->written, 1);
	return argument;
}

/* Starts siblings that jump, and takes memory that is missed soon if it does not come back. */
static void start_jumping(void)
{
	const unsigned int count = siblings();
	pthread_t threads[MOST];

	memset(map_pages(256, MAP_PRIVATE), 1, 256 * PAGE);
	atomic_store(&outside->sum, 0);
	start_all(threads, count, jump_for_ever);
	WAIT_FOR(atomic_load(&outside->sum) == count);
}

static int exit_among_jumping(void)
{
	start_jumping();
	_exit(21);
}

static int execute_among_jumping(void)
{
	start_jumping();
	execl(self_path(), "cpus", "--status", "22", NULL);
	return 1;
}

static int be_killed(void)
{
	start_jumping();
	CHECK_IS(kill(getpid(), SIGKILL), 0);
	return 1;
}

static int fault_among_jumping(void)
{
	start_jumping();
	__asm__ volatile("ud2");
	return 1;
}

static int wait_to_be_killed(void)
{
	start_jumping();
	atomic_fetch_add(&outside->sum, 1);
	for (;;)
		nap(100000);
	return 1;
}

/*
 * Returns the status of a child whose end, or stop, must come. The caller sleeps, or its own time
 * slices would interrupt the child's threads.
 */
static int soon_status(pid_t pid, int options)
{
	const long end = milliseconds_now() + PATIENCE;
	int status = 0;
	pid_t result;

	while (!(result = waitpid(pid, &status, WNOHANG | options))) {
		CHECK(milliseconds_now() < end);
		nap(1);
	}
	CHECK_IS(result, pid);
	return status;
}

static void jumping_threads_end(void)
{
	static const struct {
		int (*body)(void);
		int status;
	} ways[] = {
		{exit_among_jumping, 21 << 8}, {execute_among_jumping, 22 << 8},
		{be_killed, SIGKILL},          {fault_among_jumping, SIGILL},
		{wait_to_be_killed, SIGKILL},
	};

	outside = (void *)map_pages(1, MAP_SHARED);
	for (unsigned long round = 0; round < (rounds + 3) / 4; round++) {
		size_t way = round % ARRAY_SIZE(ways);
		pid_t pid;

		atomic_store(&outside->sum, 0);
		pid = start_child(ways[way].body);
		if (ways[way].body == wait_to_be_killed) {
			WAIT_FOR(atomic_load(&outside->sum) == siblings() + 1);
			CHECK_IS(kill(pid, SIGKILL), 0);
		}
		CHECK_IS(soon_status(pid, 0) & ~0x80, ways[way].status); /* no matter if it dumps */
	}
}

static int count_in_threads(void)
{
	run_threads(siblings(), count_for_ever);
	return 0;
}

/* A process that is stopped stands still at once, and counts again when it is continued. */
static void counting_threads_stop(void)
{
	pid_t pid;

	outside = (void *)map_pages(1, MAP_SHARED);
	pid = start_child(count_in_threads);
	for (unsigned long round = 0; round < (rounds + 4) / 5; round++) {
		unsigned long then = atomic_load(&outside->written);
		int status;

		WAIT_FOR(atomic_load(&outside->written) > then + 1000);
		CHECK_IS(kill(pid, SIGSTOP), 0);
		status = soon_status(pid, WUNTRACED);
		CHECK(WIFSTOPPED(status));
		then = atomic_load(&outside->written);
		nap(2);
		CHECK_IS(atomic_load(&outside->written), then);
		CHECK_IS(kill(pid, SIGCONT), 0);
	}
	CHECK_IS(kill(pid, SIGKILL), 0);
	CHECK_IS(soon_status(pid, 0), SIGKILL);
}

/* ---- one address space ---- */

static atomic_bool disturbing;

/* Maps, protects and unmaps next to the pages that the others touch. */
static void *disturb(void *argument)
{
	unsigned long *own = map_pages(1, MAP_PRIVATE);

	while (atomic_load(&disturbing)) {
		unsigned long *at = pages + PAGES * WORDS;

		map_at(at, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, -1);
		at[0] = at[3 * WORDS] = 7;
		CHECK_IS(mprotect(at, 2 * PAGE, PROT_READ), 0);
		CHECK_IS(at[0], 7);
		CHECK_IS(mprotect(at + 2 * WORDS, PAGE, PROT_NONE), 0);
		CHECK_IS(munmap(at, 4 * PAGE), 0);
		own[0]++;
		CHECK_IS(madvise(own, PAGE, MADV_DONTNEED), 0);
		CHECK_IS(own[0], 0);
	}
	return argument;
}

/* Each thread touches all pages, beginning at another one: all see the same page. */
static void *touch_pages(void *argument)
{
	const unsigned long first = (uintptr_t)argument * 5;

	for (unsigned long round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		for (unsigned long i = 0; i < PAGES; i++) {
			unsigned long *page = pages + (first + i) % PAGES * WORDS;

			atomic_fetch_add((atomic_ulong *)page, 1);
			page[1 + (uintptr_t)argument] = round + 1;
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void faults_at_once(void)
{
	pthread_t threads[ADDERS], disturber;

	CHECK_IS(pthread_barrier_init(&barrier, NULL, ADDERS + 1), 0);
	pages = lonely_place();
	atomic_store(&disturbing, true);
	disturber = start(disturb, 0);
	start_all(threads, ADDERS, touch_pages);
	for (unsigned long round = 0; round < rounds; round++) {
		int kind = round % 2 ? MAP_SHARED : MAP_PRIVATE;

		map_at(pages, PAGES, PROT_READ | PROT_WRITE, kind | MAP_FIXED, -1);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		for (unsigned long i = 0; i < PAGES; i++) {
			CHECK_IS(pages[i * WORDS], ADDERS);
			for (unsigned long j = 0; j < ADDERS; j++)
				CHECK_IS(pages[i * WORDS + 1 + j], round + 1);
		}
		CHECK_IS(munmap(pages, PAGES * PAGE), 0);
	}
	join_all(threads, ADDERS);
	atomic_store(&disturbing, false);
	CHECK_IS(pthread_join(disturber, NULL), 0);
}

#define FILE_VALUE 0x5a5a0000ul

static __thread sigjmp_buf past_end;
static atomic_ulong reads_done;

static void leave_page(int signal, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	CHECK_IS(signal, SIGBUS);
	siglongjmp(past_end, 1);
}

/* Reads a file that is cut: each page has its value, or zeros, or is past the end. */
static void *read_cut_file(void *argument)
{
	const bool shared = (uintptr_t)argument % 2;
	unsigned long *view = map_at(NULL, PAGES, PROT_READ | PROT_WRITE,
				     shared ? MAP_SHARED : MAP_PRIVATE, file);

	while (!atomic_load(&stop)) {
		for (volatile unsigned long i = 0; i < PAGES; i++) {
			unsigned long value;

			if (sigsetjmp(past_end, 1))
				continue;
			value = *(volatile unsigned long *)(view + i * WORDS);
			CHECK(!value || value == FILE_VALUE + i);
			if (!shared && i % 4 == 0)
				view[i * WORDS + 8] = i;
			value = *(volatile unsigned long *)(view + i * WORDS + 8);
			CHECK(!value || value == i);
		}
		atomic_fetch_add(&reads_done, 1);
	}
	return NULL;
}

static void files_are_cut(void)
{
	pthread_t threads[4];

	handle(SIGBUS, leave_page);
	file = open_file(PAGES, FILE_VALUE);
	start_all(threads, 4, read_cut_file);
	for (unsigned long round = 0; round < rounds; round++) {
		unsigned long then = atomic_load(&reads_done), *bait;

		CHECK_IS(ftruncate(file, (long)(round % PAGES * PAGE + round % 3 * 16)), 0);
		bait = lay_bait(round);
		for (unsigned long i = 0; i < PAGES; i++) {
			unsigned long value = FILE_VALUE + i;

			CHECK_IS(pwrite(file, &value, sizeof(value), (long)(i * PAGE)),
				 sizeof(value));
		}
		check_bait(bait, round);
		WAIT_FOR(atomic_load(&reads_done) != then);
	}
	atomic_store(&stop, true);
	join_all(threads, 4);
	close_file();
}

/* ---- wake-ups ---- */

/* Rings of threads that hand on a token. Thread i of a ring waits for it at place i. */
static unsigned int ring_size;
static unsigned long ring_turns;
static _Alignas(64) atomic_uint tokens[MOST];
static int pipes[MOST][2];

static void futex_wait(atomic_uint *word, unsigned int value)
{
	const struct timespec limit = {PATIENCE / 1000, 0};
	long result = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &limit, NULL, 0);

	/* A lost wake-up is a wait that times out. */
	CHECK(!result || errno == EAGAIN);
}

static void *pass_by_futex(void *argument)
{
	const unsigned int place = (unsigned int)(uintptr_t)argument;
	atomic_uint *next = &tokens[(place + 1) % ring_size];

	for (unsigned int turn = 1; turn <= ring_turns; turn++) {
		while (atomic_load(&tokens[place]) != turn)
			futex_wait(&tokens[place], turn - 1);
		atomic_store(next, place + 1 < ring_size ? turn : turn + 1);
		syscall(SYS_futex, next, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void no_futex_wake_is_lost(void)
{
	static const unsigned int sizes[] = {2, 3, 8};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ring_size = sizes[i];
		ring_turns = rounds * 20 / ring_size;
		memset(tokens, 0, sizeof(tokens));
		atomic_store(&tokens[0], 1);
		run_threads(ring_size, pass_by_futex);
	}
}

static void *answer_for_ever(void *argument)
{
	const unsigned int place = (unsigned int)(uintptr_t)argument;

	for (unsigned int turn = 1; turn <= ring_turns; turn++) {
		while (atomic_load(&tokens[place]) != turn)
			futex_wait(&tokens[place], turn - 1);
		atomic_store(&answers[place], turn);
	}
	return NULL;
}

/* Threads that are woken must find a processor although the one that wakes them goes on. */
static void woken_threads_find_a_processor(void)
{
	const unsigned int count = siblings();
	pthread_t threads[MOST];

	ring_turns = rounds * 4;
	start_all(threads, count, answer_for_ever);
	for (unsigned int turn = 1; turn <= ring_turns; turn++) {
		const long end = milliseconds_now() + PATIENCE;

		for (unsigned int i = 0; i < count; i++) {
			atomic_store(&tokens[i], turn);
			syscall(SYS_futex, &tokens[i], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		}
		/* No system calls here: they would give a processor away. */
		for (unsigned int i = 0; i < count; i++) {
			while (atomic_load(&answers[i]) != turn)
				relax();
		}
		CHECK(milliseconds_now() < end);
	}
	join_all(threads, count);
}

/* Even places poll first. */
static void *pass_by_pipe(void *argument)
{
	const unsigned int place = (unsigned int)(uintptr_t)argument;
	const int from = pipes[place][0], to = pipes[(place + 1) % ring_size][1];
	struct pollfd wanted = {.fd = from, .events = POLLIN};
	unsigned int turn;

	for (unsigned int i = 0; i < ring_turns; i++) {
		if (place % 2 == 0)
			CHECK_IS(poll(&wanted, 1, PATIENCE), 1);
		CHECK_IS(read(from, &turn, sizeof(turn)), sizeof(turn));
		CHECK_IS(turn, i);
		turn += place + 1 == ring_size;
		CHECK_IS(write(to, &turn, sizeof(turn)), sizeof(turn));
	}
	return NULL;
}

static void no_pipe_wake_is_lost(void)
{
	static const unsigned int sizes[] = {2, 5};
	unsigned int turn = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ring_size = sizes[i];
		ring_turns = rounds * 10 / ring_size;
		for (unsigned int place = 0; place < ring_size; place++)
			CHECK_IS(pipe(pipes[place]), 0);
		turn = 0;
		CHECK_IS(write(pipes[0][1], &turn, sizeof(turn)), sizeof(turn));
		run_threads(ring_size, pass_by_pipe);
		CHECK_IS(read(pipes[0][0], &turn, sizeof(turn)), sizeof(turn));
		CHECK_IS(turn, ring_turns);
		for (unsigned int place = 0; place < ring_size; place++) {
			close(pipes[place][0]);
			close(pipes[place][1]);
		}
	}
}

/* ---- the clock, signals, registers ---- */

static atomic_long latest;

static void *read_clock(void *argument)
{
	for (unsigned long i = 0; i < rounds * 100; i++) {
		long before = atomic_load(&latest), now;
		struct timespec time;

		clock_gettime(CLOCK_MONOTONIC, &time);
		now = time.tv_sec * 1000000000 + time.tv_nsec;
		CHECK(now >= before);
		while (before < now && !atomic_compare_exchange_weak(&latest, &before, now))
			;
	}
	return argument;
}

static void clock_never_goes_back(void)
{
	run_threads(4, read_clock);
}

static atomic_ulong signals[MOST];
static atomic_long thread_ids[MOST];

static void count_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	atomic_fetch_add(&signals[own_number], 1);
}

static void *take_signals(void *argument)
{
	own_number = (uintptr_t)argument;
	atomic_store(&thread_ids[own_number], syscall(SYS_gettid));
	while (!atomic_load(&stop))
		relax();
	return NULL;
}

/* Each signal interrupts a thread that makes no system call. */
static void signals_reach_running_threads(void)
{
	const unsigned int count = siblings();
	pthread_t threads[MOST];

	handle(SIGUSR1, count_signal);
	start_all(threads, count, take_signals);
	for (unsigned int i = 0; i < count; i++)
		WAIT_FOR(atomic_load(&thread_ids[i]));
	for (unsigned long round = 1; round <= rounds * 4; round++) {
		for (unsigned int i = 0; i < count; i++)
			CHECK_IS(syscall(SYS_tgkill, getpid(), thread_ids[i], SIGUSR1), 0);
		for (unsigned int i = 0; i < count; i++) {
			WAIT_FOR(atomic_load(&signals[i]) >= round);
			CHECK_IS(atomic_load(&signals[i]), round);
		}
	}
	atomic_store(&stop, true);
	join_all(threads, count);
}

/* Loads all SSE registers, yields, and stores them. */
static void yield_with(const unsigned char (*in)[16], unsigned char (*out)[16], unsigned long spin)
{
	long call = SYS_sched_yield;

#define EACH(what)                                                                               \
	what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) \
		what(11) what(12) what(13) what(14) what(15)
#define LOAD(n)  "movdqu " #n "*16(%[in]), %%xmm" #n "\n\t"
#define STORE(n) "movdqu %%xmm" #n ", " #n "*16(%[out])\n\t"
	__asm__ volatile(EACH(LOAD) "syscall\n\t"
				    "1: dec %[spin]\n\t"
				    "jnz 1b\n\t" EACH(STORE)
			 : "+a"(call), [spin] "+r"(spin)
			 : [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			   "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15");
}

static void *keep_registers(void *argument)
{
	unsigned char in[16][16], out[16][16];

	for (unsigned int i = 0; i < sizeof(in); i++)
		in[i / 16][i % 16] = (unsigned char)(i * 7 + (uintptr_t)argument * 31);
	for (unsigned long round = 0; round < rounds * 2; round++) {
		memset(out, 0, sizeof(out));
		yield_with((const unsigned char(*)[16])in, out, 1 + round % 50 * 100);
		CHECK(!memcmp(in, out, sizeof(in)));
	}
	return NULL;
}

/* More threads than processors, so each is continued on another now and then. */
static void registers_move_along(void)
{
	run_threads(MOST, keep_registers);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(threads_run_at_once),
		CHECK_TEST(writes_end_when_read_only),
		CHECK_TEST(writes_end_when_inaccessible),
		CHECK_TEST(writes_end_when_unmapped),
		CHECK_TEST(writes_end_when_covered),
		CHECK_TEST(writes_end_when_moved),
		CHECK_TEST(reads_see_first_writes),
		CHECK_TEST(reads_see_copies),
		CHECK_TEST(reads_see_copies_of_a_file),
		CHECK_TEST(reads_see_discarded_pages),
		CHECK_TEST(reads_see_replaced_pages),
		CHECK_TEST(reads_see_moved_pages),
		CHECK_TEST(forks_are_moments),
		CHECK_TEST(copies_are_made_once),
		CHECK_TEST(forks_at_once),
		CHECK_TEST(jumping_threads_end),
		CHECK_TEST(counting_threads_stop),
		CHECK_TEST(faults_at_once),
		CHECK_TEST(files_are_cut),
		CHECK_TEST(no_futex_wake_is_lost),
		CHECK_TEST(woken_threads_find_a_processor),
		CHECK_TEST(no_pipe_wake_is_lost),
		CHECK_TEST(clock_never_goes_back),
		CHECK_TEST(signals_reach_running_threads),
		CHECK_TEST(registers_move_along),
	};
	const char *only = NULL;

	if (argc == 3 && !strcmp(argv[1], "--status"))
		return atoi(argv[2]);
	for (int i = 1; i < argc; i++) {
		if (strtoul(argv[i], NULL, 10))
			rounds = strtoul(argv[i], NULL, 10);
		else
			only = argv[i];
	}
	return check_run("cpus", tests, ARRAY_SIZE(tests), only);
}
