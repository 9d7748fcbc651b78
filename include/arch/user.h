/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a program until it needs the kernel.
 *
 * To the kernel a program is a function call: user_run() resumes it with these registers, and
 * returns when it has made a system call, faulted, or been interrupted. So the kernel's side of a
 * process is an ordinary loop on its own kernel stack, and no code has to be written for "in the
 * middle of a trap".
 *
 * The registers lie at the very top of that stack, where the processor (or Xen) pushes its frame on
 * entry; everything else on the stack is below them.
 */
#ifndef ARCH_USER_H
#define ARCH_USER_H

#include <arch/traps.h>

/* Flags: single step, direction, and those that a program may change. */
#define RFLAGS_TF          0x100ul
#define RFLAGS_DF          0x400ul
#define RFLAGS_OF_PROGRAMS 0x40dd5ul

/* Length in bytes of the instruction "syscall", after which a program continues. */
#define SYSCALL_BYTES 2

/* Returns the place of a program's registers on the stack with that top. */
static inline struct regs *user_regs(uintptr_t stack_top)
{
	return (struct regs *)stack_top - 1;
}

/*
 * Returns the upper end of the kernel's own part of that stack. The gap is for an NMI that comes
 * while the stack pointer is at the registers, and pushes its frame right below them.
 */
static inline uintptr_t user_kernel_part(uintptr_t stack_top)
{
	return (uintptr_t)user_regs(stack_top) - 1024;
}

/*
 * Initializes the registers of a program that starts at "entry" with that stack; all others are 0.
 */
void user_init(struct regs *regs, uintptr_t entry, uintptr_t stack);

/*
 * Sets the kernel stack, by its page-aligned top, that the running CPU switches to on entry from a
 * program. The program's registers are at user_regs(top).
 */
void user_set_stack(uintptr_t top);

/*
 * Runs the program in the loaded address space, with the registers at the top of the stack set
 * last; the caller must be on that stack, and not in an event handler. Returns the vector that
 * ended the run: TRAP_SYSCALL, an exception's, or an event's, which was handled already.
 * regs->error and trap_fault_address() tell more. regs->rip must be canonical: returning to any
 * other address faults in the kernel. Events are masked before and afterwards; they are enabled
 * while the program runs.
 */
uint64_t user_run(struct regs *regs);

/*
 * Allows or forbids the kernel to access programs' pages at their own addresses (SMAP); no effect
 * on a processor without SMAP. Only tests need this: everything else goes through the direct map. A
 * trap forbids it until it returns.
 */
extern bool user_window_is_shut;
void user_window(bool open);

/* Calls a function for the first time on another stack, of which "stack" is the highest address. */
void call_on_stack(uintptr_t stack, void (*function)(void *argument), void *argument);

#endif
