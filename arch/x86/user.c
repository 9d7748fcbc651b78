// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entering programs, and the first stacks and registers of new tasks.
 *
 * This is the part in C. The instructions are in regs.inc, in stack.S, and in entry.S of native/
 * and xen/.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/switch.h>
#include <arch/user.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>

#define RFLAGS_FIXED 2u
#define RFLAGS_IF    (1u << 9)

_Static_assert(offsetof(struct cpu, user_stack) == 8 && offsetof(struct cpu, kernel_stack) == 16 &&
		       offsetof(struct cpu, run_stack) == 24 && offsetof(struct regs, cs) == 144,
	       "regs.inc uses these offsets");

void user_init(struct regs *regs, uintptr_t entry, uintptr_t stack)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = entry;
	regs->cs = machine->user_code;
	regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
	regs->rsp = stack;
	regs->ss = machine->user_stack;
}

void user_set_stack(uintptr_t top)
{
	this_cpu()->kernel_stack = top;
	machine->set_kernel_stack(top);
}

bool user_window_is_shut;

void user_window(bool open)
{
	if (!user_window_is_shut)
		return;
	if (open)
		__asm__ volatile("stac" ::: "memory");
	else
		__asm__ volatile("clac" ::: "memory");
}

uint64_t user_run(struct regs *regs)
{
	/* The program's frame is about to be popped; an event would push its own frame over it. */
	for (;;) {
		machine->enter_user(regs);
		if (likely(regs->vector != TRAP_NMI))
			break;
		nmi_received(regs);
	}
	trap_run_handler(regs->vector);
	return regs->vector;
}

/*
 * Pushes what switch_stacks() pops: six registers, of which rbp ends every backtrace, and the
 * function as the return address.
 */
uintptr_t fresh_stack(uintptr_t top, void (*function)(void))
{
	uint64_t *words = (uint64_t *)ROUND_DOWN(top, 16);

	*--words = 0; /* in place of a return address: keeps the alignment of a call */
	*--words = (uintptr_t)function;
	for (unsigned int i = 0; i < 6; i++)
		*--words = 0;
	return (uintptr_t)words;
}

void load_selectors(struct selectors next)
{
	struct selectors now = read_selectors();

	if (now.ds != next.ds)
		__asm__ volatile("movw %0, %%ds" ::"r"(next.ds));
	if (now.es != next.es)
		__asm__ volatile("movw %0, %%es" ::"r"(next.es));
	if (now.fs != next.fs)
		__asm__ volatile("movw %0, %%fs" ::"r"(next.fs));
	if (now.gs != next.gs)
		machine->load_gs(next.gs);
}

void fresh_fpu(unsigned char *area)
{
	const uint16_t control = 0x037f;
	const uint32_t vector_control = 0x1f80;

	memset(area, 0, 512);
	memcpy(area, &control, sizeof(control));
	memcpy(area + 24, &vector_control, sizeof(vector_control));
}
