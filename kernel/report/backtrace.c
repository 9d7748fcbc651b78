// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Backtraces, of the running CPU and of the others.
 *
 * Each CPU takes its own, in a non-maskable interrupt: what it does then cannot keep it from that,
 * and its stack does not change meanwhile.
 */
#include "backtrace.h"

#include <arch/ipi.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/symbols.h>
#include <mm/table/entry.h>

/* How long another CPU may take to answer, in nanoseconds and, if there is no clock, in rounds. */
#define PATIENCE    (NS_PER_S / 2)
#define MOST_ROUNDS 100000000u

static struct backtrace of_cpu[CPU_MAX];
static cpu_set_t asked; /* those whose backtrace is wanted; each removes itself */
static bool stopping;   /* those that are asked do not return */

void backtrace_take(struct backtrace *trace, uintptr_t rip, uintptr_t rbp)
{
	*trace = (struct backtrace){.rip = rip};
	while (trace->frames < BACKTRACE_FRAMES && rbp) {
		uint64_t next, address;

		/* At each rbp lie the saved rbp, then the return address. */
		if (rbp % 8 || !probe_read(rbp, &next) || !probe_read(rbp + 8, &address)) {
			trace->unreadable = rbp;
			return;
		}
		trace->address[trace->frames++] = address;
		/* Callers' frames lie higher on the stack. */
		if (next <= rbp)
			return;
		rbp = next;
	}
}

void backtrace_print(const struct backtrace *trace)
{
	char text[SYMBOL_TEXT];

	if (trace->rip)
		printk(PRINTK_OUTPUT, "  %016lx  %s\n", trace->rip,
		       symbol_text(trace->rip, text, sizeof(text)));
	for (unsigned int i = 0; i < trace->frames; i++) {
		uintptr_t address = trace->address[i];

		/* A call may be the last instruction of its function; the byte before is inside. */
		printk(PRINTK_OUTPUT, "  %016lx  %s\n", address,
		       symbol_text(address - 1, text, sizeof(text)));
	}
	if (trace->unreadable)
		printk(PRINTK_OUTPUT, "  the frame at %016lx cannot be read\n", trace->unreadable);
}

void nmi_received(const struct regs *regs)
{
	struct cpu *cpu = this_cpu();
	cpu_set_t self = cpu_set_of(cpu);
	bool stop = __atomic_load_n(&stopping, __ATOMIC_ACQUIRE);

	if (!(__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & self))
		return;
	/* A program's frame pointer may be anything, and says nothing about the kernel. */
	if (regs->rip <= pt_user_limit())
		of_cpu[cpu->number] = (struct backtrace){.in_program = true};
	else
		backtrace_take(&of_cpu[cpu->number], regs->rip, regs->rbp);
	__atomic_fetch_and(&asked, ~self, __ATOMIC_ACQ_REL);
	while (stop)
		cpu_relax();
}

static void print_one(const struct cpu *cpu, bool answered)
{
	const struct backtrace *trace = &of_cpu[cpu->number];

	printk(PRINTK_OUTPUT, "CPU %u%s\n", cpu->number,
	       !answered           ? " does not answer"
	       : trace->in_program ? ", in a program"
				   : ":");
	if (answered && !trace->in_program)
		backtrace_print(trace);
}

void backtraces_print(bool stop)
{
	cpu_set_t others = cpus_online & ~cpu_set_of(this_cpu()), silent;
	uint64_t start = time_system();
	unsigned int rounds = 0;
	struct cpu *cpu;

	if (!others)
		return;
	__atomic_store_n(&stopping, stop, __ATOMIC_RELEASE);
	__atomic_store_n(&asked, others, __ATOMIC_RELEASE);
	machine->send_nmi(others);
	while (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) && ++rounds < MOST_ROUNDS &&
	       time_system() - start < PATIENCE)
		cpu_relax();
	silent = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);
	while ((cpu = cpu_set_take(&others)))
		print_one(cpu, !(silent & cpu_set_of(cpu)));
}
