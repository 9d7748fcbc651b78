// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the batch queue: requests of all kinds, lazy mode nested, event handlers in between, and
 * callbacks. Afterwards everything must be as if each request had been made at once.
 */
#include "fuzz.h"

#include "../host/host.h"
#include "../model/world.h"

#include <arch/cpu.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>

#define TABLE 500u

static unsigned int called;

static void callback(void *argument)
{
	++*(unsigned int *)argument;
}

static void set(unsigned int slot, uint64_t value)
{
	maddr_t entry = {model_mfn(TABLE) * PAGE_SIZE + slot * 8};

	if (!batch_append_update(entry, MMU_NORMAL_PT_UPDATE, value, NULL))
		batch_mmu_update(entry, MMU_NORMAL_PT_UPDATE, value, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t expected[512];
	struct fuzz_input input = {data, size};
	unsigned int depth = 0, callbacks = 0;
	struct mmuext_op pin = {.cmd = MMUEXT_PIN_L1_TABLE};

	world_start(4, 600);
	make_page_readonly(pfn(TABLE));
	pin.arg1.mfn = model_mfn(TABLE);
	batch_mmuext_op(&pin, NULL);
	memset(expected, 0, sizeof(expected));
	called = 0;
	while (input.left) {
		unsigned int slot = (unsigned int)fuzz_below(&input, 512);
		uint64_t frame = 1 + fuzz_below(&input, 10), times = 1;

		switch (fuzz_below(&input, 10)) {
		case 0:
			if (depth < 4 && !this_cpu()->event_depth) {
				batch_enter();
				depth++;
			}
			break;
		case 1:
			if (depth && !this_cpu()->event_depth) {
				batch_leave();
				depth--;
			}
			break;
		case 2:
			batch_flush();
			assert_false(batch_pending());
			break;
		case 3:
			this_cpu()->event_depth ^= 1;
			break;
		case 4:
			batch_callback(callback, &called);
			callbacks++;
			break;
		case 5:
			paravirt.flush_all(ALL_CPUS);
			break;
		case 6:
			batch_update_va_mapping(pfn_to_address(pfn(frame)),
						model_mfn(frame) * PAGE_SIZE | PT_KERNEL_RO,
						UVMF_INVLPG, NULL);
			break;
		case 7:
			times = 1 + fuzz_below(&input, 3000);
			/* fall through */
		default:
			for (uint64_t i = 0; i < times; i++, slot = (slot + 1) % 512) {
				expected[slot] =
					frame == 10 ? 0
						    : model_mfn(frame) * PAGE_SIZE | PT_KERNEL_RO;
				set(slot, expected[slot]);
			}
		}
		assert_true(called <= callbacks);
		if (!depth || this_cpu()->event_depth)
			assert_true(!batch_pending() || this_cpu()->event_depth);
	}
	this_cpu()->event_depth = 0;
	while (depth--)
		batch_leave();
	batch_flush();
	assert_int_equal(called, callbacks);
	for (unsigned int slot = 0; slot < 512; slot++)
		assert_int_equal(model_entry(model_mfn(TABLE) * PAGE_SIZE + slot * 8) &
					 ~(1ull << 52 | 4),
				 expected[slot]);
	assert_null(model_check());
	world_discard();
	return 0;
}
