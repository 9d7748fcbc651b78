// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last report of a kernel that must stop.
 *
 * Nothing can be relied on any more. So locks are ignored, memory is read through probe_read(), and
 * a panic during the panic ends the domain without another word.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/symbols.h>
#include <kernel/report/report.h>
#include <kernel/report/shutdown.h>
#include <mm/table/entry.h>

#define BACKTRACE_FRAMES 24
#define LAST_LINES       12

static bool dying;

static void begin(void)
{
	events_mask();
	if (dying)
		shutdown(SHUTDOWN_IS_CRASH);
	dying = true;
	lock_checks_end();
	printk_begin_panic();
	this_cpu()->on_fault = NULL;
}

static void print_return_address(uintptr_t address)
{
	char text[SYMBOL_TEXT];

	/* A call may be the last instruction of its function; the byte before is still inside. */
	printk(PRINTK_OUTPUT, "  %016lx  %s\n", address,
	       symbol_text(address - 1, text, sizeof(text)));
}

/* Prints the chain of frame pointers: at each rbp lie the saved rbp, then the return address. */
static void print_backtrace(uintptr_t rbp)
{
	printk(PRINTK_OUTPUT, "Backtrace, innermost call first:\n");
	for (unsigned int i = 0; i < BACKTRACE_FRAMES && rbp; i++) {
		uint64_t next, address;

		if (rbp % 8 || !probe_read(rbp, &next) || !probe_read(rbp + 8, &address)) {
			printk(PRINTK_OUTPUT, "  the frame at %016lx cannot be read\n", rbp);
			return;
		}
		print_return_address(address);
		/* Callers' frames lie higher on the stack. */
		if (next <= rbp)
			return;
		rbp = next;
	}
}

static void end(void) NORETURN;
static void end(void)
{
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
	printk(PRINTK_WARNING, "CPU %u has waited %lu s for \"%s\"\n", this_cpu()->number, seconds,
	       for_what);
	print_backtrace((uintptr_t)__builtin_frame_address(0));
}
