// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last words: a request that Xen refused is decoded before the kernel stops, at every level of
 * either geometry.
 */
#include "../model/world.h"
#include "host.h"

#include <kernel/report/explain.h>
#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/xen/pin.h>
#include <mm/xen/refused.h>
#include <xen/errno.h>
#include <xen/xen.h>

static struct mmuext_op operation;
static struct mmu_update update;
static uintptr_t address;

static void refuse_operation(void)
{
	host_clear_output();
	xen_refused_operation(&operation, -XEN_EINVAL, NULL, 3, 7);
}

static void refuse_update(void)
{
	host_clear_output();
	xen_refused_update(&update, -XEN_EPERM, NULL, 0, 2);
}

static void refuse_mapping(void)
{
	host_clear_output();
	xen_refused_mapping(address, 0, -XEN_EFAULT, NULL);
}

static void expect_operation(unsigned int command, const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	operation.cmd = command;
	host_expect_panic(refuse_operation, text);
}

static void an_operation_is_named(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		pfn_t frame;

		world_start(levels, 2048);
		frame = frames_alloc(0);
		operation.arg1.mfn = model_mfn(frame.pfn);
		for (enum pt_level level = PT_PTE; level <= PT_PGD; level = pt_level_above(level))
			expect_operation(pin_command(level),
					 "pinning mfn %lx as a %s table:\n"
					 "  pfn %lx cannot be a %s table while it can be written",
					 model_mfn(frame.pfn), pt_level_name(level), frame.pfn,
					 pt_level_name(level));
		expect_operation(MMUEXT_UNPIN_TABLE, "unpinning mfn %lx: was it pinned?",
				 model_mfn(frame.pfn));
		expect_operation(MMUEXT_NEW_BASEPTR, "loading mfn %lx as a root",
				 model_mfn(frame.pfn));
		expect_operation(MMUEXT_NEW_USER_BASEPTR, "loading mfn %lx as a root",
				 model_mfn(frame.pfn));
		expect_operation(MMUEXT_TLB_FLUSH_LOCAL,
				 "refused mmuext operation 4 of 7, command %u on mfn %lx: EINVAL",
				 MMUEXT_TLB_FLUSH_LOCAL, model_mfn(frame.pfn));
		expect_operation(MMUEXT_TLB_FLUSH_LOCAL, "asked for by somewhere");
		operation.arg1.mfn = model_foreign_mfn();
		expect_operation(pin_command(PT_PTE), "the frame is not this domain's");
		frames_free(frame);
		world_stop();
	}
}

static void an_update_is_named(void **state)
{
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	update.val = 0x123;
	update.ptr = (model_mfn(kernel_mm.root.pfn) << PAGE_SHIFT) + 260 * 8;
	host_expect_panic(refuse_update, "root slot 260 belongs to the hypervisor");
	update.ptr += 30 * 8;
	host_expect_panic(refuse_update, "as a pgd entry:");
	host_expect_panic(refuse_update, "entry 290 of the table in mfn");
	host_expect_panic(refuse_update, "refused page-table update 1 of 2: EPERM");
	/* An ordinary frame, taken for a pte table that nothing points to. */
	update.ptr = model_mfn(frame.pfn) << PAGE_SHIFT;
	host_expect_panic(refuse_update, "no entry points to that table");
	frames_free(frame);
	world_stop();
}

static void a_mapping_is_named(void **state)
{
	(void)state;
	world_start(4, 2048);
	address = 0x5000;
	host_expect_panic(refuse_mapping,
			  "address 0000000000005000 has no pte table, so there is no entry");
	address = pfn_to_address(pfn(77));
	host_expect_panic(refuse_mapping, "no rule that the kernel knows of speaks against it");
	world_stop();
}

/* As many reasons as are printed; none, for an entry that Xen takes. */
static void reasons_are_counted(void **state)
{
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	memset(pfn_to_virt(frame), 0, PAGE_SIZE);
	assert_int_equal(explain_entry(PT_PTE, pt_entry_none()), 0);
	assert_int_equal(explain_entry(PT_PMD, (pt_entry_t){PT_RW}), 0);
	assert_int_equal(explain_entry(PT_PTE, (pt_entry_t){1ull << PAGE_SHIFT}), 1);
	assert_int_equal(explain_entry(PT_PTE, pt_entry_make(frame, PT_KERNEL_RW)), 0);
	assert_int_equal(explain_entry(PT_PTE, pt_entry_make(frame, PT_KERNEL_RW | PT_HUGE)), 1);
	assert_int_equal(explain_entry(PT_PTE, pt_entry_make(kernel_mm.root, PT_KERNEL_RW)), 1);
	assert_int_equal(explain_entry(PT_PTE, pt_entry_make(kernel_mm.root, PT_KERNEL_RO)), 0);
	assert_int_equal(
		explain_entry(PT_PTE, pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RW)),
		1);
	/* It can be written; and, in another level's place, it is in use. */
	assert_int_equal(explain_entry(PT_PMD, pt_entry_make(frame, PT_TABLE)), 1);
	assert_int_equal(explain_entry(PT_PMD, pt_entry_make(kernel_mm.root, PT_TABLE)), 1);
	assert_int_equal(explain_table(pfn(2048), PT_PTE), 1);
	frames_free(frame);
	world_stop();
}

/* A table is as good as its entries, except for the hypervisor's slots of a root. */
static void a_table_is_looked_through(void **state)
{
	const pt_entry_t bad = {PT_PRESENT | 1ull << 52};
	pt_entry_t *entries;
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	entries = pfn_to_virt(frame);
	memset(entries, 0, PAGE_SIZE);
	/* That it can be written is one reason, what is in it another. */
	for (enum pt_level level = PT_PTE; level <= PT_PGD; level = pt_level_above(level)) {
		for (unsigned int i = 0; i < 512; i += 65) {
			bool ignored = level == PT_PGD && pt_slot_reserved(i);

			entries[i] = bad;
			assert_int_equal(explain_table(frame, level), ignored ? 1 : 2);
			entries[i] = pt_entry_none();
		}
	}
	frames_free(frame);
	world_stop();
}

/* What lies behind a table in memory is no entry of it, whatever it looks like. */
static void the_search_ends_with_the_table(void **state)
{
	static pfn_t held[2048];
	unsigned int count = 0;
	char expected[60];
	pfn_t wanted;

	(void)state;
	world_start(4, 2048);
	/* In the direct map's third table. */
	while ((wanted = frames_alloc(0)).pfn < 1030)
		held[count++] = wanted;
	while (pfn_valid(held[count] = frames_alloc(0))) {
		*(uint64_t *)pfn_to_virt(held[count]) = pt_entry_make(wanted, PT_KERNEL_RW).raw;
		count++;
	}
	host_clear_output();
	explain_frame(pfn_to_mfn(wanted));
	snprintf(expected, sizeof(expected), "    mapped writable at %016lx\n",
		 pfn_to_address(wanted));
	assert_non_null(strstr(host_output(), expected));
	assert_null(strstr(strstr(host_output(), expected) + strlen(expected), "mapped"));
	while (count)
		frames_free(held[--count]);
	frames_free(wanted);
	world_stop();
}

static void expect_frame(pfn_t frame, const char *expected)
{
	char text[FRAME_TEXT_SIZE];

	assert_string_equal(frame_text(frame, text, sizeof(text)), expected);
	/* The same words, wherever a frame is spoken of. */
	host_clear_output();
	explain_frame(pfn_valid(frame) ? pfn_to_mfn(frame) : mfn(model_foreign_mfn()));
	assert_non_null(strstr(host_output(), expected));
}

/* A page table by its level, any other frame by its kind, one inside a block by the block's. */
static void a_frame_is_named(void **state)
{
	char text[FRAME_TEXT_SIZE];
	pfn_t block;

	(void)state;
	world_start(5, 2048);
	block = frames_alloc(3);
	expect_frame(kernel_mm.root, "pgd table, pinned");
	expect_frame(block, "allocated");
	expect_frame(pfn(block.pfn + 7), "allocated");
	expect_frame(INVALID_PFN, "not this domain's");
	frame_of(block)->flags = PT_P4D;
	expect_frame(block, "p4d table");
	frame_of(block)->flags = 0;
	frames_free(block);
	expect_frame(block, "free");
	assert_string_equal(frame_text(pfn(2048), text, sizeof(text)), "past the end of memory");
	for (unsigned int kind = 0; kind < FRAME_KINDS; kind++)
		assert_true(strlen(frame_kind_name(kind)) < sizeof(text));
	world_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_operation_is_named),
		cmocka_unit_test(an_update_is_named),
		cmocka_unit_test(a_mapping_is_named),
		cmocka_unit_test(reasons_are_counted),
		cmocka_unit_test(a_table_is_looked_through),
		cmocka_unit_test(the_search_ends_with_the_table),
		cmocka_unit_test(a_frame_is_named),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
