// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building the direct map: fill by plain stores, validate once.
 *
 * The obvious way, one hypercall an entry, costs some 850 instructions a page. But a frame that is
 * not a page table *yet* can be written like any other memory. So every table is filled while it
 * is ordinary, level by level from the bottom, through a one-page window; once the window has moved
 * on nothing maps it writable, because the entry that the new direct map has for it is read-only
 * from the start. Then a single mmu_update hooks the finished tree into the root, and Xen validates
 * the whole of it: its share is about 190 instructions an entry, ours a handful.
 *
 * The tables of all levels lie in one run of frames: the pte tables first, then the pmd tables that
 * point to them, and so on. That makes "which frame is table number n of this level" arithmetic.
 */
#include <arch/cpu.h>
#include <kernel/compiler.h>
#include <kernel/panic.h>
#include <mm/direct_map.h>
#include <mm/fixed.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>

uintptr_t direct_map_base = DIRECT_MAP_BASE, direct_map_address = DIRECT_MAP_BASE;
static bool live;
static struct pfn_range initial_map;
static struct direct_map_cost cost;

uint64_t direct_map_tables(uint64_t pages)
{
	uint64_t total = 0;
	uint64_t count = pages;

	for (enum pt_level level = PT_PTE; level != PT_PGD; level++) {
		if (!pt_level_exists(level))
			continue;
		count = (count + PT_ENTRIES - 1) / PT_ENTRIES;
		total += count;
	}
	return total;
}

/* Entries for the frames from "first" on; those without memory stay absent. */
static void fill_pte_table(pt_entry_t *table, uint64_t first, uint64_t count)
{
	const uint64_t *mfns = p2m_list() + first;

	for (uint64_t i = 0; i < count; i++) {
		pt_entry_t entry = pt_entry_none();

		if (mfns[i] != P2M_INVALID)
			entry = pt_entry_from_mfn(mfn(mfns[i]), PT_KERNEL_RW);
		table[i] = entry;
	}
	for (uint64_t i = count; i < PT_ENTRIES; i++)
		table[i] = pt_entry_none();
}

/* Takes away the right to write from the frames of this table that must not be written. */
static void make_read_only(pt_entry_t *table, uint64_t first, const struct boot_memory *memory)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		const struct boot_run *run = &memory->run[i];
		uint64_t start = MAX(run->range.start.n, first);
		uint64_t end = MIN(run->range.start.n + run->range.count, first + PT_ENTRIES);

		if (!frame_kind_readonly(run->kind))
			continue;
		for (uint64_t n = start; n < end; n++)
			table[n - first].raw &= ~(PT_RW | PT_DIRTY);
	}
}

static pt_entry_t *open_table(pfn_t frame)
{
	fixed_map(fixed_window, pfn_to_mfn(frame), true);
	return (pt_entry_t *)fixed_window;
}

static uint64_t fill_pte_tables(pfn_t tables, const struct boot_memory *memory)
{
	uint64_t count = (memory->pages + PT_ENTRIES - 1) / PT_ENTRIES;

	for (uint64_t t = 0; t < count; t++) {
		uint64_t first = t * PT_ENTRIES;
		pt_entry_t *table = open_table(pfn(tables.n + t));

		fill_pte_table(table, first, MIN(PT_ENTRIES, memory->pages - first));
		make_read_only(table, first, memory);
	}
	return count;
}

/* Tables that point to "children" tables from "first_child" on; returns how many there are. */
static uint64_t fill_upper_tables(pfn_t tables, pfn_t first_child, uint64_t children)
{
	uint64_t count = (children + PT_ENTRIES - 1) / PT_ENTRIES;

	for (uint64_t t = 0; t < count; t++) {
		pt_entry_t *table = open_table(pfn(tables.n + t));

		for (uint64_t i = 0; i < PT_ENTRIES; i++) {
			uint64_t child = t * PT_ENTRIES + i;

			table[i] =
				child < children
					? pt_entry_from_mfn(pfn_to_mfn(pfn(first_child.n + child)),
							    PT_TABLE)
					: pt_entry_none();
		}
	}
	return count;
}

/* Makes the finished tree part of the live tables, where Xen validates it. */
static void hook_into_root(pfn_t tables, uint64_t count)
{
	pt_entry_t *root = boot_or_direct_map(pt_root());
	unsigned int slot = pt_index(DIRECT_MAP_BASE, PT_PGD);

	for (uint64_t t = 0; t < count; t++)
		set_entry(&root[slot + t], PT_PGD, pt_entry_make(pfn(tables.n + t), PT_TABLE));
}

void direct_map_build(struct boot_memory *memory)
{
	uint64_t total = direct_map_tables(memory->pages);
	uint64_t start = rdtsc(), filled;
	pfn_t tables = boot_memory_take(memory, total, FRAME_TABLE);
	uint64_t count;

	if (!pfn_valid(tables))
		panic("no run of %lu free frames for the tables of the direct map", total);

	count = fill_pte_tables(tables, memory);
	for (enum pt_level level = PT_PMD; level != PT_PGD; level++) {
		pfn_t children = tables;

		if (!pt_level_exists(level))
			continue;
		tables.n += count;
		count = fill_upper_tables(tables, children, count);
	}
	fixed_unmap(fixed_window);
	filled = rdtsc();
	hook_into_root(tables, count);
	live = true;
	cost = (struct direct_map_cost){memory->pages, total, filled - start, rdtsc() - filled};
}

struct direct_map_cost direct_map_cost(void)
{
	return cost;
}

void direct_map_use(uintptr_t base, uintptr_t address)
{
	direct_map_base = base;
	direct_map_address = address;
	live = true;
}

void direct_map_set_initial(struct pfn_range initial)
{
	initial_map = initial;
}

void *boot_or_direct_map(pfn_t frame)
{
	if (live)
		return pfn_to_virt(frame);
	if (frame.n - initial_map.start.n < initial_map.count)
		return (void *)(KERNEL_VIRT_BASE + (frame.n << PAGE_SHIFT));
	return NULL;
}
