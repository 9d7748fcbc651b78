// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces on the model: making and trimming tables, pin and unpin, the hooks' contract, and
 * the life of an address space on several CPUs; memory running out at every step.
 */
#include "../model/invariants.h"
#include "../model/world.h"
#include "host.h"

#include "../model/recorder.h"
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/report/explain.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/user/entries.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>
#include <xen/errno.h>

#define PAGES 2048

/* What Xen sets by itself in an entry that it validates. */
#define PT_XEN_OWN (PT_USER | 1ull << 52)

static struct recorder recorder;

static pt_entry_t *pte(struct mm *mm, uintptr_t address)
{
	pt_entry_t *entry = mm_entry(mm, address, PT_PTE);

	assert_non_null(entry);
	return entry;
}

static bool map(struct mm *mm, uintptr_t address, pfn_t frame, uint64_t flags)
{
	if (!mm_prepare(mm, address, address, PT_PTE))
		return false;
	set_pte_at(mm, address, pte(mm, address), pt_entry_make(frame, flags));
	return true;
}

/* One frame for all to map, so that tables are not empty. */
static pfn_t shared_page;

static void fill(struct mm *mm, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		uintptr_t address = host_random() & pt_user_limit() & ~0xfffull;

		assert_true(map(mm, address, shared_page, PT_KERNEL_RW | PT_USER));
	}
}

static void start(unsigned int levels)
{
	world_start(levels, PAGES);
	shared_page = frames_alloc(0);
	recorder_start(&recorder);
	assert_true(kernel_mm.pinned);
}

static void stop(void)
{
	recorder_stop();
	if (recorder.breach)
		fail_msg("%s", recorder.breach);
	expect_recorder_counted_right(&recorder);
	assert_int_equal(recorder.live, recorder.found);
	assert_int_equal(recorder.count[RECORD_ALLOC], recorder.count[RECORD_RELEASE]);
	frames_free(shared_page);
	world_stop();
}

/* Every frame of the domain: its type, its uses and its pin. */
static struct model_frame_state before[PAGES], after[PAGES];

static void snapshot(struct model_frame_state *states)
{
	for (uint64_t n = 0; n < PAGES; n++)
		states[n] = model_frame_state(model_mfn(n));
}

static void same_as_before(void)
{
	snapshot(after);
	for (uint64_t n = 0; n < PAGES; n++) {
		if (memcmp(&before[n].type, &after[n].type, sizeof(before[n].type)) ||
		    before[n].count != after[n].count || before[n].pinned != after[n].pinned)
			fail_msg("pfn %lx was type %u used %lu times, now type %u, %lu", n,
				 before[n].type, before[n].count, after[n].type, after[n].count);
	}
}

/* A table in a frame that the builder's list does not reach is found by the P2M's tree. */
static void tables_past_the_builders_list(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pt_entry_t *entry;
		uint64_t listed;
		struct mm mm;

		start(levels);
		listed = p2m_boot_size;
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
		mm_activate(&mm);
		entry = mm_entry(&mm, 0x5000, PT_PTE);
		p2m_boot_size = virt_to_pfn(entry).pfn; /* the first that it does not have */
		set_entry(entry, PT_PTE, pt_entry_make(shared_page, PT_KERNEL_RO));
		assert_int_equal(pt_entry_pfn(read_entry(entry)).pfn, shared_page.pfn);
		set_entry(entry, PT_PTE, pt_entry_none());
		assert_true(pt_entry_is_none(read_entry(entry)));
		p2m_boot_size = listed;
		mm_destroy(&mm);
		stop();
	}
}

static bool check_pinned(pfn_t table, enum pt_level level, void *argument)
{
	struct model_frame_state state = model_frame_state(model_mfn(table.pfn));

	(void)argument;
	assert_int_equal(state.type, pt_level_rank(level));
	assert_true(frame_of(table)->flags & FRAME_PINNED);
	if (level == PT_PTE || level == PT_PGD)
		assert_true(state.pinned);
	/* Also makes the TLB remember that it is read-only. */
	assert_int_equal(model_access(0, pfn_to_address(table), false, NULL), MODEL_OK);
	assert_int_equal(model_access(0, pfn_to_address(table), true, NULL), MODEL_FAULT);
	return false;
}

static bool check_unpinned(pfn_t table, enum pt_level level, void *argument)
{
	struct model_frame_state state = model_frame_state(model_mfn(table.pfn));

	(void)argument;
	(void)level;
	assert_int_equal(state.type, MODEL_WRITABLE);
	assert_false(state.pinned);
	assert_false(frame_of(table)->flags & FRAME_PINNED);
	assert_int_equal(model_access(0, pfn_to_address(table), true, NULL), MODEL_OK);
	return false;
}

static void pin_and_unpin_restore_everything(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (uint64_t seed = 0; seed < 20; seed++) {
			struct mm mm;

			host_seed(seed);
			start(levels);
			assert_true(mm_create(&mm));
			fill(&mm, (unsigned int)seed);
			/* So that the TLB knows the tables as writable. */
			pt_walk_tables(mm.root, pt_user_limit(), check_unpinned, NULL);
			snapshot(before);
			model_reset_counters();
			mm_activate(&mm);
			assert_true(mm.pinned);
			/* All of it in one entry, unless it does not fit. */
			if (mm_count_tables(&mm).count[PT_PTE] < 10)
				assert_int_equal(model_counters().hypercalls, 1);
			pt_walk_tables(mm.root, pt_user_limit(), check_pinned, NULL);
			check_pinned(mm.user_root, PT_PGD, NULL);
			assert_null(model_check());
			mm_activate(&mm); /* pinned already: nothing to do */
			mm_exit(&mm);
			pt_walk_tables(mm.root, pt_user_limit(), check_unpinned, NULL);
			check_unpinned(mm.user_root, PT_PGD, NULL);
			same_as_before();
			mm_destroy(&mm);
			stop();
		}
	}
}

/* Tables that are added to, and taken from, an address space in use. */
static void a_pinned_address_space_grows_and_shrinks(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (uint64_t seed = 0; seed < 10; seed++) {
			uint64_t free_before;
			struct mm mm;

			host_seed(seed);
			start(levels);
			assert_true(mm_create(&mm));
			mm_activate(&mm);
			free_before = frames_free_count();
			for (unsigned int round = 0; round < 5; round++) {
				fill(&mm, 15);
				pt_walk_tables(mm.root, pt_user_limit(), check_pinned, NULL);
				assert_null(model_check());
				mm_free_tables(&mm, 0, pt_user_limit());
				assert_int_equal(mm_count_tables(&mm).total, 2);
				assert_int_equal(frames_free_count(), free_before);
				for (uint64_t n = 0; n < PAGES; n++) {
					const struct frame *frame = frame_of(pfn(n));

					if (frame->kind == FRAME_FREE)
						assert_int_equal(
							model_access(0, pfn_to_address(pfn(n)),
								     true, NULL),
							MODEL_OK);
				}
			}
			mm_destroy(&mm);
			stop();
		}
	}
}

static void trimming_spares_the_neighbours(void **state)
{
	struct mm mm;

	(void)state;
	for (unsigned int pinned = 0; pinned < 2; pinned++) {
		start(4);
		assert_true(mm_create(&mm));
		if (pinned)
			mm_activate(&mm);
		for (unsigned int i = 0; i < 6; i++)
			assert_true(map(&mm, i * 0x200000ul, shared_page, PT_KERNEL_RW | PT_USER));
		assert_int_equal(mm_count_tables(&mm).count[PT_PTE], 6);
		/* From the second half of table 1 to the first half of table 4: 2 and 3 go. */
		mm_free_tables(&mm, 0x300000, 0x8fffff);
		assert_int_equal(mm_count_tables(&mm).count[PT_PTE], 4);
		assert_null(mm_entry(&mm, 0x400000, PT_PTE));
		assert_non_null(mm_entry(&mm, 0x3fffff, PT_PTE));
		assert_non_null(mm_entry(&mm, 0x800000, PT_PTE));
		mm_free_tables(&mm, 0x200000, 0x3fffff);
		assert_int_equal(mm_count_tables(&mm).count[PT_PTE], 3);
		mm_destroy(&mm);
		stop();
	}
}

static void both_roots_say_the_same(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			const pt_entry_t *root, *user;
			struct mm mm;

			host_seed(7);
			start(levels);
			assert_true(mm_create(&mm));
			if (pinned)
				mm_activate(&mm);
			model_reset_counters();
			fill(&mm, 10);
			root = pfn_to_virt(mm.root);
			user = pfn_to_virt(mm.user_root);
			for (unsigned int i = 0; i < 256; i++)
				assert_int_equal(root[i].raw, user[i].raw);
			for (unsigned int i = 256; i < 512; i++) {
				if (!pt_slot_reserved(i))
					assert_int_equal(user[i].raw, 0);
			}
			/* One root entry, alone: both in one hypercall. */
			model_reset_counters();
			set_entry((pt_entry_t *)&root[200], PT_PGD, pt_entry_none());
			assert_int_equal(model_counters().hypercalls, pinned);
			assert_int_equal(model_counters().updates, 2 * pinned);
			mm_destroy(&mm);
			stop();
		}
	}
}

static void prepare_makes_all_or_nothing(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			pfn_t held[PAGES];
			unsigned int count = 0, failures = 0;
			bool done = false;
			struct mm mm;

			start(levels);
			assert_true(mm_create(&mm));
			if (pinned)
				mm_activate(&mm);
			assert_true(map(&mm, 0x5000, shared_page, PT_KERNEL_RW | PT_USER));
			while (pfn_valid(held[count] = frames_alloc(0)))
				count++;
			/* From no free frame at all to just enough. */
			while (!done) {
				struct mm_tables tables = mm_count_tables(&mm);
				uint64_t free = frames_free_count();

				done = mm_prepare(&mm, 0x1ff000, 0x4080200000, PT_PMD);
				if (!done) {
					assert_int_equal(frames_free_count(), free);
					assert_int_equal(mm_count_tables(&mm).total, tables.total);
					assert_null(model_check());
					failures++;
					frames_free(held[--count]);
				}
			}
			/* 0 to 0x4080200000: 258 pmd tables of which one is there; it took as many.
			 */
			assert_int_equal(failures, 258);
			assert_int_equal(frames_free_count(), 0);
			while (count)
				frames_free(held[--count]);
			mm_destroy(&mm);
			stop();
		}
	}
}

/* The hook that others build on: with the list's lock held, once a root, for the kernel's half. */
static unsigned int clones;

static void note_clone(struct mm *mm, const struct mm *from, unsigned int start_slot,
		       unsigned int count)
{
	clones++;
	assert_true(mm_list_lock.held);
	assert_ptr_equal(from, &kernel_mm);
	assert_int_equal(start_slot, 256);
	assert_int_equal(count, 256);
	for (unsigned int i = 272; i < 512; i++)
		assert_int_equal(((uint64_t *)pfn_to_virt(mm->root))[i],
				 ((uint64_t *)pfn_to_virt(from->root))[i]);
}

static void cloning_a_root_is_announced(void **state)
{
	struct mm mm;

	(void)state;
	world_start(4, PAGES);
	paravirt.clone_root = note_clone;
	clones = 0;
	assert_true(mm_create(&mm));
	assert_int_equal(clones, 1);
	mm_destroy(&mm);
	paravirt = paravirt_xen;
	world_stop();
}

static void create_fails_cleanly(void **state)
{
	pfn_t held[PAGES];
	unsigned int count = 0;
	struct mm mm;

	(void)state;
	start(4);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	assert_false(mm_create(&mm));
	frames_free(held[--count]);
	assert_false(mm_create(&mm));
	assert_int_equal(frames_free_count(), 1);
	assert_true(list_empty(&mm_list));
	frames_free(held[--count]);
	assert_true(mm_create(&mm));
	mm_destroy(&mm);
	while (count)
		frames_free(held[--count]);
	stop();
}

static void protect_what_is_not_mapped(void)
{
	make_page_readonly(pfn(100 * PAGES));
}

/* Every way of writing a pte writes it: before the frame database exists, and with it. */
static void every_hook_writes_its_entry(void **state)
{
	struct world_config config = world_config(4, PAGES);
	const pfn_t page = {200};
	pt_entry_t read_only, writable, *entry;

	(void)state;
	world_boot(&config);
	world_relocate(P2M_REMAP);
	read_only = pt_entry_make(page, PT_KERNEL_RO);
	writable = pt_entry_make(page, PT_KERNEL_RW);
	for (unsigned int late = 0; late < 2; late++) {
		const uintptr_t address = pfn_to_address(page);
		const uint64_t flags = PT_RW | PT_PRESENT | PT_FRAME_MASK;

		if (late)
			world_complete();
		host_expect_panic(protect_what_is_not_mapped, "has no page in the direct map");
		entry = pt_find(pt_root(), address, PT_PTE);
		set_entry(entry, PT_PTE, read_only);
		assert_int_equal(entry->raw & flags, read_only.raw & flags);
		set_pte_at(&kernel_mm, address, entry, writable);
		assert_int_equal(entry->raw & flags, writable.raw & flags);
		protect_start(entry);
		protect_commit(entry, read_only);
		assert_int_equal(entry->raw & flags, read_only.raw & flags);
		set_kernel_pte(address, writable);
		assert_int_equal(entry->raw & flags, writable.raw & flags);
		make_page_readonly(page);
		assert_int_equal(entry->raw & flags, read_only.raw & flags);
		make_page_writable(page);
		assert_int_equal(entry->raw & flags, writable.raw & flags);
	}
	world_stop();
}

/* A table goes when all it translates, to the last byte, is in the range. */
static void a_table_goes_as_a_whole(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
	mm_free_tables(&mm, 0, pt_span(PT_PMD) - 2);
	assert_non_null(mm_entry(&mm, 0x5000, PT_PTE));
	mm_free_tables(&mm, 1, pt_span(PT_PMD) - 1);
	assert_non_null(mm_entry(&mm, 0x5000, PT_PTE));
	mm_free_tables(&mm, 0, pt_span(PT_PMD) - 1);
	assert_null(mm_entry(&mm, 0x5000, PT_PTE));
	mm_destroy(&mm);
	stop();
}

/* With a table go all tables below it, those that translate nothing of the range included. */
static void tables_between_the_neighbours_go_too(void **state)
{
	const uintptr_t span = pt_span(PT_PMD);
	uint64_t free;
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	free = frames_free_count();
	assert_true(mm_prepare(&mm, 0, 3 * span - 1, PT_PTE));
	assert_int_equal(mm_count_tables(&mm).count[PT_PTE], 3);
	mm_activate(&mm);
	model_reset_counters();
	mm_drop_tables(&mm, span, 2 * span - 1, 0, pt_user_limit(), NULL);
	assert_int_equal(mm_count_tables(&mm).count[PT_PTE], 0);
	/* The entry of both roots, and the direct map's page of 3 pte tables, a pmd and a pud one.
	 */
	assert_int_equal(model_counters().updates, 2 + 5);
	assert_int_equal(frames_free_count(), free);
	mm_destroy(&mm);
	stop();
}

static unsigned int visits;

static void visit_issued(pt_entry_t entry)
{
	(void)entry;
	assert_false(batch_pending());
	visits++;
}

/* In lazy mode too, the requests are issued before the entries are visited and the tables freed. */
static void tables_are_freed_after_the_batch(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
	mm_activate(&mm);
	visits = 0;
	lazy_enter();
	mm_drop_tables(&mm, 0, pt_user_limit(), 0, pt_user_limit(), visit_issued);
	lazy_leave();
	assert_int_equal(visits, PT_ENTRIES);
	mm_destroy(&mm);
	stop();
}

/* Whoever has the lock next reads the tables, and would miss what still waits. */
static void the_tables_lock_is_let_go_after_the_batch(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	lazy_enter();
	mm_activate(&mm);
	assert_false(batch_pending());
	assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
	assert_false(batch_pending());
	assert_non_null(mm_entry(&mm, 0x5000, PT_PTE));
	mm_exit(&mm);
	assert_false(batch_pending());
	mm_pin_all();
	assert_false(batch_pending());
	mm_unpin_all();
	assert_false(batch_pending());
	/* The P2M's window grows in lazy mode too. */
	p2m_stop();
	assert_true(p2m_start(1 << 20));
	assert_int_equal(p2m_set(pfn(512 * 700), 0x42), P2M_SET);
	assert_int_equal(p2m_entry(pfn(512 * 700)), 0x42);
	lazy_leave();
	p2m_stop();
	mm_destroy(&mm);
	/* The window's tables stay, and belong to the kernel's address space. */
	recorder_stop();
	assert_null(recorder.breach);
	expect_recorder_counted_right(&recorder);
	frames_free(shared_page);
	world_stop();
}

/* A slot of the kernel's root that was empty when the others were copied from it. */
static void a_new_slot_of_the_kernel_is_in_every_root(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct mm pinned, unpinned;
		uintptr_t address;
		const pt_entry_t *root;

		start(levels);
		address = world_slot_address(450);
		root = pfn_to_virt(kernel_mm.root);
		assert_true(mm_create(&pinned) && mm_create(&unpinned));
		mm_activate(&pinned);
		assert_true(mm_prepare(&kernel_mm, address, address, PT_PMD));
		assert_true(pt_entry_present(root[450]));
		assert_int_equal(mm_entry(&pinned, address, PT_PGD)->raw, root[450].raw);
		assert_int_equal(mm_entry(&unpinned, address, PT_PGD)->raw & ~PT_XEN_OWN,
				 root[450].raw & ~PT_XEN_OWN);
		mm_activate(&unpinned);
		mm_free_tables(&kernel_mm, address, address + pt_span(PT_PGD) - 1);
		assert_true(pt_entry_is_none(root[450]));
		assert_true(pt_entry_is_none(*mm_entry(&pinned, address, PT_PGD)));
		assert_true(pt_entry_is_none(*mm_entry(&unpinned, address, PT_PGD)));
		mm_destroy(&pinned);
		mm_destroy(&unpinned);
		stop();
	}
}

/* ---- life ---- */

static void every_cpu_leaves_an_address_space_that_ends(void **state)
{
	struct mm mm, other;

	(void)state;
	start(4);
	host_seed(3);
	assert_true(mm_create(&mm) && mm_create(&other));
	fill(&mm, 5);
	fill(&other, 5);
	mm_activate(&mm);
	mm_dup(&other);
	/* 0: runs on it. 1: on another. 2: has it loaded, but wants another. 3: is about to load
	 * it. */
	mm_load(&mm);
	host_use_cpu(1);
	mm_load(&other);
	host_use_cpu(2);
	mm_load(&mm);
	batch_enter();
	mm_load(&other);
	assert_ptr_equal(this_cpu()->loaded_mm, &mm);
	host_use_cpu(3);
	batch_enter();
	mm_load(&mm);
	assert_ptr_equal(this_cpu()->loaded_mm, &kernel_mm);
	assert_int_equal(model_root(3), model_mfn(kernel_mm.root.pfn));

	host_use_cpu(0);
	assert_int_equal(model_root(0), model_mfn(mm.root.pfn));
	assert_int_equal(model_user_root(0), model_mfn(mm.user_root.pfn));
	mm_exit(&mm);
	assert_false(mm.pinned);
	assert_int_equal(model_root(0), model_mfn(kernel_mm.root.pfn));
	assert_int_equal(model_user_root(0), 0);
	assert_int_equal(model_root(1), model_mfn(other.root.pfn));
	assert_int_equal(model_root(2), model_mfn(other.root.pfn));
	assert_int_equal(model_root(3), model_mfn(kernel_mm.root.pfn));
	pt_walk_tables(mm.root, pt_user_limit(), check_unpinned, NULL);
	mm_exit(&mm); /* ended: nothing to undo */

	for (unsigned int cpu = 2; cpu < 4; cpu++) {
		host_use_cpu(cpu);
		batch_leave();
	}
	host_use_cpu(0);
	mm_destroy(&mm);
	mm_destroy(&other);
	for (unsigned int cpu = 0; cpu < MODEL_VCPUS; cpu++)
		assert_int_equal(model_root(cpu), model_mfn(kernel_mm.root.pfn));
	stop();
}

/* What the CPU was told while its queue was being written to, it does when it is asked again. */
static unsigned int asked;

static void queue_is_busy_at_first(void)
{
	if (++asked > 2)
		paravirt.lazy_flush = paravirt_xen.lazy_flush;
}

static void a_load_that_waits_is_not_missed(void **state)
{
	struct mm mm, other;

	(void)state;
	start(4);
	assert_true(mm_create(&mm) && mm_create(&other));
	mm_activate(&mm);
	mm_activate(&other);
	/* Two loads in one batch: the first would be found in no field of struct cpu. */
	host_use_cpu(1);
	batch_enter();
	mm_load(&mm);
	mm_load(&other);
	host_use_cpu(2);
	batch_enter();
	mm_load(&mm);
	host_use_cpu(0);
	asked = 0;
	paravirt.lazy_flush = queue_is_busy_at_first;
	mm_unload_everywhere(&mm);
	assert_int_equal(asked, 3);
	mm_exit(&mm);
	for (unsigned int cpu = 1; cpu < 3; cpu++) {
		host_use_cpu(cpu);
		batch_leave();
		assert_int_not_equal(model_root(cpu), model_mfn(mm.root.pfn));
	}
	assert_int_equal(model_root(1), model_mfn(other.root.pfn));
	host_use_cpu(0);
	mm_destroy(&mm);
	mm_destroy(&other);
	stop();
}

/* mm_pin_all() on another CPU, when the last pin of an ending address space is gone. */
static void exit_and_pin_all(struct mm *mm)
{
	paravirt_xen.exit_mmap(mm);
	mm_pin_all();
}

static void an_ending_address_space_is_not_pinned_again(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	assert_true(map(&mm, 0x5000, shared_page, PT_KERNEL_RW | PT_USER));
	mm_activate(&mm);
	paravirt.exit_mmap = exit_and_pin_all;
	mm_destroy(&mm);
	paravirt.exit_mmap = paravirt_xen.exit_mmap;
	mm_unpin_all();
	stop();
}

static void a_failed_exec_has_nothing_to_undo(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	host_seed(1);
	assert_true(mm_create(&mm));
	fill(&mm, 8);
	model_reset_counters();
	mm_destroy(&mm);
	assert_int_equal(model_counters().hypercalls, 0);
	stop();
}

/* Torn down by plain stores: one batch to unpin, and that is all that Xen hears. */
static void teardown_is_one_batch(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	for (unsigned int i = 0; i < 512; i++)
		assert_true(map(&mm, i * PAGE_SIZE, shared_page, PT_KERNEL_RW | PT_USER));
	mm_activate(&mm);
	model_reset_counters();
	mm_exit(&mm);
	assert_int_equal(model_counters().hypercalls, 1);
	for (unsigned int i = 0; i < 512; i++)
		set_pte_at(&mm, i * PAGE_SIZE, pte(&mm, i * PAGE_SIZE), pt_entry_none());
	mm_destroy(&mm);
	assert_int_equal(model_counters().hypercalls, 1);
	stop();
}

static void pin_all_is_undone_exactly(void **state)
{
	struct mm mm[6];

	(void)state;
	start(4);
	for (unsigned int i = 0; i < 6; i++) {
		host_seed(i);
		assert_true(mm_create(&mm[i]));
		fill(&mm[i], i);
		if (i % 2)
			mm_activate(&mm[i]);
	}
	snapshot(before);
	mm_pin_all();
	for (unsigned int i = 0; i < 6; i++) {
		assert_true(mm[i].pinned);
		pt_walk_tables(mm[i].root, pt_user_limit(), check_pinned, NULL);
	}
	mm_pin_all(); /* twice is no harm */
	mm_unpin_all();
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(mm[i].pinned, i % 2);
	same_as_before();
	mm_unpin_all();
	same_as_before();
	for (unsigned int i = 0; i < 6; i++)
		mm_destroy(&mm[i]);
	stop();
}

/* Used for good, or ended and used again, between the two: then there is nothing to undo. */
static void a_pin_for_saving_can_become_one_for_good(void **state)
{
	struct mm used, again;

	(void)state;
	start(4);
	assert_true(mm_create(&used) && mm_create(&again));
	mm_pin_all();
	mm_activate(&used);
	mm_exit(&again);
	mm_activate(&again);
	mm_unpin_all();
	assert_true(used.pinned);
	assert_true(again.pinned);
	mm_destroy(&used);
	mm_destroy(&again);
	stop();
}

/* The same address space for each, and what one of its roots is said to be and is not. */
static struct mm odd;

static void load_odd(void)
{
	mm_load(&odd);
}

static void pin_odd(void)
{
	mm_activate(&odd);
}

static void unpin_odd(void)
{
	mm_exit(&odd);
}

/* Makes an address space whose roots are pinned, or not, and belies it for one of them. */
static void start_odd(bool pinned, bool user_root)
{
	start(4);
	assert_true(mm_create(&odd));
	if (pinned)
		mm_activate(&odd);
	frame_of(user_root ? odd.user_root : odd.root)->flags ^= FRAME_PINNED;
}

static void stop_odd(void)
{
	recorder_stop();
	world_discard();
}

static void both_roots_are_pinned_or_neither(void **state)
{
	const struct {
		bool pinned, user_root;
		void (*doing)(void);
		const char *message;
	} cases[] = {
		{true, true, load_odd, "loading an address space: the programs' root"},
		{true, false, load_odd, "loading an address space: the kernel's root"},
		{true, true, unpin_odd, "unpinning an address space: the programs' root"},
		{true, false, unpin_odd, "unpinning an address space: the kernel's root"},
		{false, true, pin_odd, "pinning an address space: the programs' root"},
		{false, false, pin_odd, "pinning an address space: the kernel's root"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		start_odd(cases[i].pinned, cases[i].user_root);
		host_expect_panic(cases[i].doing, cases[i].message);
		host_expect_panic(cases[i].doing, cases[i].pinned ? "is not pinned" : "is pinned");
		stop_odd();
	}
	/* One that was never used is not loaded, whatever Xen would say. */
	start(4);
	assert_true(mm_create(&odd));
	host_expect_panic(load_odd, "is not pinned");
	stop_odd();
}

static void only_what_was_pinned_for_a_save_is_unpinned(void **state)
{
	(void)state;
	start(4);
	assert_true(mm_create(&odd));
	mm_pin_all();
	mm_activate(&odd); /* for good */
	mm_unpin_all();
	assert_true(odd.pinned);
	mm_exit(&odd);
	mm_pin_all(); /* does not find it any more */
	assert_false(odd.pinned);
	assert_true(mm_create(&odd));
	mm_pin_all();
	odd.pinned = false;
	host_expect_panic(mm_unpin_all, "was pinned for a save, and is not pinned");
	stop_odd();
}

static uint64_t tables_in_database(void)
{
	struct frames_stats stats;

	frames_stats(&stats);
	return stats.kind[FRAME_TABLE];
}

/* As it was before the tables were adopted, with somebody who listens from then on. */
static void listen_before_adoption(unsigned int levels)
{
	world_start(levels, PAGES);
	for (uint64_t n = 0; n < PAGES; n++) {
		struct frame *frame = frame_of(pfn(n));

		/* As if all were in the kernel's image. */
		frame->flags = 0;
		frame->kind = frame->kind == FRAME_TABLE ? FRAME_DATA : frame->kind;
	}
	recorder_start(&recorder);
	assert_int_equal(recorder.live, 0);
}

/* They are there before anybody listens; when somebody can, each is adopted, children first. */
static void boot_tables_are_adopted(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pt_entry_t *root;
		struct mm mm;

		listen_before_adoption(levels);
		/* Tables that two entries point to are adopted once. */
		root = pfn_to_virt(kernel_mm.root);
		paravirt_xen_early.set_entry(&root[460], PT_PGD, root[273]);
		pin_adopt_boot_tables();
		assert_null(recorder.breach);
		assert_int_equal(recorder.live, pinned_tables());
		assert_int_equal(tables_in_database(), pinned_tables());
		assert_int_equal(recorder.count[RECORD_ADOPT], pinned_tables());
		assert_int_equal(recorder.count[RECORD_ALLOC], 0);
		assert_int_equal(recorder.log[recorder.events - 1].table.pfn, kernel_mm.root.pfn);
		assert_int_equal(model_counters().hypercalls, 1); /* the second entry */
		/* All that is linked is known; from here on the order is strict. */
		assert_true(mm_create(&mm));
		assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
		mm_activate(&mm);
		mm_load(&mm);
		mm_destroy(&mm);
		assert_null(recorder.breach);
		assert_int_equal(recorder.live, pinned_tables());
		recorder_stop();
		/* Whoever listens later finds the same tables. */
		recorder_start(&recorder);
		assert_int_equal(recorder.found, pinned_tables());
		recorder_stop();
		set_entry(&root[460], PT_PGD, pt_entry_none());
		world_stop();
	}
}

/* Xen holds a table of the boot by its parent: taken out of that it has no pin to take away. */
static void an_adopted_table_is_released_like_any_other(void **state)
{
	uintptr_t address;
	pfn_t table;

	(void)state;
	start(4);
	address = world_slot_address(450);
	assert_true(mm_prepare(&kernel_mm, address, address, PT_PTE));
	table = virt_to_pfn(mm_entry(&kernel_mm, address, PT_PTE));
	/* As the builder leaves it: validated by what points to it alone. */
	assert_int_equal(hypercall_mmuext_op(&(struct mmuext_op){.cmd = MMUEXT_UNPIN_TABLE,
								 .arg1.mfn = model_mfn(table.pfn)},
					     1, NULL),
			 0);
	frame_of(table)->flags |= FRAME_ADOPTED;
	mm_free_tables(&kernel_mm, address, address + pt_span(PT_PGD) - 1);
	assert_int_equal(model_frame_state(model_mfn(table.pfn)).type, MODEL_WRITABLE);
	assert_int_equal(frame_of(table)->flags, 0);
	stop();
}

/* Asking Xen about a frame makes it a table for a moment, and the hooks are told. */
static void a_table_pinned_outside_is_told(void **state)
{
	struct mmu_update update;
	struct mm mm;
	uint64_t told;
	pfn_t table;

	(void)state;
	start(4);
	table = frames_alloc(0);
	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	/* Refused: it is mapped writable. */
	assert_int_equal(pin_try(table, PT_PMD, NULL), -XEN_EINVAL);
	assert_int_equal(recorder.count[RECORD_ADOPT], 0);
	make_page_readonly(table);
	assert_int_equal(pin_try(table, PT_PMD, NULL), 0);
	assert_int_equal(recorder.count[RECORD_ADOPT], 1);
	assert_int_equal(recorder.count[RECORD_RELEASE], 1);
	assert_int_equal(recorder.log[recorder.events - 2].kind, RECORD_ADOPT);
	assert_int_equal(recorder.log[recorder.events - 2].table.pfn, table.pfn);
	assert_int_equal(recorder.log[recorder.events - 2].level, PT_PMD);
	/* With an entry, taken or refused: Xen's answer, and nothing is left of it. */
	update = (struct mmu_update){model_mfn(table.pfn) << PAGE_SHIFT,
				     pt_entry_make(shared_page, PT_KERNEL_RO).raw};
	assert_int_equal(pin_try(table, PT_PTE, &update), 0);
	assert_int_equal(((pt_entry_t *)pfn_to_virt(table))->raw & PT_FRAME_MASK,
			 model_mfn(shared_page.pfn) << PAGE_SHIFT);
	update.val = pt_entry_make(table, PT_KERNEL_RW).raw;
	assert_int_not_equal(pin_try(table, PT_PTE, &update), 0);
	assert_false(model_frame_state(model_mfn(table.pfn)).pinned);
	assert_int_equal(frame_of(table)->flags, 0);
	make_page_writable(table);
	paravirt.flush_all(ALL_CPUS);
	frames_free(table);
	/* A table that is known already is no news: it stays what it is. */
	assert_true(mm_create(&mm));
	assert_true(mm_prepare(&mm, 0x5000, 0x5000, PT_PTE));
	mm_activate(&mm);
	table = virt_to_pfn(mm_entry(&mm, 0x5000, PT_PMD));
	told = recorder.count[RECORD_ADOPT];
	assert_int_equal(pin_try(table, PT_PMD, NULL), 0);
	assert_int_equal(recorder.count[RECORD_ADOPT], told);
	assert_int_equal(frame_of(table)->flags, FRAME_PINNED | PT_PMD);
	mm_destroy(&mm);
	assert_int_equal(recorder.count[RECORD_RELEASE], recorder.count[RECORD_ALLOC] + told);
	recorder.count[RECORD_ALLOC] += told; /* for stop() */
	stop();
}

static void boot_tables_are_marked_to_the_top(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		uint64_t tables = 0, marked = 0;

		start(levels);
		for (uint64_t n = 0; n < PAGES; n++) {
			struct model_frame_state frame = model_frame_state(model_mfn(n));
			uint8_t flags = frame_of(pfn(n))->flags;

			tables += frame.type >= MODEL_L1 && frame.type <= MODEL_L5;
			marked += flags != 0;
			if (flags)
				assert_int_equal(pt_level_rank(flags & FRAME_LEVEL), frame.type);
		}
		assert_int_equal(tables, marked);
		assert_int_equal(pinned_tables(), marked);
		stop();
	}
}

/* Marks a table; the kernel's half has some that two entries point to. */
static bool mark(pfn_t table, enum pt_level level, void *marks)
{
	(void)level;
	((bool *)marks)[table.pfn] = true;
	return false;
}

/* What "mem" calls page tables are all that there are: the boot's, and those made and freed since.
 */
static void every_table_is_counted(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		bool marks[PAGES] = {false};
		uint64_t kernel = 0;
		struct mm mm[3];

		start(levels);
		pt_walk_tables(kernel_mm.root, UINTPTR_MAX, mark, marks);
		for (unsigned int i = 0; i < PAGES; i++)
			kernel += marks[i];
		assert_int_equal(tables_in_database(), kernel);
		for (unsigned int i = 0; i < ARRAY_SIZE(mm); i++) {
			assert_true(mm_create(&mm[i]));
			fill(&mm[i], 20);
			mm_activate(&mm[i]);
		}
		assert_int_equal(tables_in_database(), kernel + mm_count_tables(&mm[0]).total +
							       mm_count_tables(&mm[1]).total +
							       mm_count_tables(&mm[2]).total);
		assert_null(frames_check());
		for (unsigned int i = 0; i < ARRAY_SIZE(mm); i++)
			mm_destroy(&mm[i]);
		assert_int_equal(tables_in_database(), kernel);
		stop();
	}
}

/* ---- entries ---- */

static void protection_keeps_what_the_processor_sets(void **state)
{
	(void)state;
	for (unsigned int pinned = 0; pinned < 2; pinned++) {
		pt_entry_t *entry, old;
		struct mm mm;

		start(4);
		assert_true(mm_create(&mm));
		assert_true(map(&mm, 0x5000, shared_page,
				PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_NX));
		if (pinned)
			mm_activate(&mm);
		entry = pte(&mm, 0x5000);
		old = protect_start(entry);
		assert_false(old.raw & PT_DIRTY);
		/* The processor sets "dirty" between start and commit. */
		if (pinned) {
			struct mmu_update update = {model_mfn(virt_to_pfn(entry).pfn) * PAGE_SIZE +
							    5 * 8,
						    entry->raw | PT_DIRTY};

			batch_mmu_update((maddr_t){update.ptr}, 0, update.val, NULL);
			protect_commit(entry, (pt_entry_t){old.raw & ~PT_RW});
			assert_true(read_entry(entry).raw & PT_DIRTY);
			assert_true(read_entry(entry).raw & PT_ACCESSED);
		} else {
			protect_commit(entry, (pt_entry_t){old.raw & ~PT_RW});
		}
		assert_false(read_entry(entry).raw & PT_RW);
		mm_destroy(&mm);
		stop();
	}
}

static void reading_back_sees_what_waits(void **state)
{
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	mm_activate(&mm);
	assert_true(map(&mm, 0x5000, shared_page, PT_KERNEL_RO | PT_USER));
	lazy_enter();
	set_pte_at(&mm, 0x5000, pte(&mm, 0x5000), pt_entry_none());
	assert_true(pt_entry_present(*pte(&mm, 0x5000)));
	assert_true(pt_entry_is_none(read_entry(pte(&mm, 0x5000))));
	lazy_leave();
	mm_destroy(&mm);
	stop();
}

static void the_cheapest_way_to_set_a_pte(void **state)
{
	struct batch_counters counters;
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	assert_true(map(&mm, 0x5000, shared_page, PT_KERNEL_RO | PT_USER));
	batch_reset_counters();
	set_pte_at(&mm, 0x5000, pte(&mm, 0x5000), pt_entry_none());
	assert_int_equal(batch_counters().calls, 0); /* not pinned: a store */
	mm_activate(&mm);
	batch_reset_counters();
	set_pte_at(&mm, 0x5000, pte(&mm, 0x5000), pt_entry_make(shared_page, PT_KERNEL_RO));
	counters = batch_counters(); /* not the running one: by the entry's address */
	assert_int_equal(counters.updates, 1);
	mm_load(&mm);
	batch_reset_counters();
	set_pte_at(&mm, 0x5000, pte(&mm, 0x5000), pt_entry_none());
	counters = batch_counters(); /* the running one: by the virtual address */
	assert_int_equal(counters.calls, 1);
	assert_int_equal(counters.updates, 0);
	assert_true(pt_entry_is_none(*pte(&mm, 0x5000)));
	mm_destroy(&mm);
	stop();
}

static void kernel_ptes_are_flushed(void **state)
{
	uintptr_t address;
	uint64_t mfn;

	(void)state;
	start(4);
	address = pfn_to_address(shared_page);
	for (unsigned int cpu = 0; cpu < MODEL_VCPUS; cpu++)
		assert_int_equal(model_access(cpu, address, true, NULL), MODEL_OK);
	set_kernel_pte(address, pt_entry_make(pfn(1), PT_KERNEL_RO));
	for (unsigned int cpu = 0; cpu < MODEL_VCPUS; cpu++) {
		assert_int_equal(model_access(cpu, address, false, &mfn), MODEL_OK);
		assert_int_equal(mfn, model_mfn(1));
	}
	set_kernel_pte(address, pt_entry_none());
	assert_int_equal(model_access(0, address, false, NULL), MODEL_FAULT);
	set_kernel_pte(address, pt_entry_make(shared_page, PT_KERNEL_RW));
	stop();
}

/* It is asked in a panic, when a table may be anything. */
static void explaining_survives_wild_entries(void **state)
{
	pt_entry_t *root;
	struct mm mm;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	root = pfn_to_virt(mm.root);
	root[5] = pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_TABLE);
	root[6].raw = UINT64_MAX & ~PT_HUGE;
	host_clear_output();
	explain_frame(mfn(model_mfn(shared_page.pfn)));
	assert_non_null(strstr(host_output(), "mapped writable at"));
	root[5] = root[6] = pt_entry_none();
	mm_destroy(&mm);
	stop();
}

/* Inaccessible pages keep their pfn inverted, so that no processor follows it: no hazard. */
static void an_inverted_entry_is_no_hazard(void **state)
{
	pt_entry_t absent;

	(void)state;
	start(4);
	host_clear_output();
	assert_int_equal(explain_entry(PT_PTE, pt_entry_none()), 0);
	assert_int_equal(explain_entry(PT_PTE, entry_make(shared_page, 0, false)), 0);
	assert_int_equal(explain_entry(PT_PTE, entry_make(pfn(0), 0, false)), 0);
	assert_string_equal(host_output(), "");
	absent.raw = model_mfn(shared_page.pfn) << PAGE_SHIFT | 1ull << 9;
	assert_int_equal(explain_entry(PT_PTE, absent), 1);
	assert_non_null(strstr(host_output(), "L1TF"));
	/* Another domain's memory is memory. */
	absent.raw = model_foreign_mfn() << PAGE_SHIFT;
	assert_int_equal(explain_entry(PT_PTE, absent), 1);
	stop();
}

/* ---- failures of Xen: each request of a life refused in turn ---- */

static uint64_t fail_at;

static void one_life(void)
{
	struct mm mm;

	host_seed(5);
	assert_true(mm_create(&mm));
	fill(&mm, 6);
	mm_activate(&mm);
	mm_load(&mm);
	fill(&mm, 3);
	mm_free_tables(&mm, 0, pt_user_limit() / 2);
	mm_pin_all();
	mm_unpin_all();
	mm_destroy(&mm);
}

static void life_with_failure(void)
{
	model_fail_operation(fail_at, -XEN_ENOMEM);
	one_life();
}

static void every_refusal_stops_the_kernel(void **state)
{
	uint64_t operations;

	(void)state;
	start(4);
	model_reset_counters();
	one_life();
	operations = model_counters().operations;
	assert_true(operations > 20);
	stop();
	/* The domain's memory is shared with the child that fails: a new one for each. */
	for (fail_at = 1; fail_at <= operations; fail_at++) {
		start(4);
		host_expect_panic(life_with_failure, "Xen refused");
		recorder_stop();
		world_discard();
	}
}

/* ---- the recorder itself ---- */

static void PRINTF_LIKE(1, 2) breaks(const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!recorder.breach || strcmp(recorder.breach, text))
		fail_msg("\"%s\" is no breach, but \"%s\"", text,
			 recorder.breach ? recorder.breach : "nothing");
	recorder.breach = NULL;
}

static void the_recorder_sees_each_breach(void **state)
{
	pt_entry_t *root;
	struct mm mm;
	pfn_t table;

	(void)state;
	start(4);
	assert_true(mm_create(&mm));
	root = pfn_to_virt(mm.root);
	table = frames_alloc(0);
	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	set_entry(&root[1], PT_PGD, pt_entry_make(table, PT_TABLE));
	breaks("a pgd entry points to pfn %lx, which was not announced as a table", table.pfn);
	set_entry(&root[1], PT_PGD, pt_entry_none());

	paravirt.alloc_table(&mm, table, PT_PUD);
	breaks("the table in pfn %lx was announced without its address space's lock", table.pfn);
	mm_lock(&mm);
	paravirt.alloc_table(&mm, table, PT_PUD);
	breaks("the table in pfn %lx was announced twice", table.pfn);
	set_entry(&root[1], PT_PGD, pt_entry_make(table, PT_TABLE));
	paravirt.release_table(table, PT_PUD);
	breaks("the table in pfn %lx was released, but 1 entries point to it", table.pfn);
	paravirt.release_table(table, PT_PUD);
	breaks("the table in pfn %lx was released, but is not announced", table.pfn);
	set_entry(&root[1], PT_PGD, pt_entry_none());
	((pt_entry_t *)pfn_to_virt(table))[9].raw = 8;
	paravirt.alloc_table(&mm, table, PT_PUD);
	breaks("the table in pfn %lx was announced with entries in it", table.pfn);
	paravirt.release_table(table, PT_PMD);
	breaks("the table in pfn %lx was announced as a pud and released as a pmd table",
	       table.pfn);
	/* Complete and in use is no excuse any more. */
	frame_of(table)->flags = FRAME_PINNED | PT_PUD;
	paravirt.alloc_table(&mm, table, PT_PUD);
	breaks("the table in pfn %lx was announced with entries in it", table.pfn);
	mm_unlock(&mm);
	recorder_stop();
	world_discard();
}

/* In the middle of things: shared slots, tables of programs, roots of both kinds. */
static void a_recorder_that_begins_later_knows_as_much(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pt_entry_t *unused;
		struct mm mm[3];
		uintptr_t address;
		pfn_t table;

		host_seed(levels);
		start(levels);
		address = world_slot_address(450);
		for (unsigned int i = 0; i < ARRAY_SIZE(mm); i++) {
			assert_true(mm_create(&mm[i]));
			fill(&mm[i], 20);
			if (i)
				mm_activate(&mm[i]);
		}
		assert_true(mm_prepare(&kernel_mm, address, address, PT_PTE));
		mm_load(&mm[1]);
		/* A queued write counts as done. */
		unused = pfn_to_virt(mm[1].root);
		while (pt_entry_present(*unused))
			unused++;
		table = frames_alloc(0);
		memset(pfn_to_virt(table), 0, PAGE_SIZE);
		frame_of(table)->flags = pt_level_below(PT_PGD);
		mm_lock(&mm[1]);
		paravirt.alloc_table(&mm[1], table, pt_level_below(PT_PGD));
		mm_unlock(&mm[1]);
		lazy_enter();
		set_entry(unused, PT_PGD, pt_entry_make(table, PT_TABLE));
		recorder_stop();
		assert_null(recorder.breach);
		expect_recorder_counted_right(&recorder);
		lazy_leave();
		/* It goes on from there. */
		recorder_start(&recorder);
		mm_free_tables(&kernel_mm, address, address + pt_span(PT_PGD) - 1);
		for (unsigned int i = 0; i < ARRAY_SIZE(mm); i++)
			mm_destroy(&mm[i]);
		recorder_stop();
		assert_null(recorder.breach);
		expect_recorder_counted_right(&recorder);
		frames_free(shared_page);
		world_stop();
	}
}

static void the_recorder_judges_roots(void **state)
{
	struct mm mm, stranger;
	pt_entry_t *entries;

	(void)state;
	start(4);
	assert_true(mm_create(&mm) && mm_create(&stranger));
	mm_activate(&stranger);
	memset(pfn_to_virt(mm.user_root), 0, PAGE_SIZE);
	mm_lock(&mm);
	paravirt.alloc_table(&mm, stranger.root, PT_PGD);
	breaks("the table in pfn %lx was announced twice", stranger.root.pfn);
	paravirt.release_table(mm.user_root, PT_PGD);
	paravirt.alloc_table(&stranger, mm.user_root, PT_PGD);
	breaks("a pgd table in pfn %lx was announced for the address space with its root in pfn "
	       "%lx",
	       mm.user_root.pfn, stranger.root.pfn);
	paravirt.release_table(mm.user_root, PT_PGD);
	paravirt.alloc_table(&mm, mm.user_root, PT_PUD);
	breaks("a pud table in pfn %lx was announced for the address space with its root in pfn "
	       "%lx",
	       mm.user_root.pfn, mm.root.pfn);
	mm_unlock(&mm);

	mm_list_lock.held = true;
	paravirt.clone_root(&stranger, &kernel_mm, 256, 256);
	breaks("the root in pfn %lx inherits twice", stranger.root.pfn);
	paravirt.release_table(mm.root, PT_PGD);
	paravirt.clone_root(&mm, &kernel_mm, 256, 256);
	breaks("pfn %lx inherits from a root, but was not announced as one", mm.root.pfn);
	paravirt.clone_root(&stranger, &mm, 256, 256);
	breaks("a root inherits from pfn %lx, which is no root", mm.root.pfn);
	entries = pfn_to_virt(mm.root);
	memset(entries, 0, PAGE_SIZE);
	paravirt.alloc_table(&mm, mm.root, PT_PGD);
	assert_null(recorder.breach);
	mm_load(&stranger);
	assert_null(recorder.breach);
	mm_list_lock.held = false;
	paravirt.clone_root(&mm, &kernel_mm, 0, 0);
	breaks("the root in pfn %lx inherits without the lock of the list", mm.root.pfn);
	paravirt.release_table(mm.root, PT_PGD);
	paravirt.alloc_table(&mm, mm.root, PT_PGD);
	mm_list_lock.held = true;
	paravirt.clone_root(&mm, &kernel_mm, 256, 256);
	breaks("the root in pfn %lx has not inherited slots 256 to 511", mm.root.pfn);
	recorder_stop();
	mm_list_lock.held = false;
	world_discard();
}

static void a_root_is_loaded_when_it_has_inherited(void **state)
{
	struct mm heir;

	(void)state;
	start(4);
	paravirt.clone_root = paravirt_no_clone_root;
	assert_true(mm_create(&heir));
	mm_activate(&heir);
	mm_load(&heir);
	breaks("the root in pfn %lx is loaded, and has not inherited the kernel's half",
	       heir.root.pfn);
	recorder_stop();
	world_discard();
}

static void the_recorder_judges_adoption(void **state)
{
	const pt_entry_t *root;
	unsigned int slot = 0;
	pfn_t table;

	(void)state;
	listen_before_adoption(4);
	table = frames_alloc(0);
	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	/* Known already; not linked; late. */
	paravirt.adopt_table(&kernel_mm, table, PT_PMD);
	paravirt.adopt_table(&kernel_mm, table, PT_PMD);
	breaks("the table in pfn %lx was adopted, but is known already", table.pfn);
	pin_adopt_boot_tables();
	breaks("the table in pfn %lx was adopted, but no entry points to it", table.pfn);
	paravirt.release_table(table, PT_PMD);
	paravirt.adopt_table(&kernel_mm, table, PT_PMD);
	breaks("the table in pfn %lx was adopted after its root", table.pfn);
	recorder_stop();
	/* Parents before their children. */
	world_discard();
	listen_before_adoption(4);
	paravirt.adopt_table(&kernel_mm, kernel_mm.root, PT_PGD);
	root = pfn_to_virt(kernel_mm.root);
	while (pt_slot_reserved(slot) || !pt_entry_present(root[slot]))
		slot++;
	breaks("a pgd entry points to pfn %lx, which was not announced as a table",
	       pt_entry_pfn(root[slot]).pfn);
	recorder_stop();
	world_discard();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_past_the_builders_list),
		cmocka_unit_test(pin_and_unpin_restore_everything),
		cmocka_unit_test(a_pinned_address_space_grows_and_shrinks),
		cmocka_unit_test(trimming_spares_the_neighbours),
		cmocka_unit_test(both_roots_say_the_same),
		cmocka_unit_test(prepare_makes_all_or_nothing),
		cmocka_unit_test(cloning_a_root_is_announced),
		cmocka_unit_test(create_fails_cleanly),
		cmocka_unit_test(every_hook_writes_its_entry),
		cmocka_unit_test(a_table_goes_as_a_whole),
		cmocka_unit_test(tables_between_the_neighbours_go_too),
		cmocka_unit_test(tables_are_freed_after_the_batch),
		cmocka_unit_test(the_tables_lock_is_let_go_after_the_batch),
		cmocka_unit_test(a_new_slot_of_the_kernel_is_in_every_root),
		cmocka_unit_test(a_load_that_waits_is_not_missed),
		cmocka_unit_test(an_ending_address_space_is_not_pinned_again),
		cmocka_unit_test(every_cpu_leaves_an_address_space_that_ends),
		cmocka_unit_test(a_failed_exec_has_nothing_to_undo),
		cmocka_unit_test(teardown_is_one_batch),
		cmocka_unit_test(pin_all_is_undone_exactly),
		cmocka_unit_test(a_pin_for_saving_can_become_one_for_good),
		cmocka_unit_test(both_roots_are_pinned_or_neither),
		cmocka_unit_test(only_what_was_pinned_for_a_save_is_unpinned),
		cmocka_unit_test(boot_tables_are_adopted),
		cmocka_unit_test(an_adopted_table_is_released_like_any_other),
		cmocka_unit_test(a_table_pinned_outside_is_told),
		cmocka_unit_test(boot_tables_are_marked_to_the_top),
		cmocka_unit_test(every_table_is_counted),
		cmocka_unit_test(protection_keeps_what_the_processor_sets),
		cmocka_unit_test(reading_back_sees_what_waits),
		cmocka_unit_test(the_cheapest_way_to_set_a_pte),
		cmocka_unit_test(kernel_ptes_are_flushed),
		cmocka_unit_test(explaining_survives_wild_entries),
		cmocka_unit_test(an_inverted_entry_is_no_hazard),
		cmocka_unit_test(every_refusal_stops_the_kernel),
		cmocka_unit_test(the_recorder_sees_each_breach),
		cmocka_unit_test(a_recorder_that_begins_later_knows_as_much),
		cmocka_unit_test(the_recorder_judges_roots),
		cmocka_unit_test(a_root_is_loaded_when_it_has_inherited),
		cmocka_unit_test(the_recorder_judges_adoption),
	};

	return cmocka_run_group_tests_name("address_space", tests, NULL, NULL);
}
