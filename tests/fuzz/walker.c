// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the walker: an address space with tables at chosen places, and chosen limits; whatever it
 * visits must be what the reference does, pinned or not.
 */
#include "fuzz.h"

#include "../model/walk_reference.h"
#include "../model/world.h"

#define MAX_STEPS 40

/* An address near one seen before, or anywhere. */
static uint64_t address(struct fuzz_input *input, uint64_t last)
{
	switch (fuzz_below(input, 4)) {
	case 0:
		return fuzz_word(input);
	case 1:
		return last + (1ull << fuzz_below(input, 57));
	case 2:
		return last - (1ull << fuzz_below(input, 57));
	default:
		return last ^ ((1ull << fuzz_below(input, 58)) - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint64_t last = 0x1000;
	struct mm mm;

	world_start(4 + (unsigned int)fuzz_below(&input, 2), 600);
	if (!mm_create(&mm))
		__builtin_trap();
	for (unsigned int i = 0; i < MAX_STEPS && input.left; i++) {
		last = address(&input, last);
		switch (fuzz_below(&input, 5)) {
		case 0:
			mm_activate(&mm);
			break;
		case 1: {
			uint64_t first = last & pt_user_limit();

			mm_free_tables(&mm, first, first | (pt_span(PT_PUD) - 1));
			break;
		}
		case 2:
		case 3: /* out of memory is no harm */
			last &= pt_user_limit();
			(void)mm_prepare(&mm, last, last, PT_PTE);
			break;
		default:
			walk_compare(&mm, last);
		}
	}
	walk_compare(&mm, last);
	mm_destroy(&mm);
	world_stop();
	return 0;
}
