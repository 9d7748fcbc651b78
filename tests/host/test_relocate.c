// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The P2M relocator on the model: counts for every size of domain, whole relocations at every edge
 * of every level, both ways, and every way to fail.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/batch.h>
#include <mm/direct_map.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>
#include <xen/errno.h>

#define GIB(n) ((uint64_t)(n) << (30 - PAGE_SHIFT))
#define TIB(n) (GIB(n) << 10)

/* The same count in the simplest way there is: one page at a time, one table at a time. */
static uint64_t naive_tables(uint64_t data, unsigned int levels_up)
{
	uint64_t span = 1;

	for (unsigned int i = 0; i < levels_up; i++)
		span *= pt_entries();
	return data / span + (data % span != 0);
}

static void check_counts(uint64_t pages)
{
	struct p2m_frames frames = p2m_frames(pages);
	uint64_t data = pages / 512 + (pages % 512 != 0), total = 0;

	assert_int_equal(frames.data, data);
	for (enum pt_level level = PT_PTE; level < PT_PGD; level++) {
		uint64_t expected = pt_level_exists(level) ? naive_tables(data, level) : 0;

		if (frames.tables[level] != expected)
			fail_msg("%lu pages, %u levels: %lu %s tables, not %lu", pages,
				 pt_geometry.levels, frames.tables[level], pt_level_name(level),
				 expected);
		total += expected;
	}
	assert_int_equal(frames.total_tables, total);
	assert_int_equal(frames.tables[PT_PGD], 0);
}

static void counts_are_exact(void **state)
{
	static const uint64_t edges[] = {
		1,
		2,
		511,
		512,
		513,
		GIB(1),
		GIB(1) + 1,
		GIB(512),
		GIB(512) + 1,
		TIB(1),
		TIB(255),
		TIB(256) - 1,
		TIB(256),
		TIB(256) + 1,
		TIB(300),
		TIB(512),
		TIB(1024),
		TIB(131072),
		TIB(131072) + 1,
	};

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pt_geometry = pt_geometry_make(levels, PT_LEVEL_BITS);
		for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
			check_counts(edges[i]);
		host_seed(levels);
		for (unsigned int i = 0; i < 20000; i++)
			check_counts(1 + (host_random() >> (20 + host_random_below(40))));
	}
	pt_geometry = PT_GEOMETRY_XEN;
	/* One page of list: one table at each level. More than 256 TiB: a second pud table. */
	assert_int_equal(p2m_frames(1).total_tables, 3);
	assert_int_equal(p2m_frames(TIB(256)).tables[PT_PUD], 1);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables[PT_PUD], 2);
	assert_int_equal(p2m_frames(TIB(256) + 1).slots, 2);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(p2m_frames(1).total_tables, 4);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables[PT_PUD], 2);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables[PT_P4D], 1);
	assert_int_equal(p2m_frames(TIB(131072) + 1).tables[PT_P4D], 2);
	pt_geometry = PT_GEOMETRY_XEN;
}

/* Every entry of the list, read through the new mapping, is what it was. */
static void check_list(uint64_t entries)
{
	for (uint64_t n = 0; n < entries; n++) {
		uint64_t mfn, address = world.window + n / 512 * PAGE_SIZE;
		const uint64_t *page;

		if (model_access(0, address, false, &mfn) != MODEL_OK)
			fail_msg("entry %lu is not mapped", n);
		page = pfn_to_virt(pfn(model_pfn(mfn)));
		if (page[n % 512] != model_mfn(n))
			fail_msg("entry %lu is %lx, not %lx", n, page[n % 512], model_mfn(n));
	}
}

static void check_window(uint64_t pages)
{
	uint64_t end = world.window + p2m_frames(pages).data * PAGE_SIZE;

	assert_int_equal(model_access(0, world.window, true, NULL), MODEL_FAULT);
	assert_int_equal(model_access(0, end - 1, false, NULL), MODEL_OK);
	assert_int_equal(model_access(0, end, false, NULL), MODEL_FAULT);
	assert_int_equal(model_access(0, world.builder_p2m, false, NULL), MODEL_FAULT);
	assert_int_equal(p2m_address(), world.window);
}

/* A frame is free for us only if Xen, too, takes it for an ordinary writable page. */
static void check_free_frames(void)
{
	struct pfn_range gap = boot_memory_next_free(&world.memory, pfn(0));
	uint64_t direct =
		world.config.direct_pages ? world.config.direct_pages : world.memory.pages;

	for (; gap.count; gap = boot_memory_next_free(&world.memory, pfn(gap.start.n + gap.count)))
		for (uint64_t n = gap.start.n; n < gap.start.n + gap.count && n < direct; n++) {
			struct model_frame_state frame = model_frame_state(model_mfn(n));

			if (frame.type != MODEL_WRITABLE || frame.count != 1 || frame.pinned)
				fail_msg("free pfn %lx has type %u, %lu uses", n, frame.type,
					 frame.count);
		}
}

static void relocate_and_check(const struct world_config *config, enum p2m_relocation how)
{
	uint64_t pages = config->machine.pages, free_before, free_after;
	struct p2m_relocated done;

	world_boot(config);
	free_before = boot_memory_free(&world.memory);
	done = world_relocate(how);
	free_after = boot_memory_free(&world.memory);
	assert_int_equal(free_before - done.taken + done.returned, free_after);
	assert_int_equal(done.taken,
			 done.frames.total_tables + (how == P2M_COPY ? done.frames.data : 0));
	if (!config->sparse_list)
		check_list(pages);
	check_window(pages);
	check_free_frames();
	world_stop();
}

static void relocates_in_both_geometries(void **state)
{
	static const uint64_t sizes[] = {600, 2048, 4096, 5000};

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct world_config config = world_config(levels, sizes[i]);

			relocate_and_check(&config, P2M_REMAP);
			relocate_and_check(&config, P2M_COPY);
		}
	}
}

/* Xen maps dom0's list with large pages: 512 pages of list are 262144 pages of domain. */
static void relocates_a_list_mapped_by_large_pages(void **state)
{
	struct world_config config;

	(void)state;
	for (uint64_t pages = 262144; pages <= 262144 + 5000; pages += 5000) {
		config = world_config(4, pages);
		config.large = 2;
		config.p2m_pfn = 512;
		config.tables_pfn = 2048;
		relocate_and_check(&config, P2M_REMAP);
		relocate_and_check(&config, P2M_COPY);
	}
}

/*
 * In the builder's mapping of everything: the tables stay, and a list that was copied leaves holes
 * there, for its pages go to the allocator.
 */
static void relocates_a_list_in_the_mapping_of_everything(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		enum p2m_relocation how = i % 2 ? P2M_COPY : P2M_REMAP;
		struct world_config config = world_config(4 + i / 2, 5000);
		struct p2m_relocated done;

		config.builder_slot = pt_index(KERNEL_VIRT_BASE, PT_PGD);
		world_boot(&config);
		done = world_relocate(how);
		assert_int_equal(done.returned, how == P2M_COPY ? done.frames.data : 0);
		check_list(5000);
		check_free_frames();
		for (uint64_t page = 0; page < done.frames.data; page++)
			assert_int_equal(
				model_access(0, world.builder_p2m + page * PAGE_SIZE, false, NULL),
				how == P2M_COPY ? MODEL_FAULT : MODEL_OK);
		world_stop();
	}
}

/*
 * Tables of eight entries: the number of list pages at which a level needs its second table is 8,
 * 64, 512, 4096. Each is tried with one page less, that many, and one more.
 */
static struct world_config small_config(unsigned int levels, uint64_t data)
{
	struct world_config config = world_config(levels, data * 512 - 100);

	config.machine.bits = 3;
	config.machine.reserved_first = 3;
	config.machine.reserved_count = 1;
	/* Root slots of 512 and of 4096 pages. */
	config.direct_slot = 0;
	config.direct_pages = levels == 4 ? 1536 : 8192;
	config.builder_slot = 4;
	config.window_slot = 6;
	config.p2m_pfn = levels == 4 ? 600 : 3000;
	config.tables_pfn = 16;
	config.sparse_list = true;
	return config;
}

static void every_level_overflows(void **state)
{
	static const uint64_t full[] = {8, 64, 512, 4096};

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
			for (uint64_t data = full[i] - 1; data <= full[i] + 1; data++) {
				struct world_config config = small_config(levels, data);

				/* Two root slots are what there is room for. */
				if (levels == 4 && data > 2 * 512)
					continue;
				pt_geometry = pt_geometry_make(pt_geometry.levels, 3);
				relocate_and_check(&config, P2M_REMAP);
				if (data <=
				    (levels == 4 ? 65 : 513)) /* as far as the direct map reaches */
					relocate_and_check(&config, P2M_COPY);
			}
		}
	}
	pt_geometry = PT_GEOMETRY_XEN;
}

/* A domain of 1 TiB: 524288 pages of list, 1024 pte tables, 2 pmd tables. */
static void a_terabyte_is_remapped(void **state)
{
	struct world_config config = world_config(4, TIB(1));
	struct p2m_relocated done;

	(void)state;
	config.direct_pages = 16384 + 524288;
	config.p2m_pfn = 16384;
	config.tables_pfn = 64;
	config.sparse_list = true;
	world_boot(&config);
	done = world_relocate(P2M_REMAP);
	assert_int_equal(done.frames.tables[PT_PTE], 1024);
	assert_int_equal(done.frames.tables[PT_PMD], 2);
	assert_int_equal(done.frames.tables[PT_PUD], 1);
	check_window(config.machine.pages);
	world_discard();
}

/* From the window to another one and back: now the old tables are pinned ones of ours. */
static void a_second_move_returns_what_the_first_took(void **state)
{
	struct world_config config = world_config(4, 4096);
	uintptr_t first, second;
	uint64_t free_before;

	(void)state;
	world_boot(&config);
	world_relocate(P2M_COPY);
	free_before = boot_memory_free(&world.memory);
	first = world.window;
	second = world_slot_address(410);
	for (unsigned int i = 0; i < 6; i++) {
		struct p2m_relocated done;

		world.window = i % 2 ? first : second;
		assert_null(p2m_relocate(&world.memory, world.window, i % 3 ? P2M_COPY : P2M_REMAP,
					 &done));
		assert_int_equal(done.taken, done.returned);
		assert_int_equal(boot_memory_free(&world.memory), free_before);
		check_list(4096);
		check_free_frames();
		assert_null(model_check());
	}
	world_stop();
}

static void no_room_is_an_error_with_the_numbers(void **state)
{
	struct world_config config = world_config(4, 4096);
	struct p2m_relocated done;
	struct pfn_range gap;
	const char *error;
	uint64_t operations;

	(void)state;
	world_boot(&config);
	/* Only pieces of 10 frames are left; a copy needs 8 pages and 3 tables in one. */
	for (gap = boot_memory_next_free(&world.memory, pfn(0)); gap.count;
	     gap = boot_memory_next_free(&world.memory, pfn(gap.start.n + 10))) {
		struct pfn_range fill = {pfn(gap.start.n + MIN(10, gap.count)), 0};

		if (gap.count <= 10)
			break;
		fill.count = gap.count - 10;
		assert_null(boot_memory_reserve(&world.memory, fill, FRAME_DATA));
	}
	operations = model_counters().operations;
	error = p2m_relocate(&world.memory, world.window, P2M_COPY, &done);
	assert_non_null(error);
	assert_non_null(
		strstr(error, "takes 11 free frames in one run (8 for the list, 3 for its"));
	assert_non_null(strstr(error, "longest run has 10"));
	/* Nothing was done, and the list is where it was. */
	assert_int_equal(model_counters().operations, operations);
	assert_int_equal(p2m_address(), world.builder_p2m);
	world_relocate(P2M_REMAP);
	check_list(4096);
	world_stop();
}

/* The list of runs is full, or has room for one more only: then nothing is left taken. */
static void a_full_list_of_runs_is_an_error(void **state)
{
	(void)state;
	for (unsigned int room = 0; room < 2; room++) {
		struct world_config config = world_config(4, 4096);
		struct p2m_relocated done;
		uint64_t free;

		world_boot(&config);
		for (uint64_t n = 2000; world.memory.runs < BOOT_MEMORY_RUNS - room; n += 2)
			assert_null(boot_memory_reserve(&world.memory,
							(struct pfn_range){pfn(n), 1}, FRAME_DATA));
		free = boot_memory_free(&world.memory);
		assert_non_null(p2m_relocate(&world.memory, world.window, P2M_COPY, &done));
		assert_int_equal(boot_memory_free(&world.memory), free);
		assert_int_equal(p2m_address(), world.builder_p2m);
		world_stop();
	}
}

static void a_window_in_use_is_an_error(void **state)
{
	struct world_config config = world_config(4, 4096);
	struct p2m_relocated done;
	const char *error;

	(void)state;
	world_boot(&config);
	error = p2m_relocate(&world.memory, world.direct_map, P2M_COPY, &done);
	assert_non_null(error);
	assert_non_null(strstr(error, "root slot 273"));
	error = p2m_relocate(&world.memory, world_slot_address(256), P2M_REMAP, &done);
	assert_non_null(strstr(error, "root slot 256"));
	assert_int_equal(p2m_address(), world.builder_p2m);
	world_stop();
}

/* Each hypercall refused in turn: the kernel stops at once, and says which request it was. */
static uint64_t fail_at;
static enum p2m_relocation fail_how;

static void relocate_with_failure(void)
{
	model_fail_operation(fail_at, -XEN_ENOMEM);
	world_relocate(fail_how);
}

static void every_refusal_stops_the_kernel(void **state)
{
	(void)state;
	for (fail_how = P2M_REMAP; fail_how <= P2M_COPY; fail_how++) {
		struct world_config config = world_config(4, 2048);
		uint64_t operations;

		world_boot(&config);
		model_reset_counters();
		world_relocate(fail_how);
		operations = model_counters().operations;
		world_stop();
		assert_true(operations >= 4);
		for (fail_at = 1; fail_at <= operations; fail_at++) {
			world_boot(&config);
			host_expect_panic(relocate_with_failure, "Xen refused");
			world_discard();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(relocates_in_both_geometries),
		cmocka_unit_test(relocates_a_list_mapped_by_large_pages),
		cmocka_unit_test(relocates_a_list_in_the_mapping_of_everything),
		cmocka_unit_test(every_level_overflows),
		cmocka_unit_test(a_terabyte_is_remapped),
		cmocka_unit_test(a_second_move_returns_what_the_first_took),
		cmocka_unit_test(no_room_is_an_error_with_the_numbers),
		cmocka_unit_test(a_full_list_of_runs_is_an_error),
		cmocka_unit_test(a_window_in_use_is_an_error),
		cmocka_unit_test(every_refusal_stops_the_kernel),
	};

	return cmocka_run_group_tests_name("relocate", tests, NULL, NULL);
}
