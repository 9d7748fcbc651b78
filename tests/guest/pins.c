// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches, pins and the life of address spaces under real Xen.
 *
 * Whether a frame is pinned, Xen does not tell; but it tells by refusing: a second pin of a pinned
 * frame, a writable mapping of a table. Each test leaves memory exactly as it found it.
 */
#include "recorded.h"
#include "tables.h"

#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <kernel/lib/string.h>
#include <mm/kernel/fixed.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>
#include <xen/errno.h>
#include <xen/xen.h>

SUITE_THAT(NEEDS_XEN_TABLES, pins,
	   "batches, pins, the hooks' contract, address spaces coming and going");

static long operation(unsigned int command, pfn_t frame)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = pfn_to_mfn(frame).mfn};

	return hypercall_mmuext_op(&op, 1, NULL);
}

/* Maps one page all over the user half: many tables, little memory. */
static void fill(struct mm *mm, pfn_t page, unsigned int tables)
{
	for (unsigned int i = 0; i < tables; i++)
		map_frame(mm, 0x1000 + i * 0x40000000ul * 37, page);
}

static bool visit_pinned(pfn_t table, enum pt_level level, void *argument)
{
	(void)argument;
	/* A second pin is refused for what has a pin of its own; no table may be writable. */
	if (level == PT_PTE || level == PT_PGD)
		EXPECT_EQ(operation(pin_command(level), table), -XEN_EINVAL);
	EXPECT(!probe_write((uintptr_t)pfn_to_virt(table) + 8 * 511, 0) || level == PT_PTE);
	return false;
}

static bool visit_writable(pfn_t table, enum pt_level level, void *argument)
{
	volatile pt_entry_t *entries = pfn_to_virt(table);

	(void)argument, (void)level;
	EXPECT_EQ(operation(MMUEXT_UNPIN_TABLE, table), -XEN_EINVAL);
	/* A plain store, right after the last mapping became writable: no stale translation. */
	entries[300] = entries[300];
	return false;
}

TEST(pins, pin_and_unpin)
{
	pfn_t page = frames_alloc(0);
	struct batch_counters counters;
	struct mm mm;

	REQUIRE(pfn_valid(page));
	recorded_begin();
	REQUIRE(mm_create(&mm));
	fill(&mm, page, 5);
	pt_walk_tables(mm.root, pt_user_limit(), visit_writable, NULL);
	batch_reset_counters();
	mm_activate(&mm);
	counters = batch_counters();
	EXPECT_EQ(counters.calls, 1);
	EXPECT_EQ(counters.operations, 5 + 2); /* five pte tables, two roots */
	pt_walk_tables(mm.root, pt_user_limit(), visit_pinned, NULL);
	visit_pinned(mm.user_root, PT_PGD, NULL);
	batch_reset_counters();
	mm_exit(&mm);
	EXPECT_EQ(batch_counters().calls, 1);
	pt_walk_tables(mm.root, pt_user_limit(), visit_writable, NULL);
	mm_destroy(&mm);
	recorded_finish();
	frames_free(page);
}

TEST(pins, a_pinned_address_space_grows_and_shrinks)
{
	pfn_t page = frames_alloc(0);
	struct mm mm;

	REQUIRE(pfn_valid(page));
	recorded_begin();
	REQUIRE(mm_create(&mm));
	mm_activate(&mm);
	mm_load(&mm);
	for (unsigned int round = 0; round < 3; round++) {
		fill(&mm, page, 8);
		EXPECT_EQ(*(volatile uint64_t *)0x1000, *(uint64_t *)pfn_to_virt(page));
		pt_walk_tables(mm.root, pt_user_limit(), visit_pinned, NULL);
		mm_free_tables(&mm, 0, pt_user_limit());
		EXPECT(!probe_write(0x1000, 0));
		EXPECT_EQ(mm_count_tables(&mm).total, 2);
	}
	mm_destroy(&mm);
	EXPECT(this_cpu()->loaded_mm == &kernel_mm);
	recorded_finish();
	frames_free(page);
}

TEST(pins, unpinned_tables_cost_no_hypercall)
{
	pfn_t page = frames_alloc(0);
	struct mm mm;

	REQUIRE(pfn_valid(page));
	recorded_begin();
	batch_reset_counters();
	REQUIRE(mm_create(&mm));
	fill(&mm, page, 6);
	mm_destroy(&mm); /* as after an exec that failed */
	EXPECT_EQ(batch_counters().calls, 0);
	recorded_finish();
	frames_free(page);
}

TEST(pins, all_for_a_save_and_back)
{
	pfn_t page = frames_alloc(0);
	struct mm mm[3];

	REQUIRE(pfn_valid(page));
	recorded_begin();
	for (unsigned int i = 0; i < 3; i++) {
		REQUIRE(mm_create(&mm[i]));
		fill(&mm[i], page, i);
	}
	mm_activate(&mm[1]);
	mm_pin_all();
	for (unsigned int i = 0; i < 3; i++)
		EXPECT(mm[i].pinned);
	mm_unpin_all();
	EXPECT(!mm[0].pinned && mm[1].pinned && !mm[2].pinned);
	for (unsigned int i = 0; i < 3; i++)
		mm_destroy(&mm[i]);
	recorded_finish();
	frames_free(page);
}

TEST(pins, switching_loads_both_roots)
{
	pfn_t a = frames_alloc(0), b = frames_alloc(0);
	volatile uint64_t *there = (volatile uint64_t *)0x5000;
	struct mm one, two;

	REQUIRE(pfn_valid(a) && pfn_valid(b));
	*(uint64_t *)pfn_to_virt(a) = 1;
	*(uint64_t *)pfn_to_virt(b) = 2;
	recorded_begin();
	REQUIRE(mm_create(&one) && mm_create(&two));
	map_frame(&one, 0x5000, a);
	map_frame(&two, 0x5000, b);
	mm_activate(&one);
	mm_activate(&two);
	batch_reset_counters();
	mm_load(&one);
	EXPECT_EQ(batch_counters().calls, 1);
	EXPECT_EQ(*there, 1);
	mm_load(&two);
	EXPECT_EQ(*there, 2);
	mm_destroy(&one); /* not the one that is loaded: no switch */
	EXPECT_EQ(*there, 2);
	mm_destroy(&two);
	recorded_finish();
	frames_free(a);
	frames_free(b);
}

/*
 * Does what "explain pin" does: the frame is a table for a moment, and is announced by the hooks.
 */
TEST(pins, a_table_pinned_outside_is_told)
{
	pfn_t page = frames_alloc(0), table = frames_alloc(0);
	struct mmu_update update;

	REQUIRE(pfn_valid(page) && pfn_valid(table));
	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	recorder_start(&recorder);
	EXPECT_EQ(pin_try(table, PT_PMD, NULL), -XEN_EINVAL); /* it can be written */
	make_page_readonly(table);
	EXPECT_EQ(pin_try(table, PT_PMD, NULL), 0);
	update = (struct mmu_update){mfn_to_maddr(pfn_to_mfn(table)).ma,
				     pt_entry_make(page, PT_KERNEL_RW).raw};
	EXPECT_EQ(pin_try(table, PT_PTE, &update), 0);
	update.val = pt_entry_make(table, PT_KERNEL_RW).raw; /* itself, to be written */
	EXPECT(pin_try(table, PT_PTE, &update) < 0);
	EXPECT_EQ(recorder.count[RECORD_ADOPT], 3);
	EXPECT_EQ(recorder.count[RECORD_RELEASE], 3);
	make_page_writable(table);
	paravirt.flush_address(pfn_to_address(table), ALL_CPUS);
	recorder_stop();
	EXPECT(!recorder.breach);
	EXPECT_EQ(recorder.live, recorder.found);
	visit_writable(table, PT_PTE, NULL);
	frames_free(table);
	frames_free(page);
}

/* ---- batches ---- */

TEST(pins, a_batch_is_one_entry)
{
	pfn_t page = frames_alloc(0);
	pt_entry_t *entries;
	struct mm mm;

	REQUIRE(pfn_valid(page));
	recorded_begin();
	REQUIRE(mm_create(&mm));
	entries = make_pte(&mm, 0);
	mm_activate(&mm);
	batch_reset_counters();
	lazy_enter();
	for (unsigned int i = 0; i < 512; i++)
		set_entry(&entries[i], PT_PTE, pt_entry_make(page, PT_KERNEL_RO));
	EXPECT(pt_entry_is_none(entries[511]));
	EXPECT(pt_entry_present(read_entry(&entries[511]))); /* reading sees queued updates */
	lazy_leave();
	EXPECT_EQ(batch_counters().calls, 1);
	EXPECT_EQ(batch_counters().updates, 512);
	EXPECT_EQ(batch_counters().flushes[BATCH_FLUSH_READ], 1);
	mm_destroy(&mm);
	recorded_finish();
	frames_free(page);
}

static bool lock_was_held;

static void note_lock(void *lock)
{
	lock_was_held = ((struct spinlock *)lock)->held;
}

TEST(pins, callbacks_come_after_their_batch)
{
	struct spinlock lock = {.held = true};

	batch_enter();
	paravirt.flush_all(ALL_CPUS);
	batch_callback(note_lock, &lock);
	lock_was_held = false;
	EXPECT(batch_pending());
	batch_leave();
	EXPECT(lock_was_held);
	EXPECT(!batch_pending());
}

/*
 * A handler that changes mappings itself, as often as timers can fire, in the middle of batches of
 * another's. No update of either may be lost or come in the wrong order.
 */
static struct mm *handled;
static unsigned int handled_times;
static pfn_t handled_page;

static void change_mappings(struct timer *timer)
{
	pt_entry_t *entry = mm_entry(handled, 0x400000 + handled_times % 512 * PAGE_SIZE, PT_PTE);

	set_entry(entry, PT_PTE, pt_entry_make(handled_page, PT_KERNEL_RO));
	EXPECT(pt_entry_present(*entry)); /* at once, whatever was interrupted */
	fixed_map(fixed_window, pfn_to_mfn(handled_page), false);
	fixed_unmap(fixed_window);
	if (++handled_times < 400)
		timer_arm(timer, time_system() + 20000, change_mappings);
}

TEST(pins, handlers_interrupt_batches)
{
	static struct timer timer;
	pfn_t page = frames_alloc(0);
	uint64_t wrong = 0, until;
	pt_entry_t *entries;
	struct mm mm;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	make_pte(&mm, 0x400000);
	entries = make_pte(&mm, 0);
	mm_activate(&mm);
	handled = &mm;
	handled_page = page;
	handled_times = 0;
	timer_arm(&timer, time_system(), change_mappings);
	until = time_system() + 10000 * NS_PER_MS;
	for (unsigned int round = 0; handled_times < 400 && time_system() < until; round++) {
		pt_entry_t value = round % 2 ? pt_entry_none() : pt_entry_make(page, PT_KERNEL_RO);

		lazy_enter();
		for (unsigned int i = 0; i < 512; i++)
			set_entry(&entries[i], PT_PTE, value);
		lazy_leave();
		for (unsigned int i = 0; i < 512; i++)
			wrong += pt_entry_present(entries[i]) != pt_entry_present(value);
	}
	timer_cancel(&timer);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(handled_times, 400);
	EXPECT(!batch_pending());
	mm_destroy(&mm);
	frames_free(page);
}
