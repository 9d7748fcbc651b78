/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that the kernel runs on: everything that differs between machines, except for page
 * tables.
 *
 * There are three: a PV guest of Xen, a PVH guest of Xen (which has its own page tables and makes
 * hypercalls for the rest), and a bare PC. Each way in fills in a table and calls kernel_main();
 * after that only tests and commands ask which machine it is. How page tables are changed is
 * mm/table/ops.h.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <arch/cpu.h>
#include <kernel/lib/compiler.h>

enum shutdown_reason { SHUTDOWN_IS_POWEROFF, SHUTDOWN_IS_REBOOT, SHUTDOWN_IS_CRASH };

struct regs;

struct machine {
	/*
	 * Writes a description such as "a PV guest of Xen 4.17.7, as dom0" into a buffer of "size"
	 * bytes.
	 */
	void (*describe)(char *buffer, size_t size);

	/*
	 * Features that some self-tests and commands need: their suite runs only where there is
	 * one.
	 */
	bool xen;          /* hypercalls, event channels */
	bool xen_tables;   /* Xen validates the page tables: the PV interface */
	bool event_vector; /* events come as interrupts, held back by the processor's flag */

	/*
	 * Return nanoseconds since the machine booted (0 until the clock is known), and since 1970.
	 */
	uint64_t (*system_time)(void);
	uint64_t (*wall_time)(void);

	/*
	 * Sets the running CPU's timer: timer_expired() is called there in an event at, or after,
	 * that system time.
	 */
	void (*set_timer)(uint64_t deadline);

	/*
	 * Running programs. user_code and user_stack are the selectors of their segments.
	 * enter_user() enters one and returns at its next trap, event or system call (only
	 * user_run(), arch/user.h, calls it). set_kernel_stack() sets the top of the stack that
	 * trap frames are pushed on. set_thread_pointer() sets the base of the FS segment.
	 * load_gs() loads the GS selector, and leaves the base of the kernel's own GS as it is.
	 */
	uint16_t user_code, user_stack;
	uint16_t user_code_32; /* the selector of 32-bit code; 0: there is none */
	void (*enter_user)(struct regs *regs);
	void (*set_kernel_stack)(uintptr_t top);
	void (*set_thread_pointer)(uintptr_t address);
	void (*load_gs)(uint16_t selector);

	/* Blocks until an event is delivered. Events are enabled meanwhile and afterwards. */
	void (*block)(void);

	/* Returns the address of the last page fault on this CPU. */
	uintptr_t (*fault_address)(void);

	/*
	 * CPUs. count_cpus() returns how many there are, the running one included. start_cpu()
	 * makes another one call entry() on the stack with that top, with its events masked,
	 * this_cpu() set and machine_part prepared; or return from stop_cpu(), if it is there. It
	 * returns false if it cannot ask the CPU. ready_cpu() does what each CPU must do for
	 * itself, the first one too: its timer, its interrupts. stop_cpu() takes the running CPU
	 * down, with its events masked, and returns when it is started again.
	 */
	unsigned int (*count_cpus)(void);
	size_t cpu_part_bytes; /* of machine_part, zero at first */
	bool (*start_cpu)(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void));
	void (*ready_cpu)(void);
	void (*stop_cpu)(void);

	/* Interrupt CPUs: ipi_received() is called there; or, whatever they mask, an NMI comes. */
	void (*send_ipi)(cpu_set_t set);
	void (*send_nmi)(cpu_set_t set);

	/* Gives the rest of the CPU's time slice to other CPUs of the machine. NULL: not needed. */
	void (*yield)(void);

	/* Called when memory management is up. NULL: not needed. */
	void (*memory_ready)(void);

	/*
	 * Ends the machine, or the domain; may return if it cannot. Called by shutdown()
	 * (kernel/report/shutdown.h).
	 */
	void (*shutdown)(enum shutdown_reason reason);
};

/* The machine in use. The way in sets it before anything else. */
extern const struct machine *machine;

#endif
