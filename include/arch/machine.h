/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that the kernel runs on: everything that differs, page tables apart.
 *
 * There are three: a PV guest of Xen, a PVH guest of Xen (which has its own page tables and asks
 * Xen for the rest), and a bare PC. Each way in fills in a table and calls kernel_main(); from
 * there on only tests and commands ask which it is. How page tables are changed is mm/table/ops.h.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <kernel/lib/compiler.h>

enum shutdown_reason { SHUTDOWN_IS_POWEROFF, SHUTDOWN_IS_REBOOT, SHUTDOWN_IS_CRASH };

struct regs;

struct machine {
	/* "a PV guest of Xen 4.17.7, as dom0": for the greeting, in a buffer of "size" bytes. */
	void (*describe)(char *buffer, size_t size);

	/* What a self-test or a command may need: a suite about one of these runs only with it. */
	bool xen;          /* hypercalls, event channels */
	bool xen_tables;   /* Xen validates the page tables: the PV interface */
	bool event_vector; /* events come as interrupts, held back by the processor's flag */

	/* Nanoseconds since the machine booted, 0 until that is known, and since 1970. */
	uint64_t (*system_time)(void);
	uint64_t (*wall_time)(void);

	/* Makes timer_expired() be called in an event at, or after, that system time. */
	void (*start_timer)(void);
	void (*set_timer)(uint64_t deadline);

	/*
	 * Programs: the selectors of their segments; the way to one, by whose next trap, event or
	 * system call this returns (only for user_run(), arch/user.h); the top of the kernel stack
	 * that its trap frame is put on; the base of its FS segment; and its GS selector, for the
	 * base of the kernel's own GS must not change with that.
	 */
	uint16_t user_code, user_stack;
	uint16_t user_code_32; /* of code for 32-bit mode; 0: there is none */
	void (*enter_user)(struct regs *regs);
	void (*set_kernel_stack)(uintptr_t top);
	void (*set_thread_pointer)(uintptr_t address);
	void (*load_gs)(uint16_t selector);

	/* Sleeps until an event is delivered; lets events through meanwhile and afterwards. */
	void (*block)(void);

	/* The address that the last page fault on this CPU was about. */
	uintptr_t (*fault_address)(void);

	/* Memory management is up; NULL: nobody needs to know. */
	void (*memory_ready)(void);

	/* Ends the machine, or the domain. May return if it cannot. For kernel/report/shutdown.h.
	 */
	void (*shutdown)(enum shutdown_reason reason);
};

/* The one that this is. Set by the way in, before anything else. */
extern const struct machine *machine;

#endif
