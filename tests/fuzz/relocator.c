// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the P2M relocator: domains of chosen sizes in both geometries with small tables, memory
 * in chosen pieces, moves to and fro. Each move either does it all or says why not and does
 * nothing.
 */
#include "fuzz.h"

#include "../host/host.h"
#include "../model/world.h"

#include <mm/frame/translate.h>
#include <mm/xen/p2m.h>

/* What must not change by moving: all entries that were filled in. */
static void check_entries(uint64_t filled)
{
	for (uint64_t n = 0; n < filled; n++) {
		if (p2m_entry(pfn(n)) != model_mfn(n))
			fail_msg("entry %lu is %lx, not %lx", n, p2m_entry(pfn(n)), model_mfn(n));
	}
}

static void take_pieces(struct fuzz_input *input)
{
	for (uint64_t pieces = fuzz_below(input, 12); pieces; pieces--) {
		struct pfn_range piece = {pfn(fuzz_below(input, 1536)), 1 + fuzz_below(input, 300)};

		piece.count = MIN(piece.count, 1536 - piece.start.pfn);
		/* In the way of something: then not. */
		(void)boot_memory_reserve(&world.memory, piece, FRAME_DATA);
	}
	/* Only so far does the direct map reach. */
	for (uint64_t n = 1536; n < world.memory.pages;) {
		struct pfn_range rest = boot_memory_next_free(&world.memory, pfn(n));

		if (!rest.count)
			break;
		assert_null(boot_memory_reserve(&world.memory, rest, FRAME_DATA));
		n = rest.start.pfn + rest.count;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	unsigned int levels = 4 + (unsigned int)fuzz_below(&input, 2);
	uint64_t list = 4 + fuzz_below(&input, 120), pages = list * 512 - fuzz_below(&input, 512);
	struct world_config config = world_config(levels, pages);
	unsigned int slot = 5;

	config.machine.bits = 3;
	config.machine.reserved_first = 3;
	config.machine.reserved_count = 1;
	config.direct_slot = 0;
	config.direct_pages = 1536;
	config.builder_slot = 4;
	config.window_slot = 6;
	config.p2m_pfn = 700 + fuzz_below(&input, 600);
	config.tables_pfn = 16 + fuzz_below(&input, 100);
	config.sparse_list = true;
	pt_geometry = pt_geometry_make(pt_geometry.levels, 3);
	world_boot(&config);
	take_pieces(&input);
	for (unsigned int moves = 0; moves < 6 && input.left; moves++) {
		enum p2m_relocation how = (enum p2m_relocation)fuzz_below(&input, 3);
		uint64_t free = boot_memory_free(&world.memory);
		uint64_t operations = model_counters().operations;
		uintptr_t before = p2m_address(), target = world_slot_address(slot);
		struct p2m_relocated done;

		if (fuzz_below(&input, 8) == 0) /* any slot, free or not */
			target = world_slot_address((unsigned int)fuzz_below(&input, 8));
		if (p2m_relocate(&world.memory, target, how, &done)) {
			assert_int_equal(p2m_address(), before);
			assert_int_equal(boot_memory_free(&world.memory), free);
			assert_int_equal(model_counters().operations, operations);
		} else {
			assert_int_equal(p2m_address(), target);
			assert_int_equal(boot_memory_free(&world.memory),
					 free - done.taken + done.returned);
			slot = 5 + (slot - 4) % 3;
		}
		check_entries(1536);
		assert_null(model_check());
	}
	world_stop();
	return 0;
}
