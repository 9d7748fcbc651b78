// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What memory management costs, beside what Xen itself charges for the same.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/lib/panic.h>
#include <kernel/prompt/bench.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/table/ops.h>

BENCH(null_hypercall)
{
	enum { CALLS = 1000 };
	uint64_t start = rdtsc();

	for (unsigned int i = 0; i < CALLS; i++)
		hypercall_xen_version(0, NULL);
	bench_report("null hypercall", rdtsc() - start, CALLS);
}

/* As it was at boot: every frame gets its type "writable" for the first time. */
BENCH(direct_map)
{
	struct direct_map_cost cost = direct_map_cost;

	bench_report("direct map, filling the tables, per page", cost.fill_ticks, cost.pages);
	bench_report("direct map, Xen validating them, per page", cost.validate_ticks, cost.pages);
	bench_report("direct map, per page", cost.fill_ticks + cost.validate_ticks, cost.pages);
}

static uint64_t timed(unsigned int command, pfn_t table)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = pfn_to_mfn(table).mfn};
	uint64_t start = rdtsc();

	if (hypercall_mmuext_op(&op, 1, NULL))
		panic("Xen refused mmuext command %u on a table made for measuring", command);
	return rdtsc() - start;
}

/*
 * A full table of frames that the direct map has writable already: what validating an entry costs
 * when the frame's type does not change.
 */
BENCH(pin_table)
{
	pfn_t table = frames_alloc(0), pages = frames_alloc(PT_LEVEL_BITS);
	pt_entry_t *entries = pfn_to_virt(table);
	uint64_t ticks;

	if (!pfn_valid(table) || !pfn_valid(pages))
		panic("no memory for measuring");
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		entries[i] = pt_entry_from_mfn(pfn_to_mfn(pfn(pages.pfn + i)), PT_KERNEL_RW);
	make_page_readonly(table);
	ticks = timed(MMUEXT_PIN_L1_TABLE, table);
	bench_report("pinning a full pte table, per entry", ticks, PT_ENTRIES);
	ticks = timed(MMUEXT_UNPIN_TABLE, table);
	bench_report("unpinning it, per entry", ticks, PT_ENTRIES);
	make_page_writable(table);
	paravirt.flush_address((uintptr_t)pfn_to_virt(table), ALL_CPUS);
	frames_free(pages);
	frames_free(table);
}
