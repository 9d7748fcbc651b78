// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks taking turns: by yielding in the kernel, by a timer in programs; sleeping and waking;
 * stacks with guards; floating-point registers of each task's own.
 */
#include <arch/kernel_lock.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <kernel/selftest/selftest.h>
#include <kernel/task/task.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/stacks.h>
#include <mm/user/copy.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>

SUITE(tasks, "tasks, turns, sleeping, kernel stacks");

static WAIT_QUEUE(ended);
static unsigned int running, order[64], steps;

static void wait_for_all(void)
{
	bool events = events_mask();

	while (running)
		task_sleep(&ended);
	events_restore(events);
}

static void finish(void)
{
	running--;
	task_end(&ended);
}

static void note_turns(void *number)
{
	for (unsigned int i = 0; i < 5; i++) {
		order[steps++] = (unsigned int)(uintptr_t)number;
		task_yield();
	}
	finish();
}

TEST(tasks, turns_go_round)
{
	struct task *task[4];

	steps = 0;
	running = 4;
	for (uintptr_t i = 0; i < 4; i++) {
		task[i] = task_create_on(this_cpu(), note_turns, (void *)i);
		REQUIRE(task[i]);
	}
	wait_for_all();
	REQUIRE_EQ(steps, 20);
	for (unsigned int i = 0; i < 20; i++)
		EXPECT_EQ(order[i], i % 4);
}

static WAIT_QUEUE(ball);
static unsigned int turn_of, passes;

static void play(void *me)
{
	bool events = events_mask();

	while (passes < 100) {
		while (turn_of != (uintptr_t)me && passes < 100)
			task_sleep(&ball);
		turn_of = !turn_of;
		passes++;
		task_wake_all(&ball);
	}
	events_restore(events);
	finish();
}

TEST(tasks, sleeping_and_waking)
{
	struct task *a, *b;

	turn_of = passes = 0;
	running = 2;
	a = task_create(play, (void *)0, NULL);
	b = task_create(play, (void *)1, NULL);
	REQUIRE(a && b);
	wait_for_all();
	EXPECT_GE(passes, 100);
}

static WAIT_QUEUE(alarm);
static bool rung;

static void ring(struct timer *timer)
{
	(void)timer;
	rung = true;
	task_wake_all(&alarm);
}

/* With nobody to run, the processor waits; an event handler wakes a task. */
TEST(tasks, woken_by_an_event)
{
	static struct timer timer;
	bool events = events_mask();

	rung = false;
	timer_arm(&timer, time_system() + NS_PER_MS, ring);
	while (!rung)
		task_sleep(&alarm);
	events_restore(events);
	EXPECT(rung);
}

TEST(tasks, stacks_have_guards_and_come_back)
{
	uint64_t free, value;
	uintptr_t a = stack_alloc(), b; /* the window's tables are there from now on */

	REQUIRE(a);
	stack_free(a);
	free = frames_free_count();
	a = stack_alloc();
	b = stack_alloc();
	REQUIRE(a && b && a != b);
	/* And a table, where a large page of the direct map is split for them. */
	EXPECT_GE(free - frames_free_count(), 2 * KERNEL_STACK_SIZE / PAGE_SIZE);
	EXPECT(probe_write(a - 8, 1) && probe_write(a - KERNEL_STACK_SIZE, 2));
	EXPECT(!probe_write(a - KERNEL_STACK_SIZE - 8, 3));
	EXPECT(!probe_read(a, &value)); /* the guard of the next */
	stack_free(b);
	stack_free(a);
	EXPECT(!probe_write(a - 8, 1));
	EXPECT_EQ(frames_free_count(), free);
}

/* ---- programs ---- */

#define CODE 0x400000ul

/*
 * Counts in memory for ever, with the same number in a general and a vector register; if one of
 * them is not what it was, an invalid instruction.
 */
extern const char counting_code[], counting_end[];
__asm__(".pushsection .rodata\n"
	"counting_code: movq %rdi, %xmm5\n"
	"1: movq %xmm5, %rax; cmpq %rdi, %rax; jne 2f\n"
	"incq 0x500000; jmp 1b\n"
	"2: ud2\n"
	"counting_end: .popsection");

struct program {
	struct space *space;
	struct task *task;
	uint64_t number, wrong, turns;
	bool stop;
};

static void run_program(void *argument)
{
	struct program *program = argument;
	struct regs *regs = task_regs(task_current());

	user_init(regs, CODE, 0);
	regs->rdi = program->number;
	while (!program->stop && !program->wrong) {
		uint64_t vector;

		task_yield_if_due();
		kernel_leave();
		vector = user_run(regs);
		kernel_enter();
		if (vector == TRAP_PAGE_FAULT)
			program->wrong += fault_resolve(program->space, trap_fault_address(),
							regs->error & 2 ? SPACE_WRITE
									: SPACE_READ) != FAULT_DONE;
		else if (vector == TRAP_INVALID_OPCODE)
			program->wrong++;
		program->turns++;
		task_yield_if_due();
	}
	finish();
}

static bool make_program(struct program *program, uint64_t number)
{
	struct mapping code = {.address = CODE,
			       .length = PAGE_SIZE,
			       .rights = SPACE_READ | SPACE_WRITE | SPACE_EXECUTE,
			       .fixed = true};
	struct mapping data = code;

	*program = (struct program){.number = number, .space = space_create()};
	data.address = 0x500000;
	data.rights = SPACE_READ | SPACE_WRITE;
	if (!program->space || map_add(program->space, &code) < 0 ||
	    map_add(program->space, &data) < 0 ||
	    !copy_to_space(program->space, CODE, counting_code,
			   (uint64_t)(counting_end - counting_code)))
		return false;
	mm_activate(&program->space->mm);
	program->task = task_create(run_program, program, program->space);
	return program->task;
}

/* Returns true if a program has counted, through several interruptions. */
static bool gets_on(const struct program *program)
{
	uint64_t counted = 0;

	copy_from_space(program->space, 0x500000, &counted, 8);
	return program->turns >= 3 && counted >= 1000;
}

/* Each counts in a memory of its own, none gives the processor up, and all get on. */
TEST(tasks, programs_share_the_processor)
{
	static struct program programs[3];
	uint64_t free = frames_free_count(), deadline = time_system() + 60 * NS_PER_S;

	running = ARRAY_SIZE(programs);
	for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++)
		REQUIRE(make_program(&programs[i], 0x1111111111111111 * (i + 1)));
	for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++) {
		while (!gets_on(&programs[i]) && time_system() < deadline) {
			task_wake(programs[i].task); /* interrupts it on another CPU */
			events_mask();
			task_sleep_until(&alarm, time_system() + NS_PER_MS);
			events_restore(true);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++) {
		programs[i].stop = true;
		task_wake(programs[i].task);
	}
	wait_for_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++) {
		EXPECT_EQ(programs[i].wrong, 0);
		EXPECT(gets_on(&programs[i]));
		space_put(programs[i].space);
	}
	EXPECT_EQ(frames_free_count(), free);
}
