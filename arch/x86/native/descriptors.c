// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GDT, TSS and IDT (Intel SDM volume 3, "Protected-mode memory management", "Task management",
 * "Interrupt and exception handling").
 *
 * In 64-bit mode segments hardly matter; what matters is the TSS: it has a stack of their own for
 * the exceptions that may come when the one in use is no good. A kernel stack that overflows hits
 * its guard page, the page fault cannot be delivered on it, and the double fault arrives on its
 * own.
 */
#include <arch/cpu.h>
#include <arch/native.h>
#include <kernel/compiler.h>
#include <mm/layout.h>

enum { CODE_32 = 0x08, CODE_64 = 0x10, DATA = 0x18, TASK = 0x20 };
enum { VECTOR_NMI = 2, VECTOR_DOUBLE_FAULT = 8, STUB_SIZE = 16, STACK_SIZE = 4096 };

struct task {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct task) == 104, "64-bit TSS");

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

static struct task task;
static struct gate idt[256];
static char stacks[2][STACK_SIZE] __attribute__((aligned(16)));

/* In head.S: the segments above, and two places for the TSS. */
extern uint64_t boot_gdt[6];

static void describe_task(void)
{
	uint64_t base = (uint64_t)&task, limit = sizeof(task) - 1;

	boot_gdt[TASK / 8] =
		limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	boot_gdt[TASK / 8 + 1] = base >> 32;
}

static void set_gate(unsigned int vector, unsigned int ist)
{
	uint64_t address = (uint64_t)native_trap_stubs + vector * STUB_SIZE;

	/* Present, ring 0, an interrupt gate: it holds events back. */
	idt[vector] = (struct gate){
		(uint16_t)address,         CODE_64, (uint8_t)ist, 0x8e, (uint16_t)(address >> 16),
		(uint32_t)(address >> 32), 0};
}

void native_descriptors_init(void)
{
	struct table_pointer gdt_pointer = {sizeof(boot_gdt) - 1, (uint64_t)boot_gdt};
	struct table_pointer idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};

	task.io_map = sizeof(task);
	task.ist[0] = (uint64_t)stacks[0] + STACK_SIZE;
	task.ist[1] = (uint64_t)stacks[1] + STACK_SIZE;
	describe_task();
	for (unsigned int vector = 0; vector < ARRAY_SIZE(idt); vector++)
		set_gate(vector, vector == VECTOR_DOUBLE_FAULT ? 1 : vector == VECTOR_NMI ? 2 : 0);
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt_pointer), "m"(idt_pointer),
			 "r"((uint16_t)TASK)
			 : "memory");
}
