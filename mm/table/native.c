// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The native backend of the paravirt operations: the processor's own tables, without a hypervisor.
 *
 * An update is a store, tables are not tracked, and programs share the kernel's root.
 */
#include <arch/cpu.h>
#include <arch/tlb.h>
#include <kernel/lib/panic.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

static void set(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	(void)level;
	*(volatile pt_entry_t *)entry = value;
}

static void set_kernel(uintptr_t address, pt_entry_t value)
{
	pt_entry_t *entry = pt_find(pt_root(), address, PT_PTE);

	if (!entry)
		panic("set_kernel_pte: address %lx has no pte table", address);
	set(entry, PT_PTE, value);
	native_flush_address(address);
}

static void set_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	(void)mm, (void)address;
	*(volatile pt_entry_t *)entry = value;
}

/* The processor may set accessed and dirty at any time, so reading and writing must be one step. */
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

/* Does nothing if the page, large or not, has that right already. */
static void set_page_writable(pfn_t frame, bool writable)
{
	enum pt_level level;
	pt_entry_t *entry = pt_find_leaf(pt_root(), pfn_to_address(frame), &level), value;

	if (!entry)
		panic("pfn %lx has no page in the direct map", frame.pfn);
	value.raw = writable ? entry->raw | PT_RW : entry->raw & ~(PT_RW | PT_DIRTY);
	if (value.raw == entry->raw)
		return;
	if (level != PT_PTE)
		panic("pfn %lx has no page of its own in the direct map", frame.pfn);
	set(entry, level, value);
}

const struct paravirt_ops paravirt_native = {
	.name = "native",
	.complete = &paravirt_native,
	.set_entry = set,
	.set_kernel_pte = set_kernel,
	.set_pte_at = set_at,
	.protect_commit = protect,
	.alloc_table = paravirt_no_alloc_table,
	.adopt_table = paravirt_no_adopt_table,
	.release_table = paravirt_no_release_table,
	.clone_root = paravirt_no_clone_root,
	.activate_mm = no_mm,
	.dup_mmap = no_mm,
	.exit_mmap = mm_unload_everywhere,
	.load_mm = load,
	.lazy_enter = nothing,
	.lazy_leave = nothing,
	.lazy_flush = nothing,
	.set_page_writable = set_page_writable,
	.flush_address = native_flush_address,
	.flush_all = native_flush_all,
};
