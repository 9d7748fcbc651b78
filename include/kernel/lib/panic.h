/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel stops: panic(), for its own bugs, and fatal(), for bad input at boot.
 *
 * Every room may have to stop, and an include points only down the list of rooms (scripts/layers).
 * So these functions are declared here, at the bottom, and defined above, in kernel/report, which
 * knows the consoles and the page tables that a report needs. Four families are called upwards in
 * this way, and no others:
 *
 *	panic, fatal,
 *	report_wait	this header, defined in kernel/report/panic.c
 *	nmi_received	this header, defined in kernel/report/backtrace.c
 *	printk		kernel/lib/printk.h, defined in kernel/report/printk.c
 *	symbols		kernel/lib/symbols.h, defined in kernel/report/symbols.c
 *	xen_refused	mm/xen/refused.h, defined in kernel/report/explain.c
 *
 * They wait for nothing but printk's own lock, and a panic breaks that.
 */
#ifndef KERNEL_LIB_PANIC_H
#define KERNEL_LIB_PANIC_H

#include <kernel/lib/compiler.h>

struct regs;

/*
 * Stops for a bug in the kernel. Prints the message, a backtrace and the last lines of the log, and
 * ends the domain with SHUTDOWN_crash (public/sched.h). May be called from anywhere.
 */
void panic(const char *format, ...) NORETURN PRINTF_LIKE(1, 2);

/*
 * Stops for an exception that no handler expected. Prints, besides what panic() does, the registers
 * and, for a page fault, the walk of the address.
 */
void panic_trap(const struct regs *regs) NORETURN;

/*
 * Stops for something wrong with what the kernel was given at boot, such as too little memory or a
 * start_info that contradicts itself. Prints the message as one line, without a backtrace, and ends
 * the domain with SHUTDOWN_crash.
 */
void fatal(const char *format, ...) NORETURN PRINTF_LIKE(1, 2);

/*
 * Takes what a non-maskable interrupt is for: another CPU wants to know what this one does. Does
 * not return if that is a panic's report. Prints nothing: printk() may be interrupted.
 */
void nmi_received(const struct regs *regs);

/*
 * Warns that the running CPU has waited so long for another one: for a lock, by its name, or for
 * something else. Prints every CPU's backtrace, and returns. May be called with any lock held.
 */
void report_wait(const char *for_what, uint64_t seconds);

#endif
