// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The native backend: the same layer without a hypervisor. Updates are stores, the hooks are
 * announced all the same, roots are shared, and large pages can be split.
 */
#include "../model/invariants.h"
#include "../model/world.h"
#include "host.h"

#include "../model/recorder.h"
#include <arch/cpu.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/large.h>
#include <mm/table/ops.h>

static struct recorder recorder;

/* A world whose hypervisor is not asked for anything: any hypercall fails the test. */
static void start(unsigned int levels)
{
	world_start(levels, 4096);
	paravirt = paravirt_native;
	pt_geometry.large_levels = 1u << PT_PMD | 1u << PT_PUD;
	recorder_start(&recorder);
	model_reset_counters();
}

static void stop(void)
{
	assert_int_equal(model_counters().hypercalls, 0);
	recorder_stop();
	if (recorder.breach)
		fail_msg("%s", recorder.breach);
	expect_recorder_counted_right(&recorder);
	assert_int_equal(recorder.live, recorder.found);
	paravirt = paravirt_xen;
	world_stop();
}

static bool split(struct mm *mm, uintptr_t start, uint64_t bytes)
{
	bool done;

	mm_lock(mm);
	done = mm_split(mm, start, start + bytes - 1);
	mm_unlock(mm);
	return done;
}

static void a_life_without_hypercalls(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		uint64_t flushes;
		pfn_t page;
		struct mm mm;

		host_seed(levels);
		start(levels);
		page = frames_alloc(0);
		assert_true(mm_create(&mm));
		assert_false(pfn_valid(mm.user_root));
		for (unsigned int i = 0; i < 20; i++) {
			uintptr_t address = host_random() & pt_user_limit();

			assert_true(mm_prepare(&mm, address, address, PT_PTE));
			set_pte_at(&mm, address, mm_entry(&mm, address, PT_PTE),
				   pt_entry_make(page, PT_KERNEL_RW | PT_USER));
			assert_int_equal(pt_entry_pfn(*mm_entry(&mm, address, PT_PTE)).pfn,
					 page.pfn);
		}
		mm_activate(&mm);
		assert_false(mm.pinned);
		mm_load(&mm);
		assert_ptr_equal(this_cpu()->loaded_mm, &mm);
		assert_int_equal(host_tlb.root, mm.root.pfn * PAGE_SIZE);
		/* Tables that are let go may be remembered by a processor until it flushes. */
		flushes = host_tlb.all;
		mm_free_tables(&mm, 0, pt_user_limit() / 2);
		assert_true(host_tlb.all > flushes);
		flushes = host_tlb.all;
		mm_free_tables(&mm, 0, pt_user_limit() / 2);
		assert_int_equal(host_tlb.all, flushes);
		mm_destroy(&mm);
		assert_ptr_equal(this_cpu()->loaded_mm, &kernel_mm);
		assert_int_equal(host_tlb.root, kernel_mm.root.pfn * PAGE_SIZE);
		frames_free(page);
		stop();
	}
}

/* The kernel's own pte: stored and flushed; without a table for it, the kernel stops and says so.
 */
static uintptr_t no_table;

static void set_without_a_table(void)
{
	set_kernel_pte(no_table, pt_entry_none());
}

static void a_kernel_pte_is_flushed(void **state)
{
	const uintptr_t address = 0x5000;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		const struct host_tlb before = host_tlb;
		pfn_t page, root;
		struct mm mm;

		start(levels);
		page = frames_alloc(0);
		/* In tables that the model does not hold validated: it would see the store. */
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, address, address, PT_PTE));
		root = pt_root();
		pt_set_root(mm.root);
		set_kernel_pte(address, pt_entry_make(page, PT_KERNEL_RO));
		assert_int_equal(mm_entry(&mm, address, PT_PTE)->raw,
				 pt_entry_make(page, PT_KERNEL_RO).raw);
		/* No TLB remembers that there was none. */
		assert_int_equal(host_tlb.addresses, before.addresses);
		set_kernel_pte(address, pt_entry_none());
		assert_int_equal(host_tlb.addresses - before.addresses, HOST_CPUS);
		assert_int_equal(host_tlb.address, address);
		no_table = pt_span(PT_PMD);
		host_expect_panic(set_without_a_table, "has no pte table");
		pt_set_root(root);
		mm_destroy(&mm);
		frames_free(page);
		stop();
	}
}

static void protection_keeps_accessed_and_dirty(void **state)
{
	pt_entry_t *entry, old;
	struct mm mm;
	pfn_t page;

	(void)state;
	start(4);
	page = frames_alloc(0);
	assert_true(mm_create(&mm));
	assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
	entry = mm_entry(&mm, 0x5000, PT_PTE);
	set_entry(entry, PT_PTE, pt_entry_make(page, PT_PRESENT | PT_RW));
	old = protect_start(entry);
	entry->raw |= PT_DIRTY | PT_ACCESSED; /* the processor */
	protect_commit(entry, (pt_entry_t){old.raw & ~PT_RW});
	assert_int_equal(pt_entry_flags(*entry), PT_PRESENT | PT_DIRTY | PT_ACCESSED);
	mm_destroy(&mm);
	frames_free(page);
	stop();
}

static void a_large_page_is_split(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (enum pt_level level = PT_PMD; level <= PT_PUD; level++) {
			const uint64_t flags = PT_KERNEL_RW | PT_USER | PT_GLOBAL;
			uintptr_t base = pt_span(level) * 3;
			enum pt_level below = pt_level_below(level);
			pt_entry_t *entry;
			uint64_t flushed = host_tlb.all;
			struct mm mm;

			start(levels);
			assert_true(mm_create(&mm));
			assert_true(mm_prepare(&mm, base, base, level));
			entry = mm_entry(&mm, base, level);
			set_entry(entry, level, pt_entry_from_mfn(mfn(0x40000), flags | PT_HUGE));
			assert_null(mm_entry(&mm, base, below));
			assert_true(split(&mm, base, pt_span(below)));
			assert_true(host_tlb.all > flushed);
			for (unsigned int i = 0; i < 512; i++) {
				uintptr_t address = base + i * pt_span(below);
				pt_entry_t small = *mm_entry(&mm, address, below);

				assert_int_equal(pt_entry_mfn(small).mfn,
						 0x40000 + i * (pt_span(below) >> PAGE_SHIFT));
				assert_int_equal(pt_entry_flags(small),
						 flags | (below == PT_PTE ? 0 : PT_HUGE));
			}
			mm_destroy(&mm);
			stop();
		}
	}
}

static void splitting_without_memory_changes_nothing(void **state)
{
	static pfn_t held[4096];
	unsigned int count = 0;
	pt_entry_t *entry, large = pt_entry_from_mfn(mfn(0x40000), PT_KERNEL_RW | PT_HUGE);
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	assert_true(mm_prepare(&mm, 0, 0, PT_PMD));
	entry = mm_entry(&mm, 0, PT_PMD);
	set_entry(entry, PT_PMD, large);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	assert_false(split(&mm, 0, PAGE_SIZE));
	assert_int_equal(entry->raw, large.raw);
	while (count)
		frames_free(held[--count]);
	mm_destroy(&mm);
	stop();
}

/* ---- flushes ---- */

static struct {
	unsigned int addresses, all;
	uint64_t first, last; /* addresses */
} flushed[HOST_CPUS];

static void note_address(uint64_t address)
{
	unsigned int cpu = this_cpu()->number;

	if (!flushed[cpu].addresses++)
		flushed[cpu].first = address;
	flushed[cpu].last = address;
}

static void note_all(void)
{
	flushed[this_cpu()->number].all++;
}

/* Fails unless every CPU of the set has flushed that since the last look, and no other anything. */
static void expect_flushed(cpu_set_t set, unsigned int addresses, unsigned int all)
{
	for (unsigned int i = 0; i < HOST_CPUS; i++) {
		assert_int_equal(flushed[i].addresses, set & 1ul << i ? addresses : 0);
		assert_int_equal(flushed[i].all, set & 1ul << i ? all : 0);
	}
	memset(flushed, 0, sizeof(flushed));
}

static void flush_addresses(unsigned int count, cpu_set_t set)
{
	for (unsigned int i = 0; i < count; i++)
		paravirt.flush_address((i + 1) * PAGE_SIZE, set);
}

/* Once lazy mode ends, or lazy_flush() is called, each CPU is asked once for all of it. */
static void flushes_are_queued_in_lazy_mode(void **state)
{
	static const struct host_processor noting = {note_address, note_all, NULL};

	(void)state;
	start(4);
	host_processor = &noting;
	flush_addresses(1, 1 << 2);
	expect_flushed(1 << 2, 1, 0);
	paravirt.flush_all(1 << 0 | 1 << 3);
	expect_flushed(1 << 0 | 1 << 3, 0, 1);
	lazy_enter();
	lazy_enter();
	flush_addresses(1, 1 << 1);
	flush_addresses(8 - 1, 1 << 3);
	lazy_leave();
	expect_flushed(0, 0, 0);
	lazy_leave();
	assert_int_equal(flushed[1].last, 7 * PAGE_SIZE);
	/* More than it should: what one of them needs, all in the set flush. */
	expect_flushed(1 << 1 | 1 << 3, 8, 0);
	/* More addresses than there is room for are a flush of everything, as one that is asked
	 * for. */
	for (unsigned int all = 0; all < 3; all++) {
		lazy_enter();
		flush_addresses(all == 2 ? 1 : 9, 1 << 1);
		if (all)
			paravirt.flush_all(1 << 2);
		flush_addresses(1, 1 << 3);
		lazy_flush();
		expect_flushed(1 << 1 | (all ? 1 << 2 : 0) | 1 << 3, 0, 1);
		flush_addresses(1, 1 << 2);
		lazy_leave();
		expect_flushed(1 << 2, 1, 0);
	}
	host_processor = NULL;
	stop();
}

/* A handler does not touch the queue, and what it needs is done before it returns. */
static void a_handler_flushes_at_once(void **state)
{
	static const struct host_processor noting = {note_address, note_all, NULL};

	(void)state;
	start(4);
	host_processor = &noting;
	lazy_enter();
	flush_addresses(2, 1 << 1);
	this_cpu()->event_depth++;
	flush_addresses(1, 1 << 2);
	expect_flushed(1 << 2, 1, 0);
	paravirt.flush_all(1 << 2);
	lazy_enter();
	lazy_leave();
	lazy_flush();
	expect_flushed(1 << 2, 0, 1);
	this_cpu()->event_depth--;
	lazy_leave();
	assert_int_equal(flushed[1].first, PAGE_SIZE);
	expect_flushed(1 << 1, 2, 0);
	host_processor = NULL;
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_without_hypercalls),
		cmocka_unit_test(a_kernel_pte_is_flushed),
		cmocka_unit_test(protection_keeps_accessed_and_dirty),
		cmocka_unit_test(a_large_page_is_split),
		cmocka_unit_test(splitting_without_memory_changes_nothing),
		cmocka_unit_test(flushes_are_queued_in_lazy_mode),
		cmocka_unit_test(a_handler_flushes_at_once),
	};

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
