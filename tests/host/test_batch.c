// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The batch queue on the model: what goes out together, when, in which order, and what is said when
 * Xen refuses.
 */
#include "../model/world.h"
#include "host.h"

#include <arch/cpu.h>
#include <kernel/report/report.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>
#include <xen/errno.h>

#define TABLE 1000u /* a pte table of the test's own, pinned */

static void start(void)
{
	world_start(4, 2048);
	make_page_readonly(pfn(TABLE));
	batch_mmuext_op(
		&(struct mmuext_op){.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = model_mfn(TABLE)},
		NULL);
	batch_reset_counters();
	model_reset_counters();
}

static maddr_t slot(unsigned int n)
{
	return (maddr_t){model_mfn(TABLE) * PAGE_SIZE + n * 8};
}

/* As the backend does it: the short way, or else the other. */
static void update(unsigned int n, uint64_t value)
{
	if (!batch_append_update(slot(n), MMU_NORMAL_PT_UPDATE, value, NULL))
		batch_mmu_update(slot(n), MMU_NORMAL_PT_UPDATE, value, NULL);
}

static void operation(unsigned int command)
{
	struct mmuext_op op = {.cmd = command};

	batch_mmuext_op(&op, NULL);
}

static uint64_t page(uint64_t n)
{
	return model_mfn(n) * PAGE_SIZE | PT_KERNEL_RO;
}

static void at_once_outside_of_lazy_mode(void **state)
{
	(void)state;
	start();
	update(0, page(1));
	assert_true(model_entry(slot(0).ma) & 1);
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_update_va_mapping(pfn_to_address(pfn(5)), page(5), UVMF_INVLPG, NULL);
	assert_int_equal(batch_counters().calls, 3);
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_UNBATCHED], 3);
	/* A single request needs no multicall: as many operations as hypercalls. */
	assert_int_equal(model_counters().hypercalls, 3);
	assert_int_equal(model_counters().operations, 3);
	world_discard();
}

static void neighbours_share_an_element(void **state)
{
	(void)state;
	start();
	batch_enter();
	for (unsigned int i = 0; i < 100; i++)
		update(i, page(1));
	for (unsigned int i = 0; i < 10; i++)
		operation(MMUEXT_TLB_FLUSH_LOCAL);
	for (unsigned int i = 0; i < 100; i++)
		update(i, page(2));
	assert_int_equal(model_counters().hypercalls, 0);
	batch_leave();
	assert_int_equal(model_counters().hypercalls, 1);
	assert_int_equal(model_counters().operations, 3);
	assert_int_equal(model_counters().updates, 200);
	assert_int_equal(batch_counters().elements, 3);
	assert_int_equal(batch_counters().updates, 200);
	assert_int_equal(batch_counters().operations, 10);
	assert_int_equal(batch_counters().largest, 210);
	/* In order: the later value stands. */
	assert_int_equal(model_entry(slot(7).ma) >> 12 & 0xffffffff, model_mfn(2));
	world_discard();
}

static void lazy_mode_nests(void **state)
{
	(void)state;
	start();
	batch_enter();
	batch_enter();
	update(0, page(1));
	batch_leave();
	assert_true(batch_pending());
	assert_int_equal(model_entry(slot(0).ma), 0);
	batch_leave();
	assert_false(batch_pending());
	assert_true(model_entry(slot(0).ma) & 1);
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_LEAVE], 1);
	world_discard();
}

static void a_flush_does_not_end_lazy_mode(void **state)
{
	(void)state;
	start();
	batch_enter();
	update(0, page(1));
	batch_flush();
	assert_true(model_entry(slot(0).ma) & 1);
	update(1, page(1));
	assert_int_equal(model_entry(slot(1).ma), 0);
	batch_leave();
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_READ], 1);
	batch_flush(); /* nothing waits: nothing happens */
	assert_int_equal(batch_counters().calls, 2);
	world_discard();
}

static void a_full_queue_goes_out(void **state)
{
	(void)state;
	start();
	batch_enter();
	for (unsigned int i = 0; i < BATCH_UPDATES + 5; i++)
		update(i % 512, page(1));
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_FULL], 1);
	assert_int_equal(model_counters().updates, BATCH_UPDATES);
	batch_leave();
	assert_int_equal(model_counters().updates, BATCH_UPDATES + 5);
	/* Elements that cannot share. */
	batch_enter();
	for (unsigned int i = 0; i < BATCH_CALLS + 1; i++)
		batch_update_va_mapping(pfn_to_address(pfn(5)), page(5), UVMF_NONE, NULL);
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_FULL], 2);
	for (unsigned int i = 0; i < 2 * BATCH_OPS; i++)
		operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_leave();
	assert_int_equal(model_counters().flushes, 2 * BATCH_OPS);
	world_discard();
}

static void an_event_handler_is_never_lazy(void **state)
{
	(void)state;
	start();
	batch_enter();
	update(0, page(1));
	this_cpu()->event_depth = 1;
	assert_false(batch_is_lazy());
	batch_enter(); /* no effect in there ... */
	update(0, page(2));
	/* ... and what the interrupted code had queued went out first. */
	assert_false(batch_pending());
	assert_int_equal(model_entry(slot(0).ma) >> 12 & 0xffffffff, model_mfn(2));
	batch_leave();
	this_cpu()->event_depth = 0;
	assert_true(batch_is_lazy());
	batch_leave();
	assert_false(batch_is_lazy());
	world_discard();
}

/* In the middle of an append the queue is not in order: a handler goes its own way. */
static void a_handler_that_interrupts_an_append(void **state)
{
	(void)state;
	start();
	batch_enter();
	update(0, page(1));
	update(1, page(1));
	this_cpu()->batch->busy = true;
	this_cpu()->event_depth = 1;
	update(5, page(2));
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_update_va_mapping(pfn_to_address(pfn(5)), page(5), UVMF_INVLPG, NULL);
	batch_flush();
	assert_true(model_entry(slot(5).ma) & 1);
	assert_int_equal(model_entry(slot(0).ma), 0); /* waits, untouched */
	assert_int_equal(model_counters().hypercalls, 3);
	this_cpu()->event_depth = 0;
	this_cpu()->batch->busy = false;
	batch_leave();
	assert_true(model_entry(slot(1).ma) & 1);
	assert_int_equal(batch_counters().updates, 3);
	world_discard();
}

static unsigned int called;
static uint64_t seen;

static void callback(void *argument)
{
	called++;
	seen = model_entry(*(uint64_t *)argument);
}

static void callbacks_run_after_their_batch(void **state)
{
	uint64_t address;

	(void)state;
	start();
	address = slot(3).ma;
	called = 0;
	batch_enter();
	update(3, page(1));
	batch_callback(callback, &address);
	assert_int_equal(called, 0);
	batch_leave();
	assert_int_equal(called, 1);
	assert_true(seen & 1);
	/* With nothing queued there is nothing to wait for. */
	batch_callback(callback, &address);
	assert_int_equal(called, 2);
	/* More than fit: none is lost, none is early. */
	batch_enter();
	update(4, page(1));
	for (unsigned int i = 0; i < BATCH_CALLBACKS + 10; i++)
		batch_callback(callback, &address);
	batch_leave();
	assert_int_equal(called, 2 + BATCH_CALLBACKS + 10);
	world_discard();
}

/* Whoever makes a request has events as before, masked or not, waiting or at once. */
static void events_are_as_before(void **state)
{
	const pfn_t frame = pfn(TABLE + 7);
	uint64_t address;

	(void)state;
	start();
	address = slot(3).ma;
	for (unsigned int i = 0; i < 4; i++) {
		bool enabled = i % 2;

		events_mask();
		events_restore(enabled);
		if (i >= 2)
			batch_enter();
		update(3, page(1));
		assert_int_equal(events_enabled(), enabled);
		batch_mmu_update_pair(slot(4), slot(5), page(1), NULL);
		assert_int_equal(events_enabled(), enabled);
		operation(MMUEXT_TLB_FLUSH_LOCAL);
		assert_int_equal(events_enabled(), enabled);
		batch_update_va_mapping(pfn_to_address(frame), page(7), 0, NULL);
		assert_int_equal(events_enabled(), enabled);
		batch_hypercall(__HYPERVISOR_update_va_mapping, pfn_to_address(frame), page(7));
		assert_int_equal(events_enabled(), enabled);
		batch_callback(callback, &address);
		assert_int_equal(events_enabled(), enabled);
		batch_flush();
		assert_int_equal(events_enabled(), enabled);
		if (i >= 2)
			batch_leave();
		assert_int_equal(events_enabled(), enabled);
	}
	world_discard();
}

/* One element goes out as the hypercall that it is, with all of its arguments. */
static void one_element_is_no_multicall(void **state)
{
	const pfn_t frame = pfn(TABLE + 7);
	uintptr_t address;
	uint64_t done;

	(void)state;
	start();
	address = pfn_to_address(frame);
	assert_int_equal(model_access(0, address, true, NULL), MODEL_OK);
	batch_enter();
	batch_update_va_mapping(address, pt_entry_make(frame, PT_KERNEL_RO).raw,
				UVMF_INVLPG | UVMF_ALL, NULL);
	batch_leave();
	/* The processor had it writable. */
	assert_int_equal(model_access(0, address, true, NULL), MODEL_FAULT);
	done = model_counters().operations;
	batch_hypercall(__HYPERVISOR_xen_version, 0, 0);
	assert_int_equal(model_counters().operations, done + 1);
	world_discard();
}

static void more_hypercalls_than_fit(void **state)
{
	const pfn_t frame = pfn(TABLE + 7);

	(void)state;
	start();
	/* Behind updates it is the next element, and they go out in theirs. */
	batch_enter();
	for (unsigned int i = 3; i < 10; i++)
		update(i, page(1));
	batch_hypercall(__HYPERVISOR_update_va_mapping, pfn_to_address(frame),
			pt_entry_make(frame, PT_KERNEL_RW).raw);
	update(10, page(1));
	batch_leave();
	for (unsigned int i = 3; i <= 10; i++)
		assert_true(model_entry(slot(i).ma) & 1);
	batch_reset_counters();
	batch_enter();
	for (unsigned int i = 0; i < BATCH_CALLS + 8; i++)
		batch_hypercall(__HYPERVISOR_update_va_mapping, pfn_to_address(frame),
				pt_entry_make(frame, PT_KERNEL_RW).raw);
	assert_int_equal(batch_counters().flushes[BATCH_FLUSH_FULL], 1);
	assert_int_equal(batch_counters().elements, BATCH_CALLS);
	batch_leave();
	assert_int_equal(batch_counters().elements, BATCH_CALLS + 8);
	world_discard();
}

/* In a handler that interrupts an append, what it has asked for is out: nothing to wait for. */
static void a_callback_of_a_handler(void **state)
{
	uint64_t address;

	(void)state;
	start();
	address = slot(3).ma;
	called = 0;
	batch_enter();
	update(3, page(1));
	this_cpu()->batch->busy = true;
	this_cpu()->event_depth = 1;
	batch_callback(callback, &address);
	assert_int_equal(called, 1);
	assert_int_equal(seen, 0);
	this_cpu()->event_depth = 0;
	this_cpu()->batch->busy = false;
	assert_true(batch_pending());
	batch_leave();
	assert_int_equal(called, 1);
	world_discard();
}

static void pair(unsigned int first, unsigned int second)
{
	batch_mmu_update_pair(slot(first), slot(second), page(1), NULL);
}

static void a_pair_is_never_parted(void **state)
{
	(void)state;
	start();
	/* However full the queue is, and whether the pair opens an element or extends one. */
	for (unsigned int waiting = BATCH_UPDATES - 3; waiting <= BATCH_UPDATES; waiting++) {
		uint64_t hypercalls, updates;

		batch_enter();
		for (unsigned int i = 0; i < waiting; i++)
			update(10, page(1));
		hypercalls = model_counters().hypercalls;
		updates = model_counters().updates;
		pair(0, 1);
		assert_int_equal(model_counters().hypercalls - hypercalls,
				 waiting + 2 > BATCH_UPDATES);
		assert_int_equal(model_counters().updates - updates,
				 waiting + 2 > BATCH_UPDATES ? waiting : 0);
		batch_leave();
		assert_int_equal(model_counters().hypercalls - hypercalls,
				 1 + (waiting + 2 > BATCH_UPDATES));
	}
	for (unsigned int elements = BATCH_CALLS - 3; elements <= BATCH_CALLS; elements++) {
		batch_enter();
		for (unsigned int i = 0; i < elements; i++) {
			if (i % 2)
				update(10, page(1));
			else
				operation(MMUEXT_TLB_FLUSH_LOCAL);
		}
		model_reset_counters();
		pair(0, 1);
		/* Nothing has gone out, or all that came before and nothing of the pair. */
		if (model_counters().updates)
			assert_int_equal(model_counters().updates, elements / 2);
		batch_leave();
		assert_int_equal(model_counters().updates, elements / 2 + 2);
	}
	/* Alone, and in handlers: one hypercall. */
	for (unsigned int busy = 0; busy < 2; busy++) {
		batch_enter();
		update(7, page(1));
		this_cpu()->event_depth = 1;
		this_cpu()->batch->busy = busy;
		model_reset_counters();
		pair(2, 3);
		/* Without the flag, what waited is issued with it. */
		assert_int_equal(model_counters().hypercalls, 1);
		assert_int_equal(model_counters().updates, busy ? 2 : 3);
		this_cpu()->event_depth = 0;
		this_cpu()->batch->busy = false;
		batch_leave();
	}
	model_reset_counters();
	batch_reset_counters();
	pair(4, 5);
	assert_int_equal(model_counters().hypercalls, 1);
	assert_int_equal(batch_counters().calls, 1);
	assert_int_equal(batch_counters().updates, 2);
	assert_int_equal(batch_counters().largest, 2);
	assert_true(model_entry(slot(4).ma) & model_entry(slot(5).ma) & 1);
	world_discard();
}

/* A mapping that is the whole batch, or one of many: value and flush both arrive. */
static void a_mapping_arrives_whole(void **state)
{
	const uintptr_t address = pfn_to_address(pfn(5));
	const uint64_t rights[] = {PT_KERNEL_RO, PT_KERNEL_RW};

	(void)state;
	start();
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t value = model_mfn(5) * PAGE_SIZE | rights[i % 2];

		assert_int_not_equal(model_access(0, address, false, NULL), MODEL_FAULT);
		if (i & 4)
			batch_enter();
		if (i & 2)
			operation(MMUEXT_TLB_FLUSH_LOCAL);
		batch_update_va_mapping(address, value, UVMF_INVLPG | UVMF_LOCAL, NULL);
		if (i & 4)
			batch_leave();
		assert_int_equal(pt_lookup(address).step[3].entry.raw & ~(1ull << 52 | 4), value);
		assert_int_equal(model_access(0, address, true, NULL),
				 i % 2 ? MODEL_OK : MODEL_FAULT);
	}
	world_discard();
}

/* Whatever its memory held before. */
static void a_queue_begins_empty(void **state)
{
	static struct batch other;
	static const struct batch_counters none;
	struct batch *own;
	struct batch_counters counters;

	(void)state;
	start();
	own = this_cpu()->batch;
	memset(&other, 0x7f, sizeof(other));
	other.busy = true;
	batch_init(&other);
	assert_ptr_equal(this_cpu()->batch, &other);
	assert_false(batch_pending() || batch_is_lazy() || other.busy);
	counters = batch_counters();
	assert_memory_equal(&counters, &none, sizeof(none));
	model_reset_counters();
	batch_enter();
	update(0, page(1));
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	assert_int_equal(model_counters().hypercalls, 0);
	batch_leave();
	assert_int_equal(model_counters().hypercalls, 1);
	assert_int_equal(model_counters().operations, 2);
	counters = batch_counters();
	assert_int_equal(counters.updates, 1);
	assert_int_equal(counters.operations, 1);
	assert_int_equal(counters.mappings, 0);
	this_cpu()->batch = own;
	world_discard();
}

/* The caller's mask is long gone when the queue is issued. */
static void a_mask_is_copied(void **state)
{
	const uintptr_t address = pfn_to_address(pfn(700));
	const pfn_t frame = pfn(700);
	cpu_set_t set[2] = {1 << 1, 1 << 2};
	struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_MULTI};

	(void)state;
	start();
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(model_access(i, address, true, NULL), MODEL_OK);
	make_page_readonly(frame);
	batch_enter();
	for (unsigned int i = 0; i < 2; i++) {
		set_xen_guest_handle(op.arg2.vcpumask, (const void *)&set[i]);
		batch_mmuext_op(&op, NULL);
		set[i] = 1 << 3;
	}
	batch_leave();
	assert_int_equal(model_access(0, address, true, NULL), MODEL_STALE);
	assert_int_equal(model_access(1, address, true, NULL), MODEL_FAULT);
	assert_int_equal(model_access(2, address, true, NULL), MODEL_FAULT);
	assert_int_equal(model_access(3, address, true, NULL), MODEL_STALE);
	make_page_writable(frame);
	op.cmd = MMUEXT_INVLPG_MULTI;
	op.arg1.linear_addr = address;
	set[0] = 1 << 3;
	set_xen_guest_handle(op.arg2.vcpumask, (const void *)&set[0]);
	batch_mmuext_op(&op, NULL);
	assert_int_equal(model_access(3, address, true, NULL), MODEL_OK);
	paravirt.flush_all(ALL_CPUS);
	world_stop();
}

static void each_cpu_has_its_queue(void **state)
{
	(void)state;
	start();
	batch_enter();
	update(0, page(1));
	host_use_cpu(1);
	assert_false(batch_pending());
	assert_false(batch_is_lazy());
	update(1, page(1));
	assert_true(model_entry(slot(1).ma) & 1);
	assert_int_equal(model_entry(slot(0).ma), 0);
	host_use_cpu(0);
	batch_leave();
	assert_true(model_entry(slot(0).ma) & 1);
	world_discard();
}

static void refuse_the_third(void)
{
	batch_enter();
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	update(0, page(1));
	update(1, page(1));
	update(2, model_mfn(TABLE) * PAGE_SIZE | PT_KERNEL_RW);
	update(3, page(1));
	batch_leave();
}

static void refuse_a_pin(void)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = model_mfn(TABLE)};

	batch_mmuext_op(&op, NULL);
}

static void refuse_the_second_operation(void)
{
	batch_enter();
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	refuse_a_pin();
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_leave();
}

static void refuse_a_mapping(void)
{
	batch_update_va_mapping(pfn_to_address(pfn(TABLE)),
				model_mfn(TABLE) * PAGE_SIZE | PT_KERNEL_RW, 0, NULL);
}

static void refuse_another(void)
{
	batch_enter();
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_hypercall(__HYPERVISOR_stack_switch, 0x2b, 0x1234);
	batch_leave();
}

static void refuse_alone(void)
{
	batch_mmu_update(slot(3), MMU_NORMAL_PT_UPDATE, model_mfn(TABLE) * PAGE_SIZE | PT_KERNEL_RW,
			 NULL);
}

static void refuse_a_handler(void)
{
	batch_enter();
	update(3, page(1));
	this_cpu()->batch->busy = true;
	this_cpu()->event_depth = 1;
	operation(~0u);
}

static void refuse_the_whole(void)
{
	model_fail_multicall(-14);
	batch_enter();
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	update(3, page(1));
	batch_leave();
}

/* Each request keeps who asked for it, however many wait: the third of each kind is refused. */
static void *const callers[] = {(void *)0xa1, (void *)0xa2, (void *)0xa3, (void *)0xa4};

static void refuse_the_third_of_four_updates(void)
{
	batch_enter();
	for (unsigned int i = 0; i < ARRAY_SIZE(callers); i++) {
		uint64_t value = i == 2 ? model_mfn(TABLE) * PAGE_SIZE | PT_KERNEL_RW : page(1);

		if (!batch_append_update(slot(i), MMU_NORMAL_PT_UPDATE, value, callers[i]))
			batch_mmu_update(slot(i), MMU_NORMAL_PT_UPDATE, value, callers[i]);
	}
	batch_leave();
}

static void refuse_the_third_of_four_operations(void)
{
	batch_enter();
	for (unsigned int i = 0; i < ARRAY_SIZE(callers); i++) {
		struct mmuext_op op = {.cmd = i == 2 ? ~0u : MMUEXT_TLB_FLUSH_LOCAL};

		batch_mmuext_op(&op, callers[i]);
	}
	batch_leave();
}

static void refuse_the_third_of_four_mappings(void)
{
	batch_enter();
	for (unsigned int i = 0; i < ARRAY_SIZE(callers); i++)
		batch_update_va_mapping(pfn_to_address(pfn(5)),
					i == 2 ? model_mfn(TABLE) * PAGE_SIZE | PT_KERNEL_RW
					       : page(5),
					0, callers[i]);
	batch_leave();
}

static void refuse_the_second_of_a_pair(void)
{
	const pfn_t beyond = {TABLE + 1}; /* no table: an entry of it cannot be written */

	batch_mmu_update_pair(slot(1), (maddr_t){model_mfn(beyond.pfn) * PAGE_SIZE}, page(1) | 0x80,
			      callers[2]);
}

/* Refused before the first was looked at, in the place of an element of which all were done. */
static void refuse_before_the_first(void)
{
	batch_enter();
	for (unsigned int i = 0; i < 3; i++)
		update(i, page(1));
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_flush();
	model_fail_operation(1, -XEN_ENOMEM);
	update(3, page(1));
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_leave();
}

static void who_asked_is_named(void **state)
{
	(void)state;
	start();
	host_expect_panic(refuse_the_third_of_four_updates, "asked for by somewhere+0xa3\n");
	host_expect_panic(refuse_the_third_of_four_updates, "page-table update 3 of 4");
	host_expect_panic(refuse_the_third_of_four_operations, "asked for by somewhere+0xa3\n");
	host_expect_panic(refuse_the_third_of_four_updates, "entry 2 of the table");
	host_expect_panic(refuse_the_third_of_four_operations, "mmuext operation 3 of 4");
	host_expect_panic(refuse_the_third_of_four_operations, "command 4294967295 on");
	host_expect_panic(refuse_the_third_of_four_mappings, "asked for by somewhere+0xa3\n");
	host_expect_panic(refuse_the_second_of_a_pair, "asked for by somewhere+0xa3\n");
	host_expect_panic(refuse_before_the_first, "page-table update 1 of 1: ENOMEM (-12)");
	world_discard();
}

static void the_culprit_is_named(void **state)
{
	(void)state;
	start();
	host_expect_panic(refuse_the_third, "page-table update 3 of 4: EBUSY (-16)");
	host_expect_panic(refuse_a_pin, "mmuext operation 1 of 1, command 1 on mfn");
	host_expect_panic(refuse_the_second_operation, "mmuext operation 2 of 3, command 1 on mfn");
	host_expect_panic(refuse_a_mapping, "for address");
	host_expect_panic(refuse_alone, "page-table update 1 of 1: EBUSY (-16)");
	host_expect_panic(refuse_a_handler, "mmuext operation 1 of 1, command 4294967295");
	host_expect_panic(refuse_the_whole,
			  "refused a whole multicall of 2 elements: EFAULT (-14)");
	/* The model has no such hypercall. */
	host_expect_panic(refuse_another, "Xen refused hypercall 3 with 2b, 1234: -38");
	world_discard();
}

/* ---- the queue once more: what its header says, as counts ---- */

enum kind { UPDATES, OPERATIONS, MAPPINGS, HYPERCALLS, KINDS };

static struct {
	unsigned int elements, requests[KINDS];
	enum kind last; /* of the element that may grow */
	unsigned int lazy;
	struct batch_counters total;
} queue;

static void queue_issue(enum batch_flush_reason reason)
{
	uint64_t all =
		queue.requests[UPDATES] + queue.requests[OPERATIONS] + queue.requests[MAPPINGS];

	if (!queue.elements)
		return;
	queue.total.calls++;
	queue.total.elements += queue.elements;
	queue.total.updates += queue.requests[UPDATES];
	queue.total.operations += queue.requests[OPERATIONS];
	queue.total.mappings += queue.requests[MAPPINGS];
	queue.total.flushes[reason]++;
	queue.total.largest = MAX(queue.total.largest, all);
	memset(queue.requests, 0, sizeof(queue.requests));
	queue.elements = 0;
}

/* Updates share an element with those before them, and so do operations, until something is full.
 */
static void queue_add(enum kind kind, unsigned int count, bool in_handler)
{
	static const unsigned int room[KINDS] = {BATCH_UPDATES, BATCH_OPS, BATCH_CALLS,
						 BATCH_CALLS};
	bool grows = queue.elements && kind == queue.last && kind <= OPERATIONS;
	/* The short way of an update that follows another asks for no element. */
	bool short_way = grows && kind == UPDATES && count == 1 && !in_handler;

	if (queue.requests[kind] + count > room[kind] ||
	    (queue.elements == BATCH_CALLS && !short_way)) {
		queue_issue(BATCH_FLUSH_FULL);
		grows = false;
	}
	queue.elements += !grows;
	queue.requests[kind] += count;
	queue.last = kind;
	if (!queue.lazy || in_handler)
		queue_issue(BATCH_FLUSH_UNBATCHED);
}

/* Makes a request and tells the reference. */
static void request_any(bool in_handler)
{
	uint64_t address = pfn_to_address(pfn(5));

	this_cpu()->event_depth = in_handler;
	switch (host_random_below(6)) {
	case 0:
		operation(MMUEXT_TLB_FLUSH_LOCAL);
		queue_add(OPERATIONS, 1, in_handler);
		break;
	case 1:
		batch_update_va_mapping(address, page(5), UVMF_NONE, NULL);
		queue_add(MAPPINGS, 1, in_handler);
		break;
	case 2:
		batch_hypercall(__HYPERVISOR_xen_version, 0, 0);
		queue_add(HYPERCALLS, 1, in_handler);
		break;
	case 3:
		pair(7, 9);
		queue_add(UPDATES, 2, in_handler);
		break;
	default:
		update((unsigned int)host_random_below(512), page(1));
		queue_add(UPDATES, 1, in_handler);
	}
	this_cpu()->event_depth = 0;
}

static void expect_counted(void)
{
	struct batch_counters c = batch_counters();

	assert_int_equal(c.calls, queue.total.calls);
	assert_int_equal(c.elements, queue.total.elements);
	assert_int_equal(c.updates, queue.total.updates);
	assert_int_equal(c.operations, queue.total.operations);
	assert_int_equal(c.mappings, queue.total.mappings);
	assert_int_equal(c.largest, queue.total.largest);
	for (unsigned int i = 0; i < BATCH_FLUSH_REASONS; i++)
		assert_int_equal(c.flushes[i], queue.total.flushes[i]);
	assert_int_equal(batch_pending(), queue.elements != 0);
	/* And by the hypervisor's count. */
	assert_int_equal(model_counters().hypercalls, queue.total.calls);
	assert_int_equal(model_counters().operations, queue.total.elements);
}

/* So many entries into Xen, for these reasons, and not one more. */
static void every_entry_is_counted(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		host_seed(seed);
		start();
		memset(&queue, 0, sizeof(queue));
		for (unsigned int step = 0; step < 400; step++) {
			unsigned int burst = host_random_below(20) ? 1 : 1100;

			switch (host_random_below(8)) {
			case 0:
				batch_enter();
				queue.lazy++;
				break;
			case 1:
				if (!queue.lazy)
					break;
				batch_leave();
				if (!--queue.lazy)
					queue_issue(BATCH_FLUSH_LEAVE);
				break;
			case 2:
				batch_flush();
				queue_issue(BATCH_FLUSH_READ);
				break;
			case 3:
				request_any(true);
				break;
			case 4:
				for (; burst; burst--) {
					update(burst % 512, page(2));
					queue_add(UPDATES, 1, false);
				}
				break;
			case 5:
				for (burst = MIN(burst, 70u); burst; burst--) {
					operation(MMUEXT_TLB_FLUSH_LOCAL);
					queue_add(OPERATIONS, 1, false);
				}
				break;
			case 6:
				for (burst = MIN(burst, 40u); burst; burst--)
					request_any(false);
				break;
			default:
				request_any(false);
			}
			expect_counted();
		}
		while (queue.lazy--)
			batch_leave();
		world_discard();
	}
}

/* What the prompt says of it, line by line. */
static void the_counters_are_printed(void **state)
{
	(void)state;
	start();
	for (unsigned int i = 0; i < 12; i++)
		update(i, page(1));
	batch_enter();
	for (unsigned int i = 0; i < 100; i++)
		update(i, page(2));
	operation(MMUEXT_TLB_FLUSH_LOCAL);
	batch_flush();
	for (unsigned int i = 0; i < BATCH_UPDATES + 1; i++)
		update(i % 512, page(3));
	batch_update_va_mapping(pfn_to_address(pfn(5)), page(5), UVMF_NONE, NULL);
	batch_leave();
	host_clear_output();
	batches_print();
	/* 12 alone; 100 and 1; 1024; 1 and 1: 1139 requests in 15 entries. */
	host_wanted("        15 entries into Xen, with 17 hypercalls in them\n"
		    "      1137 page-table updates, 1 by address, 1 operations: 75.9 an entry\n"
		    "      1024 at most in one entry\n"
		    "        12 issued at once, outside of lazy mode\n"
		    "         1 issued at the end of lazy mode\n"
		    "         1 issued because the queue was full\n"
		    "         1 issued because the effect was needed\n");
	host_expect_output();
	batch_reset_counters();
	batches_print();
	host_wanted("         0 entries into Xen, with 0 hypercalls in them\n"
		    "         0 page-table updates, 0 by address, 0 operations: 0.0 an entry\n"
		    "         0 at most in one entry\n"
		    "         0 issued at once, outside of lazy mode\n"
		    "         0 issued at the end of lazy mode\n"
		    "         0 issued because the queue was full\n"
		    "         0 issued because the effect was needed\n");
	host_expect_output();
	world_discard();
}

static void refuse_another_in_a_handler(void)
{
	batch_enter();
	update(3, page(1));
	this_cpu()->batch->busy = true;
	this_cpu()->event_depth = 1;
	batch_hypercall(__HYPERVISOR_stack_switch, 0x2b, 0x1234);
}

static void refuse_a_whole_in_a_handler(void)
{
	model_fail_multicall(-14);
	refuse_another_in_a_handler();
}

static void take_another_in_a_handler(void **state)
{
	(void)state;
	start();
	host_expect_panic(refuse_another_in_a_handler,
			  "Xen refused hypercall 3 with 2b, 1234: -38");
	host_expect_panic(refuse_a_whole_in_a_handler,
			  "Xen refused hypercall 3 with 2b, 1234: -14");
	/* With an append interrupted a request is issued alone, and the queue stays as it is. */
	batch_enter();
	update(3, page(1));
	this_cpu()->batch->busy = true;
	this_cpu()->event_depth = 1;
	batch_hypercall(__HYPERVISOR_update_va_mapping, pfn_to_address(pfn(5)), page(5));
	this_cpu()->event_depth = 0;
	this_cpu()->batch->busy = false;
	assert_int_equal(model_counters().hypercalls, 1);
	assert_true(batch_pending());
	batch_leave();
	assert_int_equal(model_counters().hypercalls, 2);
	world_discard();
}

/* Any mixture of requests ends up as if each had been made at once. */
static void random_mixtures(void **state)
{
	static uint64_t expected[512];

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		unsigned int depth = 0;
		uint64_t mapped = 0;

		host_seed(seed);
		start();
		memset(expected, 0, sizeof(expected));
		for (unsigned int step = 0; step < 3000; step++) {
			unsigned int n = (unsigned int)host_random_below(512);

			switch (host_random_below(8)) {
			case 0:
				operation(MMUEXT_TLB_FLUSH_LOCAL);
				break;
			case 1:
				mapped = model_mfn(5) * PAGE_SIZE |
					 (host_random_below(2) ? PT_KERNEL_RO : PT_KERNEL_RW);
				batch_update_va_mapping(pfn_to_address(pfn(5)), mapped, UVMF_NONE,
							NULL);
				break;
			case 2:
				if (depth < 5 && ++depth)
					batch_enter();
				break;
			case 3:
				if (depth && depth--)
					batch_leave();
				break;
			default:
				expected[n] =
					host_random_below(4) ? page(1 + host_random_below(900)) : 0;
				update(n, expected[n]);
			}
			if (!depth)
				assert_false(batch_pending());
		}
		while (depth--)
			batch_leave();
		assert_int_equal(pt_lookup(pfn_to_address(pfn(5))).step[3].entry.raw &
					 ~(1ull << 52 | 4),
				 mapped);
		for (unsigned int n = 0; n < 512; n++)
			assert_int_equal(model_entry(slot(n).ma) & ~(1ull << 52 | 4), expected[n]);
		assert_null(model_check());
		world_discard();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once_outside_of_lazy_mode),
		cmocka_unit_test(neighbours_share_an_element),
		cmocka_unit_test(lazy_mode_nests),
		cmocka_unit_test(a_flush_does_not_end_lazy_mode),
		cmocka_unit_test(a_full_queue_goes_out),
		cmocka_unit_test(an_event_handler_is_never_lazy),
		cmocka_unit_test(a_handler_that_interrupts_an_append),
		cmocka_unit_test(callbacks_run_after_their_batch),
		cmocka_unit_test(events_are_as_before),
		cmocka_unit_test(one_element_is_no_multicall),
		cmocka_unit_test(more_hypercalls_than_fit),
		cmocka_unit_test(a_callback_of_a_handler),
		cmocka_unit_test(a_pair_is_never_parted),
		cmocka_unit_test(a_mapping_arrives_whole),
		cmocka_unit_test(a_queue_begins_empty),
		cmocka_unit_test(a_mask_is_copied),
		cmocka_unit_test(each_cpu_has_its_queue),
		cmocka_unit_test(the_culprit_is_named),
		cmocka_unit_test(who_asked_is_named),
		cmocka_unit_test(every_entry_is_counted),
		cmocka_unit_test(the_counters_are_printed),
		cmocka_unit_test(take_another_in_a_handler),
		cmocka_unit_test(random_mixtures),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
