// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large pages: the direct map is split as parts of it get rights of their own, and joined when they
 * have them no longer; and what is not one page is never joined.
 */
#include "../model/bare.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/stacks.h>
#include <mm/table/large.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

static const unsigned int large_levels[] = {0, 1u << PT_PMD, 1u << PT_PMD | 1u << PT_PUD};

static uint64_t flags_at(uint64_t n)
{
	enum pt_level level;
	const pt_entry_t *entry = pt_find_leaf(bare.root, pfn_to_address(pfn(n)), &level);

	if (!entry)
		return 0;
	assert_int_equal(n - pt_entry_mfn(*entry).mfn, n % (pt_span(level) >> PAGE_SHIFT));
	return pt_entry_flags(*entry) & ~(level == PT_PTE ? 0 : PT_HUGE);
}

struct part {
	struct pfn_range range;
	uint64_t flags;
	bool restricted;
};

static void expect_rights(const struct part *parts, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct pfn_range range = parts[i].range;
		uint64_t flags = parts[i].restricted ? parts[i].flags : PT_KERNEL_RW;

		assert_int_equal(flags_at(range.start.pfn), flags);
		assert_int_equal(flags_at(range.start.pfn + range.count / 2), flags);
		assert_int_equal(flags_at(range.start.pfn + range.count - 1), flags);
	}
}

/* Parts that do not touch: what lies between two of them keeps its rights. */
static unsigned int random_parts(struct part *parts, unsigned int most)
{
	uint64_t at = 4096;
	unsigned int sizes = bare.memory.pages > GIB ? 5 : 4, count = 0;

	while (count + 2 <= most) {
		static const uint64_t lengths[] = {1, 3, MIB2, 3 * MIB2 + 1, GIB};
		uint64_t length = lengths[host_random_below(sizes)];
		uint64_t aligned = lengths[host_random_below((sizes + 1) / 2) * 2];

		at += host_random_below(2) ? host_random_below(20) : host_random_below(GIB / 4);
		at = ROUND_UP(at, aligned);
		if (at + length + 1 >= bare.memory.pages)
			break;
		parts[count++] = (struct part){
			{pfn(at), length}, host_random_below(2) ? PT_KERNEL_RO : 0, false};
		at += length;
		parts[count++] = (struct part){{pfn(at++), 1}, PT_KERNEL_RW, false};
	}
	return count;
}

static void rights_come_and_go(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 60; seed++) {
		struct part parts[40];
		unsigned int count;
		uint64_t free;

		host_seed(seed);
		bare_start(4 + seed % 2, large_levels[seed / 2 % 3],
			   seed / 2 % 3 ? LARGEST : GIB / 2);
		bare_build();
		bare_complete();
		free = frames_free_count();
		count = random_parts(parts, ARRAY_SIZE(parts));
		for (unsigned int step = 0; step < 80; step++) {
			struct part *part = &parts[2 * host_random_below(count / 2)];

			if (part->restricted)
				direct_map_restore(part->range);
			else
				assert_true(direct_map_restrict(part->range, part->flags));
			part->restricted = !part->restricted;
			expect_rights(parts, count);
			bare_check();
			/* Nothing is in small pages that could be in a large one. */
			if (!part->restricted)
				assert_int_equal(bare_look().joinable, 0);
			assert_int_equal(free - frames_free_count(),
					 bare.recorder.live - bare.recorder.found);
		}
		for (unsigned int i = 0; i < count; i++) {
			if (parts[i].restricted)
				direct_map_restore(parts[i].range);
		}
		bare_expect_as_built();
		assert_int_equal(frames_free_count(), free);
		assert_int_equal(bare.recorder.count[RECORD_ALLOC],
				 bare.recorder.count[RECORD_RELEASE]);
		bare_stop();
	}
}

/* The tables that are needed, for a range whose ends are in two pages of 1 GiB, or in one. */
static void only_as_many_tables_as_needed(void **state)
{
	static const struct {
		uint64_t first, count;
		unsigned int tables;
	} cases[] = {
		{GIB, GIB, 0},
		{GIB, MIB2, 1},
		{GIB, 1, 2},
		{GIB, GIB + 1, 2},
		{GIB + MIB2, 2 * MIB2, 1},
		{GIB + 1, MIB2 - 1, 2},
		{GIB + 1, MIB2, 3},
		{2 * GIB - 1, 2, 4},
		{2 * GIB - MIB2, 2 * MIB2, 2},
		{GIB + 5, MIB2 * 9, 3},
		{GIB - 1, GIB + 1, 2},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		struct pfn_range range = {pfn(cases[i / 2].first), cases[i / 2].count};

		bare_start(4 + i % 2, large_levels[2], LARGEST);
		bare_build();
		bare_complete();
		assert_true(direct_map_restrict(range, PT_KERNEL_RO));
		assert_int_equal(bare.recorder.count[RECORD_ALLOC], cases[i / 2].tables);
		/* Those are there now. */
		assert_true(direct_map_restrict(range, 0));
		assert_int_equal(bare.recorder.count[RECORD_ALLOC], cases[i / 2].tables);
		assert_int_equal(flags_at(range.start.pfn - 1), PT_KERNEL_RW);
		assert_int_equal(flags_at(range.start.pfn + range.count), PT_KERNEL_RW);
		direct_map_restore(range);
		bare_expect_as_built();
		bare_stop();
	}
}

/* One page in small pages already: its own address is all that a processor must forget. */
static void one_page_flushes_one_address(void **state)
{
	const struct pfn_range first = {pfn(GIB + 5), 1}, second = {pfn(GIB + 6), 1};
	uint64_t flushes;

	(void)state;
	bare_start(4, large_levels[2], LARGEST);
	bare_build();
	bare_complete();
	assert_true(direct_map_restrict(first, PT_KERNEL_RO));
	flushes = bare.flushes;
	assert_true(direct_map_restrict(second, 0));
	direct_map_restore(second);
	assert_int_equal(bare.flushes, flushes);
	direct_map_restore(first);
	assert_true(bare.flushes > flushes);
	bare_stop();
}

static pfn_t take(struct list_node *held)
{
	struct frame *frame = container_of(held->next, struct frame, link);

	list_remove(&frame->link);
	return frame_number(frame);
}

/* With one frame too few nothing happens, wherever the shortage strikes. */
static void out_of_memory_changes_nothing(void **state)
{
	const struct pfn_range range = {pfn(2 * GIB - 1), 2}; /* takes four tables */

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct list_node held = {&held, &held};
		pfn_t frame, single[4];

		bare_start(levels, large_levels[2], LARGEST);
		bare_build();
		bare_complete();
		for (unsigned int i = 0; i < ARRAY_SIZE(single); i++)
			single[i] = frames_alloc(0);
		for (unsigned int order = FRAMES_MAX_ORDER + 1; order--;) {
			while (pfn_valid(frame = frames_alloc(order)))
				list_add(&held, &frame_of(frame)->link);
		}
		for (unsigned int spare = 0; spare <= 4; spare++) {
			uint64_t free = frames_free_count();
			bool done = direct_map_restrict(range, PT_KERNEL_RO);

			assert_int_equal(done, spare == 4);
			if (done)
				break;
			assert_int_equal(frames_free_count(), free);
			assert_int_equal(bare.recorder.events, 0);
			bare_expect_as_built();
			frames_free(single[spare]);
		}
		direct_map_restore(range);
		bare_expect_as_built();
		while (!list_empty(&held))
			frames_free(take(&held));
		bare_stop();
	}
}

static void part_of_a_hole(void)
{
	struct pfn_range range = {pfn(MIB2), MIB2};

	bare_start(4, large_levels[1], GIB);
	bare_build();
	bare_complete();
	direct_map_restrict(range, 0);
	range.count--;
	direct_map_restore(range);
}

static void only_the_whole_is_restored(void **state)
{
	(void)state;
	host_expect_panic(part_of_a_hole, "pfn 200: a part of what was taken out");
}

/* The kernel's text, wherever it ends. */
static void text_is_read_only(void **state)
{
	const struct pfn_range text = {pfn(GIB + 700), 1000};

	(void)state;
	bare_start(4, large_levels[2], LARGEST);
	assert_null(boot_memory_reserve(&bare.memory, text, FRAME_TEXT));
	bare_build();
	bare_complete();
	assert_true(direct_map_protect(&bare.memory));
	assert_int_equal(flags_at(text.start.pfn - 1), PT_KERNEL_RW);
	for (uint64_t n = 0; n < text.count; n++)
		assert_int_equal(flags_at(text.start.pfn + n), PT_KERNEL_RO);
	assert_int_equal(flags_at(text.start.pfn + text.count), PT_KERNEL_RW);
	assert_int_equal(flags_at(0), PT_KERNEL_RW);
	direct_map_restore(text);
	bare_stop();
}

/* ---- what is not one page ---- */

/* An address space with a table that could be a large page, at the address 0 and that level. */
static pt_entry_t *make_table(struct mm *mm, enum pt_level level, uint64_t flags)
{
	enum pt_level below = pt_level_below(level);
	uint64_t step = pt_span(below) >> PAGE_SHIFT;
	pt_entry_t *entries;

	assert_true(mm_create(mm));
	assert_true(mm_prepare(mm, 0, 0, below));
	entries = mm_entry(mm, 0, below);
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		set_entry(&entries[i], below,
			  pt_entry_from_mfn(mfn(4 * GIB + i * step),
					    flags | (below == PT_PTE ? 0 : PT_HUGE)));
	paravirt.flush_all(ALL_CPUS);
	return entries;
}

static bool is_joined(struct mm *mm, enum pt_level level)
{
	mm_lock(mm);
	mm_join(mm, 0, 0);
	mm_unlock(mm);
	return pt_entry_leaf(*mm_entry(mm, 0, level), level);
}

static void only_what_is_alike_is_joined(void **state)
{
	const uint64_t rw = PT_KERNEL_RW | PT_USER, all = 1u << PT_PMD | 1u << PT_PUD;
	const struct {
		uint64_t flags;            /* of every entry */
		unsigned int large, entry; /* which entry ... */
		uint64_t xor ;             /* ... has other bits */
		bool joined;
	} cases[] = {
		{rw, all, 0, 0, true},
		{rw & ~(PT_RW | PT_DIRTY), all, 0, 0, true},
		{rw & ~PT_DIRTY, all, 0, 0, false},
		{rw & ~PT_ACCESSED, all, 0, 0, false},
		{rw, all, 0, PT_RW, false},
		{rw, all, 1, PT_USER, false},
		{rw, all, 511, PT_NX, false},
		{rw, all, 511, PT_PRESENT, false},
		{rw, all, 0, PT_PRESENT, false},
		{rw, all, 300, 1ull << 40, false},
		{rw, 0, 0, 0, false},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases) * 4; i++) {
		enum pt_level level = i % 2 ? PT_PMD : PT_PUD;
		pt_entry_t *entries;
		uint64_t free;
		struct mm mm;

		bare_start(4 + i / 2 % 2, all, MIB2 * 8);
		bare_build();
		bare_complete();
		free = frames_free_count();
		entries = make_table(&mm, level, cases[i / 4].flags);
		entries[cases[i / 4].entry].raw ^= cases[i / 4].xor ;
		pt_geometry.large_levels = cases[i / 4].large;
		assert_int_equal(is_joined(&mm, level), cases[i / 4].joined);
		if (cases[i / 4].joined) {
			assert_int_equal(mm_entry(&mm, 0, level)->raw,
					 (4 * GIB << PAGE_SHIFT) | cases[i / 4].flags | PT_HUGE);
			assert_int_equal(bare.recorder.count[RECORD_RELEASE], 1);
			assert_false(is_joined(&mm, level) &&
				     bare.recorder.count[RECORD_RELEASE] > 1);
		}
		bare_check();
		mm_destroy(&mm);
		assert_int_equal(frames_free_count(), free);
		bare_stop();
	}
}

/* A large page starts at a multiple of its size, and in a pte the bit of PT_HUGE is another. */
static void neither_askew_nor_of_another_memory_type(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		pt_entry_t *entries;
		struct mm mm;

		bare_start(4, large_levels[2], MIB2 * 8);
		bare_build();
		bare_complete();
		entries = make_table(&mm, PT_PMD, PT_KERNEL_RW | PT_USER);
		for (unsigned int n = 0; n < PT_ENTRIES; n++)
			entries[n].raw += i ? PAGE_SIZE : PT_HUGE;
		assert_false(is_joined(&mm, PT_PMD));
		mm_destroy(&mm);
		bare_stop();
	}
}

/* What the processor sets in a large page's entry while it is split is not lost. */
static void accessed_and_dirty_are_set_ahead(void **state)
{
	(void)state;
	for (unsigned int writable = 0; writable < 2; writable++) {
		const uint64_t flags = PT_PRESENT | PT_USER | (writable ? PT_RW : 0);
		struct mm mm;

		bare_start(4, large_levels[2], MIB2 * 8);
		bare_build();
		bare_complete();
		assert_true(mm_create(&mm) && mm_prepare(&mm, 0, 0, PT_PMD));
		set_entry(mm_entry(&mm, 0, PT_PMD), PT_PMD,
			  pt_entry_from_mfn(mfn(4 * GIB), flags | PT_HUGE));
		mm_lock(&mm);
		assert_true(mm_split(&mm, PAGE_SIZE, 2 * PAGE_SIZE - 1));
		mm_unlock(&mm);
		assert_int_equal(mm_entry(&mm, 0, PT_PTE)[7].raw,
				 (4 * GIB + 7) << PAGE_SHIFT | flags | PT_ACCESSED |
					 (writable ? PT_DIRTY : 0));
		assert_true(is_joined(&mm, PT_PMD));
		mm_destroy(&mm);
		bare_stop();
	}
}

/* A stack takes its frames out of the direct map, and tables to split it; all of it or nothing. */
static void stacks_split_the_direct_map(void **state)
{
	struct list_node held = {&held, &held};
	unsigned int failures = 0;
	pfn_t single[24];
	uintptr_t top;
	uint64_t free;

	(void)state;
	bare_start(4, large_levels[2], LARGEST);
	bare_build();
	bare_complete();
	stack_free(stack_alloc()); /* the window's tables stay */
	bare_expect_as_built();
	free = frames_free_count();
	top = stack_alloc();
	assert_true(free - frames_free_count() >= KERNEL_STACK_SIZE / PAGE_SIZE);
	stack_free(top);
	assert_int_equal(frames_free_count(), free);
	/* Frames far from each other, so that each takes tables of its own. */
	for (unsigned int i = 0; i < ARRAY_SIZE(single); i++) {
		pfn_t frame = frames_alloc(FRAMES_MAX_ORDER);

		list_add(&held, &frame_of(frame)->link);
		single[i] = frames_alloc(0);
	}
	for (unsigned int order = FRAMES_MAX_ORDER + 1; order--;) {
		pfn_t frame;

		while (pfn_valid(frame = frames_alloc(order)))
			list_add(&held, &frame_of(frame)->link);
	}
	while (!(top = stack_alloc())) {
		assert_int_equal(frames_free_count(), failures);
		bare_expect_as_built();
		frames_free(single[failures++]);
	}
	assert_true(failures > KERNEL_STACK_SIZE / PAGE_SIZE);
	stack_free(top);
	bare_expect_as_built();
	while (failures < ARRAY_SIZE(single))
		frames_free(single[failures++]);
	while (!list_empty(&held))
		frames_free(take(&held));
	mm_free_tables(&kernel_mm, pt_slot_address(STACKS_SLOT),
		       pt_slot_address(STACKS_SLOT + 1) - 1);
	bare_stop();
}

/* Lazy mode puts off flushes, and yet no CPU may know a page in two sizes with different rights. */
static void flushes_of_sizes_are_not_put_off(void **state)
{
	const struct pfn_range page = {pfn(MIB2 * 20 + 5), 1};

	(void)state;
	bare_start(4, large_levels[1], LARGEST);
	bare_build();
	bare_complete();
	lazy_enter();
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(direct_map_restrict(page, PT_KERNEL_RO));
		direct_map_restore(page);
	}
	lazy_leave();
	bare_check();
	bare_expect_as_built();
	bare_stop();
}

/* A table that a large page replaces is freed when every CPU has flushed, in lazy mode too. */
static void a_joined_table_is_freed_after_the_flush(void **state)
{
	const uintptr_t address = pfn_to_address(pfn(MIB2 * 20));
	uint64_t flushes;

	(void)state;
	bare_start(4, large_levels[1], LARGEST);
	bare_build();
	bare_complete();
	mm_lock(&kernel_mm);
	lazy_enter();
	flushes = bare.flushes;
	assert_true(mm_split(&kernel_mm, address + PAGE_SIZE, address + 2 * PAGE_SIZE - 1));
	assert_true(bare.flushes > flushes);
	flushes = bare.flushes;
	mm_join(&kernel_mm, address + PAGE_SIZE, address + 2 * PAGE_SIZE - 1);
	assert_true(bare.flushes > flushes);
	lazy_leave();
	mm_unlock(&kernel_mm);
	bare_check();
	bare_expect_as_built();
	bare_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_come_and_go),
		cmocka_unit_test(only_as_many_tables_as_needed),
		cmocka_unit_test(one_page_flushes_one_address),
		cmocka_unit_test(out_of_memory_changes_nothing),
		cmocka_unit_test(only_the_whole_is_restored),
		cmocka_unit_test(text_is_read_only),
		cmocka_unit_test(only_what_is_alike_is_joined),
		cmocka_unit_test(neither_askew_nor_of_another_memory_type),
		cmocka_unit_test(accessed_and_dirty_are_set_ahead),
		cmocka_unit_test(stacks_split_the_direct_map),
		cmocka_unit_test(flushes_of_sizes_are_not_put_off),
		cmocka_unit_test(a_joined_table_is_freed_after_the_flush),
	};

	return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
