// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of system calls, made from include/kernel/syscall/calls.def, and the making of a call.
 * A number that is not in the table is ENOSYS, which C libraries handle.
 */
#include <arch/kernel_lock.h>
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/process/exec.h>
#include <kernel/process/futex.h>
#include <kernel/process/oom.h>
#include <kernel/syscall/table.h>
#include <mm/user/map.h>

/*
 * A function for each call, which takes the arguments from the registers of the 64-bit interface.
 */
#define CALL(number, name, expression, ...)                                          \
	static long call_##name(const struct regs *regs)                             \
	{                                                                            \
		uint64_t a = regs->rdi, b = regs->rsi, c = regs->rdx, d = regs->r10; \
		uint64_t e = regs->r8, f = regs->r9;                                 \
                                                                                     \
		(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;                \
		return expression;                                                   \
	}
#define CALL_32(number, number_32, ...) CALL(number, __VA_ARGS__)
#include <kernel/syscall/calls.def>

#define CALL(number, name, expression, ...) [number] = {#name, call_##name, {__VA_ARGS__}},
#define CALL_32(number, number_32, ...)     CALL(number, __VA_ARGS__)
static const struct syscall table[] = {
#include <kernel/syscall/calls.def>
};

/* Indexed by the number of "int $0x80": the place in the table plus 1; 0: there is no such call. */
#define CALL(...)
#define CALL_32(number, number_32, ...) [number_32] = (number) + 1,
static const uint16_t place_of_32[] = {
#include <kernel/syscall/calls.def>
};

const struct syscall *syscall_find(uint64_t number)
{
	return number < ARRAY_SIZE(table) && table[number].make ? &table[number] : NULL;
}

/*
 * The calls that are about the caller's address space alone. mm/user has locks of its own, so they
 * run without the kernel lock, beside whatever other CPUs do.
 */
static const uint64_t unlocked = 1ull << SYS_mmap | 1ull << SYS_mprotect | 1ull << SYS_munmap |
				 1ull << SYS_brk | 1ull << SYS_mremap | 1ull << SYS_madvise;
_Static_assert(SYS_madvise < 64, "their numbers are bits");

/*
 * Makes a call, and makes it again if it failed for lack of memory and a larger process was ended.
 */
static long make(uint64_t number, const struct regs *arguments)
{
	const struct syscall *call = syscall_find(number);
	long result;

	if (unlikely(!call))
		return -ENOSYS;
	if (number < 64 && unlocked >> number & 1) {
		do
			result = call->make(arguments);
		while (unlikely(result == -ENOMEM) && oom_try_again_unlocked());
		return result;
	}
	kernel_enter();
	do
		result = call->make(arguments);
	while (unlikely(result == -ENOMEM) && number != SYS_rt_sigreturn && oom_try_again());
	kernel_leave();
	return result;
}

static void answer(struct thread *thread, struct regs *regs, uint64_t number, long result)
{
	regs->rax = (uint64_t)result;
	thread->call = -1;
	if (likely(result != -ERESTART && result != -ERESTART_UNLESS_HANDLED))
		thread->sleep_until = 0;
	else
		thread->call = (int64_t)number;
}

void syscall_make(struct thread *thread, struct regs *regs)
{
	uint64_t number = regs->rax;

	answer(thread, regs, number, make(number, regs));
	/* The restored rax may look like an error, but is none. */
	if (unlikely(number == SYS_rt_sigreturn))
		thread->call = -1;
}

void syscall_widen(const struct regs *regs, struct regs *wide)
{
	uint32_t number = (uint32_t)regs->rax;
	uint64_t place = number < ARRAY_SIZE(place_of_32) ? place_of_32[number] : 0;

	wide->rax = place - 1;
	wide->rdi = (uint32_t)regs->rbx;
	wide->rsi = (uint32_t)regs->rcx;
	wide->rdx = (uint32_t)regs->rdx;
	wide->r10 = (uint32_t)regs->rsi;
	wide->r8 = (uint32_t)regs->rdi;
	wide->r9 = (uint32_t)regs->rbp;
}

void syscall_make_32(struct thread *thread, struct regs *regs)
{
	struct regs wide;

	syscall_widen(regs, &wide);
	answer(thread, regs, (uint32_t)regs->rax, make(wide.rax, &wide));
}
