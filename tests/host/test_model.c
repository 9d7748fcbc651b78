// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypervisor model by itself: each rule of Xen's, one test each, with the explanation that goes
 * with a refusal. That it agrees with real Xen is shown elsewhere (tests/system/xen-model.sh).
 */
#include "../model/model.h"
#include "host.h"

#include <arch/hypercall.h>
#include <kernel/lib/layout.h>
#include <mm/xen/pin.h>
#include <xen/errno.h>
#include <xen/memory.h>
#include <xen/xen.h>

#define P  1ull
#define RW 3ull
#define US 4ull

#define LARGE (1ull << 7)

#define DIRECT 0xffff888000000000ull

/* Frames 200 and up are nobody's: in the direct map, and else unused. */
#define SCRATCH 200u

static void start(unsigned int levels)
{
	struct model_config config = model_config(levels, 256);
	struct model_builder builder;

	model_start(&config);
	builder = model_builder(1);
	model_build_direct_map(&builder, DIRECT, 256);
	model_boot(&builder);
}

static void stop(void)
{
	if (model_check())
		fail_msg("%s", model_check());
	model_stop();
}

static uint64_t *words(uint64_t pfn)
{
	return (uint64_t *)(model_memory() + pfn * PAGE_SIZE);
}

static uint64_t entry(uint64_t pfn, uint64_t flags)
{
	return model_mfn(pfn) * PAGE_SIZE | flags;
}

static long update(uint64_t pfn, unsigned int slot, uint64_t value, unsigned int command)
{
	struct mmu_update request = {model_mfn(pfn) * PAGE_SIZE + slot * 8 + command, value};

	return hypercall_mmu_update(&request, 1, NULL);
}

static long operation(unsigned int command, uint64_t mfn)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn};

	return hypercall_mmuext_op(&op, 1, NULL);
}

static long direct_map(uint64_t pfn, uint64_t flags)
{
	return hypercall_update_va_mapping(DIRECT + pfn * PAGE_SIZE, flags ? entry(pfn, flags) : 0,
					   UVMF_INVLPG);
}

/* Makes a scratch frame read-only and pins it. */
static long make_table(uint64_t pfn, unsigned int level)
{
	direct_map(pfn, P);
	return operation(MMUEXT_PIN_L1_TABLE + level - 1, model_mfn(pfn));
}

static void explains(const char *text)
{
	if (!strstr(model_explanation(), text))
		fail_msg("the explanation is \"%s\", without \"%s\"", model_explanation(), text);
}

static void a_writable_frame_is_no_table(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(operation(MMUEXT_PIN_L1_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
	explains("cannot become an L1 table: it is mapped writable at ffff8880000c8000");
	assert_int_equal(direct_map(SCRATCH, P), 0);
	assert_int_equal(operation(MMUEXT_PIN_L1_TABLE, model_mfn(SCRATCH)), 0);
	stop();
}

static void a_table_is_not_mapped_writable(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(make_table(SCRATCH, 1), 0);
	assert_int_equal(direct_map(SCRATCH, RW), -XEN_EBUSY);
	explains("cannot be mapped writable: it is an L1 table, pinned");
	assert_int_equal(operation(MMUEXT_UNPIN_TABLE, model_mfn(SCRATCH)), 0);
	assert_int_equal(direct_map(SCRATCH, RW), 0);
	stop();
}

static void a_table_is_of_one_level(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(make_table(SCRATCH, 1), 0);
	assert_int_equal(operation(MMUEXT_PIN_L2_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
	explains("cannot become an L2 table: it is an L1 table");
	stop();
}

static void pins_do_not_nest(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(operation(MMUEXT_UNPIN_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
	explains("is not pinned");
	assert_int_equal(make_table(SCRATCH, 3), 0);
	assert_int_equal(operation(MMUEXT_PIN_L3_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
	explains("is pinned already");
	assert_int_equal(model_frame_state(model_mfn(SCRATCH)).count, 1);
	stop();
}

/* One reference to a root validates the tree under it; a fault anywhere refuses the whole. */
static void validation_is_recursive(void **state)
{
	(void)state;
	start(4);
	words(SCRATCH)[7] = entry(SCRATCH + 1, RW);
	words(SCRATCH + 1)[0] = entry(SCRATCH + 2, RW);
	words(SCRATCH + 2)[511] = entry(SCRATCH + 3, RW);
	for (unsigned int i = 0; i < 3; i++)
		direct_map(SCRATCH + i, P);
	assert_int_equal(operation(MMUEXT_PIN_L3_TABLE, model_mfn(SCRATCH)), 0);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 2)).type, MODEL_L1);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 3)).count, 2);
	/* Xen marks what it validated. */
	assert_int_equal(words(SCRATCH)[7], entry(SCRATCH + 1, RW | US));
	assert_int_equal(words(SCRATCH + 2)[511], entry(SCRATCH + 3, RW | US | 1ull << 52));
	assert_int_equal(operation(MMUEXT_UNPIN_TABLE, model_mfn(SCRATCH)), 0);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 2)).type, MODEL_NONE);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 3)).count, 1);
	/* The pte table may now not be writable anywhere: with itself inside, it is. */
	words(SCRATCH + 2)[3] = 0;
	assert_int_equal(direct_map(SCRATCH + 2, RW), 0);
	assert_int_equal(operation(MMUEXT_PIN_L3_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 1)).type, MODEL_NONE);
	stop();
}

static void flags_that_are_refused(void **state)
{
	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	make_table(SCRATCH + 1, 2);
	assert_int_equal(update(SCRATCH, 0, entry(210, P | 1 << 4), 0), -XEN_EINVAL);
	explains("must not have the bits 0000000000000010");
	assert_int_equal(update(SCRATCH, 0, entry(210, P | 1 << 8), 0), 0);
	assert_int_equal(update(SCRATCH, 0, entry(210, P | 1ull << 61), 0), 0);
	assert_int_equal(update(SCRATCH, 0, entry(210, P | 1ull << 62), 0), -XEN_EINVAL);
	assert_int_equal(update(SCRATCH + 1, 0, entry(SCRATCH, P | 1 << 7), 0), -XEN_EINVAL);
	explains("an L2 entry");
	assert_int_equal(update(SCRATCH + 1, 0, entry(SCRATCH, P | 1 << 8), 0), -XEN_EINVAL);
	assert_int_equal(update(SCRATCH + 1, 0, entry(SCRATCH, P), 0), 0);
	stop();
}

static void frames_that_are_not_ours(void **state)
{
	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	make_table(SCRATCH + 1, 2);
	assert_int_equal(update(SCRATCH, 0, model_foreign_mfn() * PAGE_SIZE | P, 0), -XEN_EBUSY);
	explains("is not this domain's memory");
	assert_int_equal(update(SCRATCH, 0, 1ull << 48 | P, 0), -XEN_EPERM);
	explains("nor any other's");
	assert_int_equal(update(SCRATCH + 1, 0, model_foreign_mfn() * PAGE_SIZE | P, 0),
			 -XEN_EINVAL);
	assert_int_equal(operation(MMUEXT_PIN_L1_TABLE, model_foreign_mfn()), -XEN_EINVAL);
	assert_int_equal(hypercall_mmu_update(&(struct mmu_update){1ull << 48, 0}, 1, NULL),
			 -XEN_EINVAL);
	stop();
}

static void the_hypervisors_slots(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		start(levels);
		assert_int_equal(update(1, 256, 0, 0), -XEN_EINVAL);
		explains("root slot 256 belongs to the hypervisor");
		assert_int_equal(update(1, 271, 0, 0), -XEN_EINVAL);
		assert_int_equal(update(1, 272, 0, 0), 0);
		assert_int_equal(hypercall_update_va_mapping(0xffff800000000000, 0, 0),
				 -XEN_EINVAL);
		stop();
	}
}

static void a_list_stops_at_the_first_refusal(void **state)
{
	unsigned int done = 99;
	struct mmu_update requests[4];

	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	for (unsigned int i = 0; i < 4; i++)
		requests[i] =
			(struct mmu_update){model_mfn(SCRATCH) * PAGE_SIZE + i * 8, entry(210, P)};
	requests[2].val = entry(SCRATCH, RW);
	assert_int_equal(hypercall_mmu_update(requests, 4, &done), -XEN_EBUSY);
	assert_int_equal(done, 2);
	assert_int_equal(words(SCRATCH)[3], 0);
	requests[2].ptr |= 5;
	assert_int_equal(hypercall_mmu_update(requests, 4, &done), -XEN_ENOSYS);
	assert_int_equal(hypercall_mmu_update(NULL, 1, &done), -XEN_EFAULT);
	assert_int_equal(done, 0);
	stop();
}

static void preserve_keeps_accessed_and_dirty(void **state)
{
	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	update(SCRATCH, 0, entry(210, RW | 0x60), MMU_NORMAL_PT_UPDATE);
	update(SCRATCH, 0, entry(210, P), MMU_PT_UPDATE_PRESERVE_AD);
	assert_int_equal(words(SCRATCH)[0] & 0x63, 0x61);
	update(SCRATCH, 0, entry(210, P), MMU_NORMAL_PT_UPDATE);
	assert_int_equal(words(SCRATCH)[0] & 0x63, 0x01);
	stop();
}

static void an_ordinary_frame_takes_any_word(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(update(SCRATCH, 5, 0x1234567, 0), 0);
	assert_int_equal(words(SCRATCH)[5], 0x1234567);
	assert_int_equal(update(SCRATCH, 6, 0, MMU_PT_UPDATE_NO_TRANSLATE), 0);
	stop();
}

static void tables_may_be_shared_and_linear(void **state)
{
	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	make_table(SCRATCH + 1, 2);
	make_table(SCRATCH + 2, 2);
	assert_int_equal(update(SCRATCH + 1, 0, entry(SCRATCH, RW), 0), 0);
	assert_int_equal(update(SCRATCH + 1, 1, entry(SCRATCH, P), 0), 0);
	assert_int_equal(update(SCRATCH + 2, 0, entry(SCRATCH, RW), 0), 0);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH)).count, 4);
	/* A table of its own level: read-only, and not in a chain. */
	assert_int_equal(update(SCRATCH + 1, 2, entry(SCRATCH + 2, RW), 0), -XEN_EINVAL);
	assert_int_equal(update(SCRATCH + 1, 2, entry(SCRATCH + 2, P), 0), 0);
	assert_int_equal(update(SCRATCH + 1, 3, entry(SCRATCH + 1, P), 0), 0);
	assert_int_equal(update(SCRATCH + 2, 3, entry(SCRATCH + 1, P), 0), -XEN_EINVAL);
	assert_int_equal(update(SCRATCH + 1, 2, 0, 0), 0);
	assert_int_equal(update(SCRATCH + 2, 3, entry(SCRATCH + 1, P), 0), 0);
	stop();
}

static void roots_are_held_while_they_are_loaded(void **state)
{
	uint64_t root;

	(void)state;
	start(4);
	root = model_mfn(SCRATCH);
	words(SCRATCH)[273] = words(1)[273];
	direct_map(SCRATCH, P);
	assert_int_equal(operation(MMUEXT_NEW_BASEPTR, root), 0);
	assert_int_equal(model_root(0), root);
	assert_int_equal(model_frame_state(root).type, 4);
	assert_int_equal(operation(MMUEXT_NEW_USER_BASEPTR, root), 0);
	assert_int_equal(model_frame_state(root).count, 2);
	assert_int_equal(operation(MMUEXT_NEW_BASEPTR, model_mfn(SCRATCH + 1)), -XEN_EINVAL);
	assert_int_equal(model_root(0), root);
	assert_int_equal(operation(MMUEXT_NEW_BASEPTR, model_mfn(1)), 0);
	assert_int_equal(operation(MMUEXT_NEW_USER_BASEPTR, 0), 0);
	assert_int_equal(model_frame_state(root).type, MODEL_NONE);
	stop();
}

static void five_levels(void **state)
{
	(void)state;
	start(5);
	words(SCRATCH)[1] = entry(SCRATCH + 1, RW);
	direct_map(SCRATCH, P);
	direct_map(SCRATCH + 1, P);
	assert_int_equal(operation(MMUEXT_PIN_L5_TABLE, model_mfn(SCRATCH)), 0);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH)).type, MODEL_L5);
	assert_int_equal(model_frame_state(model_mfn(SCRATCH + 1)).type, 4);
	stop();
	start(4);
	direct_map(SCRATCH, P);
	assert_int_equal(operation(MMUEXT_PIN_L5_TABLE, model_mfn(SCRATCH)), -XEN_ENOSYS);
	stop();
}

static void multicall_leaves_results(void **state)
{
	struct mmuext_op pin = {.cmd = MMUEXT_PIN_L1_TABLE};
	struct multicall_entry calls[4] = {
		{.op = __HYPERVISOR_mmuext_op, .args = {(uint64_t)&pin, 1, 0, DOMID_SELF}},
		{.op = __HYPERVISOR_update_va_mapping},
		{.op = __HYPERVISOR_multicall},
		{.op = 57},
	};

	(void)state;
	start(4);
	pin.arg1.mfn = model_mfn(SCRATCH);
	calls[1].args[0] = DIRECT + SCRATCH * PAGE_SIZE;
	calls[1].args[1] = entry(SCRATCH, P);
	assert_int_equal(hypercall_multicall(calls, 4), 0);
	assert_int_equal((long)calls[0].result, -XEN_EINVAL);
	assert_int_equal((long)calls[1].result, 0);
	assert_int_equal((long)calls[2].result, -XEN_EINVAL);
	assert_int_equal((long)calls[3].result, -XEN_ENOSYS);
	assert_int_equal(hypercall_multicall(calls, 1), 0);
	assert_int_equal((long)calls[0].result, 0);
	assert_int_equal(model_counters().hypercalls, 2);
	assert_int_equal(model_counters().operations, 5);
	stop();
}

static void failures_on_request(void **state)
{
	(void)state;
	start(4);
	model_fail_operation(2, -XEN_ENOMEM);
	assert_int_equal(direct_map(SCRATCH, P), 0);
	assert_int_equal(direct_map(SCRATCH, RW), -XEN_ENOMEM);
	explains("the test wanted");
	assert_int_equal(direct_map(SCRATCH, RW), 0);
	stop();
}

static void memory_comes_and_goes(void **state)
{
	uint64_t frame, gone;
	struct xen_memory_reservation reservation = {.nr_extents = 1, .domid = DOMID_SELF};

	(void)state;
	start(4);
	set_xen_guest_handle(reservation.extent_start, &frame);
	/* Given back while it is mapped, and once more: it is kept by the mapping, and only once.
	 */
	frame = gone = model_mfn(SCRATCH + 1);
	assert_int_equal(hypercall_memory_op(XENMEM_decrease_reservation, &reservation), 1);
	assert_int_equal(hypercall_memory_op(XENMEM_decrease_reservation, &reservation), 1);
	assert_int_equal(hypercall_memory_op(XENMEM_current_reservation, NULL), 256);
	direct_map(SCRATCH + 1, 0);
	frame = gone = model_mfn(SCRATCH);
	direct_map(SCRATCH, 0);
	assert_int_equal(hypercall_memory_op(XENMEM_current_reservation, NULL), 255);
	assert_int_equal(hypercall_memory_op(XENMEM_decrease_reservation, &reservation), 1);
	assert_int_equal(hypercall_memory_op(XENMEM_current_reservation, NULL), 254);
	assert_int_equal(model_frame_state(gone).type, MODEL_FOREIGN);
	assert_int_equal(direct_map(SCRATCH, P), -XEN_EBUSY);
	frame = SCRATCH;
	assert_int_equal(hypercall_memory_op(XENMEM_populate_physmap, &reservation), 1);
	assert_int_not_equal(frame, gone);
	assert_int_equal(model_pfn(frame), SCRATCH);
	assert_int_equal(hypercall_update_va_mapping(DIRECT + SCRATCH * PAGE_SIZE,
						     frame * PAGE_SIZE | RW, 0),
			 0);
	stop();
}

static void the_tlb_goes_stale(void **state)
{
	uint64_t address = DIRECT + SCRATCH * PAGE_SIZE, mfn;

	(void)state;
	start(4);
	assert_int_equal(model_access(0, address, true, &mfn), MODEL_OK);
	assert_int_equal(mfn, model_mfn(SCRATCH));
	assert_int_equal(hypercall_update_va_mapping(address, entry(SCRATCH, P), UVMF_NONE), 0);
	assert_int_equal(model_access(0, address, false, NULL), MODEL_STALE);
	assert_int_equal(operation(MMUEXT_INVLPG_LOCAL, address), 0);
	assert_int_equal(model_access(0, address, true, NULL), MODEL_FAULT);
	assert_int_equal(model_access(0, address, false, NULL), MODEL_OK);
	assert_int_equal(hypercall_update_va_mapping(address, 0, UVMF_INVLPG | UVMF_ALL), 0);
	assert_int_equal(model_access(0, address, false, NULL), MODEL_FAULT);
	stop();
}

static void hazards_are_counted(void **state)
{
	(void)state;
	start(4);
	make_table(SCRATCH, 1);
	update(SCRATCH, 0, entry(210, 0), 0);
	assert_int_equal(model_counters().hazards, 1);
	update(SCRATCH, 0, ~entry(210, 0) & ~P & 0x000ffffffffff000ull, 0);
	assert_int_equal(model_counters().hazards, 1);
	stop();
}

/*
 * A root that is refused because of the third table on the way, with the entry at fault first (0)
 * or later (1) in each of the three. Tried on Xen 4.17 too: of the eight domains one stays.
 */
static void a_refused_root_can_lose_a_frame(void **state)
{
	(void)state;
	for (unsigned int late = 0; late < 8; late++) {
		const unsigned int slot[] = {late >> 2 & 1, late >> 1 & 1, late & 1};

		start(4);
		for (unsigned int i = 0; i < 3; i++) {
			words(SCRATCH + i)[slot[i]] = entry(SCRATCH + i + 1, i < 2 ? P : P | LARGE);
			direct_map(SCRATCH + i, P);
		}
		assert_int_equal(operation(MMUEXT_PIN_L4_TABLE, model_mfn(SCRATCH)), -XEN_EINVAL);
		assert_int_equal(model_immortal_frames(), late == 5);
		assert_int_equal(direct_map(SCRATCH + 2, RW), late == 5 ? -XEN_EBUSY : 0);
		/* Refused once more, it is released. It can be used as before, but not be freed. */
		assert_int_equal(make_table(SCRATCH + 2, 2), -XEN_EINVAL);
		assert_int_equal(direct_map(SCRATCH + 2, RW), 0);
		assert_int_equal(model_immortal_frames(), late == 5);
		stop();
	}
}

/* However a domain has used its memory: all of it can be freed. */
static void ordinary_uses_lose_nothing(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(make_table(SCRATCH, 1), 0);
	update(SCRATCH, 3, entry(SCRATCH + 1, RW), MMU_NORMAL_PT_UPDATE);
	words(SCRATCH + 2)[7] = entry(SCRATCH, RW);
	assert_int_equal(make_table(SCRATCH + 2, 2), 0);
	assert_int_equal(model_immortal_frames(), 0);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writable_frame_is_no_table),
		cmocka_unit_test(a_table_is_not_mapped_writable),
		cmocka_unit_test(a_table_is_of_one_level),
		cmocka_unit_test(pins_do_not_nest),
		cmocka_unit_test(validation_is_recursive),
		cmocka_unit_test(flags_that_are_refused),
		cmocka_unit_test(frames_that_are_not_ours),
		cmocka_unit_test(the_hypervisors_slots),
		cmocka_unit_test(a_list_stops_at_the_first_refusal),
		cmocka_unit_test(preserve_keeps_accessed_and_dirty),
		cmocka_unit_test(an_ordinary_frame_takes_any_word),
		cmocka_unit_test(tables_may_be_shared_and_linear),
		cmocka_unit_test(roots_are_held_while_they_are_loaded),
		cmocka_unit_test(five_levels),
		cmocka_unit_test(multicall_leaves_results),
		cmocka_unit_test(failures_on_request),
		cmocka_unit_test(memory_comes_and_goes),
		cmocka_unit_test(the_tlb_goes_stale),
		cmocka_unit_test(hazards_are_counted),
		cmocka_unit_test(a_refused_root_can_lose_a_frame),
		cmocka_unit_test(ordinary_uses_lose_nothing),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
