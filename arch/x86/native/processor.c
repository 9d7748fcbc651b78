// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Privileged instructions, of paging and of waiting; see the headers.
 */
#include <arch/native.h>
#include <arch/tlb.h>

void native_flush_address(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

void native_flush_all(void)
{
	uint64_t root;

	__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(root)::"memory");
}

void native_load_root(paddr_t root)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(root.n) : "memory");
}

void native_block(void)
{
	/* No interrupt comes between the two: one that is pending ends the halt. */
	__asm__ volatile("sti; hlt" ::: "memory");
}

uintptr_t native_fault_address(void)
{
	uintptr_t address;

	__asm__ volatile("movq %%cr2, %0" : "=r"(address));
	return address;
}
