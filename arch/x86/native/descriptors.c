// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GDT, TSS and IDT (Intel SDM volume 3, "Protected-mode memory management", "Task management",
 * "Interrupt and exception handling").
 *
 * 64-bit mode hardly uses segments. What matters is the TSS: it holds separate stacks for the
 * exceptions that may come when the current stack is unusable. A kernel stack that overflows hits
 * its guard page; the page fault cannot be delivered on that stack, so a double fault arrives on
 * its own.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/segments.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/layout.h>

enum { VECTOR_NMI = 2, VECTOR_DOUBLE_FAULT = 8, STUB_SIZE = 16, STACK_SIZE = 4096 };

#define MSR_EFER  0xc0000080
#define MSR_STAR  0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084

#define EFER_SYSCALL     (1u << 0)
#define EFER_LONG        (1u << 8)
#define EFER_LONG_ACTIVE (1u << 10)
#define EFER_NO_EXECUTE  (1u << 11)

#define RFLAGS_ALL 0x257fd5u /* all but the reserved flags */

#define CR0_MONITOR        (1u << 1)
#define CR0_EMULATION      (1u << 2)
#define CR0_NUMERIC_ERROR  (1u << 5)
#define CR0_ALIGNMENT_MASK (1u << 18) /* programs may enable alignment checks (flag AC) */
#define CR4_FXSAVE         (1u << 9)
#define CR4_SSE_EXCEPTIONS (1u << 10)
#define CR4_SMEP           (1u << 20)
#define CR4_SMAP           (1u << 21)

#define CPUID_SMEP (1u << 7) /* leaf 7, ebx */
#define CPUID_SMAP (1u << 20)

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");

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

static struct tss tss;
static struct gate idt[256];
static char stacks[2][STACK_SIZE] __attribute__((aligned(16)));

/* In head.S. */
extern uint64_t boot_gdt[SEGMENTS];
extern const char native_syscall_entry[];

static void describe_task(void)
{
	uint64_t base = (uint64_t)&tss, limit = sizeof(tss) - 1;

	boot_gdt[TASK_SEGMENT / 8] =
		limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	boot_gdt[TASK_SEGMENT / 8 + 1] = base >> 32;
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

void native_descriptors_init(void)
{
	struct table_pointer gdt_pointer = {sizeof(boot_gdt) - 1, (uint64_t)boot_gdt};
	struct table_pointer idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};

	tss.io_map = sizeof(tss);
	tss.ist[0] = (uint64_t)stacks[0] + STACK_SIZE;
	tss.ist[1] = (uint64_t)stacks[1] + STACK_SIZE;
	describe_task();
	for (unsigned int vector = 0; vector < ARRAY_SIZE(idt); vector++)
		set_gate(vector, vector == VECTOR_DOUBLE_FAULT ? 1 : vector == VECTOR_NMI ? 2 : 0);
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt_pointer), "m"(idt_pointer),
			 "r"((uint16_t)TASK_SEGMENT)
			 : "memory");
	let_programs_in();
}

void native_set_kernel_stack(uintptr_t top)
{
	tss.rsp[0] = top;
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
