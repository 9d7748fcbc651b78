// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the paging layer adds to what Xen charges: the same work by bare hypercalls, as few as there
 * can be, and through the layer's public functions. "raw: X" and "layer: X" become one line with a
 * ratio in scripts/bench.
 */
#include "tables.h"

#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/prompt/bench.h>
#include <mm/kernel/memory.h>
#include <mm/table/levels.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>
#include <xen/xen.h>

#define TIMES 5 /* of which the best counts */

/* A pinned address space with one pte table, and a page to map in it. */
struct bench_space {
	struct mm mm;
	pt_entry_t *entries;
	mfn_t table;
	pfn_t page;
};

static void make_space(struct bench_space *space)
{
	space->page = frames_alloc(0);
	if (!pfn_valid(space->page) || !mm_create(&space->mm) ||
	    !mm_prepare(&space->mm, 0, 0, PT_PTE))
		panic("no memory for measuring");
	space->entries = mm_entry(&space->mm, 0, PT_PTE);
	space->table = pfn_to_mfn(virt_to_pfn(space->entries));
	mm_activate(&space->mm);
}

static void end_space(struct bench_space *space)
{
	mm_destroy(&space->mm);
	frames_free(space->page);
}

enum work { SET, PROTECT, CLEAR, WORKS };
static const char *const work_names[] = {"set", "protect", "clear"};

/* Returns the value of the entries before the work: present for all but SET. */
static uint64_t value_for(const struct bench_space *space, enum work work)
{
	return work == CLEAR
		       ? 0
		       : pt_entry_make(space->page, work == SET ? PT_KERNEL_RW : PT_KERNEL_RO).raw;
}

static uint64_t raw(struct bench_space *space, enum work work, unsigned int count)
{
	static struct mmu_update requests[PT_ENTRIES];
	unsigned int command = work == PROTECT ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE;
	uint64_t start;

	for (unsigned int i = 0; i < count; i++)
		requests[i] = (struct mmu_update){
			(mfn_to_maddr(space->table).ma + i * sizeof(pt_entry_t)) | command,
			value_for(space, work),
		};
	start = rdtsc();
	if (hypercall_mmu_update(requests, count, NULL))
		panic("Xen refused to %s entries", work_names[work]);
	return rdtsc() - start;
}

static uint64_t layer(struct bench_space *space, enum work work, unsigned int count)
{
	uint64_t start = rdtsc();

	if (count > 1)
		lazy_enter();
	for (unsigned int i = 0; i < count; i++) {
		pt_entry_t *entry = &space->entries[i];

		if (work == SET)
			set_entry(entry, PT_PTE, pt_entry_make(space->page, PT_KERNEL_RW));
		else if (work == CLEAR)
			set_entry(entry, PT_PTE, pt_entry_none());
		else
			protect_commit(entry, (pt_entry_t){protect_start(entry).raw & ~PT_RW});
	}
	if (count > 1)
		lazy_leave();
	return rdtsc() - start;
}

static void report(const char *who, const char *what, uint64_t ticks, uint64_t times)
{
	printk(PRINTK_OUTPUT, "bench: %s: %s: %lu ticks, %lu times\n", who, what, ticks, times);
}

static void report_batch(const char *what)
{
	struct batch_counters counters = batch_counters();

	printk(PRINTK_OUTPUT, "batch: %s: %lu updates and %lu operations, %lu entries into Xen\n",
	       what, counters.updates, counters.operations, counters.calls);
}

static void measure_entries(struct bench_space *space, unsigned int count)
{
	uint64_t best[2][WORKS];
	char what[40];

	for (unsigned int work = 0; work < WORKS; work++)
		best[0][work] = best[1][work] = UINT64_MAX;
	for (unsigned int times = 0; times < TIMES; times++) {
		for (unsigned int work = SET; work < WORKS; work++) {
			uint64_t ticks = raw(space, work, count);

			best[0][work] = MIN(best[0][work], ticks);
		}
		for (unsigned int work = SET; work < WORKS; work++) {
			uint64_t ticks;

			batch_reset_counters();
			ticks = layer(space, work, count);
			best[1][work] = MIN(best[1][work], ticks);
			snprintf(what, sizeof(what), "%s %u", work_names[work], count);
			if (times == 0)
				report_batch(what);
		}
	}
	for (unsigned int work = SET; work < WORKS; work++) {
		snprintf(what, sizeof(what), "%s %u, per entry", work_names[work], count);
		report("raw", what, best[0][work], count);
		report("layer", what, best[1][work], count);
	}
}

BENCH(entries)
{
	struct bench_space space;

	make_space(&space);
	measure_entries(&space, PT_ENTRIES);
	measure_entries(&space, 1);
	end_space(&space);
}

/* ---- pin and unpin ---- */

#define PIN_PAGES 4096

struct requests {
	struct mmu_update readonly[64], writable[64];
	struct mmuext_op pin[64], unpin[64];
	unsigned int updates, pins;
};

static bool collect(pfn_t table, enum pt_level level, void *argument)
{
	struct requests *requests = argument;
	pt_entry_t *entry = pt_find(pt_root(), pfn_to_address(table), PT_PTE);
	uint64_t address =
		mfn_to_maddr(pfn_to_mfn(virt_to_pfn(entry))).ma + (uintptr_t)entry % PAGE_SIZE;
	uint64_t machine = pfn_to_mfn(table).mfn;

	requests->readonly[requests->updates] =
		(struct mmu_update){address, pt_entry_make(table, PT_KERNEL_RO).raw};
	requests->writable[requests->updates++] =
		(struct mmu_update){address, pt_entry_make(table, PT_KERNEL_RW).raw};
	if (level != PT_PTE && level != PT_PGD)
		return false;
	requests->pin[requests->pins] =
		(struct mmuext_op){.cmd = pin_command(level), .arg1.mfn = machine};
	requests->unpin[requests->pins++] =
		(struct mmuext_op){.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = machine};
	return false;
}

static uint64_t raw_pin(const struct requests *requests)
{
	uint64_t start = rdtsc();

	if (hypercall_mmu_update(requests->readonly, requests->updates, NULL))
		panic("Xen refused to make tables read-only by hand");
	if (hypercall_mmuext_op(requests->pin, requests->pins, NULL))
		panic("Xen refused to pin by hand");
	return rdtsc() - start;
}

static uint64_t raw_unpin(const struct requests *requests)
{
	uint64_t start = rdtsc();

	if (hypercall_mmuext_op(requests->unpin, requests->pins, NULL) ||
	    hypercall_mmu_update(requests->writable, requests->updates, NULL))
		panic("Xen refused to unpin by hand");
	return rdtsc() - start;
}

BENCH(pin_address_space)
{
	static struct requests requests;
	uint64_t best[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	pfn_t pages = frames_alloc(FRAMES_MAX_ORDER);
	struct mm mm;

	if (!pfn_valid(pages) || !mm_create(&mm) ||
	    !mm_prepare(&mm, 0, PIN_PAGES * PAGE_SIZE - 1, PT_PTE))
		panic("no memory for measuring");
	for (uint64_t i = 0; i < PIN_PAGES; i++)
		set_entry(mm_entry(&mm, i * PAGE_SIZE, PT_PTE), PT_PTE,
			  pt_entry_make(pfn(pages.pfn + i % 1024), PT_KERNEL_RW | PT_USER));
	requests.updates = requests.pins = 0;
	pt_walk_tables(mm.root, pt_user_limit(), collect, &requests);
	collect(mm.user_root, PT_PGD, &requests);
	for (unsigned int times = 0; times < TIMES; times++) {
		uint64_t start, ticks[4];

		ticks[0] = raw_pin(&requests);
		ticks[1] = raw_unpin(&requests);
		paravirt.flush_all(ALL_CPUS);
		batch_reset_counters();
		start = rdtsc();
		mm_pin(&mm);
		ticks[2] = rdtsc() - start;
		if (times == 0)
			report_batch("pin 4096 pages");
		batch_reset_counters();
		start = rdtsc();
		mm_unpin(&mm);
		ticks[3] = rdtsc() - start;
		if (times == 0)
			report_batch("unpin 4096 pages");
		for (unsigned int i = 0; i < 4; i++)
			best[i] = MIN(best[i], ticks[i]);
	}
	report("raw", "pin 4096 pages, per page", best[0], PIN_PAGES);
	report("layer", "pin 4096 pages, per page", best[2], PIN_PAGES);
	report("raw", "unpin 4096 pages, per page", best[1], PIN_PAGES);
	report("layer", "unpin 4096 pages, per page", best[3], PIN_PAGES);
	mm_destroy(&mm);
	frames_free(pages);
}

/* ---- finding an entry ---- */

/* By the loop over levels, and by the five typed steps, of which the p4d's is folded here. */
BENCH(lookups)
{
	enum { LOOKUPS = 512 };
	const uintptr_t last = (LOOKUPS - 1) * pt_span(PT_PMD);
	uint64_t start, sum = 0;
	struct mm mm;

	if (!mm_create(&mm) || !mm_prepare(&mm, 0, last, PT_PTE))
		panic("no memory for measuring");
	start = rdtsc();
	for (uintptr_t address = 0; address <= last; address += pt_span(PT_PMD))
		sum += mm_entry(&mm, address, PT_PTE)->raw;
	bench_report("looking up an entry", rdtsc() - start, LOOKUPS);
	start = rdtsc();
	for (uintptr_t address = 0; address <= last; address += pt_span(PT_PMD))
		sum += pte_flags(*pte_find(&mm, address));
	bench_report("the same by typed steps", rdtsc() - start, LOOKUPS);
	__asm__ volatile("" ::"r"(sum)); /* so that the compiler cannot leave the lookups out */
	mm_destroy(&mm);
}

/* ---- what other operations put into one entry ---- */

BENCH(batches)
{
	pfn_t page = frames_alloc(0);
	struct mm mm;

	if (!pfn_valid(page) || !mm_create(&mm))
		panic("no memory for measuring");
	mm_activate(&mm);
	batch_reset_counters();
	mm_prepare(&mm, 0, 64 * pt_span(PT_PMD) - 1, PT_PTE);
	report_batch("make 64 pte tables in a pinned address space");
	batch_reset_counters();
	mm_load(&mm);
	report_batch("switch the address space");
	batch_reset_counters();
	mm_free_tables(&mm, 0, 64 * pt_span(PT_PMD) - 1);
	report_batch("let them go");
	mm_destroy(&mm);
	frames_free(page);
}

/* As it was at boot. */
BENCH(relocate_p2m)
{
	struct p2m_relocated done = memory_p2m_relocated;

	bench_report("moving the P2M, per page of the domain", done.ticks, p2m_size());
}
