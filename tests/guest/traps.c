// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exceptions: each arrives, with its own number, and the kernel goes on.
 *
 * The stubs differ in whether the processor pushes an error code; if one of them is
 * wrong every register of the frame is off by one, so the tests look at the frame and not only at
 * the number.
 */
#include <arch/cpu.h>
#include <arch/traps.h>
#include <kernel/lib/layout.h>
#include <kernel/selftest/selftest.h>
#include <mm/kernel/image.h>

SUITE(traps, "exceptions, and the exception table");

/*
 * Runs the instruction; what it raised is in "recovery". A macro, since fault_catch() returns into
 * the function that called it. The address of the instruction itself is noted first.
 */
#define RAISE(recovery, address, instruction)                                               \
	({                                                                                  \
		struct cpu *cpu_ = this_cpu();                                              \
		struct recovery *outer_ = cpu_->on_fault;                                   \
		int how_ = fault_catch(&(recovery));                                        \
		if (how_ == 0) {                                                            \
			cpu_->on_fault = &(recovery);                                       \
			__asm__ volatile(                                                   \
				"leaq 1f(%%rip), %%rax\n\tmovq %%rax, %0\n1:\t" instruction \
				: "=m"(address)                                             \
				:                                                           \
				: "rax", "rdx", "memory");                                  \
		}                                                                           \
		cpu_->on_fault = outer_;                                                    \
		how_;                                                                       \
	})

static void expect_frame(const struct recovery *recovery, uintptr_t rip, uint64_t vector,
			 uint64_t error)
{
	const struct regs *regs = &recovery->fault;

	EXPECT_EQ(regs->vector, vector);
	EXPECT_EQ(regs->error, error);
	EXPECT_EQ(regs->rip, rip);
	EXPECT_GE(regs->rsp, (uintptr_t)boot_stack);
	EXPECT_LT(regs->rsp, (uintptr_t)boot_stack_top);
	EXPECT_EQ(regs->rflags & 0x200, 0x200); /* events were being delivered */
}

TEST(traps, divide_error)
{
	struct recovery recovery;
	static uintptr_t rip;

	REQUIRE_EQ(RAISE(recovery, rip, "xorl %%edx, %%edx; 2: divl %%edx"), 2);
	expect_frame(&recovery, rip + 2, TRAP_DIVIDE, 0);
}

TEST(traps, invalid_opcode)
{
	struct recovery recovery;
	static uintptr_t rip;

	REQUIRE_EQ(RAISE(recovery, rip, "ud2"), 2);
	expect_frame(&recovery, rip, TRAP_INVALID_OPCODE, 0);
}

TEST(traps, breakpoint)
{
	struct recovery recovery;
	static uintptr_t rip;

	REQUIRE_EQ(RAISE(recovery, rip, "int3"), 2);
	expect_frame(&recovery, rip + 1, TRAP_BREAKPOINT, 0);
}

TEST(traps, general_protection)
{
	struct recovery recovery;
	static uintptr_t rip;

	/* A non-canonical address is no page fault: there is no page it could be about. */
	REQUIRE_EQ(RAISE(recovery, rip, "movabsq $0x8000000000000000, %%rdx; movq (%%rdx), %%rdx"),
		   2);
	expect_frame(&recovery, rip + 10, TRAP_GENERAL_PROTECTION, 0);
}

TEST(traps, page_fault)
{
	struct recovery recovery;
	static uintptr_t rip;

	/* Error code 2, or 6 in ring 3, where a PV kernel runs: a write to a page not present. */
	REQUIRE_EQ(RAISE(recovery, rip, "movl $0xabc0, %%edx; movq %%rdx, (%%rdx)"), 2);
	EXPECT_EQ(recovery.fault.vector, TRAP_PAGE_FAULT);
	EXPECT_EQ(recovery.fault.error & 3, 2);
	EXPECT_EQ(recovery.fault.rip, rip + 5);
	EXPECT_EQ(recovery.fault_address, 0xabc0);
}

TEST(traps, software_interrupt)
{
	struct recovery recovery;
	static uintptr_t rip;

	/*
	 * 0x80 has a gate of its own in Xen. Any other number comes as a general protection fault
	 * that Xen decodes from the error code, which QEMU's emulation gets wrong.
	 */
	REQUIRE_EQ(RAISE(recovery, rip, "int $0x80"), 2);
	expect_frame(&recovery, rip + 2, 0x80, 0);
}

TEST(traps, probes_survive_any_address)
{
	static uint64_t word;
	uint64_t value = 0;

	word = 42; /* for the second run too */
	EXPECT(probe_read((uintptr_t)&word, &value));
	EXPECT_EQ(value, 42);
	EXPECT(probe_write((uintptr_t)&word, 43));
	EXPECT_EQ(word, 43);
	EXPECT(!probe_read(0x1000, &value));
	EXPECT(!probe_read(0x8000000000000000, &value));
	EXPECT(!probe_read(XEN_VIRT_END - 8, &value));
	EXPECT(!probe_read(UINTPTR_MAX - 7, &value));
	EXPECT_EQ(value, 42);
}

static NOINLINE void clobber(void)
{
	__asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15");
}

TEST(traps, fault_catch_preserves_registers)
{
	struct recovery recovery;
	volatile int times = 0;
	int how = fault_catch(&recovery);

	times = times + 1;
	if (how == 0) {
		clobber();
		recovery_jump(&recovery);
	}
	EXPECT_EQ(how, 1);
	EXPECT_EQ(times, 2);
}
