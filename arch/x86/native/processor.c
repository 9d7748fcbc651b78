// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Privileged instructions of a processor that the kernel owns: flushing the TLB, loading a root of
 * page tables, reading a fault's address, waiting for an interrupt. With them is cpuid, by which
 * the kernel finds a hypervisor.
 */
#include <arch/io.h>
#include <arch/native.h>
#include <arch/tlb.h>
#include <kernel/lib/string.h>

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
	__asm__ volatile("mov %0, %%cr3" ::"r"(root.pa) : "memory");
}

void native_block(void)
{
	/* No interrupt is taken between the two instructions; a pending one ends the halt. */
	__asm__ volatile("sti; hlt" ::: "memory");
}

uintptr_t native_fault_address(void)
{
	uintptr_t address;

	__asm__ volatile("movq %%cr2, %0" : "=r"(address));
	return address;
}

/*
 * A machine may present several hypervisors, each with a block of leaves of its own; Xen's need not
 * be the first.
 */
uint32_t native_find_hypervisor(const char *signature)
{
	for (uint32_t base = 0x40000000; base < 0x40010000; base += 0x100) {
		struct cpuid r = cpuid(base);
		const uint32_t found[3] = {r.ebx, r.ecx, r.edx};

		if (memcmp(found, signature, sizeof(found)) == 0)
			return base;
	}
	return 0;
}
