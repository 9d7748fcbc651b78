// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens on an exception.
 *
 * In order: an event upcall goes to the event channels; an instruction in the exception table
 * resumes at its fixup; a fault in code run under fault_catch() (a self-test) resumes there; what
 * is left is a bug, and a panic. Before traps_init() a fault ends the domain with only Xen's own
 * message, so it comes very early.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <kernel/panic.h>
#include <xen/callback.h>

struct extable_entry {
	uint64_t instruction;
	uint64_t fixup;
};

extern const struct extable_entry extable_start[], extable_end[];
extern const char trap_stubs[], event_entry[], failsafe_entry[], syscall_entry[];
void call_address(uintptr_t address);
void trap_dispatch(struct regs *regs);

#define STUB_SIZE 16

_Static_assert(offsetof(struct recovery, rip) == 56, "entry.S uses these offsets");

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
	return this_cpu()->vcpu ? this_cpu()->vcpu->arch.cr2 : 0;
}

static void register_callback(unsigned int type, const void *entry)
{
	struct callback_register callback = {
		.type = (uint16_t)type,
		.flags = CALLBACKF_mask_events,
		.address = (unsigned long)entry,
	};
	long error = hypercall_callback_op(CALLBACKOP_register, &callback);

	if (error)
		panic("Xen refused callback %u: error %ld", type, error);
}

void traps_init(void)
{
	static struct trap_info table[256 + 1];
	long error;

	for (unsigned int vector = 0; vector < 256; vector++) {
		struct trap_info *trap = &table[vector];

		trap->vector = (uint8_t)vector;
		trap->cs = FLAT_KERNEL_CS;
		trap->address = (unsigned long)trap_stubs + vector * STUB_SIZE;
		TI_SET_IF(trap, 1);
	}
	/* What a program in ring 3 may raise with an instruction made for it: int3, into. */
	TI_SET_DPL(&table[3], 3);
	TI_SET_DPL(&table[4], 3);

	error = hypercall_set_trap_table(table);
	if (error)
		panic("Xen refused the trap table: error %ld", error);

	register_callback(CALLBACKTYPE_event, event_entry);
	register_callback(CALLBACKTYPE_failsafe, failsafe_entry);
	register_callback(CALLBACKTYPE_syscall, syscall_entry);
	register_callback(CALLBACKTYPE_nmi, trap_stubs + TRAP_NMI * STUB_SIZE);
}

static bool fixup(struct regs *regs)
{
	for (const struct extable_entry *entry = extable_start; entry < extable_end; entry++) {
		if (entry->instruction == regs->rip) {
			regs->rip = entry->fixup;
			/*
			 * A return to where Xen could not go must not be tried again. Privilege
			 * level 0 in the selector is what tells Xen "to the kernel".
			 */
			regs->cs = FLAT_KERNEL_CS & ~3u;
			regs->ss = FLAT_KERNEL_SS;
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
	struct cpu *cpu = this_cpu();

	if (regs->vector == TRAP_EVENT) {
		evtchn_upcall();
		return;
	}
	/* dom0 is told of every NMI; it may interrupt a printk, so it cannot even be mentioned. */
	if (regs->vector == TRAP_NMI)
		return;
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
		/* Only a fault of the fetch itself counts: at that address, and saying so. */
		fetched = recovery.fault.rip != address;
	}
	cpu->on_fault = outer;
	return fetched;
}
