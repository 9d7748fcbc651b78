// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The native backend of the paravirt operations: the processor's own tables, without a hypervisor.
 *
 * An update is a store, tables are not tracked, and programs share the kernel's root. What is
 * queued in lazy mode are flushes of the TLB: other CPUs must be interrupted for them, and once is
 * enough.
 */
#include <arch/ipi.h>
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

/* ---- flushing ---- */

#define ADDRESSES 8u

/* What a CPU will flush, on the CPUs of the set. */
struct pending {
	cpu_set_t set; /* empty: nothing */
	unsigned int count;
	uintptr_t address[ADDRESSES]; /* count > ADDRESSES: everything */
	unsigned int lazy;            /* nesting depth of lazy mode */
};

static struct pending pending[CPU_MAX];

static struct pending *this_pending(void)
{
	return &pending[this_cpu()->number];
}

static void flush_here(void *argument)
{
	const struct pending *flush = argument;

	for (unsigned int i = 0; i < flush->count && flush->count <= ADDRESSES; i++)
		native_flush_address(flush->address[i]);
	if (flush->count > ADDRESSES)
		native_flush_all();
}

static void issue(struct pending *flush)
{
	cpu_set_t set = flush->set;

	if (!set)
		return;
	cpu_call(set, flush_here, flush);
	flush->set = 0;
	flush->count = 0;
}

static void lazy_begin(void)
{
	if (!this_cpu()->event_depth)
		this_pending()->lazy++;
}

static void lazy_end(void)
{
	if (!this_cpu()->event_depth && !--this_pending()->lazy)
		issue(this_pending());
}

static void issue_pending(void)
{
	if (!this_cpu()->event_depth)
		issue(this_pending());
}

/* A handler's flush is issued at once: what it has interrupted may be writing to the queue. */
static void flush_address(uintptr_t address, cpu_set_t set)
{
	struct pending alone = {.set = set, .count = 1, .address = {address}};
	struct pending *flush = this_pending();

	if (this_cpu()->event_depth || !flush->lazy) {
		issue(&alone);
		return;
	}
	if (flush->count < ADDRESSES)
		flush->address[flush->count] = address;
	flush->count = MIN(flush->count + 1, ADDRESSES + 1);
	flush->set |= set;
}

static void flush_all(cpu_set_t set)
{
	struct pending alone = {.set = set, .count = ADDRESSES + 1};
	struct pending *flush = this_pending();

	if (this_cpu()->event_depth || !flush->lazy) {
		issue(&alone);
		return;
	}
	flush->count = ADDRESSES + 1;
	flush->set |= set;
}

/* ---- entries ---- */

/* The processor keeps no translation of an absent entry, so only a present one is flushed. */
static void set_kernel(uintptr_t address, pt_entry_t value)
{
	pt_entry_t *entry = pt_find(pt_root(), address, PT_PTE);
	bool flush;

	if (!entry)
		panic("set_kernel_pte: address %lx has no pte table", address);
	flush = pt_entry_present(*entry);
	set(entry, PT_PTE, value);
	if (flush)
		flush_address(address, ALL_CPUS);
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
	.exit_mmap = no_mm,
	.load_mm = load,
	.lazy_enter = lazy_begin,
	.lazy_leave = lazy_end,
	.lazy_flush = issue_pending,
	.set_page_writable = set_page_writable,
	.flush_address = flush_address,
	.flush_all = flush_all,
};
