// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entering and leaving user mode, with programs of a few instructions: every way in and out, what
 * comes back unchanged, and what a program must not reach.
 */
#include <arch/kernel_lock.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/user.h>
#include <kernel/lib/string.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/user/copy.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/user/space.h>

SUITE(user, "user mode: in and out, registers, isolation");

#define CODE  0x400000ul
#define STACK 0x500000ul

/* A program's code, as text of the kernel's that is copied. */
#define PROGRAM(name, instructions)                                               \
	extern const char name##_code[], name##_end[];                            \
	__asm__(".pushsection .rodata\n" #name "_code:\n" instructions "\n" #name \
		"_end:\n.popsection\n")

struct run {
	const char *code, *end;
	uintptr_t top; /* of the kernel stack that it comes in on */
	struct space *space;
	uint64_t vector;
	struct regs regs;
	uintptr_t address;
	unsigned int faults, events;
	unsigned int calls; /* system calls that are answered by nothing at all */
};

/* Runs it until something comes that is not a fault that memory can cure, nor an event. */
static void run_until_done(void *argument)
{
	struct run *run = argument;
	struct regs *regs = user_regs(run->top);

	*regs = run->regs;
	for (;;) {
		kernel_leave();
		run->vector = user_run(regs);
		run->address = trap_fault_address();
		kernel_enter();
		if (run->vector == TRAP_PAGE_FAULT) {
			unsigned int wanted = regs->error & 16  ? SPACE_EXECUTE
					      : regs->error & 2 ? SPACE_WRITE
								: SPACE_READ;

			run->faults++;
			if (fault_resolve(run->space, run->address, wanted) == FAULT_DONE)
				continue;
		} else if (run->vector != TRAP_EVENT && run->vector < 256 && run->vector > 31 &&
			   run->vector != 0x80) {
			run->events++; /* an interrupt: handled */
			continue;
		} else if (run->vector == TRAP_SYSCALL && run->calls) {
			run->calls--;
			continue;
		} else if (run->vector == TRAP_EVENT) {
			run->events++;
			continue;
		}
		break;
	}
	run->regs = *regs;
}

static void run_on_its_stack(struct run *run)
{
	struct cpu *cpu = this_cpu();
	uintptr_t before = cpu->kernel_stack;
	pfn_t stack = frames_alloc(2);

	REQUIRE(pfn_valid(stack));
	run->top = (uintptr_t)pfn_to_virt(stack) + 4 * PAGE_SIZE;
	user_set_stack(run->top);
	call_on_stack(user_kernel_part(run->top), run_until_done, run);
	if (before)
		user_set_stack(before);
	frames_free(stack);
}

static void map(struct space *space, uintptr_t address, uint64_t pages, unsigned int rights)
{
	struct mapping mapping = {
		.address = address, .length = pages * PAGE_SIZE, .rights = rights, .fixed = true};

	REQUIRE(map_add(space, &mapping) == (long)address);
}

static unsigned int calls_answered;

/* Makes the program, runs it, and takes everything away again. */
static struct run run_program(const char *code, const char *end)
{
	static struct run run;
	uint64_t free = frames_free_count();

	run = (struct run){.code = code, .end = end, .calls = calls_answered};
	run.space = space_create();
	REQUIRE(run.space);
	map(run.space, CODE, 1, SPACE_READ | SPACE_WRITE);
	map(run.space, STACK, 4, SPACE_READ | SPACE_WRITE);
	REQUIRE(copy_to_space(run.space, CODE, code, (uint64_t)(end - code)) ==
		(uint64_t)(end - code));
	REQUIRE(map_protect(run.space, CODE, PAGE_SIZE, SPACE_READ | SPACE_EXECUTE) == 0);
	mm_activate(&run.space->mm);
	mm_load(&run.space->mm);
	user_init(&run.regs, CODE, STACK + 4 * PAGE_SIZE);
	run_on_its_stack(&run);
	space_put(run.space);
	EXPECT_EQ(frames_free_count(), free);
	return run;
}

#define RUN(name) run_program(name##_code, name##_end)

PROGRAM(call, "movl $39, %eax; movl $1, %edi; movl $2, %esi; movl $3, %edx; movl $4, %r10d\n"
	      "movl $5, %r8d; movl $6, %r9d; movl $7, %ebx; movl $8, %r15d; syscall");

TEST(user, a_system_call)
{
	struct run run = RUN(call);

	EXPECT_EQ(run.vector, TRAP_SYSCALL);
	EXPECT_EQ(run.regs.rax, 39);
	EXPECT_EQ(run.regs.rdi, 1);
	EXPECT_EQ(run.regs.rsi, 2);
	EXPECT_EQ(run.regs.rdx, 3);
	EXPECT_EQ(run.regs.r10, 4);
	EXPECT_EQ(run.regs.r8, 5);
	EXPECT_EQ(run.regs.r9, 6);
	EXPECT_EQ(run.regs.rbx, 7);
	EXPECT_EQ(run.regs.r15, 8);
	EXPECT_EQ(run.regs.rip, CODE + (uint64_t)(call_end - call_code));
	EXPECT_EQ(run.regs.rsp, STACK + 4 * PAGE_SIZE);
	EXPECT_EQ(run.regs.cs & 3, 3);
	EXPECT_EQ(run.regs.rflags & 0x200, 0x200);
}

PROGRAM(touch, "movq %rsp, %rbx; pushq $42; subq $0x2000, %rsp; popq %rax; pushq %rax; popq %rcx\n"
	       "movq -8(%rbx), %rdx; int3");

TEST(user, memory_comes_by_faults)
{
	struct run run = RUN(touch);

	EXPECT_EQ(run.vector, TRAP_BREAKPOINT);
	EXPECT_EQ(run.regs.rdx, 42);
	EXPECT_EQ(run.regs.rax, 0);
	EXPECT_GE(run.faults, 2);
}

/* Every flag that a program can set, across a system call: alignment check, nested task, ... */
PROGRAM(flags, "pushfq; orl $0x244cd5, (%rsp); popfq; syscall; movl $5, %ebx; int3");

TEST(user, flags_do_no_harm)
{
	struct run run;

	calls_answered = 1;
	run = RUN(flags);
	calls_answered = 0;
	EXPECT_EQ(run.vector, TRAP_BREAKPOINT);
	EXPECT_EQ(run.regs.rbx, 5);
}

PROGRAM(align, "pushfq; orl $0x40000, (%rsp); popfq; int3");

/* A program's alignment check must not stay set: in the kernel it means something else (SMAP). */
TEST(user, flags_stay_outside)
{
	struct run run = RUN(align);
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	EXPECT_EQ(run.vector, TRAP_BREAKPOINT);
	EXPECT_EQ(run.regs.rflags & 0x40000, 0x40000);
	EXPECT_EQ(flags & 0x40000, 0);
}

PROGRAM(undefined, "nop; ud2");
PROGRAM(privileged, "nop; nop; hlt");
PROGRAM(masking, "cli; nop");
PROGRAM(ports, "inb $0x60, %al");

TEST(user, mistakes_come_back_as_traps)
{
	struct run run = RUN(undefined);

	EXPECT_EQ(run.vector, TRAP_INVALID_OPCODE);
	EXPECT_EQ(run.regs.rip, CODE + 1);
	run = RUN(privileged);
	EXPECT_EQ(run.vector, TRAP_GENERAL_PROTECTION);
	EXPECT_EQ(run.regs.rip, CODE + 2);
	run = RUN(masking);
	EXPECT_EQ(run.vector, TRAP_GENERAL_PROTECTION);
	run = RUN(ports);
	EXPECT_EQ(run.vector, TRAP_GENERAL_PROTECTION);
}

/* The address is put in before the program runs. */
PROGRAM(reading, "movq (%rdi), %rax; int3");
PROGRAM(writing, "movq %rax, (%rdi); int3");
PROGRAM(jumping, "jmp *%rdi");

static struct run run_at(const char *code, const char *end, uintptr_t address)
{
	static char text[64];
	size_t length = (size_t)(end - code);

	/* movabs $address, %rdi */
	text[0] = 0x48;
	text[1] = (char)0xbf;
	memcpy(text + 2, &address, 8);
	memcpy(text + 10, code, length);
	return run_program(text, text + 10 + length);
}

TEST(user, the_kernel_is_out_of_reach)
{
	const uintptr_t secrets[] = {
		(uintptr_t)this_cpu(),
		(uintptr_t)pfn_to_virt(pt_root()),
		(uintptr_t)user_run,
		UINTPTR_MAX - 7,
		0,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct run run = run_at(reading_code, reading_end, secrets[i]);

		EXPECT_EQ(run.vector, TRAP_PAGE_FAULT);
		EXPECT_EQ(run.address, secrets[i]);
		run = run_at(writing_code, writing_end, secrets[i]);
		EXPECT_EQ(run.vector, TRAP_PAGE_FAULT);
		run = run_at(jumping_code, jumping_end, secrets[i]);
		EXPECT_EQ(run.vector, TRAP_PAGE_FAULT);
	}
}

/* Its own code cannot be written, nor its stack executed. */
TEST(user, rights_hold_for_programs)
{
	struct run run = run_at(writing_code, writing_end, CODE);

	EXPECT_EQ(run.vector, TRAP_PAGE_FAULT);
	EXPECT_EQ(run.address, CODE);
	run = run_at(jumping_code, jumping_end, STACK);
	EXPECT_EQ(run.vector, TRAP_PAGE_FAULT);
	EXPECT_EQ(run.address, STACK);
}

/* A loop that nothing but a timer can end; every register is as it was after each interruption. */
PROGRAM(looping, "movl $1, %ebx; movl $2, %ebp; movl $3, %r12d; movl $4, %r11d; movl $5, %ecx\n"
		 "1: cmpl $1, %ebx; jne 2f; cmpl $2, %ebp; jne 2f; cmpl $3, %r12d; jne 2f\n"
		 "cmpl $4, %r11d; jne 2f; cmpl $5, %ecx; jne 2f; cmpl $0, 8(%rsp); je 1b\n"
		 "movl $77, %eax; 2: int3");

static struct space *looping_space;
static struct run looping_run;
static unsigned int ticks;

static void tick(struct timer *timer)
{
	/* On a busy machine many may come while it is the kernel that runs. */
	if (looping_run.events < 10 && ++ticks < 100000) {
		timer_arm(timer, time_system() + NS_PER_MS / 4, tick);
	} else {
		static const uint32_t stop = 1;

		/* By the frame: the space is in use, and this is an event handler. */
		pt_entry_t *entry = mm_entry(&looping_space->mm, STACK, PT_PTE);

		memcpy((char *)pfn_to_virt(entry_page(*entry)) + 8, &stop, sizeof(stop));
	}
}

TEST(user, events_interrupt_a_program)
{
	static struct timer timer;
	struct run *run = &looping_run;

	*run = (struct run){.code = looping_code};
	run->space = looping_space = space_create();
	REQUIRE(run->space);
	map(run->space, CODE, 1, SPACE_READ | SPACE_WRITE);
	map(run->space, STACK, 1, SPACE_READ | SPACE_WRITE);
	copy_to_space(run->space, CODE, looping_code, (uint64_t)(looping_end - looping_code));
	copy_to_space(run->space, STACK, NULL, PAGE_SIZE);
	REQUIRE(map_protect(run->space, CODE, PAGE_SIZE, SPACE_READ | SPACE_EXECUTE) == 0);
	mm_activate(&run->space->mm);
	mm_load(&run->space->mm);
	user_init(&run->regs, CODE, STACK);
	ticks = 0;
	timer_arm(&timer, time_system() + NS_PER_MS / 4, tick);
	run_on_its_stack(run);
	EXPECT_EQ(run->vector, TRAP_BREAKPOINT);
	EXPECT_EQ(run->regs.rax, 77);
	EXPECT_GE(run->events, 10);
	space_put(run->space);
}

PROGRAM(thread, "movq %fs:16, %rax; int3");

TEST(user, the_thread_pointer)
{
	struct run run;

	machine->set_thread_pointer(CODE - 16 + 10);
	run = RUN(thread);
	machine->set_thread_pointer(0);
	EXPECT_EQ(run.vector, TRAP_BREAKPOINT);
	/* What lies ten bytes into its code: the end of this very program, and zeros. */
	EXPECT_EQ(run.regs.rax, 0);
}
