/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions, and code that is allowed to cause them.
 *
 * Where Xen owns the real descriptor table, it hands exceptions to the handlers registered with
 * HYPERVISOR_set_trap_table; else the kernel's own table does. All of them, interrupts included,
 * arrive in trap_dispatch() with struct regs on the stack.
 * Two kinds of code may fault on purpose: single instructions listed in the *exception table*
 * (probe_read), and a self-test, which is run under fault_catch().
 */
#ifndef ARCH_TRAPS_H
#define ARCH_TRAPS_H

#include <kernel/lib/compiler.h>

/* Vector numbers; those past 255 are callbacks of Xen's that share the path. */
enum {
	TRAP_DIVIDE = 0,
	TRAP_DEBUG = 1,
	TRAP_NMI = 2,
	TRAP_BREAKPOINT = 3,
	TRAP_INVALID_OPCODE = 6,
	TRAP_GENERAL_PROTECTION = 13,
	TRAP_PAGE_FAULT = 14,
	TRAP_MACHINE_CHECK = 18,
	TRAP_SYSCALL_32 = 0x80, /* "int $0x80": a system call of Linux's 32-bit programs */
	TRAP_EVENT = 256,       /* event-channel upcall */
	TRAP_FAILSAFE = 257,    /* Xen could not load what the guest asked it to return to */
	TRAP_SYSCALL = 258,     /* "syscall" from user mode */
	TRAP_VECTORS
};

/* Registers at the time of a trap, in the order in which arch/x86/regs.inc pushes them. */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error; /* the processor's error code, 0 for vectors that have none */
	uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * Makes a vector an interrupt (or event) with that handler, which runs with events masked and this
 * CPU's event_depth raised. At boot.
 */
void trap_set_handler(uint64_t vector, void (*handler)(void));

/* Runs a vector's handler, if it has one; whether it had. Events are masked. */
bool trap_run_handler(uint64_t vector);

/* "page fault" for 14, and so on; "unknown" where there is no name. */
const char *trap_name(uint64_t vector);

/* The address that the last page fault on this CPU was about. */
uintptr_t trap_fault_address(void);

/*
 * Reads the naturally aligned 64-bit word at "address" into *value; false, with *value untouched,
 * if that faults. "address" may be anything at all. No locks; usable in a panic.
 */
bool probe_read(uintptr_t address, uint64_t *value);

/* Writes the word at "address"; false, with nothing changed, if that faults. */
bool probe_write(uintptr_t address, uint64_t value);

/* Calls "address" as a function without arguments; false if fetching its first byte faults. */
bool probe_execute(uintptr_t address);

/*
 * Asks Xen to return to a code segment selector that does not exist; true if the failsafe callback
 * reported that, which is the only way a guest gets to see it.
 */
bool probe_failsafe(void);

/* The registers that a C function must preserve, and where to resume. */
struct recovery {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
	struct regs fault;       /* filled in by the trap that used it ... */
	uintptr_t fault_address; /* ... with the address, for a page fault */
};

/*
 * Returns 0 at first; returns once more, with 1 after recovery_jump() and 2 after a trap, as
 * setjmp() does. A trap uses it only while this_cpu()->on_fault points at it.
 */
int fault_catch(struct recovery *recovery) __attribute__((returns_twice));

/* Resumes at fault_catch(recovery), which returns 1. */
void recovery_jump(const struct recovery *recovery) NORETURN;

#endif
