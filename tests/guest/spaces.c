// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' address spaces with real page tables: the kernel itself plays the program and touches
 * the addresses, through the processor's TLB, faulting like one.
 */
#include "../model/histories.h"
#include "recorded.h"

#include <kernel/lib/string.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

#include <arch/cpu.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>

SUITE(spaces, "programs' memory: regions, faults, copy-on-write, forks");

static void use(struct space *space)
{
	if (this_cpu()->loaded_mm != &space->mm)
		mm_load(&space->mm);
}

static enum fault read_word(struct space *space, uintptr_t address, uint64_t *value)
{
	enum fault why = FAULT_DONE;

	use(space);
	user_window(true);
	while (why == FAULT_DONE && !probe_read(address, value))
		why = fault_resolve(space, address, SPACE_READ);
	user_window(false);
	return why;
}

static enum fault write_word(struct space *space, uintptr_t address, uint64_t value)
{
	enum fault why = FAULT_DONE;

	use(space);
	user_window(true);
	while (why == FAULT_DONE && !probe_write(address, value))
		why = fault_resolve(space, address, SPACE_WRITE);
	user_window(false);
	return why;
}

static const struct history_access by_the_processor = {read_word, write_word};

TEST(spaces, random_histories)
{
	recorded_begin();
	for (uint64_t seed = 100; seed < 106; seed++) {
		const char *error;

		error = history_play(&by_the_processor, seed, 5000);
		EXPECT_STREQ(error ? error : "sound", "sound");
		if (error)
			break;
	}
	recorded_finish();
}

/* As far up as there are addresses for programs: with five levels, above 2^47 too. */
TEST(spaces, the_highest_addresses)
{
	struct mapping mapping = {
		.address = pt_user_limit() + 1 - 2 * PAGE_SIZE,
		.length = PAGE_SIZE,
		.rights = SPACE_READ | SPACE_WRITE,
	};
	struct space *space;
	uint64_t value;

	recorded_begin();
	space = space_create();
	REQUIRE(space);
	mm_activate(&space->mm);
	EXPECT_EQ(map_add(space, &mapping), (long)mapping.address);
	EXPECT_EQ(write_word(space, mapping.address, 5), FAULT_DONE);
	EXPECT_EQ(read_word(space, mapping.address, &value), FAULT_DONE);
	EXPECT_EQ(value, 5);
	mapping.address = 0;
	EXPECT_EQ(map_add(space, &mapping), (long)(pt_user_ceiling(0) + 1 - 2 * PAGE_SIZE -
						   (pt_geometry.levels == 4 ? PAGE_SIZE : 0)));
	space_put(space);
	EXPECT(this_cpu()->loaded_mm == &kernel_mm);
	recorded_finish();
}

/* Nothing in a program's root leads into the kernel. */
TEST(spaces, user_roots_have_no_kernel)
{
	struct space *space;
	const pt_entry_t *user;
	uint64_t kernel_entries = 0;

	recorded_begin();
	space = space_create();
	REQUIRE(space);
	mm_activate(&space->mm);
	if (pfn_valid(space->mm.user_root)) {
		user = pfn_to_virt(space->mm.user_root);
		for (unsigned int i = pt_entries() / 2; i < pt_entries(); i++)
			kernel_entries += !pt_slot_reserved(i) && pt_entry_present(user[i]);
		EXPECT_EQ(kernel_entries, 0);
	}
	space_put(space);
	recorded_finish();
}
