/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a program until it needs the kernel.
 *
 * To the kernel that is a function call: user_run() lets the program go on with these registers,
 * and returns when it has made a system call, faulted, or been interrupted. So what a process does
 * in the kernel is an ordinary loop, on its own kernel stack; no code has to be written for "in the
 * middle of a trap".
 *
 * The registers lie at the very top of that stack, where the processor (or Xen) puts its frame on
 * the way in; everything else on the stack is below them.
 */
#ifndef ARCH_USER_H
#define ARCH_USER_H

#include <arch/traps.h>

/* Flags: direction and single step; those that a program may set as it likes. */
#define RFLAGS_TF          0x100ul
#define RFLAGS_DF          0x400ul
#define RFLAGS_OF_PROGRAMS 0x40dd5ul

/* The length of the instruction "syscall", after which a program goes on. */
#define SYSCALL_BYTES 2

/* Where the registers of a program are. */
static inline struct regs *user_regs(uintptr_t stack_top)
{
	return (struct regs *)stack_top - 1;
}

/*
 * Where the kernel's own part of that stack ends. The space between is for an NMI, which may come
 * while the stack pointer is at the registers, and finds whatever is below them in its way.
 */
static inline uintptr_t user_kernel_part(uintptr_t stack_top)
{
	return (uintptr_t)user_regs(stack_top) - 1024;
}

/* Makes the registers those of a program that starts at "entry" with that stack; others are 0. */
void user_init(struct regs *regs, uintptr_t entry, uintptr_t stack);

/*
 * The stack that the running CPU's programs come in on, page aligned. The registers are
 * user_regs(top).
 */
void user_set_stack(uintptr_t top);

/*
 * Runs the program whose registers are at the top of the stack given last, in the address space
 * that is loaded. Returns the vector that brought it back, TRAP_SYSCALL or an event's among them
 * (the event was handled already); regs->error and trap_fault_address() say more. Only on that
 * stack, and not in an event handler. regs->rip must be canonical: returning to any other address
 * faults in the kernel. Events may be masked: they come through while it runs, and
 * are let through afterwards.
 */
uint64_t user_run(struct regs *regs);

/*
 * Opens or closes the window through which the kernel reaches programs' pages at their own
 * addresses (SMAP); without effect where nothing keeps it off them. Only tests need it: everything
 * else goes by the direct map. A trap closes it for its own time.
 */
extern bool user_window_is_shut;
void user_window(bool open);

/* Calls a function on another stack, of which that is the highest address; for the first time. */
void call_on_stack(uintptr_t stack, void (*function)(void *argument), void *argument);

#endif
