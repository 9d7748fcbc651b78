// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last report of a kernel that must stop.
 *
 * Nothing can be relied on any more. So locks are ignored, memory is read through probe_read(), and
 * a panic during the panic ends the domain without another word. Another CPU that panics meanwhile
 * waits: the first report is the one that counts.
 */
#include "backtrace.h"

#include <arch/cpu.h>
#include <arch/lock.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/symbols.h>
#include <kernel/report/report.h>
#include <kernel/report/shutdown.h>
#include <mm/table/entry.h>

#define LAST_LINES 12

/* The number, plus 1, of the CPU that reports; 0: none. */
static unsigned int dying;

static void begin(void)
{
	unsigned int self = this_cpu()->number + 1, before = 0;

	events_mask();
	__atomic_compare_exchange_n(&dying, &before, self, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
	if (before == self)
		shutdown(SHUTDOWN_IS_CRASH);
	while (before)
		cpu_relax();
	lock_checks_end();
	printk_begin_panic();
	this_cpu()->on_fault = NULL;
}

static void print_backtrace(uintptr_t rbp)
{
	struct backtrace trace;

	printk(PRINTK_OUTPUT, "Backtrace, innermost call first:\n");
	backtrace_take(&trace, 0, rbp);
	backtrace_print(&trace);
}

static void end(void) NORETURN;
static void end(void)
{
	backtraces_print(true);
	printk(PRINTK_OUTPUT, "The console before that:\n");
	printk_last_lines(LAST_LINES);
	printk(PRINTK_OUTPUT, "PANIC: ending the domain with reason \"crash\".\n");
	shutdown(SHUTDOWN_IS_CRASH);
}

void panic(const char *format, ...)
{
	va_list arguments;

	begin();
	printk(PRINTK_OUTPUT, "\nPANIC: ");
	va_start(arguments, format);
	vprintk(PRINTK_OUTPUT, format, arguments);
	va_end(arguments);
	printk(PRINTK_OUTPUT, "\n");
	print_backtrace((uintptr_t)__builtin_frame_address(0));
	end();
}

static void print_registers(const struct regs *r)
{
	char text[SYMBOL_TEXT];

	printk(PRINTK_OUTPUT, "rip %016lx  %s\n", r->rip, symbol_text(r->rip, text, sizeof(text)));
	printk(PRINTK_OUTPUT, "rsp %016lx  cs %04lx  ss %04lx  rflags %08lx  error %lx\n", r->rsp,
	       r->cs & 0xffff, r->ss & 0xffff, r->rflags, r->error);
	printk(PRINTK_OUTPUT, "rax %016lx  rbx %016lx  rcx %016lx\n", r->rax, r->rbx, r->rcx);
	printk(PRINTK_OUTPUT, "rdx %016lx  rsi %016lx  rdi %016lx\n", r->rdx, r->rsi, r->rdi);
	printk(PRINTK_OUTPUT, "rbp %016lx  r8  %016lx  r9  %016lx\n", r->rbp, r->r8, r->r9);
	printk(PRINTK_OUTPUT, "r10 %016lx  r11 %016lx  r12 %016lx\n", r->r10, r->r11, r->r12);
	printk(PRINTK_OUTPUT, "r13 %016lx  r14 %016lx  r15 %016lx\n", r->r13, r->r14, r->r15);
}

/* Prints what was accessed, by the error code: Intel SDM volume 3, "Page-Fault Exceptions". */
static void print_page_fault(const struct regs *regs)
{
	uintptr_t address = trap_fault_address();

	printk(PRINTK_OUTPUT, "Page fault: %s %s address %016lx:\n",
	       regs->error & 16  ? "fetching an instruction from"
	       : regs->error & 2 ? "writing to"
				 : "reading from",
	       regs->error & 1 ? "the protected" : "the unmapped", address);
	if ((regs->error & 5) == 1 && address <= pt_user_limit())
		printk(PRINTK_OUTPUT, "It belongs to programs: the kernel may not %s it (%s)\n",
		       regs->error & 16 ? "run" : "touch", regs->error & 16 ? "SMEP" : "SMAP");
	walk_print(address);
}

void panic_trap(const struct regs *regs)
{
	begin();
	printk(PRINTK_OUTPUT, "\nPANIC: unexpected %s (vector %lu)\n", trap_name(regs->vector),
	       regs->vector);
	print_registers(regs);
	if (regs->vector == TRAP_PAGE_FAULT)
		print_page_fault(regs);
	print_backtrace(regs->rbp);
	end();
}

void fatal(const char *format, ...)
{
	va_list arguments;

	begin();
	printk(PRINTK_OUTPUT, "FATAL: ");
	va_start(arguments, format);
	vprintk(PRINTK_OUTPUT, format, arguments);
	va_end(arguments);
	printk(PRINTK_OUTPUT, "\n");
	shutdown(SHUTDOWN_IS_CRASH);
}

void report_wait(const char *for_what, uint64_t seconds)
{
	static bool reporting;

	/* Often several CPUs wait for the same one: one report has them all. */
	if (__atomic_test_and_set(&reporting, __ATOMIC_ACQUIRE))
		return;
	printk(PRINTK_WARNING, "CPU %u has waited %lu s for \"%s\"\n", this_cpu()->number, seconds,
	       for_what);
	print_backtrace((uintptr_t)__builtin_frame_address(0));
	backtraces_print(false);
	__atomic_clear(&reporting, __ATOMIC_RELEASE);
}
