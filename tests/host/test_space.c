// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' address spaces on the model: random histories of system calls, forks and accesses
 * against a naive account that has one entry a page; memory running out at every step.
 *
 * An access goes through the model's TLB, so that a flush that is missing shows.
 */
#include "../model/histories.h"
#include "../model/invariants.h"
#include "../model/world.h"
#include "host.h"

#include "../model/recorder.h"
#include "../model/regions.h"
#include <arch/cpu.h>
#include <kernel/lib/errno.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/user/copy.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/user/region.h>
#include <mm/xen/batch.h>

#define PAGES 6000

/* Around the border between two pte tables. */
#define ARENA (0x40000000ul - 48 * PAGE_SIZE)

#define RW (SPACE_READ | SPACE_WRITE)

static struct recorder recorder;

/* Every store names the level of the table that it goes to. */
static void checked_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	assert_int_equal(frame_of(virt_to_pfn(entry))->flags & FRAME_LEVEL, level);
	paravirt_xen.set_entry(entry, level, value);
}

static void start(unsigned int levels)
{
	world_start(levels, PAGES);
	paravirt.set_entry = checked_set_entry;
	assert_true(entries_init());
	recorder_start(&recorder);
}

static void stop(void)
{
	recorder_stop();
	if (recorder.breach)
		fail_msg("%s", recorder.breach);
	expect_recorder_counted_right(&recorder);
	assert_int_equal(recorder.live, recorder.found);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		assert_int_equal(((const uint64_t *)pfn_to_virt(zero_page))[i], 0);
	frames_free(zero_page);
	world_stop();
}

static struct space *new_space(void)
{
	struct space *space = space_create();

	assert_non_null(space);
	mm_activate(&space->mm);
	return space;
}

/* ---- a program's accesses ---- */

/* The page that an access reaches after all faults that it takes, or INVALID_PFN and why. */
static pfn_t reach(struct space *space, uintptr_t address, unsigned int wanted, enum fault *why)
{
	uint64_t mfn;

	if (this_cpu()->loaded_mm != &space->mm)
		mm_load(&space->mm);
	for (unsigned int tries = 0; tries < 3; tries++) {
		enum model_access how = model_access(0, address, wanted == SPACE_WRITE, &mfn);

		if (how == MODEL_STALE)
			fail_msg("the TLB has an old translation of address %lx", address);
		if (how == MODEL_OK) {
			*why = FAULT_DONE;
			return pfn(model_pfn(mfn));
		}
		*why = fault_resolve(space, address, wanted);
		if (*why != FAULT_DONE)
			return INVALID_PFN;
	}
	fail_msg("address %lx faults for ever", address);
	return INVALID_PFN;
}

static uint64_t *word(pfn_t page, uintptr_t address)
{
	return (uint64_t *)((char *)pfn_to_virt(page) + address % PAGE_SIZE);
}

static enum fault read_word(struct space *space, uintptr_t address, uint64_t *value)
{
	enum fault why;
	pfn_t page = reach(space, address, SPACE_READ, &why);

	if (why == FAULT_DONE)
		*value = *word(page, address);
	return why;
}

static enum fault write_word(struct space *space, uintptr_t address, uint64_t value)
{
	enum fault why;
	pfn_t page = reach(space, address, SPACE_WRITE, &why);

	if (why == FAULT_DONE)
		*word(page, address) = value;
	return why;
}

static uintptr_t page_address(unsigned int page)
{
	return ARENA + page * PAGE_SIZE;
}

static long map(struct space *space, uintptr_t address, uint64_t pages, unsigned int rights,
		bool shared)
{
	struct mapping mapping = {.address = address,
				  .length = pages * PAGE_SIZE,
				  .rights = rights,
				  .fixed = true,
				  .shared = shared};

	return map_add(space, &mapping);
}

static void sound(struct space *space)
{
	const char *error = regions_check(space);

	if (error)
		fail_msg("%s", error);
}

/* ---- single calls ---- */

static void memory_is_zero_until_written(void **state)
{
	struct space *space;
	uint64_t value, free;

	(void)state;
	start(4);
	free = frames_free_count();
	space = new_space();
	assert_int_equal(map(space, ARENA, 8, RW, false), ARENA);
	assert_int_equal(read_word(space, ARENA + 8, &value), FAULT_DONE);
	assert_int_equal(value, 0);
	assert_int_equal(frame_of(zero_page)->references, 1); /* not counted */
	assert_int_equal(write_word(space, ARENA + 8, 77), FAULT_DONE);
	assert_int_equal(read_word(space, ARENA + 8, &value), FAULT_DONE);
	assert_int_equal(value, 77);
	assert_int_equal(*word(zero_page, 8), 0);
	assert_int_equal(read_word(space, ARENA + 8 * PAGE_SIZE, &value), FAULT_UNMAPPED);
	assert_int_equal(read_word(space, ARENA - 8, &value), FAULT_UNMAPPED);
	assert_int_equal(fault_resolve(space, UINTPTR_MAX, SPACE_READ), FAULT_UNMAPPED);
	space_put(space);
	assert_int_equal(frames_free_count(), free);
	stop();
}

/* The page that all programs share is made once, and then nobody can write to it. */
static void the_zero_page_is_read_only(void **state)
{
	static pfn_t held[PAGES];
	unsigned int count = 0;
	struct pt_path walk;

	(void)state;
	start(4);
	walk = pt_lookup(pfn_to_address(zero_page));
	assert_true(walk.mapped);
	assert_int_equal(pt_entry_flags(walk.step[walk.steps - 1].entry) & PT_RW, 0);
	stop();
	world_start(4, PAGES);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	assert_false(entries_init());
	while (count)
		frames_free(held[--count]);
	world_stop();
}

/* What the processor lets a program do is what its rights say, and no more. */
static void an_entry_says_the_rights(void **state)
{
	const pfn_t page = {77};

	(void)state;
	start(4);
	for (unsigned int i = 0; i < 16; i++) {
		const unsigned int rights = i % 8;
		const bool writable = i / 8;
		pt_entry_t entry = entry_make(page, rights, writable);

		assert_int_equal(entry_page(entry).pfn, page.pfn);
		assert_int_equal(pt_entry_present(entry), rights != 0);
		assert_int_equal(entry_is_inaccessible(entry), rights == 0);
		if (!rights)
			continue;
		assert_true(entry.raw & PT_USER);
		assert_int_equal((entry.raw & PT_RW) != 0, writable && (rights & SPACE_WRITE));
		assert_int_equal((entry.raw & PT_NX) != 0, !(rights & SPACE_EXECUTE));
	}
	stop();
}

/* A hint is followed wherever there is room, from the lowest address to the ceiling. */
static void hints_are_followed(void **state)
{
	const uintptr_t ceiling = (1ul << 47) - PAGE_SIZE;
	const struct {
		uintptr_t hint;
		bool followed;
	} cases[] = {
		{SPACE_LOWEST - PAGE_SIZE, false}, {SPACE_LOWEST, true},
		{SPACE_LOWEST + PAGE_SIZE, true},  {ceiling - 2 * PAGE_SIZE, true},
		{ceiling - PAGE_SIZE, false},      {0, false},
	};

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct mapping mapping = {
			.address = cases[i / 2].hint, .length = 2 * PAGE_SIZE, .rights = RW};
		struct space *space;
		long result;

		start(4 + i % 2);
		space = new_space();
		result = map_add(space, &mapping);
		assert_true(result > 0);
		assert_int_equal(result == (long)mapping.address, cases[i / 2].followed);
		space_put(space);
		stop();
	}
}

/* An entry says no more than it must: nothing of its former self. */
static void an_inaccessible_entry_says_which_page(void **state)
{
	struct space *space;
	pt_entry_t *entry;
	pfn_t page;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 1, RW, false), ARENA);
	assert_int_equal(write_word(space, ARENA, 5), FAULT_DONE);
	entry = mm_entry(&space->mm, ARENA, PT_PTE);
	page = entry_page(*entry);
	assert_int_equal(map_protect(space, ARENA, PAGE_SIZE, 0), 0);
	assert_int_equal(entry->raw, entry_make(page, 0, false).raw);
	assert_int_equal(map_protect(space, ARENA, PAGE_SIZE, SPACE_READ), 0);
	/* Xen adds two flags to what a program can use. */
	assert_int_equal(entry->raw & ~(PT_USER | PT_GLOBAL),
			 entry_make(page, SPACE_READ, false).raw & ~PT_USER);
	space_put(space);
	stop();
}

static void rights_are_kept(void **state)
{
	struct space *space;
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	map(space, ARENA, 4, RW, false);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(write_word(space, ARENA + i * PAGE_SIZE, i), FAULT_DONE);
	assert_int_equal(map_protect(space, ARENA + PAGE_SIZE, PAGE_SIZE, SPACE_READ), 0);
	assert_int_equal(map_protect(space, ARENA + 2 * PAGE_SIZE, PAGE_SIZE, 0), 0);
	assert_int_equal(write_word(space, ARENA + PAGE_SIZE, 9), FAULT_FORBIDDEN);
	assert_int_equal(read_word(space, ARENA + 2 * PAGE_SIZE, &value), FAULT_FORBIDDEN);
	assert_true(entry_is_inaccessible(*mm_entry(&space->mm, ARENA + 2 * PAGE_SIZE, PT_PTE)));
	assert_int_equal(model_counters().hazards, 0);
	/* What slept is still there. */
	assert_int_equal(map_protect(space, ARENA, 4 * PAGE_SIZE, RW), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(read_word(space, ARENA + i * PAGE_SIZE, &value), FAULT_DONE);
		assert_int_equal(value, i);
		assert_int_equal(write_word(space, ARENA + i * PAGE_SIZE, i), FAULT_DONE);
	}
	/* One region again. */
	assert_int_equal(space->region_count, 1);
	sound(space);
	space_put(space);
	stop();
}

static void arguments_as_linux_has_them(void **state)
{
	struct mapping odd = {.length = 0, .rights = RW};
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map_add(space, &odd), -EINVAL);
	odd = (struct mapping){.length = UINT64_MAX, .rights = RW};
	assert_int_equal(map_add(space, &odd), -ENOMEM);
	odd = (struct mapping){.length = 1, .offset = 5};
	assert_int_equal(map_add(space, &odd), -EINVAL);
	odd = (struct mapping){.length = 1, .fixed = true, .address = 0x100001};
	assert_int_equal(map_add(space, &odd), -EINVAL);
	odd.address = 0;
	assert_int_equal(map_add(space, &odd), -EPERM);
	odd.address = pt_user_limit() + 1;
	assert_int_equal(map_add(space, &odd), -ENOMEM);
	odd.address = UINTPTR_MAX - PAGE_SIZE + 1;
	assert_int_equal(map_add(space, &odd), -ENOMEM);
	/* Without a place: the highest that is free; with a hint that is taken, elsewhere. */
	odd = (struct mapping){.length = 3 * PAGE_SIZE, .rights = RW};
	assert_int_equal(map_add(space, &odd), pt_user_limit() + 1 - 4 * PAGE_SIZE);
	assert_int_equal(map_add(space, &odd), pt_user_limit() + 1 - 7 * PAGE_SIZE);
	odd.address = pt_user_limit() + 1 - 6 * PAGE_SIZE;
	assert_int_equal(map_add(space, &odd), pt_user_limit() + 1 - 10 * PAGE_SIZE);
	odd.address = ARENA + 17;
	assert_int_equal(map_add(space, &odd), ARENA);
	odd = (struct mapping){.length = 1, .address = ARENA + PAGE_SIZE, .no_replace = true};
	assert_int_equal(map_add(space, &odd), -EEXIST);

	assert_int_equal(map_remove(space, ARENA + 1, 5), -EINVAL);
	assert_int_equal(map_remove(space, ARENA, 0), -EINVAL);
	assert_int_equal(map_remove(space, ARENA, UINT64_MAX), -EINVAL);
	assert_int_equal(map_remove(space, 0x5000, PAGE_SIZE), 0); /* nothing there: fine */
	assert_int_equal(map_protect(space, ARENA + 1, 5, RW), -EINVAL);
	assert_int_equal(map_protect(space, ARENA, 0, RW), 0);
	assert_int_equal(map_protect(space, ARENA, PAGE_SIZE, 8), -EINVAL);
	/* Up to the gap, and then an error. */
	assert_int_equal(map_protect(space, ARENA, 4 * PAGE_SIZE, SPACE_READ), -ENOMEM);
	assert_int_equal(region_find(space, ARENA)->rights, SPACE_READ);
	assert_int_equal(map_discard(space, ARENA, 4 * PAGE_SIZE), -ENOMEM);
	assert_int_equal(map_discard(space, ARENA + 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(map_resize(space, ARENA, 4 * PAGE_SIZE, 5 * PAGE_SIZE, true, false, 0),
			 -EFAULT);
	assert_int_equal(map_resize(space, ARENA + 1, PAGE_SIZE, PAGE_SIZE, true, false, 0),
			 -EINVAL);
	assert_int_equal(map_resize(space, ARENA, PAGE_SIZE, 0, true, false, 0), -EINVAL);
	assert_int_equal(map_resize(space, ARENA, PAGE_SIZE, PAGE_SIZE, false, true, 0x100000),
			 -EINVAL);
	sound(space);
	space_put(space);
	stop();
}

/* By the frames behind it, with the rights that the processor would see. */
static void the_kernel_reads_what_programs_can(void **state)
{
	struct space *space;
	uint64_t value = 5;

	(void)state;
	start(4);
	space = new_space();
	for (unsigned int rights = 0; rights < 8; rights++) {
		map(space, ARENA, 2, rights, false);
		assert_int_equal(copy_from_space(space, ARENA + 4092, &value, 8), rights ? 8 : 0);
		assert_int_equal(copy_to_space(space, ARENA + 4092, &value, 8),
				 rights & SPACE_WRITE ? 8 : 0);
		assert_int_equal(copy_from_space(space, ARENA + 8188, &value, 8), rights ? 4 : 0);
	}
	space_put(space);
	stop();
}

static void the_last_page_is_nobodys(void **state)
{
	struct space *space;
	uintptr_t last;

	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		start(levels);
		space = new_space();
		last = pt_user_limit() + 1 - PAGE_SIZE;
		assert_int_equal(map(space, last, 1, RW, false), -ENOMEM);
		assert_int_equal(map(space, last - PAGE_SIZE, 1, RW, false), last - PAGE_SIZE);
		assert_int_equal(map_resize(space, last - PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE,
					    false, false, 0),
				 -ENOMEM);
		space_put(space);
		stop();
	}
}

/* A file has no page beyond the last offset: a region at it cannot grow. */
static void offsets_do_not_wrap(void **state)
{
	struct mapping mapping = {.address = ARENA,
				  .length = PAGE_SIZE,
				  .rights = RW,
				  .fixed = true,
				  .shared = true,
				  .offset = -2 * PAGE_SIZE};
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	mapping.object = object_create(PAGE_SIZE);
	assert_int_equal(map_add(space, &mapping), ARENA);
	assert_true(map_resize(space, ARENA, PAGE_SIZE, 3 * PAGE_SIZE, false, false, 0) < 0);
	assert_true(map_resize(space, ARENA, PAGE_SIZE, 3 * PAGE_SIZE, true, false, 0) < 0);
	sound(space);
	space_put(space);
	object_put(mapping.object);
	stop();
}

static void odd_lengths_and_edges(void **state)
{
	struct mapping odd = {.address = ARENA, .length = 100, .rights = RW, .fixed = true};
	struct mapping stack = {.address = 0x7f0000000000,
				.length = 2 * PAGE_SIZE,
				.rights = RW,
				.fixed = true,
				.stack = true};
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	map(space, ARENA + PAGE_SIZE, 1, RW, false);
	assert_int_equal(map_add(space, &odd), ARENA);
	sound(space);
	assert_int_equal(space->region_count, 1); /* one region */
	/* Getting smaller, over two regions. */
	assert_int_equal(map_protect(space, ARENA + PAGE_SIZE, PAGE_SIZE, SPACE_READ), 0);
	assert_int_equal(map_resize(space, ARENA, 2 * PAGE_SIZE, PAGE_SIZE, false, false, 0),
			 ARENA);
	assert_null(region_find(space, ARENA + PAGE_SIZE));
	/* A move does not count twice. */
	space->limit = 2 * PAGE_SIZE;
	assert_int_equal(
		map_resize(space, ARENA, PAGE_SIZE, PAGE_SIZE, true, true, ARENA + 10 * PAGE_SIZE),
		ARENA + 10 * PAGE_SIZE);
	space->limit = UINT64_MAX / 2;
	/* A stack still grows when its lowest page was unmapped; hints keep out of its way. */
	assert_int_equal(map_add(space, &stack), stack.address);
	assert_int_equal(map_remove(space, stack.address, PAGE_SIZE), 0);
	assert_int_equal(write_word(space, stack.address + 8, 1), FAULT_DONE);
	odd = (struct mapping){.address = stack.address - PAGE_SIZE, .length = 1, .rights = RW};
	assert_true(map_add(space, &odd) != (long)odd.address);
	sound(space);
	space_put(space);
	stop();
}

/* A right that a region is never to have: what lies before it is changed all the same. */
static void some_rights_are_never_given(void **state)
{
	struct space *space;
	struct mapping mapping = {.address = page_address(2),
				  .length = 2 * PAGE_SIZE,
				  .rights = SPACE_READ,
				  .never = SPACE_WRITE,
				  .fixed = true};

	(void)state;
	start(4);
	space = new_space();
	assert_true(map(space, page_address(0), 2, SPACE_READ, false) >= 0);
	assert_true(map_add(space, &mapping) >= 0);
	/* Alike but for that, they stay two. */
	assert_int_equal(space->region_count, 2);
	assert_int_equal(map_protect(space, page_address(0), 4 * PAGE_SIZE, RW), -EACCES);
	assert_int_equal(write_word(space, page_address(1), 1), FAULT_DONE);
	assert_int_equal(write_word(space, page_address(2), 1), FAULT_FORBIDDEN);
	assert_int_equal(map_protect(space, page_address(2), PAGE_SIZE, SPACE_READ | SPACE_EXECUTE),
			 0);
	/* Nor by moving it, nor in a child. */
	assert_int_equal(map_resize(space, page_address(3), PAGE_SIZE, PAGE_SIZE, true, true,
				    page_address(8)),
			 (long)page_address(8));
	assert_int_equal(map_protect(space, page_address(8), PAGE_SIZE, RW), -EACCES);
	sound(space);
	space_put(space);
	stop();
}

/* Farther in a file than any file can have a page, whatever its length says: no want of memory. */
static void files_end_somewhere(void **state)
{
	struct object *object;
	struct space *space;
	struct mapping mapping = {.address = page_address(0),
				  .length = PAGE_SIZE,
				  .rights = RW,
				  .fixed = true,
				  .shared = true,
				  .offset = OBJECT_MAX_PAGES << PAGE_SHIFT};
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	object = mapping.object = object_create(UINT64_MAX);
	assert_true(map_add(space, &mapping) >= 0);
	assert_int_equal(read_word(space, page_address(0), &value), FAULT_PAST_END);
	object_put(object);
	/* With a page that it is in by one byte, or that begins where it ends. */
	for (unsigned int more = 0; more < 2; more++) {
		object = mapping.object = object_create(2 * PAGE_SIZE + more);
		mapping.length = 4 * PAGE_SIZE;
		mapping.offset = 0;
		assert_true(map_add(space, &mapping) >= 0);
		assert_int_equal(read_word(space, page_address(1), &value), FAULT_DONE);
		assert_int_equal(read_word(space, page_address(2), &value),
				 more ? FAULT_DONE : FAULT_PAST_END);
		assert_int_equal(read_word(space, page_address(3), &value), FAULT_PAST_END);
		object_put(object);
	}
	space_put(space);
	stop();
}

/* Regions are counted, and there are no more than so many. */
static void regions_are_limited(void **state)
{
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	assert_true(map(space, page_address(0), 8, RW, false) >= 0);
	assert_int_equal(map_protect(space, page_address(2), PAGE_SIZE, SPACE_READ), 0);
	assert_int_equal(space->region_count, 3);
	space->region_count = SPACE_REGIONS_MOST;
	assert_int_equal(map_protect(space, page_address(5), PAGE_SIZE, SPACE_READ), -ENOMEM);
	assert_int_equal(map_remove(space, page_address(5), PAGE_SIZE), -ENOMEM);
	assert_int_equal(map(space, page_address(20), 1, RW, false), -ENOMEM);
	space->region_count = 3;
	assert_int_equal(map_protect(space, page_address(2), PAGE_SIZE, RW), 0);
	assert_int_equal(space->region_count, 1);
	sound(space);
	space_put(space);
	stop();
}

/* Which pages are there, and how many: not the zero page, and inaccessible ones too. */
static void pages_are_counted(void **state)
{
	struct space *space;
	uint64_t value;

	(void)state;
	start(5);
	space = new_space();
	/* Over the border between two tables. */
	assert_true(map(space, page_address(0), 96, RW, false) >= 0);
	assert_int_equal(space_resident(space), 0);
	assert_int_equal(read_word(space, page_address(3), &value), FAULT_DONE);
	assert_true(space_has_page(space, page_address(3)));
	assert_int_equal(space_resident(space), 0);
	assert_int_equal(write_word(space, page_address(40), 1), FAULT_DONE);
	assert_int_equal(write_word(space, page_address(60), 1), FAULT_DONE);
	assert_int_equal(map_protect(space, page_address(60), PAGE_SIZE, 0), 0);
	assert_int_equal(space_resident(space), 2);
	assert_false(space_has_page(space, page_address(41)));
	assert_true(space_has_page(space, page_address(60)));
	assert_false(space_has_page(space, 0x7000000000));
	/* Far from each other, in tables of their own: looking for them is over empty entries. */
	assert_true(map(space, 0x70000000, 300000, RW, false) >= 0);
	assert_int_equal(write_word(space, 0x70000000, 1), FAULT_DONE);
	assert_int_equal(write_word(space, 0x80000000, 1), FAULT_DONE);
	assert_int_equal(write_word(space, 0x80200000, 1), FAULT_DONE);
	assert_int_equal(space_resident(space), 5);
	space_put(space);
	stop();
}

static void another_cpu_came_between(void)
{
	fail_msg("the space can be changed by another CPU while it is being changed");
}

static struct space *locked;

/* From now on no lock may be taken or request made unless the space is locked. */
static void expect_locked(void)
{
	host_interfere(1, another_cpu_came_between, &locked->lock);
}

/* Whatever changes or reads regions and entries holds the lock from its first step to its last. */
static void the_lock_is_held_throughout(void **state)
{
	struct mapping mapping = {
		.address = ARENA, .length = 8 * PAGE_SIZE, .rights = RW, .fixed = true};
	uint64_t word = 7;

	(void)state;
	start(4);
	locked = new_space();
	expect_locked();
	assert_int_equal(map_add(locked, &mapping), ARENA);
	expect_locked();
	assert_int_equal(fault_resolve(locked, ARENA, SPACE_WRITE), FAULT_DONE);
	expect_locked();
	assert_int_equal(copy_to_space(locked, ARENA + PAGE_SIZE, &word, 8), 8);
	expect_locked();
	assert_int_equal(copy_from_space(locked, ARENA + 2 * PAGE_SIZE, &word, 8), 8);
	expect_locked();
	assert_int_equal(map_protect(locked, ARENA, PAGE_SIZE, SPACE_READ), 0);
	expect_locked();
	assert_int_equal(map_discard(locked, ARENA, PAGE_SIZE), 0);
	expect_locked();
	assert_true(map_resize(locked, ARENA + PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, true, false,
			       0) > 0);
	expect_locked();
	assert_int_equal(map_remove(locked, ARENA + 4 * PAGE_SIZE, PAGE_SIZE), 0);
	host_interfere(0, NULL, NULL);
	space_put(locked);
	stop();
}

/* By the frames behind it, over the border of pages and of tables, and as far as the program could.
 */
static void bytes_are_copied(void **state)
{
	static char from[3 * PAGE_SIZE], to[3 * PAGE_SIZE];
	const uintptr_t at = ARENA + 46 * PAGE_SIZE + 100;
	struct space *space;

	(void)state;
	start(5);
	space = new_space();
	assert_int_equal(map(space, ARENA + 46 * PAGE_SIZE, 3, RW, false), ARENA + 46 * PAGE_SIZE);
	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = (char)(i * 7 + i / 256);
	memset(to, 1, sizeof(to));
	assert_int_equal(copy_to_space(space, at, from, sizeof(from) - 100), sizeof(from) - 100);
	assert_int_equal(copy_from_space(space, at, to, sizeof(to) - 100), sizeof(to) - 100);
	assert_memory_equal(from, to, sizeof(to) - 100);
	assert_int_equal(to[sizeof(to) - 100], 1);
	/* Zeros, in the middle. */
	assert_int_equal(copy_to_space(space, at + 5000, NULL, 10), 10);
	assert_int_equal(copy_from_space(space, at, to, sizeof(to) - 100), sizeof(to) - 100);
	memset(from + 5000, 0, 10);
	assert_memory_equal(from, to, sizeof(to) - 100);
	/* What is not mapped is the end. */
	assert_int_equal(copy_to_space(space, at, from, sizeof(from)), sizeof(from) - 100);
	space_put(space);
	stop();
}

/* As many users as it has been given to: the last one ends it. */
static void the_last_user_ends_it(void **state)
{
	struct space *space;
	uint64_t free;

	(void)state;
	start(4);
	space_put(new_space()); /* whatever stays for the next is there now */
	free = frames_free_count();
	space = new_space();
	assert_ptr_equal(space_get(space), space);
	space_put(space);
	assert_int_equal(map(space, ARENA, 1, RW, false), ARENA);
	space_put(space);
	assert_int_equal(frames_free_count(), free);
	stop();
}

/* Lengths are rounded up to pages, both of them. */
static void remap_rounds_up(void **state)
{
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 2, RW, false), ARENA);
	assert_int_equal(
		map_resize(space, ARENA, PAGE_SIZE + 1, 2 * PAGE_SIZE + 5, false, false, 0), ARENA);
	assert_int_equal(space->bytes, 3 * PAGE_SIZE);
	assert_int_equal(map_resize(space, ARENA, 3 * PAGE_SIZE, 1, false, false, 0), ARENA);
	assert_int_equal(space->bytes, PAGE_SIZE);
	space_put(space);
	stop();
}

/* The lowest stack of all: a guard stays below it as if there were something at address 0. */
static void a_stack_grows_down_to_the_guard(void **state)
{
	struct mapping stack = {.address = SPACE_STACK_GUARD + 4 * PAGE_SIZE,
				.length = PAGE_SIZE,
				.rights = RW,
				.fixed = true,
				.stack = true};
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map_add(space, &stack), stack.address);
	assert_int_equal(write_word(space, SPACE_STACK_GUARD - PAGE_SIZE, 1), FAULT_UNMAPPED);
	assert_int_equal(write_word(space, SPACE_STACK_GUARD - 8, 1), FAULT_UNMAPPED);
	assert_int_equal(write_word(space, SPACE_STACK_GUARD, 1), FAULT_DONE);
	assert_int_equal(space->bytes, 5 * PAGE_SIZE);
	sound(space);
	space_put(space);
	stop();
}

/* The checker of the invariants finds what is wrong. */
static void broken_regions_are_noticed(void **state)
{
	struct region *first, *second, whole, upper;
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 2, RW, false), ARENA);
	assert_int_equal(map(space, ARENA + 2 * PAGE_SIZE, 2, SPACE_READ, false),
			 ARENA + 2 * PAGE_SIZE);
	first = region_find(space, ARENA);
	second = region_find(space, ARENA + 2 * PAGE_SIZE);
	assert_null(regions_check(space));
	space->bytes += PAGE_SIZE;
	assert_non_null(regions_check(space));
	space->bytes -= PAGE_SIZE;
	whole = *second;
	second->rights = first->rights; /* alike */
	assert_non_null(regions_check(space));
	second->rights = whole.rights;
	second->start -= PAGE_SIZE; /* they overlap; counted right all the same */
	space->bytes += PAGE_SIZE;
	assert_non_null(strstr(regions_check(space), "follows one to"));
	space->bytes -= PAGE_SIZE;
	second->start = whole.start + 8;
	second->end += 8;
	assert_non_null(strstr(regions_check(space), "follows one to"));
	second->start = whole.start;
	second->end = whole.end;
	sound(space);
	/* All that is kept besides, wrong by one. */
	whole = *first;
	upper = *second;
	for (int by = -1; by <= 1; by += 2) {
		for (unsigned int which = 0; which < 6; which++) {
			struct region *region = which < 3 ? second : first;

			region->subtree_low += which % 3 == 0 ? by : 0;
			region->subtree_high += which % 3 == 1 ? by : 0;
			region->subtree_gap += which % 3 == 2 ? (uint64_t)by : 0;
			assert_non_null(regions_check(space));
			/* Its own look has put some of it right. */
			*first = whole;
			*second = upper;
			sound(space);
		}
		space->region_count += by;
		assert_string_equal(regions_check(space), "the count of regions is wrong");
		space->region_count -= by;
		space->bytes += by;
		assert_string_equal(regions_check(space), "the count of mapped bytes is wrong");
		space->bytes -= by;
	}
	second->end = second->start;
	assert_non_null(strstr(regions_check(space), "follows one to"));
	second->end = pt_user_limit() + 1 + PAGE_SIZE;
	assert_non_null(strstr(regions_check(space), "follows one to"));
	*first = whole;
	*second = upper;
	sound(space);
	space_put(space);
	stop();
}

/* What grows elsewhere takes its own pages along, and none of its neighbour's. */
static void moving_leaves_the_neighbour(void **state)
{
	struct space *space;
	uint64_t value;
	long to;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 2, RW, false), ARENA);
	assert_int_equal(map(space, ARENA + 2 * PAGE_SIZE, 2, RW | SPACE_EXECUTE, false),
			 ARENA + 2 * PAGE_SIZE);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(write_word(space, ARENA + i * PAGE_SIZE, 10 + i), FAULT_DONE);
	/* Where to is not said: what stands in the place of the address is no hint. */
	to = map_resize(space, ARENA, 2 * PAGE_SIZE, 4 * PAGE_SIZE, true, false, 2 * ARENA);
	assert_true(to > 0 && to != (long)ARENA && to != 2 * (long)ARENA);
	for (unsigned int i = 0; i < 4; i++) {
		uintptr_t own = (uintptr_t)to + i * PAGE_SIZE, old = ARENA + i * PAGE_SIZE;

		assert_int_equal(read_word(space, own, &value), FAULT_DONE);
		assert_int_equal(value, i < 2 ? 10 + i : 0);
		assert_int_equal(read_word(space, old, &value),
				 i < 2 ? FAULT_UNMAPPED : FAULT_DONE);
		assert_true(i < 2 || value == 10 + i);
	}
	sound(space);
	space_put(space);
	stop();
}

/* A processor that faults at a page that is there has a translation that is out of date. */
static void a_fault_for_nothing_flushes(void **state)
{
	struct space *space;
	uint64_t flushes;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 1, RW, false), ARENA);
	assert_int_equal(fault_resolve(space, ARENA, SPACE_WRITE), FAULT_DONE);
	flushes = model_counters().flushes;
	assert_int_equal(fault_resolve(space, ARENA, SPACE_READ), FAULT_DONE);
	assert_int_equal(model_counters().flushes, flushes + 1);
	assert_int_equal(fault_resolve(space, ARENA, SPACE_WRITE), FAULT_DONE);
	assert_int_equal(model_counters().flushes, flushes + 2);
	space_put(space);
	stop();
}

/* One batch for all pages of a change, or for each 64 that are dropped; no flush where none was. */
static void a_change_costs_one_batch(void **state)
{
	(void)state;
	for (unsigned int touched = 0; touched < 140; touched += touched < 40 ? 13 : 1) {
		const uintptr_t first = 0x40000000; /* the start of a pte table */
		uint64_t mapped, batches;
		struct model_counters before, after;
		struct space *space;

		start(4);
		space = new_space();
		/* A neighbour, so that the table stays. */
		assert_int_equal(map(space, first + 300 * PAGE_SIZE, 1, RW, false),
				 first + 300 * PAGE_SIZE);
		assert_int_equal(write_word(space, first + 300 * PAGE_SIZE, 1), FAULT_DONE);
		assert_int_equal(map(space, first, 200, RW, false), first);
		for (unsigned int page = 0; page < touched; page++)
			assert_int_equal(write_word(space, first + page * PAGE_SIZE, page),
					 FAULT_DONE);
		before = model_counters();
		assert_int_equal(map_protect(space, first, 200 * PAGE_SIZE, SPACE_READ), 0);
		after = model_counters();
		assert_int_equal(after.flushes - before.flushes, touched != 0);
		assert_int_equal(after.hypercalls - before.hypercalls, touched != 0);
		/* A fault may bring neighbours of the page along. */
		mapped = after.updates - before.updates;
		assert_true(mapped >= touched && mapped <= touched + 16);
		batches = (mapped + 63) / 64;
		before = after;
		assert_int_equal(map_remove(space, first, 200 * PAGE_SIZE), 0);
		after = model_counters();
		assert_int_equal(after.flushes - before.flushes, batches);
		assert_int_equal(after.hypercalls - before.hypercalls, batches);
		assert_int_equal(after.updates - before.updates, mapped);
		sound(space);
		space_put(space);
		stop();
	}
}

/* Tables go with the last page that they lead to, at the ends of a program's memory too. */
static void tables_go_with_their_pages(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		const uintptr_t border = 0x40000000;
		uintptr_t places[4], neighbours[2];
		struct space *space;
		uint64_t before;

		start(levels);
		space = new_space();
		places[0] = SPACE_LOWEST;
		places[1] = border - PAGE_SIZE;
		places[2] = border;
		places[3] = space_end() - PAGE_SIZE;
		before = recorder.live;
		for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
			assert_int_equal(map(space, places[i], 1, RW, false), places[i]);
			assert_int_equal(write_word(space, places[i], i), FAULT_DONE);
			assert_int_equal(recorder.live, before + levels - 1);
			assert_int_equal(map_remove(space, places[i], PAGE_SIZE), 0);
			assert_int_equal(recorder.live, before);
		}
		/* With a neighbour in the next table on either side only the pte table goes. */
		neighbours[0] = border - pt_span(PT_PMD) - PAGE_SIZE;
		neighbours[1] = border;
		for (unsigned int i = 0; i < ARRAY_SIZE(neighbours); i++) {
			assert_int_equal(map(space, neighbours[i], 1, RW, false), neighbours[i]);
			assert_int_equal(write_word(space, neighbours[i], i), FAULT_DONE);
		}
		before = recorder.live;
		assert_int_equal(map(space, border - PAGE_SIZE, 1, RW, false), border - PAGE_SIZE);
		assert_int_equal(write_word(space, border - PAGE_SIZE, 1), FAULT_DONE);
		assert_int_equal(recorder.live, before + 1);
		assert_int_equal(map_remove(space, border - PAGE_SIZE, PAGE_SIZE), 0);
		assert_int_equal(recorder.live, before);
		space_put(space);
		stop();
	}
}

static void expect_issued(void)
{
	assert_false(batch_pending());
	assert_null(model_check());
}

static void dup_when_all_is_issued(struct mm *mm)
{
	expect_issued();
	paravirt_xen.dup_mmap(mm);
}

/* In the caller's lazy mode too, what takes a page or a right away has reached Xen when it returns.
 */
static void nothing_waits_that_was_taken_away(void **state)
{
	struct space *space, *child;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 8, RW, false), ARENA);
	for (unsigned int page = 0; page < 8; page++)
		assert_int_equal(write_word(space, page_address(page), page), FAULT_DONE);
	lazy_enter();
	paravirt.dup_mmap = dup_when_all_is_issued;
	child = space_fork(space);
	assert_non_null(child);
	expect_issued();
	assert_int_equal(fault_resolve(space, page_address(0), SPACE_WRITE), FAULT_DONE);
	expect_issued();
	assert_int_equal(map_protect(space, page_address(1), PAGE_SIZE, SPACE_READ), 0);
	expect_issued();
	assert_int_equal(map_discard(space, page_address(2), PAGE_SIZE), 0);
	expect_issued();
	assert_int_equal(map_remove(space, page_address(3), PAGE_SIZE), 0);
	expect_issued();
	assert_true(map_resize(space, page_address(4), PAGE_SIZE, 2 * PAGE_SIZE, true, false, 0) >
		    0);
	expect_issued();
	space_put(child);
	expect_issued();
	lazy_leave();
	space_put(space);
	stop();
}

/* The kernel writes for a program as the program would: not to what it shares with others. */
static void writing_for_a_program_copies_first(void **state)
{
	struct space *space, *child;
	uint64_t value = 0, seven = 7, eight = 8;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 2, RW, false), ARENA);
	/* Read before, it is the page of zeros, which stop() looks at. */
	assert_int_equal(read_word(space, ARENA, &value), FAULT_DONE);
	assert_int_equal(copy_to_space(space, ARENA, &seven, 8), 8);
	assert_int_equal(read_word(space, ARENA, &value), FAULT_DONE);
	assert_int_equal(value, 7);
	child = space_fork(space);
	assert_non_null(child);
	assert_int_equal(copy_to_space(child, ARENA, &eight, 8), 8);
	assert_int_equal(copy_from_space(space, ARENA, &value, 8), 8);
	assert_int_equal(value, 7);
	assert_int_equal(copy_from_space(child, ARENA, &value, 8), 8);
	assert_int_equal(value, 8);
	space_put(child);
	space_put(space);
	stop();
}

static void the_limit_counts_bytes(void **state)
{
	struct space *space;

	(void)state;
	start(4);
	space = new_space();
	space->limit = 4 * PAGE_SIZE;
	assert_int_equal(map(space, ARENA, 5, RW, false), -ENOMEM);
	assert_int_equal(map(space, ARENA, 4, RW, false), ARENA);
	assert_int_equal(map(space, ARENA + PAGE_SIZE, 3, SPACE_READ, false), ARENA + PAGE_SIZE);
	assert_int_equal(map(space, ARENA + 4 * PAGE_SIZE, 1, RW, false), -ENOMEM);
	assert_int_equal(map_resize(space, ARENA, PAGE_SIZE, 2 * PAGE_SIZE, true, false, 0),
			 -ENOMEM);
	sound(space);
	/* Growing in place counts on what there is already. */
	space->limit = 8 * PAGE_SIZE;
	assert_int_equal(
		map_resize(space, ARENA + PAGE_SIZE, 3 * PAGE_SIZE, 5 * PAGE_SIZE, false, false, 0),
		ARENA + PAGE_SIZE);
	assert_int_equal(space->bytes, 6 * PAGE_SIZE);
	sound(space);
	space_put(space);
	stop();
}

/* A page at that place, or if it is not free at the next one from above. */
static long map_anywhere(struct space *space, uintptr_t hint, unsigned int rights)
{
	struct mapping above = {.address = 0x7f0000001000,
				.length = pt_user_ceiling(0) - PAGE_SIZE - 0x7f0000000fff,
				.no_replace = true};
	struct mapping mapping = {.address = hint, .length = PAGE_SIZE, .rights = rights};
	long result;

	assert_true(map_add(space, &above) > 0);
	result = map_add(space, &mapping);
	assert_int_equal(map_remove(space, above.address, above.length), 0);
	return result;
}

/* A stack with an object would show other pages of it each time that it grows. */
static void stacks_have_no_object(void **state)
{
	struct mapping mapping = {.address = ARENA,
				  .length = PAGE_SIZE,
				  .rights = RW,
				  .fixed = true,
				  .shared = true,
				  .stack = true};
	struct space *space;
	struct object *object;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map_add(space, &mapping), -EINVAL);
	object = object_create(PAGE_SIZE);
	mapping.shared = false;
	mapping.object = object;
	assert_int_equal(map_add(space, &mapping), -EINVAL);
	mapping.stack = false;
	assert_int_equal(map_add(space, &mapping), ARENA);
	sound(space);
	region_find(space, ARENA)->stack = true;
	assert_non_null(regions_check(space));
	space_put(space);
	object_put(object);
	stop();
}

static void stacks_grow(void **state)
{
	struct mapping stack = {.address = 0x7f0000000000,
				.length = PAGE_SIZE,
				.rights = RW,
				.fixed = true,
				.stack = true};
	struct space *space;
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map_add(space, &stack), 0x7f0000000000);
	assert_int_equal(write_word(space, 0x7f0000000000 - 8, 1), FAULT_DONE);
	assert_int_equal(write_word(space, 0x7f0000000000 - 100 * PAGE_SIZE, 2), FAULT_DONE);
	assert_int_equal(read_word(space, 0x7f0000000000 - 8, &value), FAULT_DONE);
	assert_int_equal(value, 1);
	/* What it may still grow into is given to nobody who does not ask for it. */
	assert_int_equal(map_anywhere(space, 0x7f0000000000 - SPACE_STACK_MOST, RW),
			 0x7f0000001000 - (long)SPACE_STACK_MOST - (long)SPACE_STACK_GUARD -
				 PAGE_SIZE);
	/* Not further than the limit, and not right up to somebody else. */
	assert_int_equal(write_word(space, 0x7f0000001000 - SPACE_STACK_MOST - 8, 1),
			 FAULT_UNMAPPED);
	map(space, 0x7f0000000000 - 500 * PAGE_SIZE, 1, RW, false);
	assert_int_equal(write_word(space, 0x7f0000000000 - 244 * PAGE_SIZE, 1), FAULT_UNMAPPED);
	assert_int_equal(write_word(space, 0x7f0000000000 - 243 * PAGE_SIZE, 1), FAULT_DONE);
	sound(space);
	space_put(space);
	stop();
}

static void the_break(void **state)
{
	struct space *space;
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	space->break_start = space->break_now = ARENA + 100;
	assert_int_equal(map_set_break(space, 0), ARENA + 100);
	assert_int_equal(map_set_break(space, ARENA + 10000), ARENA + 10000);
	assert_int_equal(write_word(space, ARENA + 0x2000, 5), FAULT_DONE);
	assert_int_equal(write_word(space, ARENA + 0x3000, 5), FAULT_UNMAPPED);
	assert_int_equal(map_set_break(space, ARENA + 0x1001), ARENA + 0x1001);
	assert_int_equal(read_word(space, ARENA + 0x2000, &value), FAULT_UNMAPPED);
	map(space, ARENA + 0x5000, 1, RW, false);
	assert_int_equal(map_set_break(space, ARENA + 0x6000), ARENA + 0x1001); /* in the way */
	assert_int_equal(map_set_break(space, ARENA + 0x5000), ARENA + 0x5000);
	assert_int_equal(map_set_break(space, UINTPTR_MAX), ARENA + 0x5000);
	sound(space);
	space_put(space);
	stop();
}

/* Rights that come back do not bring the right to write into what is shared since a fork. */
static void protection_keeps_forks_apart(void **state)
{
	struct space *parent, *child;
	uint64_t value;

	(void)state;
	start(4);
	parent = new_space();
	map(parent, ARENA, 2, RW, false);
	assert_int_equal(write_word(parent, ARENA, 1), FAULT_DONE);
	child = space_fork(parent);
	assert_int_equal(map_protect(parent, ARENA, PAGE_SIZE, SPACE_READ), 0);
	assert_int_equal(map_protect(parent, ARENA, PAGE_SIZE, RW), 0);
	assert_int_equal(write_word(parent, ARENA, 2), FAULT_DONE);
	assert_int_equal(read_word(child, ARENA, &value), FAULT_DONE);
	assert_int_equal(value, 1);
	/* And the other way round, inaccessible in between. */
	assert_int_equal(map_protect(child, ARENA, PAGE_SIZE, 0), 0);
	assert_int_equal(map_protect(child, ARENA, PAGE_SIZE, RW), 0);
	assert_int_equal(write_word(child, ARENA, 3), FAULT_DONE);
	assert_int_equal(read_word(parent, ARENA, &value), FAULT_DONE);
	assert_int_equal(value, 2);
	space_put(parent);
	space_put(child);
	stop();
}

static void files_are_private_until_written(void **state)
{
	static char text[10000];
	struct mapping mapping = {
		.address = ARENA, .length = 5 * PAGE_SIZE, .rights = RW, .fixed = true};
	struct space *space;
	struct object *file;
	uint64_t value, free;

	(void)state;
	start(4);
	free = frames_free_count();
	space = new_space();
	file = object_create(0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(object_write(file, 0, text, sizeof(text)), sizeof(text));
	mapping.object = file;
	assert_int_equal(map_add(space, &mapping), ARENA);
	object_put(file); /* the region has its own reference */
	assert_int_equal(read_word(space, ARENA + 0x1000, &value), FAULT_DONE);
	assert_int_equal(value, 0x7878787878787878);
	assert_int_equal(write_word(space, ARENA + 0x1000, 1), FAULT_DONE);
	object_read(file, 0x1000, &value, 8);
	assert_int_equal(value, 0x7878787878787878);
	assert_int_equal(read_word(space, ARENA + 0x2710 + 8, &value), FAULT_DONE);
	assert_int_equal(value, 0); /* behind the end, in its last page */
	assert_int_equal(read_word(space, ARENA + 0x3000, &value), FAULT_PAST_END);
	assert_int_equal(write_word(space, ARENA + 0x3000, 1), FAULT_PAST_END);
	sound(space);
	space_put(space);
	assert_int_equal(frames_free_count(), free);
	stop();
}

/* ---- random histories ---- */

static const struct history_access by_the_model = {read_word, write_word};

static void random_histories(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 24; seed++) {
		const char *error;
		uint64_t free;

		start(4 + seed % 2);
		free = frames_free_count();
		error = history_play(&by_the_model, seed, 6000);
		if (error)
			fail_msg("seed %lu: %s", seed, error);
		/* To the page. */
		assert_int_equal(frames_free_count(), free);
		stop();
	}
}

/* ---- memory that runs out ---- */

static void a_fork_is_whole_or_none(void **state)
{
	static pfn_t held[PAGES];
	unsigned int count = 0, failures = 0;
	struct space *parent, *child = NULL;
	uint64_t value, free;

	(void)state;
	start(4);
	parent = new_space();
	map(parent, ARENA, 60, RW, false);
	map(parent, ARENA + 70 * PAGE_SIZE, 4, SPACE_READ, true);
	for (unsigned int i = 0; i < 60; i += 3)
		assert_int_equal(write_word(parent, page_address(i), i), FAULT_DONE);
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	while (!child) {
		free = frames_free_count();
		child = space_fork(parent);
		if (child)
			break;
		assert_int_equal(frames_free_count(), free);
		for (unsigned int i = 0; i < 60; i += 3) {
			/* No copy is needed: nobody else has the pages. */
			assert_int_equal(write_word(parent, page_address(i), i), FAULT_DONE);
		}
		sound(parent);
		frames_free(held[--count]);
		failures++;
	}
	assert_true(failures > 4);
	/* A write in the child needs a page; without one it is told, and nothing changes. */
	assert_int_equal(write_word(child, ARENA, 99), FAULT_NO_MEMORY);
	assert_int_equal(read_word(child, page_address(3), &value), FAULT_DONE);
	assert_int_equal(value, 3);
	frames_free(held[--count]);
	assert_int_equal(write_word(child, ARENA, 99), FAULT_DONE);
	assert_int_equal(read_word(parent, ARENA, &value), FAULT_DONE);
	assert_int_equal(value, 0);
	space_put(child);
	space_put(parent);
	while (count)
		frames_free(held[--count]);
	stop();
}

/* Shared memory needs no copy: a fork leaves its entries to faults, in parent and child. */
static void a_fork_leaves_shared_memory_alone(void **state)
{
	struct space *parent, *child;
	pt_entry_t before;

	(void)state;
	start(4);
	parent = new_space();
	assert_int_equal(map(parent, ARENA, 4, RW, true), ARENA);
	assert_int_equal(map(parent, ARENA + 4 * PAGE_SIZE, 1, RW, false), ARENA + 4 * PAGE_SIZE);
	for (unsigned int page = 0; page < 5; page++)
		assert_int_equal(write_word(parent, page_address(page), page), FAULT_DONE);
	before = *mm_entry(&parent->mm, ARENA, PT_PTE);
	child = space_fork(parent);
	assert_non_null(child);
	assert_int_equal(mm_entry(&parent->mm, ARENA, PT_PTE)->raw, before.raw);
	assert_int_equal(space_resident(child), 1);
	assert_true(pt_entry_is_none(*mm_entry(&child->mm, ARENA, PT_PTE)));
	space_put(child);
	space_put(parent);
	stop();
}

static pfn_t held_by_others[PAGES];
static unsigned int others_hold;

static void others_free_some(void)
{
	for (unsigned int i = 0; i < 8; i++)
		frames_free(held_by_others[--others_hold]);
}

/* Another CPU frees memory in the middle of a fork that fails: it is whole or none all the same. */
static void memory_comes_back_during_a_fork(void **state)
{
	const unsigned int pages[] = {0, 1, 512, 513, 1024};
	unsigned int failed = 0;
	struct space *parent;
	uint64_t value;

	(void)state;
	start(4);
	parent = new_space();
	assert_int_equal(map(parent, ARENA, 1100, RW, false), ARENA);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		assert_int_equal(write_word(parent, page_address(pages[i]), i + 1), FAULT_DONE);
	for (unsigned int nth = 1; nth < 60; nth++) {
		struct space *child;

		/* Enough for the roots and the first tables, not for all. */
		while (pfn_valid(held_by_others[others_hold] = frames_alloc(0)))
			others_hold++;
		for (unsigned int i = 0; i < 5; i++)
			frames_free(held_by_others[--others_hold]);
		host_interfere(nth, others_free_some, NULL);
		child = space_fork(parent);
		host_interfere(0, NULL, NULL);
		failed += !child;
		for (unsigned int i = 0; child && i < ARRAY_SIZE(pages); i++) {
			assert_int_equal(read_word(child, page_address(pages[i]), &value),
					 FAULT_DONE);
			assert_int_equal(value, i + 1);
		}
		if (child)
			space_put(child);
		while (others_hold)
			frames_free(held_by_others[--others_hold]);
	}
	assert_in_range(failed, 1, 58);
	space_put(parent);
	stop();
}

/* Every call with nothing left: an error, and everything as it was. */
static void calls_without_memory(void **state)
{
	static pfn_t held[PAGES];
	unsigned int count = 0;
	struct space *space;
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	map(space, ARENA, 20, RW, false);
	assert_int_equal(write_word(space, ARENA, 1), FAULT_DONE);
	/* Slabs have some objects to spare: until they are used up, cuts work. */
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	for (unsigned int i = 0; i < 200; i++) {
		long result = map_protect(space, page_address(1 + i % 18), PAGE_SIZE,
					  i % 2 ? SPACE_READ : 0);

		assert_true(result == 0 || result == -ENOMEM);
		sound(space);
	}
	for (unsigned int i = 0; i < 60; i++) {
		long result = map(space, 0x80000000 + i * 2 * PAGE_SIZE, 1, RW, true);

		assert_true(result > 0 || result == -ENOMEM);
		sound(space);
	}
	assert_int_equal(fault_resolve(space, page_address(19), SPACE_WRITE), FAULT_NO_MEMORY);
	assert_int_equal(read_word(space, ARENA, &value), FAULT_DONE);
	assert_int_equal(value, 1);
	space_put(space);
	while (count)
		frames_free(held[--count]);
	stop();
}

/* ---- a call that fails ---- */

#define FAR 0x200000000000ul /* in another root slot than the arena */

static long map_over(struct space *space)
{
	return map(space, page_address(5), 5, SPACE_READ, true);
}

static long unmap_the_middle(struct space *space)
{
	return map_remove(space, page_address(5), 5 * PAGE_SIZE);
}

static long protect_the_middle(struct space *space)
{
	return map_protect(space, page_address(5), 5 * PAGE_SIZE, SPACE_READ);
}

static long move_far_away(struct space *space)
{
	return map_resize(space, page_address(5), 3 * PAGE_SIZE, 3 * PAGE_SIZE, true, true, FAR);
}

static long move_to_grow(struct space *space)
{
	return map_resize(space, page_address(5), 3 * PAGE_SIZE, 900 * PAGE_SIZE, true, false, 0);
}

/* The regions of a space, as copies. */
static unsigned int snapshot(struct space *space, struct region *regions, unsigned int room)
{
	unsigned int count = 0;

	for_each_region (region, space) {
		assert_true(count < room);
		regions[count++] = *region;
	}
	return count;
}

static void expect_the_same_regions(struct space *space, const struct region *before,
				    unsigned int count)
{
	static struct region now[1000];

	assert_int_equal(snapshot(space, now, ARRAY_SIZE(now)), count);
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(now[i].start, before[i].start);
		assert_int_equal(now[i].end, before[i].end);
		assert_int_equal(now[i].rights, before[i].rights);
		assert_int_equal(now[i].shared, before[i].shared);
		assert_ptr_equal(now[i].object, before[i].object);
	}
}

/* A part of a page is a page; a move that finds no room leaves the region in one piece. */
static void odd_lengths_and_refused_moves(void **state)
{
	static struct region before[8];
	struct space *space;
	unsigned int regions;
	uint64_t value;

	(void)state;
	start(4);
	space = new_space();
	assert_int_equal(map(space, ARENA, 20, RW, false), ARENA);
	for (unsigned int page = 0; page < 20; page++)
		assert_int_equal(write_word(space, page_address(page), page), FAULT_DONE);
	regions = snapshot(space, before, ARRAY_SIZE(before));
	space->limit = space->bytes + 10 * PAGE_SIZE;
	assert_int_equal(move_to_grow(space), -ENOMEM);
	sound(space);
	expect_the_same_regions(space, before, regions);
	assert_int_equal(map_discard(space, page_address(1), PAGE_SIZE + 1), 0);
	assert_int_equal(read_word(space, page_address(2), &value), FAULT_DONE);
	assert_int_equal(value, 0);
	assert_int_equal(read_word(space, page_address(3), &value), FAULT_DONE);
	assert_int_equal(value, 3);
	assert_int_equal(map_remove(space, page_address(1), PAGE_SIZE + 1), 0);
	assert_int_equal(read_word(space, page_address(2), &value), FAULT_UNMAPPED);
	assert_int_equal(read_word(space, page_address(3), &value), FAULT_DONE);
	space_put(space);
	stop();
}

/* With no frame left, with one, with two: until the call succeeds, nothing has changed. */
static void a_call_that_fails_changes_nothing(void **state)
{
	static long (*const calls[])(struct space * space) = {
		map_over, unmap_the_middle, protect_the_middle, move_far_away, move_to_grow,
	};
	static struct region before[1000];
	static pfn_t held[PAGES];

	(void)state;
	for (unsigned int which = 0; which < 2 * ARRAY_SIZE(calls); which++) {
		const unsigned int i = which / 2;
		uintptr_t at = 0x80000000;
		unsigned int count = 0, regions, failures = 0;
		struct space *space;
		uint64_t value, bytes, free;
		long result;

		start(4);
		free = frames_free_count();
		space = new_space();
		assert_int_equal(map(space, ARENA, 20, RW, false), ARENA);
		for (unsigned int page = 0; page < 20; page++)
			assert_int_equal(write_word(space, page_address(page), page + 1),
					 FAULT_DONE);
		while (pfn_valid(held[count] = frames_alloc(0)))
			count++;
		/* The slabs have regions to spare. */
		while (map(space, at, 1, RW, false) > 0)
			at += 2 * PAGE_SIZE;
		/* None, or one: a cut in two places takes two. */
		if (which % 2)
			assert_int_equal(map_remove(space, at - 2 * PAGE_SIZE, PAGE_SIZE), 0);
		regions = snapshot(space, before, ARRAY_SIZE(before));
		bytes = space->bytes;
		for (; (result = calls[i](space)) < 0; failures++) {
			sound(space);
			expect_the_same_regions(space, before, regions);
			assert_int_equal(space->bytes, bytes);
			for (unsigned int page = 0; page < 20; page++) {
				assert_int_equal(read_word(space, page_address(page), &value),
						 FAULT_DONE);
				assert_int_equal(value, page + 1);
			}
			frames_free(held[--count]);
		}
		assert_true(failures);
		sound(space);
		for (unsigned int page = 0; result && page < 3; page++) {
			const uintptr_t there =
				i == 0 ? page_address(page) : (uintptr_t)result + page * PAGE_SIZE;

			assert_int_equal(read_word(space, there, &value), FAULT_DONE);
			assert_int_equal(value, (i == 0 ? 0 : 5) + page + 1);
		}
		space_put(space);
		while (count)
			frames_free(held[--count]);
		assert_int_equal(frames_free_count(), free);
		stop();
	}
}

/* ---- what it costs in hypercalls ---- */

static void many_pages_go_in_batches(void **state)
{
	struct space *space, *child;

	(void)state;
	start(4);
	space = new_space();
	map(space, 0x200000, 512, RW, false);
	mm_load(&space->mm);
	model_reset_counters();
	for (uintptr_t address = 0x200000; address < 0x400000; address += PAGE_SIZE)
		assert_int_equal(write_word(space, address, address), FAULT_DONE);
	/* One fault makes 16 pages where memory is gone through in order. */
	assert_true(model_counters().hypercalls < 512 / 16 + 5);
	model_reset_counters();
	child = space_fork(space);
	assert_true(model_counters().hypercalls < 10);
	assert_true(model_counters().updates >= 512);
	space_put(child);
	/* Another finds them shared and read-only already, and changes none of the parent's. */
	model_reset_counters();
	child = space_fork(space);
	assert_true(model_counters().updates < 20);
	space_put(child);
	model_reset_counters();
	assert_int_equal(map_protect(space, 0x200000, 512 * PAGE_SIZE, SPACE_READ), 0);
	assert_true(model_counters().hypercalls < 4);
	/* Half of a table: its entries are cleared, 64 between two flushes. */
	model_reset_counters();
	assert_int_equal(map_remove(space, 0x200000, 256 * PAGE_SIZE), 0);
	assert_true(model_counters().updates >= 256);
	assert_true(model_counters().hypercalls < 10);
	model_reset_counters();
	assert_int_equal(map_remove(space, 0x200000, 512 * PAGE_SIZE), 0);
	/* The table goes as a whole: no entry of it is cleared. */
	assert_true(model_counters().updates < 10);
	assert_true(model_counters().hypercalls < 5);
	space_put(space);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_until_written),
		cmocka_unit_test(the_zero_page_is_read_only),
		cmocka_unit_test(an_inaccessible_entry_says_which_page),
		cmocka_unit_test(an_entry_says_the_rights),
		cmocka_unit_test(hints_are_followed),
		cmocka_unit_test(rights_are_kept),
		cmocka_unit_test(arguments_as_linux_has_them),
		cmocka_unit_test(the_kernel_reads_what_programs_can),
		cmocka_unit_test(the_last_page_is_nobodys),
		cmocka_unit_test(offsets_do_not_wrap),
		cmocka_unit_test(odd_lengths_and_edges),
		cmocka_unit_test(some_rights_are_never_given),
		cmocka_unit_test(files_end_somewhere),
		cmocka_unit_test(regions_are_limited),
		cmocka_unit_test(pages_are_counted),
		cmocka_unit_test(bytes_are_copied),
		cmocka_unit_test(the_last_user_ends_it),
		cmocka_unit_test(remap_rounds_up),
		cmocka_unit_test(a_stack_grows_down_to_the_guard),
		cmocka_unit_test(the_lock_is_held_throughout),
		cmocka_unit_test(broken_regions_are_noticed),
		cmocka_unit_test(moving_leaves_the_neighbour),
		cmocka_unit_test(a_fault_for_nothing_flushes),
		cmocka_unit_test(a_change_costs_one_batch),
		cmocka_unit_test(tables_go_with_their_pages),
		cmocka_unit_test(nothing_waits_that_was_taken_away),
		cmocka_unit_test(writing_for_a_program_copies_first),
		cmocka_unit_test(the_limit_counts_bytes),
		cmocka_unit_test(stacks_have_no_object),
		cmocka_unit_test(stacks_grow),
		cmocka_unit_test(the_break),
		cmocka_unit_test(protection_keeps_forks_apart),
		cmocka_unit_test(files_are_private_until_written),
		cmocka_unit_test(random_histories),
		cmocka_unit_test(a_fork_is_whole_or_none),
		cmocka_unit_test(a_fork_leaves_shared_memory_alone),
		cmocka_unit_test(memory_comes_back_during_a_fork),
		cmocka_unit_test(calls_without_memory),
		cmocka_unit_test(a_call_that_fails_changes_nothing),
		cmocka_unit_test(odd_lengths_and_refused_moves),
		cmocka_unit_test(many_pages_go_in_batches),
	};

	return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
