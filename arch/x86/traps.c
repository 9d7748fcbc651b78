// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a trap to its handler.
 *
 * In this order: an interrupt or an event goes to its handler; an instruction in the exception
 * table resumes at its fixup; a fault in code under fault_catch() (a self-test) resumes there;
 * anything else is a bug, and a panic.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>

struct extable_entry {
	uint64_t instruction;
	uint64_t fixup;
};

extern const struct extable_entry extable_start[], extable_end[];
void call_address(uintptr_t address);
void trap_dispatch(struct regs *regs);

_Static_assert(offsetof(struct recovery, rip) == 56, "recovery.S uses these offsets");

/* The handlers of interrupts and events; NULL: the vector is an exception, or unused. */
static void (*handlers[TRAP_VECTORS])(void);

static const char *const names[] = {
	[0] = "divide error",
	[1] = "debug",
	[2] = "non-maskable interrupt",
	[3] = "breakpoint",
	[4] = "overflow",
	[5] = "bound range exceeded",
	[6] = "invalid opcode",
	[7] = "device not available",
	[8] = "double fault",
	[10] = "invalid TSS",
	[11] = "segment not present",
	[12] = "stack-segment fault",
	[13] = "general protection fault",
	[14] = "page fault",
	[16] = "x87 floating-point error",
	[17] = "alignment check",
	[18] = "machine check",
	[19] = "SIMD floating-point error",
	[21] = "control protection fault",
	[TRAP_SYSCALL_32] = "32-bit system call",
	[TRAP_EVENT] = "event upcall",
	[TRAP_FAILSAFE] = "failsafe callback",
	[TRAP_SYSCALL] = "system call",
};

const char *trap_name(uint64_t vector)
{
	return vector < ARRAY_SIZE(names) && names[vector] ? names[vector] : "unknown";
}

uintptr_t trap_fault_address(void)
{
	return machine->fault_address();
}

void trap_set_handler(uint64_t vector, void (*handler)(void))
{
	handlers[vector] = handler;
}

bool trap_run_handler(uint64_t vector)
{
	if (!handlers[vector])
		return false;
	this_cpu()->event_depth++;
	handlers[vector]();
	this_cpu()->event_depth--;
	return true;
}

static struct segments {
	uint64_t code, stack;
} own_segments(void)
{
	struct segments own;

	__asm__("movq %%cs, %0; movq %%ss, %1" : "=r"(own.code), "=r"(own.stack));
	return own;
}

static bool fixup(struct regs *regs)
{
	for (const struct extable_entry *entry = extable_start; entry < extable_end; entry++) {
		if (entry->instruction == regs->rip) {
			regs->rip = entry->fixup;
			/*
			 * Xen could not return to these selectors, and must not try again. So this
			 * returns to the kernel's own segments, which are valid; privilege level 0
			 * in the selector tells Xen "to the kernel".
			 */
			regs->cs = own_segments().code & ~3u;
			regs->ss = own_segments().stack;
			return true;
		}
	}
	return false;
}

/* Makes the interrupted code resume at fault_catch(), which then returns 2. */
static void resume_at(struct recovery *recovery, struct regs *regs)
{
	recovery->fault = *regs;
	recovery->fault_address = trap_fault_address();
	regs->rbx = recovery->rbx;
	regs->rbp = recovery->rbp;
	regs->r12 = recovery->r12;
	regs->r13 = recovery->r13;
	regs->r14 = recovery->r14;
	regs->r15 = recovery->r15;
	regs->rsp = recovery->rsp;
	regs->rip = recovery->rip;
	regs->rax = 2;
}

void trap_dispatch(struct regs *regs)
{
	struct cpu *cpu;

	/*
	 * Xen passes every NMI on to dom0. It may have interrupted a printk, so nothing may be
	 * printed here.
	 */
	if (regs->vector == TRAP_NMI) {
		nmi_received(regs);
		return;
	}
	if (trap_run_handler(regs->vector))
		return;
	cpu = this_cpu();
	if (fixup(regs))
		return;
	if (cpu->on_fault && cpu->event_depth == 0) {
		resume_at(cpu->on_fault, regs);
		return;
	}
	panic_trap(regs);
}

bool probe_execute(uintptr_t address)
{
	struct cpu *cpu = this_cpu();
	struct recovery *outer = cpu->on_fault;
	struct recovery recovery;
	bool fetched = false;

	if (fault_catch(&recovery) == 0) {
		cpu->on_fault = &recovery;
		call_address(address);
		fetched = true;
	} else {
		/* Only a fault of the fetch itself, at that address, counts. */
		fetched = recovery.fault.rip != address;
	}
	cpu->on_fault = outer;
	return fetched;
}
