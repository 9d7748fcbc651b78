// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The P2M relocator on the model: counts for every size of domain, whole relocations at every edge
 * of every level, both ways, and every way to fail.
 */
#include "../model/world.h"
#include "host.h"

#include <mm/kernel/direct_map.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
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

		if (frames.tables.count[level] != expected)
			fail_msg("%lu pages, %u levels: %lu %s tables, not %lu", pages,
				 pt_geometry.levels, frames.tables.count[level],
				 pt_level_name(level), expected);
		total += expected;
	}
	assert_int_equal(frames.tables.total, total);
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
	assert_int_equal(p2m_frames(1).tables.total, 3);
	assert_int_equal(p2m_frames(TIB(256)).tables.count[PT_PUD], 1);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables.count[PT_PUD], 2);
	assert_int_equal(p2m_frames(TIB(256) + 1).slots, 2);
	pt_geometry = pt_geometry_make(5, PT_LEVEL_BITS);
	assert_int_equal(p2m_frames(1).tables.total, 4);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables.count[PT_PUD], 2);
	assert_int_equal(p2m_frames(TIB(256) + 1).tables.count[PT_P4D], 1);
	assert_int_equal(p2m_frames(TIB(131072) + 1).tables.count[PT_P4D], 2);
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

/* Wherever the list's pages are, the kernel writes entries there in the direct map. */
static void check_list_is_writable(uint64_t pages)
{
	for (uint64_t page = 0; page < p2m_frames(pages).data; page++) {
		uint64_t mfn;

		assert_int_equal(model_access(0, world.window + page * PAGE_SIZE, false, &mfn),
				 MODEL_OK);
		assert_int_equal(model_access(0, pfn_to_address(pfn(model_pfn(mfn))), true, NULL),
				 MODEL_OK);
	}
}

/* A frame is free for us only if Xen, too, takes it for an ordinary writable page. */
static void check_free_frames(void)
{
	struct pfn_range gap = boot_memory_next_free(&world.memory, pfn(0));
	uint64_t direct =
		world.config.direct_pages ? world.config.direct_pages : world.memory.pages;

	for (; gap.count;
	     gap = boot_memory_next_free(&world.memory, pfn(gap.start.pfn + gap.count)))
		for (uint64_t n = gap.start.pfn; n < gap.start.pfn + gap.count && n < direct; n++) {
			struct model_frame_state frame = model_frame_state(model_mfn(n));

			if (frame.type != MODEL_WRITABLE || frame.count != 1 || frame.pinned)
				fail_msg("free pfn %lx has type %u, %lu uses", n, frame.type,
					 frame.count);
		}
}

/* As direct_map_build() leaves it: it cannot tell the list's pages from its tables. */
static void make_list_readonly(const struct world_config *config)
{
	for (uint64_t page = 0; page < p2m_frames(config->machine.pages).data; page++)
		make_page_readonly(pfn(config->p2m_pfn + page));
	paravirt.flush_all(ALL_CPUS);
}

static void relocate_and_check(const struct world_config *config, enum p2m_relocation how)
{
	uint64_t pages = config->machine.pages, free_before, free_after;
	struct p2m_relocated done;

	world_boot(config);
	make_list_readonly(config);
	free_before = boot_memory_free(&world.memory);
	done = world_relocate(how);
	free_after = boot_memory_free(&world.memory);
	assert_int_equal(free_before - done.taken + done.returned, free_after);
	assert_int_equal(done.taken,
			 done.frames.tables.total + (how == P2M_COPY ? done.frames.data : 0));
	if (!config->sparse_list)
		check_list(pages);
	check_window(pages);
	check_list_is_writable(pages);
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

/* Among everything else that the builder has mapped: only pages can be given back, no tables. */
static void relocates_a_list_in_the_initial_mapping(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (enum p2m_relocation how = P2M_REMAP; how <= P2M_COPY; how++) {
			struct world_config config = world_config(levels, 4096);
			struct p2m_relocated done;

			config.builder_slot = 511;
			world_boot(&config);
			done = world_relocate(how);
			assert_int_equal(done.returned, how == P2M_COPY ? done.frames.data : 0);
			for (uint64_t page = 0; page < done.frames.data; page++)
				assert_int_equal(model_access(0,
							      world.builder_p2m + page * PAGE_SIZE,
							      false, NULL),
						 how == P2M_COPY ? MODEL_FAULT : MODEL_OK);
			check_list(4096);
			check_list_is_writable(4096);
			check_free_frames();
			world_stop();
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
	assert_int_equal(done.frames.tables.count[PT_PTE], 1024);
	assert_int_equal(done.frames.tables.count[PT_PMD], 2);
	assert_int_equal(done.frames.tables.count[PT_PUD], 1);
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

/* ---- what it lies on decides ---- */

static enum frame_kind kind_of(uint64_t n)
{
	for (unsigned int i = 0; i < world.memory.runs; i++) {
		struct pfn_range range = world.memory.run[i].range;

		if (n - range.start.pfn < range.count)
			return world.memory.run[i].kind;
	}
	return FRAME_FREE;
}

static void claim(uint64_t start, uint64_t count, enum frame_kind kind)
{
	assert_null(boot_memory_claim(&world.memory, (struct pfn_range){pfn(start), count}, kind));
}

/* The claimed frames are their claimant's, and ordinary memory for Xen. */
static void check_ceded(uint64_t start, uint64_t count, enum frame_kind kind)
{
	assert_int_equal(boot_memory_claimed(&world.memory), 0);
	for (uint64_t n = start; n < start + count; n++) {
		struct model_frame_state frame = model_frame_state(model_mfn(n));

		assert_int_equal(kind_of(n), kind);
		assert_int_equal(frame.type, MODEL_WRITABLE);
		assert_int_equal(frame.count, 1);
	}
}

static struct p2m_relocated decide(enum p2m_relocation expected, const char *why)
{
	uint64_t free = boot_memory_free(&world.memory);
	struct p2m_relocated done = world_relocate(P2M_DECIDE);

	assert_int_equal(done.how, expected);
	if (!strstr(done.why, why))
		fail_msg("it says \"%s\", not \"%s\"", done.why, why);
	assert_int_equal(boot_memory_free(&world.memory), free - done.taken + done.returned);
	check_free_frames();
	return done;
}

/* 4096 pages: 8 of list from pfn 16 on, then a root, and a table at each level below. */
static void start_colliding(unsigned int levels)
{
	struct world_config config = world_config(levels, 4096);

	world_boot(&config);
}

static void in_the_way_of_nothing_it_keeps_its_frames(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct p2m_relocated done;

		start_colliding(levels);
		claim(100, 10, FRAME_RAMDISK); /* somewhere else */
		done = decide(P2M_REMAP, "in the way of nothing");
		assert_int_equal(done.ceded, 0);
		assert_int_equal(kind_of(105), FRAME_RAMDISK);
		assert_int_equal(kind_of(16), FRAME_P2M);
		check_list(4096);
		world_stop();
	}
}

/* Each single frame of the list's, the first and the last too, and more than all of them. */
static void in_the_way_of_the_ramdisk_it_is_copied(void **state)
{
	static const struct {
		uint64_t start, count;
	} places[] = {{16, 1}, {19, 1}, {23, 1}, {14, 4}, {16, 8}, {2, 18}, {20, 3}};

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			uint64_t start = places[i].start, count = places[i].count;
			struct p2m_relocated done;
			char where[64];

			start_colliding(levels);
			claim(start, count, FRAME_RAMDISK);
			snprintf(where, sizeof(where), "pfn %lx is where the ramdisk",
				 MAX(start, (uint64_t)16));
			done = decide(P2M_COPY, where);
			assert_int_equal(done.ceded, MIN(start + count, 24) - MAX(start, 16));
			check_ceded(start, count, FRAME_RAMDISK);
			check_list(4096);
			check_window(4096);
			world_stop();
		}
	}
}

/* Two claimants; and one whose range ends in what the builder's tables had. */
static void in_the_way_of_reserved_ranges_it_is_copied(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct p2m_relocated done;

		start_colliding(levels);
		claim(22, 2, FRAME_ABSENT);
		claim(17, 2, FRAME_RAMDISK);
		claim(25, 1, FRAME_ABSENT); /* the first table behind the root */
		done = decide(P2M_COPY, "pfn 11 is where the ramdisk");
		assert_int_equal(done.ceded, 5);
		check_ceded(22, 2, FRAME_ABSENT);
		check_ceded(17, 2, FRAME_RAMDISK);
		check_ceded(25, 1, FRAME_ABSENT);
		assert_int_equal(kind_of(16), FRAME_FREE);
		assert_int_equal(kind_of(19), FRAME_FREE);
		check_list(4096);
		world_stop();
		start_colliding(levels);
		claim(22, 2, FRAME_ABSENT);
		decide(P2M_COPY, "pfn 16 is where the reserved range");
		check_ceded(22, 2, FRAME_ABSENT);
		world_stop();
	}
}

/* Tables are given back in either case: a claim on nothing but them is no reason to copy. */
static void claims_on_tables_alone_need_no_copy(void **state)
{
	struct p2m_relocated done;

	(void)state;
	start_colliding(4);
	claim(25, 2, FRAME_RAMDISK);
	done = decide(P2M_REMAP, "in the way of nothing");
	assert_int_equal(done.ceded, 2);
	check_ceded(25, 2, FRAME_RAMDISK);
	check_list(4096);
	world_stop();
}

/* Which page of the list is not mapped: one whose table must be found, or one in a known table. */
static uint64_t unmapped_page;

static void relocate_without_a_page(void)
{
	uintptr_t address = world.builder_p2m + unmapped_page * PAGE_SIZE;
	struct p2m_relocated done;

	set_entry(pt_find(pt_root(), address, PT_PTE), PT_PTE, pt_entry_none());
	p2m_relocate(&world.memory, world.window, P2M_COPY, &done);
}

static void a_list_that_is_not_mapped_is_a_panic(void **state)
{
	char text[80];

	(void)state;
	for (unmapped_page = 0; unmapped_page < 8; unmapped_page += 3) {
		start_colliding(4);
		snprintf(text, sizeof(text), "page %lu of the P2M is not mapped at %016lx",
			 unmapped_page, world.builder_p2m + unmapped_page * PAGE_SIZE);
		host_expect_panic(relocate_without_a_page, text);
		world_discard();
	}
}

/* In the caller's lazy mode too, the list is where it is said to be, and what was returned is free.
 */
static void in_lazy_mode_too(void **state)
{
	(void)state;
	for (unsigned int how = 0; how < 2; how++) {
		start_colliding(4);
		lazy_enter();
		world_relocate(how ? P2M_COPY : P2M_REMAP);
		assert_false(batch_pending());
		lazy_leave();
		check_list(4096);
		world_stop();
	}
}

static const char *relocate_huge(uint64_t pages)
{
	struct p2m_relocated done;

	world.memory.pages = pages;
	return p2m_relocate(&world.memory, world.direct_map, P2M_DECIDE, &done);
}

static void relocate_one_slot_too_many(void)
{
	relocate_huge((64ull << 36) + 1);
}

/* The list of a domain larger than any that there is takes 64 root slots, and not one more. */
static void as_many_slots_as_there_can_be(void **state)
{
	struct world_config config = world_config(4, 2048);

	(void)state;
	world_boot(&config);
	host_expect_panic(relocate_one_slot_too_many, "the P2M takes 65 root slots, more than 64");
	assert_non_null(strstr(relocate_huge(64ull << 36), "root slot 273, wanted for the P2M"));
	world.memory.pages = 2048;
	world_relocate(P2M_REMAP);
	world_discard();
}

/* The list ends with its last table: looking for what is in its way ends there too. */
static void the_list_is_looked_through_to_its_end(void **state)
{
	static const uint64_t full[] = {8, 64};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
		struct world_config config = small_config(4, full[i]);
		uint64_t free_frame;

		world_boot(&config);
		free_frame = boot_memory_next_free(&world.memory, pfn(0)).start.pfn;
		claim(free_frame, 1, FRAME_RAMDISK);
		/* One of its tables, so that a claim is waiting. */
		claim(config.tables_pfn + 1, 1, FRAME_RAMDISK);
		assert_int_equal(boot_memory_claimed(&world.memory), 1);
		decide(P2M_REMAP, "in the way of nothing");
		assert_int_equal(boot_memory_claimed(&world.memory), 0);
		world_stop();
		world_boot(&config);
		claim(config.p2m_pfn + full[i] - 1, 1, FRAME_RAMDISK);
		decide(P2M_COPY, "is where the ramdisk");
		world_stop();
	}
	pt_geometry = PT_GEOMETRY_XEN;
}

static void in_the_window_itself_it_is_copied(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct world_config config = world_config(levels, 4096);

		config.builder_slot = config.window_slot;
		world_boot(&config);
		decide(P2M_COPY, "put it into the window, root slot 400");
		assert_int_equal(kind_of(16), FRAME_FREE);
		check_list(4096);
		assert_int_equal(p2m_address(), world.window);
		assert_null(model_check());
		world_stop();
		/* And when remapping is asked for: new tables for the same slot. */
		world_boot(&config);
		assert_int_equal(world_relocate(P2M_REMAP).how, P2M_REMAP);
		assert_int_equal(kind_of(16), FRAME_P2M);
		check_list(4096);
		check_free_frames();
		world_stop();
	}
}

/* The list fills two slots, and one of them, either, is one of the window's two. */
static void partly_in_the_window_it_is_copied(void **state)
{
	(void)state;
	for (unsigned int slot = 5; slot <= 7; slot++) {
		struct world_config config = small_config(4, 65);
		struct p2m_relocated done;

		config.machine.pages = (512 + 3) * 512;
		config.direct_pages = 1536;
		config.builder_slot = slot;
		config.window_slot = 6;
		if (slot == 7)
			config.machine.pages = 65 * 512; /* one slot: the window's is beside it */
		pt_geometry = pt_geometry_make(pt_geometry.levels, 3);
		world_boot(&config);
		done = world_relocate(slot == 7 ? P2M_DECIDE : P2M_REMAP);
		assert_int_equal(done.how, P2M_REMAP);
		assert_int_equal(p2m_address(), world.window);
		assert_null(model_check());
		check_free_frames();
		if (slot == 5)
			assert_int_equal(model_access(0, world.builder_p2m, false, NULL),
					 MODEL_FAULT);
		world_stop();
	}
	pt_geometry = PT_GEOMETRY_XEN;
}

static void what_is_asked_for_is_done(void **state)
{
	struct p2m_relocated done;
	const char *error;
	uint64_t operations;

	(void)state;
	start_colliding(4);
	done = world_relocate(P2M_COPY);
	assert_int_equal(done.how, P2M_COPY);
	assert_string_equal(done.why, "asked for");
	world_stop();
	/* But not at the cost of what must be there: nothing has changed. */
	start_colliding(4);
	claim(18, 1, FRAME_RAMDISK);
	operations = model_counters().operations;
	error = p2m_relocate(&world.memory, world.window, P2M_REMAP, &done);
	assert_non_null(error);
	assert_non_null(strstr(error, "cannot keep its frames: its page in pfn 12"));
	assert_int_equal(model_counters().operations, operations);
	assert_int_equal(p2m_address(), world.builder_p2m);
	assert_int_equal(boot_memory_claimed(&world.memory), 1);
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
	     gap = boot_memory_next_free(&world.memory, pfn(gap.start.pfn + 10))) {
		struct pfn_range fill = {pfn(gap.start.pfn + MIN(10, gap.count)), 0};

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
	world_stop();
	/* Its second slot lies past the end of the root. */
	config = small_config(4, 513);
	world_boot(&config);
	error = p2m_relocate(&world.memory, world_slot_address(7), P2M_REMAP, &done);
	assert_non_null(error);
	assert_non_null(strstr(error, "root slot 8,"));
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
		cmocka_unit_test(relocates_a_list_in_the_initial_mapping),
		cmocka_unit_test(relocates_a_list_mapped_by_large_pages),
		cmocka_unit_test(relocates_a_list_in_the_mapping_of_everything),
		cmocka_unit_test(every_level_overflows),
		cmocka_unit_test(a_terabyte_is_remapped),
		cmocka_unit_test(a_second_move_returns_what_the_first_took),
		cmocka_unit_test(in_the_way_of_nothing_it_keeps_its_frames),
		cmocka_unit_test(in_the_way_of_the_ramdisk_it_is_copied),
		cmocka_unit_test(in_the_way_of_reserved_ranges_it_is_copied),
		cmocka_unit_test(claims_on_tables_alone_need_no_copy),
		cmocka_unit_test(a_list_that_is_not_mapped_is_a_panic),
		cmocka_unit_test(in_lazy_mode_too),
		cmocka_unit_test(as_many_slots_as_there_can_be),
		cmocka_unit_test(the_list_is_looked_through_to_its_end),
		cmocka_unit_test(in_the_window_itself_it_is_copied),
		cmocka_unit_test(partly_in_the_window_it_is_copied),
		cmocka_unit_test(what_is_asked_for_is_done),
		cmocka_unit_test(no_room_is_an_error_with_the_numbers),
		cmocka_unit_test(a_full_list_of_runs_is_an_error),
		cmocka_unit_test(a_window_in_use_is_an_error),
		cmocka_unit_test(every_refusal_stops_the_kernel),
	};

	return cmocka_run_group_tests_name("relocate", tests, NULL, NULL);
}
