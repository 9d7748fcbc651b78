// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GDT, TSS and IDT (Intel SDM volume 3, "Protected-mode memory management", "Task management",
 * "Interrupt and exception handling").
 *
 * 64-bit mode hardly uses segments. What matters is the TSS: it holds separate stacks for the
 * exceptions that may come when the current stack is unusable. A kernel stack that overflows hits
 * its guard page; the page fault cannot be delivered on that stack, so a double fault arrives on
 * its own. Each CPU needs such stacks, and therefore a TSS, and a GDT that names it. All share the
 * IDT.
 */
#include "control.h"

#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/segments.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/string.h>

enum { VECTOR_NMI = 2, VECTOR_DOUBLE_FAULT = 8, STUB_SIZE = 16 };

#define MSR_STAR  0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084

#define RFLAGS_ALL 0x257fd5u /* all but the reserved flags */

#define CPUID_SMEP (1u << 7) /* leaf 7, ebx */
#define CPUID_SMAP (1u << 20)

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "64-bit gate");

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const char native_trap_stubs[];

static struct gate idt[256];

/* In head.S and entry.S. */
extern const uint64_t boot_gdt[SEGMENTS];
extern const char native_syscall_entry[];

static void describe_task(struct native_cpu *native)
{
	struct native_tss *tss = &native->tss;
	uint64_t base = (uint64_t)tss, limit = sizeof(*tss) - 1;

	tss->io_map = sizeof(*tss);
	for (unsigned int i = 0; i < NATIVE_STACKS; i++)
		tss->ist[i] = (uint64_t)native->stacks[i] + NATIVE_STACK_SIZE;
	memcpy(native->gdt, boot_gdt, sizeof(native->gdt));
	native->gdt[TASK_SEGMENT / 8] =
		limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	native->gdt[TASK_SEGMENT / 8 + 1] = base >> 32;
}

static void set_gate(unsigned int vector, unsigned int ist)
{
	uint64_t address = (uint64_t)native_trap_stubs + vector * STUB_SIZE;

	/*
	 * A present interrupt gate, which masks interrupts. Programs may raise int3, into and int
	 * 0x80.
	 */
	bool open = vector == 3 || vector == 4 || vector == TRAP_SYSCALL_32;
	uint8_t type = open ? 0xee : 0x8e;

	idt[vector] = (struct gate){(uint16_t)address,
				    CODE_64_SEGMENT,
				    (uint8_t)ist,
				    type,
				    (uint16_t)(address >> 16),
				    (uint32_t)(address >> 32),
				    0};
}

/*
 * Returns the bits of CR4 that keep the kernel from running or accessing programs' pages, where the
 * processor has them. The kernel need not: it reaches programs' memory through the direct map.
 */
static uint64_t keep_off_programs(void)
{
	uint32_t has = cpuid(0).eax >= 7 ? cpuid(7).ebx : 0;

	user_window_is_shut = has & CPUID_SMAP;
	return (has & CPUID_SMEP ? CR4_SMEP : 0) | (has & CPUID_SMAP ? CR4_SMAP : 0);
}

/* Enables system calls, and the instructions that programs use for floating point. */
static void let_programs_in(void)
{
	uint64_t cr0, cr4;

	msr_write(MSR_EFER, EFER_SYSCALL | EFER_LONG | EFER_LONG_ACTIVE | EFER_NO_EXECUTE);
	msr_write(MSR_STAR, (uint64_t)SYSRET_SEGMENT << 48 | (uint64_t)CODE_64_SEGMENT << 32);
	msr_write(MSR_LSTAR, (uint64_t)native_syscall_entry);
	/* On entry every flag that a program may have set is cleared. */
	msr_write(MSR_FMASK, RFLAGS_ALL);
	__asm__ volatile("movq %%cr0, %0; movq %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	cr0 &= ~(uint64_t)CR0_EMULATION;
	cr0 |= CR0_MONITOR | CR0_NUMERIC_ERROR | CR0_ALIGNMENT_MASK;
	cr4 |= CR4_FXSAVE | CR4_SSE_EXCEPTIONS | keep_off_programs();
	__asm__ volatile("movq %0, %%cr0; movq %1, %%cr4" ::"r"(cr0), "r"(cr4) : "memory");
}

void native_load_descriptors(struct native_cpu *native)
{
	struct table_pointer gdt_pointer = {sizeof(native->gdt) - 1, (uint64_t)native->gdt};
	struct table_pointer idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};

	describe_task(native);
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt_pointer), "m"(idt_pointer),
			 "r"((uint16_t)TASK_SEGMENT)
			 : "memory");
	/* A CPU that Xen has started has no selectors yet. */
	__asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%ss" ::"r"(DATA_SEGMENT));
	__asm__ volatile(
		"pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" ::"i"(CODE_64_SEGMENT)
		: "rax", "memory");
	let_programs_in();
}

void native_descriptors_init(struct native_cpu *native)
{
	for (unsigned int vector = 0; vector < ARRAY_SIZE(idt); vector++)
		set_gate(vector, vector == VECTOR_DOUBLE_FAULT ? 1 : vector == VECTOR_NMI ? 2 : 0);
	native_load_descriptors(native);
}

void native_set_kernel_stack(uintptr_t top)
{
	struct native_cpu *native = this_cpu()->machine_part;

	native->tss.rsp[0] = top;
}

void native_set_thread_pointer(uintptr_t address)
{
	msr_write(MSR_FS_BASE, address);
}

void native_load_gs(uint16_t selector)
{
	/* Loading gs sets the active base, so the program's base is active meanwhile. */
	__asm__ volatile("swapgs; movw %0, %%gs; swapgs" ::"r"(selector) : "memory");
}
