// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The native backend of the paravirt operations: the processor's own tables, no hypervisor. An
 * update is a store, nobody has to be told of a table, and programs share the kernel's root.
 */
#include <arch/cpu.h>
#include <arch/tlb.h>
#include <mm/address_space.h>
#include <mm/direct_map.h>
#include <mm/paravirt.h>

static void set(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	(void)level;
	*(volatile pt_entry_t *)entry = value;
}

static void set_kernel(uintptr_t address, pt_entry_t value)
{
	*(volatile pt_entry_t *)pt_find(pt_root(), address, PT_PTE) = value;
	native_flush_address(address);
}

static void set_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	(void)mm, (void)address;
	*(volatile pt_entry_t *)entry = value;
}

/* The processor sets accessed and dirty by itself, at any time: so this is a read and a write in
 * one. */
static void protect(pt_entry_t *entry, pt_entry_t value)
{
	uint64_t old = __atomic_load_n(&entry->raw, __ATOMIC_RELAXED), new;

	do {
		new = value.raw | (old & (PT_ACCESSED | PT_DIRTY));
	} while (!__atomic_compare_exchange_n(&entry->raw, &old, new, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

static void no_mm(struct mm *mm)
{
	(void)mm;
}

static void load(struct mm *mm)
{
	native_load_root(pfn_to_paddr(mm->root));
	this_cpu()->loaded_mm = mm;
}

static void nothing(void)
{
}

/* A table may stay writable: the processor does not mind. */
static void no_page(pfn_t frame, bool writable)
{
	(void)frame, (void)writable;
}

const struct paravirt_ops paravirt_native = {
	.name = "native",
	.set_entry = set,
	.set_kernel_pte = set_kernel,
	.set_pte_at = set_at,
	.protect_commit = protect,
	.alloc_table = paravirt_no_alloc_table,
	.release_table = paravirt_no_release_table,
	.clone_root = paravirt_no_clone_root,
	.activate_mm = no_mm,
	.dup_mmap = no_mm,
	.exit_mmap = mm_unload_everywhere,
	.load_mm = load,
	.lazy_enter = nothing,
	.lazy_leave = nothing,
	.lazy_flush = nothing,
	.set_page_writable = no_page,
	.flush_address = native_flush_address,
	.flush_all = native_flush_all,
};
