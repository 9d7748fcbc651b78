/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions, and code that is allowed to cause them.
 *
 * Xen delivers exceptions to the handlers that HYPERVISOR_set_trap_table registers; elsewhere the
 * kernel's own IDT does. All of them, interrupts included, arrive in trap_dispatch() with struct
 * regs on the stack. Two kinds of code may fault on purpose: single instructions listed in the
 * *exception table* (probe_read), and a self-test under fault_catch().
 */
#ifndef ARCH_TRAPS_H
#define ARCH_TRAPS_H

#include <kernel/lib/compiler.h>

/* Vector numbers. Those past 255 are callbacks of Xen, and "syscall". */
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
	TRAP_FAILSAFE = 257,    /* Xen could not return to the state that the guest asked for */
	TRAP_SYSCALL = 258,     /* "syscall" from user mode */
	TRAP_VECTORS
};

/* The registers at the time of a trap, in the order in which arch/x86/regs.inc pushes them. */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error; /* the processor's error code, 0 for vectors that have none */
	uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * Sets the handler of an interrupt or event vector. It runs with events masked and this CPU's
 * event_depth raised. Called at boot.
 */
void trap_set_handler(uint64_t vector, void (*handler)(void));

/* Runs a vector's handler. Returns false if it has none. Events are masked. */
bool trap_run_handler(uint64_t vector);

/* Returns the name of an exception, such as "page fault" for 14; "unknown" if it has none. */
const char *trap_name(uint64_t vector);

/* Returns the address of the last page fault on this CPU. */
uintptr_t trap_fault_address(void);

/*
 * Reads the naturally aligned 64-bit word at "address", which may be anything, into *value. Returns
 * false, with *value unchanged, if the access faults. Takes no locks; usable in a panic.
 */
bool probe_read(uintptr_t address, uint64_t *value);

/* Writes the word at "address". Returns false, with nothing changed, if the access faults. */
bool probe_write(uintptr_t address, uint64_t value);

/*
 * Calls "address" as a function without arguments. Returns false if fetching its first byte faults.
 */
bool probe_execute(uintptr_t address);

/*
 * Asks Xen to return to a code segment selector that does not exist. Returns true if the failsafe
 * callback reported it, which is the only way in which a guest sees that.
 */
bool probe_failsafe(void);

/* The registers that a C function must preserve, and the address at which to resume. */
struct recovery {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
	struct regs fault;       /* set by the trap that used it ... */
	uintptr_t fault_address; /* ... with the address, for a page fault */
};

/*
 * Returns 0 at first. Returns again, as setjmp() does, with 1 after recovery_jump() and with 2
 * after a trap. A trap uses it only while this_cpu()->on_fault points at it.
 */
int fault_catch(struct recovery *recovery) __attribute__((returns_twice));

/* Resumes at fault_catch(recovery), which returns 1. */
void recovery_jump(const struct recovery *recovery) NORETURN;

#endif
