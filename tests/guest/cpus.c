// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several CPUs at once, in the kernel: requests between them, locks, address spaces that one CPU
 * changes while others use them, kernel stacks and frames, CPUs that go down and come up.
 *
 * A test has every CPU run the same function at the same time, without the kernel lock: a task is
 * bound to each CPU, and they begin together. A missing flush shows as a word that is not what was
 * written last, a missing barrier or lock as a wrong sum, and a root that is unpinned while a CPU
 * has it loaded as a refusal by Xen, which is a panic.
 */
#include <arch/ipi.h>
#include <arch/kernel_lock.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <arch/wait.h>
#include <kernel/lib/string.h>
#include <kernel/selftest/selftest.h>
#include <kernel/task/cpus.h>
#include <kernel/task/task.h>
#include <mm/frame/frames.h>
#include <mm/kernel/stacks.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/xen/pin.h>

SUITE_THAT(NEEDS_SEVERAL_CPUS, cpus,
	   "several CPUs: requests, locks, flushes, leaving, down and up");

/* ---- at once ---- */

static WAIT_QUEUE(finished);

static struct {
	void (*work)(void);
	unsigned int wanted, arrived, left;
} together;

/* Waits until as many CPUs have come here as take part. Events are masked. */
static void meet(unsigned int *arrived)
{
	struct waiting waiting = {.for_what = "the other CPUs of a test"};

	__atomic_fetch_add(arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(arrived, __ATOMIC_ACQUIRE) < together.wanted)
		wait_a_moment(&waiting);
}

static void take_part(void)
{
	kernel_leave();
	meet(&together.arrived);
	together.work();
	kernel_enter();
	together.left++;
}

static void join_in(void *unused)
{
	(void)unused;
	take_part();
	task_end(&finished);
}

/* Runs a function on every CPU at the same time, and returns when all have returned. */
static void on_every_cpu(void (*work)(void))
{
	cpu_set_t others = cpus_online & ~cpu_set_of(this_cpu());
	struct cpu *cpu;

	together.work = work;
	together.wanted = cpu_set_count(others) + 1;
	together.arrived = together.left = 0;
	while ((cpu = cpu_set_take(&others)))
		REQUIRE(task_create_on(cpu, join_in, NULL));
	take_part();
	events_mask();
	while (together.left < together.wanted)
		task_sleep(&finished);
	events_restore(true);
}

/* Returns each CPU's share of a number of rounds: a test takes as long with 40 CPUs as with 4. */
static unsigned int share(unsigned int rounds)
{
	return MAX(rounds / together.wanted, 2u);
}

/* ---- requests ---- */

static uint64_t ran[CPU_MAX];

static void count_run(void *unused)
{
	(void)unused;
	ran[this_cpu()->number]++;
}

TEST(cpus, a_request_reaches_those_that_it_names)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		uint64_t before[CPU_MAX];

		for (unsigned int j = 0; j < cpu_count; j++)
			before[j] = ran[j];
		cpu_call(cpu_set_of(cpus[i]), count_run, NULL);
		for (unsigned int j = 0; j < cpu_count; j++)
			EXPECT_EQ(ran[j] - before[j], j == i && cpu_is_online(cpus[i]));
	}
}

static uint64_t asked;

static void note_asked(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED);
}

static void ask_all(void)
{
	for (unsigned int i = 0; i < share(800); i++)
		cpu_call(cpus_online, note_asked, NULL);
}

/* All CPUs ask all others, again and again: each must serve while it waits. */
TEST(cpus, all_ask_all)
{
	asked = 0;
	on_every_cpu(ask_all);
	EXPECT_EQ(asked, (uint64_t)share(800) * together.wanted * together.wanted);
}

static struct spinlock shared = SPINLOCK(LOCK_STACKS);
static uint64_t sum;

static void add_under_the_lock(void)
{
	for (unsigned int i = 0; i < share(8000); i++) {
		bool events = spin_lock(&shared);

		sum++;
		/* A CPU that waits for the lock, with its events masked, must answer. */
		if (i % 64 == 0)
			cpu_call(cpus_online, note_asked, NULL);
		spin_unlock(&shared, events);
	}
}

TEST(cpus, a_holder_of_a_lock_asks_those_that_wait_for_it)
{
	sum = 0;
	on_every_cpu(add_under_the_lock);
	EXPECT_EQ(sum, (uint64_t)share(8000) * together.wanted);
}

static uint64_t backwards;

static void watch_the_clock(void)
{
	static uint64_t latest;

	for (unsigned int i = 0; i < share(80000); i++) {
		uint64_t before = __atomic_load_n(&latest, __ATOMIC_ACQUIRE), now = time_system();

		if (now < before)
			__atomic_fetch_add(&backwards, 1, __ATOMIC_RELAXED);
		__atomic_compare_exchange_n(&latest, &before, now, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	}
}

TEST(cpus, the_clock_is_the_same_for_all)
{
	backwards = 0;
	on_every_cpu(watch_the_clock);
	EXPECT_EQ(backwards, 0);
}

/* ---- memory ---- */

static uint64_t wrong;

static void note_wrong(bool is_wrong)
{
	if (is_wrong)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

/*
 * The addresses of stacks are used again at once, by other frames, on other CPUs. A translation
 * that one of them has kept would show the old frame.
 */
static void use_stacks(void)
{
	uint64_t mark = this_cpu()->number * 1000000ul;

	for (unsigned int i = 0; i < share(240); i++) {
		uintptr_t top = stack_alloc();
		uint64_t value;

		if (!top)
			continue;
		for (unsigned int page = 1; page <= KERNEL_STACK_SIZE / PAGE_SIZE; page++)
			note_wrong(!probe_write(top - page * PAGE_SIZE, mark + i + page));
		for (unsigned int page = 1; page <= KERNEL_STACK_SIZE / PAGE_SIZE; page++)
			note_wrong(!probe_read(top - page * PAGE_SIZE, &value) ||
				   value != mark + i + page);
		stack_free(top);
	}
}

TEST(cpus, stacks_change_hands)
{
	uintptr_t warm = stack_alloc();
	uint64_t free;

	REQUIRE(warm);
	stack_free(warm);
	free = frames_free_count();
	wrong = 0;
	on_every_cpu(use_stacks);
	EXPECT_EQ(wrong, 0);
	EXPECT_GE(frames_free_count() + 2, free); /* tables of the window stay */
	EXPECT(!frames_check());
}

#define SHARED_PAGE 0x500000ul
#define REPLACED    300u

static struct space *space;
static unsigned int turn;
static unsigned int arrived[2][REPLACED]; /* how many have come to either point of a round */

/* Reads or writes a word of the shared space as a program would: faulting. */
static uint64_t access(uintptr_t address, const uint64_t *value)
{
	uint64_t was = 0;
	unsigned int wanted = value ? SPACE_WRITE : SPACE_READ;

	user_window(true);
	while (value ? !probe_write(address, *value) : !probe_read(address, &was)) {
		if (fault_resolve(space, address, wanted) != FAULT_DONE) {
			was = UINT64_MAX;
			break;
		}
	}
	user_window(false);
	return was;
}

/*
 * One CPU after the other replaces the page at an address, by unmapping and mapping it anew, and
 * writes a number to it; then every CPU must read that number, or 0 before. A translation of an old
 * page would show an older one.
 */
static void replace_and_read(void)
{
	const unsigned int self = __atomic_fetch_add(&turn, 1, __ATOMIC_ACQ_REL);
	struct mapping page = {.address = SHARED_PAGE,
			       .length = PAGE_SIZE,
			       .rights = SPACE_READ | SPACE_WRITE,
			       .fixed = true};

	mm_load(&space->mm);
	for (unsigned int i = 0; i < MIN(share(800), REPLACED); i++) {
		uint64_t number = i + 1;

		if (i % together.wanted == self) {
			note_wrong(map_remove(space, SHARED_PAGE, PAGE_SIZE) != 0);
			note_wrong(map_add(space, &page) < 0);
			access(SHARED_PAGE, &number);
		}
		meet(&arrived[0][i]);
		note_wrong(access(SHARED_PAGE, NULL) != number);
		meet(&arrived[1][i]);
	}
}

static bool make_space(void)
{
	struct mapping page = {.address = SHARED_PAGE,
			       .length = PAGE_SIZE,
			       .rights = SPACE_READ | SPACE_WRITE,
			       .fixed = true};

	space = space_create();
	if (!space || map_add(space, &page) < 0)
		return false;
	mm_activate(&space->mm);
	memset(arrived, 0, sizeof(arrived));
	turn = 0;
	wrong = 0;
	return true;
}

TEST(cpus, a_page_that_is_replaced_is_seen_by_all)
{
	uint64_t free = frames_free_count();

	REQUIRE(make_space());
	on_every_cpu(replace_and_read);
	EXPECT_EQ(wrong, 0);
	/* Every CPU has it loaded still, and must leave it before it is unpinned. */
	EXPECT_EQ(cpu_set_count(mm_cpus(&space->mm)), cpu_set_count(cpus_online));
	space_put(space);
	EXPECT_EQ(frames_free_count(), free);
}

static void load_and_leave_loaded(void)
{
	mm_load(&space->mm);
	access(SHARED_PAGE, NULL);
}

TEST(cpus, every_cpu_leaves_before_the_end)
{
	uint64_t free = frames_free_count();

	for (unsigned int i = 0; i < 20; i++) {
		uint64_t calls = ipi_counters().calls;

		REQUIRE(make_space());
		on_every_cpu(load_and_leave_loaded);
		EXPECT_EQ(mm_cpus(&space->mm), cpus_online);
		calls = ipi_counters().calls;
		space_put(space);
		/* One round of requests, whatever the number of CPUs. */
		EXPECT_GE(ipi_counters().calls - calls, 1);
		EXPECT(kernel_mm.pinned || !machine->xen_tables);
	}
	EXPECT_EQ(frames_free_count(), free);
}

/* Spaces come, are written to, are forked, and end, on every CPU, with mm_pin_all() among them. */
static void live_and_die(void)
{
	for (unsigned int i = 0; i < share(160); i++) {
		struct mapping pages = {.address = SHARED_PAGE,
					.length = 16 * PAGE_SIZE,
					.rights = SPACE_READ | SPACE_WRITE,
					.fixed = true};
		struct space *own, *child = NULL;

		/* As fork() and execve() do, under the kernel lock. */
		kernel_lock();
		own = space_create();
		note_wrong(!own || map_add(own, &pages) < 0);
		if (own && i % 2) {
			fault_resolve(own, SHARED_PAGE, SPACE_WRITE);
			child = space_fork(own);
		}
		if (own)
			mm_activate(&own->mm);
		if (i % 8 == this_cpu()->number % 8) {
			mm_pin_all();
			mm_unpin_all();
		}
		kernel_unlock();
		/* As page faults and the end of a process do, without it. */
		for (unsigned int page = 0; own && page < 16; page++)
			note_wrong(fault_resolve(own, SHARED_PAGE + page * PAGE_SIZE,
						 SPACE_WRITE) != FAULT_DONE);
		if (child)
			space_put(child);
		if (own)
			space_put(own);
	}
}

TEST(cpus, spaces_live_and_die_while_all_are_pinned)
{
	uint64_t free = frames_free_count(), pins = pinned_tables();

	wrong = 0;
	on_every_cpu(live_and_die);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(frames_free_count(), free);
	EXPECT_EQ(pinned_tables(), pins);
	EXPECT(!frames_check());
}

/* ---- down and up ---- */

static bool stop;
static unsigned int busy;
static uint64_t rounds[8];

static void keep_busy(void *number)
{
	while (!stop) {
		rounds[(uintptr_t)number]++;
		task_yield();
	}
	busy--;
	task_end(&finished);
}

TEST(cpus, each_goes_down_and_comes_up)
{
	cpu_set_t all = cpus_online;

	stop = false;
	busy = ARRAY_SIZE(rounds);
	for (uintptr_t i = 0; i < ARRAY_SIZE(rounds); i++)
		REQUIRE(task_create(keep_busy, (void *)i, NULL));
	for (unsigned int number = 1; number < cpu_count; number++) {
		const char *error = cpu_take_down(number);

		EXPECT(!error);
		EXPECT_EQ(cpus_online, all & ~cpu_set_of(cpus[number]));
		EXPECT((uintptr_t)cpus[number]->mm == (uintptr_t)&kernel_mm);
		/* Nobody waits for the answer of one that is down. */
		cpu_call(all, note_asked, NULL);
		EXPECT(cpu_take_down(number) != NULL);
		EXPECT(cpu_take_up(number) == NULL);
		EXPECT_EQ(cpus_online, all);
	}
	EXPECT(cpu_take_down(0) != NULL);
	EXPECT(cpu_take_down(cpu_count) != NULL);
	EXPECT(cpu_take_up(1) != NULL);
	stop = true;
	events_mask();
	while (busy)
		task_sleep(&finished);
	events_restore(true);
	for (unsigned int i = 0; i < ARRAY_SIZE(rounds); i++)
		EXPECT_GE(rounds[i], 1);
}
