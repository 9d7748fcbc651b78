// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is left when memory is out: programs leave a reserve of frames and of kernel stacks, files
 * leave a sixteenth of all memory, and what a space takes is counted and can be taken back before
 * its end. With 4 and 5 levels, on the model.
 */
#include "../model/regions.h"
#include "../model/world.h"
#include "host.h"

#include <arch/cpu.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/stacks.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/user/region.h>

#define PAGES 4096
#define ARENA 0x10000000ul
#define RW    (SPACE_READ | SPACE_WRITE)

static uint64_t free_at_start;

static void start(unsigned int levels)
{
	world_start(levels, PAGES);
	assert_true(entries_init());
	free_at_start = frames_free_count();
}

static void stop(void)
{
	this_cpu()->keeps_reserve = false;
	assert_int_equal(frames_free_count(), free_at_start);
	frames_free(zero_page);
	world_stop();
}

static void programs_leave_frames(void **state)
{
	static pfn_t taken[PAGES];
	unsigned int count = 0;

	(void)state;
	start(4);
	this_cpu()->keeps_reserve = true;
	while (pfn_valid(taken[count] = frames_alloc(0)))
		count++;
	assert_int_equal(frames_free_count(), frames_reserve);
	/* Nor a larger block, which would leave less than that. */
	frames_free(taken[--count]);
	assert_false(pfn_valid(frames_alloc(1)));
	taken[count] = frames_alloc(0);
	assert_true(pfn_valid(taken[count++]));
	/* What the kernel must finish goes on. */
	this_cpu()->keeps_reserve = false;
	for (uint64_t i = 0; i < frames_reserve; i++) {
		taken[count] = frames_alloc(0);
		assert_true(pfn_valid(taken[count++]));
	}
	assert_int_equal(frames_free_count(), 0);
	while (count)
		frames_free(taken[--count]);
	stop();
}

static void programs_leave_stacks(void **state)
{
	static uintptr_t taken[STACKS_MOST];
	unsigned int count = 0, programs;

	(void)state;
	world_start(4, 20000);
	this_cpu()->keeps_reserve = true;
	while ((taken[count] = stack_alloc()))
		count++;
	programs = count;
	assert_int_equal(programs, STACKS_MOST - STACKS_RESERVE);
	this_cpu()->keeps_reserve = false;
	while (count < STACKS_MOST && (taken[count] = stack_alloc()))
		count++;
	assert_int_equal(count, STACKS_MOST);
	assert_int_equal(stack_alloc(), 0);
	while (count)
		stack_free(taken[--count]);
	/* Those that come back count as free again. */
	this_cpu()->keeps_reserve = true;
	while ((taken[count] = stack_alloc()))
		count++;
	assert_int_equal(count, programs);
	this_cpu()->keeps_reserve = false;
	while (count)
		stack_free(taken[--count]);
	world_stop();
}

static struct region *arena_region(struct space *space)
{
	return region_find(space, ARENA);
}

static struct space *space_with(struct object *object, bool shared, unsigned int rights)
{
	struct space *space = space_create();
	struct mapping mapping = {.address = ARENA,
				  .length = 64 * PAGE_SIZE,
				  .rights = rights,
				  .fixed = true,
				  .shared = shared,
				  .object = object};

	assert_non_null(space);
	mm_activate(&space->mm);
	assert_int_equal(map_add(space, &mapping), ARENA);
	return space;
}

static enum fault touch(struct space *space, unsigned int page, unsigned int wanted)
{
	return fault_resolve(space, ARENA + page * PAGE_SIZE, wanted);
}

/* Files take no more when a sixteenth is left: neither by writing nor by a fault in a hole. */
static void files_leave_memory(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct object *file, *memory;
		struct space *space;
		uint64_t number = 64;

		start(levels);
		file = object_create(PAGES * PAGE_SIZE);
		file->number = 1;
		space = space_with(file, true, RW);
		assert_int_equal(touch(space, 0, SPACE_WRITE), FAULT_DONE);
		while (pfn_valid(object_page(file, number)))
			number++;
		assert_true(objects_are_full());
		assert_true(frames_free_count() >= frames_reserve + PAGES / 16 - 1);
		assert_int_equal(touch(space, 1, SPACE_WRITE), FAULT_NO_SPACE);
		assert_int_equal(touch(space, 1, SPACE_READ), FAULT_NO_SPACE);
		/* What it has is there all the same, and memory that is no file's can be had. */
		assert_true(pfn_valid(object_page(file, 64)));
		memory = object_create(PAGE_SIZE);
		assert_true(pfn_valid(object_page(memory, 0)));
		object_put(memory);
		space_put(space);
		object_put(file);
		stop();
	}
}

static struct space_use use_of(struct space *space)
{
	return space_count_use(space);
}

/* Of what its end would give back, each page counts once, whatever it is. */
static void use_is_what_the_end_gives_back(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		const unsigned int roots_and_tables = levels + 1;
		struct object *file, *text;
		struct space *space;
		char byte = 1;

		start(levels);
		/* Memory of its own: pages, and tables from the pte to both roots. */
		space = space_with(NULL, false, RW);
		assert_int_equal(use_of(space).pages, 0);
		assert_int_equal(use_of(space).tables, 2);
		assert_int_equal(touch(space, 0, SPACE_READ), FAULT_DONE);
		assert_int_equal(use_of(space).pages, 0); /* the zero page is nobody's */
		for (unsigned int i = 0; i < 5; i++)
			assert_int_equal(touch(space, 3 * i, SPACE_WRITE), FAULT_DONE);
		assert_int_equal(use_of(space).pages, 5);
		/* In one region or in three. */
		assert_int_equal(map_protect(space, ARENA + 3 * PAGE_SIZE, PAGE_SIZE, SPACE_READ),
				 0);
		assert_int_equal(use_of(space).pages, 5);
		assert_int_equal(use_of(space).tables, roots_and_tables);
		space_put(space);

		/* A file's pages stay when the space ends, its copies do not. */
		file = object_create(0);
		file->number = 1;
		file->named = true;
		for (unsigned int i = 0; i < 8; i++)
			assert_int_equal(object_write(file, i * PAGE_SIZE, &byte, 1), 1);
		space = space_with(file, false, RW);
		assert_int_equal(touch(space, 0, SPACE_READ), FAULT_DONE);
		assert_int_equal(touch(space, 1, SPACE_READ), FAULT_DONE);
		assert_int_equal(touch(space, 2, SPACE_WRITE), FAULT_DONE);
		assert_int_equal(use_of(space).pages, 1);
		space_put(space);
		space = space_with(file, true, RW);
		assert_int_equal(touch(space, 0, SPACE_WRITE), FAULT_DONE);
		assert_int_equal(use_of(space).pages, 0);
		/* Without its name nothing keeps it but this mapping, and the node of its tree. */
		file->named = false;
		assert_int_equal(use_of(space).pages, 9);
		space_put(space);
		object_put(file);

		/* Shared memory: also what another process has touched. */
		text = object_create(64 * PAGE_SIZE);
		space = space_with(text, true, RW);
		for (unsigned int i = 0; i < 3; i++)
			assert_true(pfn_valid(object_page(text, i)));
		assert_int_equal(use_of(space).pages, 4);
		/* No more than what is still mapped of it. */
		assert_int_equal(map_remove(space, ARENA + 2 * PAGE_SIZE, 62 * PAGE_SIZE), 0);
		assert_int_equal(use_of(space).pages, 2);
		assert_int_equal(use_of(space).regions, 0);
		space_put(space);
		/* Regions take memory too: two for each other page. */
		space = space_with(text, true, RW);
		for (unsigned int i = 1; i < 64; i += 2)
			assert_int_equal(map_protect(space, ARENA + i * PAGE_SIZE, PAGE_SIZE, 0),
					 0);
		assert_int_equal(use_of(space).regions, 64 * sizeof(struct region) / PAGE_SIZE);
		assert_true(use_of(space).regions);
		space_put(space);
		object_put(text);
		stop();
	}
}

static void what_is_reaped_comes_back_at_once(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct space *space;
		struct space_use use;
		uint64_t before;

		start(levels);
		space = space_with(NULL, false, RW);
		for (unsigned int i = 0; i < 64; i++)
			assert_int_equal(touch(space, i, SPACE_WRITE), FAULT_DONE);
		use = use_of(space);
		before = frames_free_count();
		space_reap(space);
		/* All but the two roots, which are loaded perhaps. */
		assert_int_equal(frames_free_count() - before, use.pages + use.tables - 2);
		assert_null(regions_check(space));
		assert_non_null(arena_region(space));
		assert_null(model_check());
		/* A thread on its way out may still touch it. */
		assert_int_equal(touch(space, 7, SPACE_WRITE), FAULT_DONE);
		space_put(space);
		stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_leave_frames),
		cmocka_unit_test(programs_leave_stacks),
		cmocka_unit_test(files_leave_memory),
		cmocka_unit_test(use_is_what_the_end_gives_back),
		cmocka_unit_test(what_is_reaped_comes_back_at_once),
	};

	return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
