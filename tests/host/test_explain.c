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

/* Who asked for it; the stand-in for symbols names it by its address. */
#define CALLER ((const void *)0x1234)

static struct mmuext_op operation;
static struct mmu_update update;
static uintptr_t address;

static void refuse_operation(void)
{
	host_clear_output();
	xen_refused_operation(&operation, -XEN_EINVAL, CALLER, 3, 7);
}

static void refuse_update(void)
{
	host_clear_output();
	xen_refused_update(&update, -XEN_EPERM, CALLER, 0, 2);
}

static void refuse_mapping(void)
{
	host_clear_output();
	xen_refused_mapping(address, 0, -XEN_EFAULT, CALLER);
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

/* ---- whole texts ---- */

static uint64_t root_mfn(void)
{
	return model_mfn(kernel_mm.root.pfn);
}

/* What explain_frame() says of an ordinary frame, which its direct map shows and writes. */
static void want_allocated(pfn_t frame)
{
	host_wanted("  mfn %lx is pfn %lx: allocated\n"
		    "    mapped writable at %016lx\n",
		    model_mfn(frame.pfn), frame.pfn, pfn_to_address(frame));
}

static void a_frame_in_full(void **state)
{
	const uintptr_t at = 0x7000;
	struct mm mm;
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(2);
	host_clear_output();
	want_allocated(frame);
	explain_frame(mfn(model_mfn(frame.pfn)));
	host_expect_output();
	/* The kind is that of the block. */
	host_wanted("  mfn %lx is pfn %lx: allocated\n    mapped writable at %016lx\n",
		    model_mfn(frame.pfn + 3), frame.pfn + 3, pfn_to_address(pfn(frame.pfn + 3)));
	explain_frame(mfn(model_mfn(frame.pfn + 3)));
	host_expect_output();
	host_wanted("  mfn %lx is not this domain's\n", model_foreign_mfn());
	explain_frame(mfn(model_foreign_mfn()));
	host_expect_output();
	host_wanted("  mfn %lx is pfn %lx: pgd table, pinned\n", root_mfn(), kernel_mm.root.pfn);
	explain_frame(mfn(root_mfn()));
	host_expect_output();
	/* A program's mappings come after the kernel's; four are named, and reading does not count.
	 */
	assert_true(mm_create(&mm));
	for (unsigned int i = 0; i < 6; i++) {
		uintptr_t page = at + i * PAGE_SIZE;

		assert_true(mm_prepare(&mm, page, page, PT_PTE));
		set_entry(mm_entry(&mm, page, PT_PTE), PT_PTE,
			  pt_entry_make(frame, i == 1 ? PT_KERNEL_RO : PT_KERNEL_RW));
		if (i == 4) {
			want_allocated(frame);
			for (unsigned int j = 0; j < 4; j += j ? 1 : 2)
				host_wanted("    mapped writable at %016lx\n", at + j * PAGE_SIZE);
			host_wanted("    and at 1 more addresses\n");
			explain_frame(mfn(model_mfn(frame.pfn)));
			host_expect_output();
		}
	}
	want_allocated(frame);
	for (unsigned int j = 0; j < 4; j += j ? 1 : 2)
		host_wanted("    mapped writable at %016lx\n", at + j * PAGE_SIZE);
	host_wanted("    and at 2 more addresses\n");
	explain_frame(mfn(model_mfn(frame.pfn)));
	host_expect_output();
	/* Its tables are not pinned yet. */
	host_wanted("  mfn %lx is pfn %lx: pgd table\n"
		    "    mapped writable at %016lx\n",
		    model_mfn(mm.root.pfn), mm.root.pfn, pfn_to_address(mm.root));
	explain_frame(mfn(model_mfn(mm.root.pfn)));
	host_expect_output();
	for (unsigned int i = 0; i < 6; i++)
		set_entry(mm_entry(&mm, at + i * PAGE_SIZE, PT_PTE), PT_PTE, pt_entry_none());
	mm_destroy(&mm);
	frames_free(frame);
	world_stop();
}

static void want_walk(uintptr_t walked)
{
	/* How it is printed is for test_entry.c to say. */
	host_clear_output();
	walk_print(walked);
	host_wanted("%s", host_output());
	host_clear_output();
}

static void an_update_in_full(void **state)
{
	uint64_t pte_table;
	struct pt_path walk;
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	/* A pte of the direct map that would make its own table writable. */
	address = pfn_to_address(frame);
	walk = pt_lookup(address);
	pte_table = walk.step[3].table.mfn;
	update.ptr = pte_table << PAGE_SHIFT | walk.step[3].index * 8;
	update.val = pte_table << PAGE_SHIFT | PT_KERNEL_RW;
	host_wanted("entry %u of the table in mfn %lx := %016lx\n"
		    "  asked for by somewhere+0x1234\n"
		    "  mfn %lx is pfn %lx: pte table, pinned\n",
		    walk.step[3].index, pte_table, update.val, pte_table, model_pfn(pte_table));
	want_walk(address);
	host_wanted("as a pte entry:\n"
		    "  pfn %lx is a pte table, pinned: it cannot be mapped writable\n",
		    model_pfn(pte_table));
	host_expect_words(refuse_update, "Xen refused page-table update 1 of 2: EPERM (-%d)",
			  XEN_EPERM);
	/* A root slot of the hypervisor's. */
	update.ptr = root_mfn() << PAGE_SHIFT | 260 * 8;
	update.val = 0x123;
	host_wanted("entry 260 of the table in mfn %lx := 0000000000000123\n"
		    "  asked for by somewhere+0x1234\n"
		    "  mfn %lx is pfn %lx: pgd table, pinned\n",
		    root_mfn(), root_mfn(), kernel_mm.root.pfn);
	want_walk(0xffff820000000000);
	host_wanted("  root slot 260 belongs to the hypervisor\n");
	host_expect_words(refuse_update, "Xen refused page-table update 1 of 2: EPERM (-%d)",
			  XEN_EPERM);
	/* An ordinary frame, whose entry would be nothing special. */
	update.ptr = model_mfn(frame.pfn) << PAGE_SHIFT | 511 * 8;
	update.val = model_mfn(frame.pfn) << PAGE_SHIFT | PT_KERNEL_RW;
	host_wanted("entry 511 of the table in mfn %lx := %016lx\n"
		    "  asked for by somewhere+0x1234\n",
		    model_mfn(frame.pfn), update.val);
	want_allocated(frame);
	host_wanted("  no entry points to that table\n"
		    "as a pte entry:\n"
		    "  no rule that the kernel knows of speaks against it\n");
	host_expect_words(refuse_update, "Xen refused page-table update 1 of 2: EPERM (-%d)",
			  XEN_EPERM);
	frames_free(frame);
	world_stop();
}

/* Each rule that an entry may break, and the words for it. */
static void expect_reasons(unsigned int reasons, pt_entry_t value, enum pt_level level)
{
	host_clear_output();
	assert_int_equal(explain_entry(level, value), reasons);
	host_expect_output();
}

static void every_rule_in_full(void **state)
{
	pt_entry_t *entries;
	pfn_t frame, table;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	table = frames_alloc(0);
	entries = pfn_to_virt(table);
	memset(entries, 0, PAGE_SIZE);
	host_wanted("  it is absent, but its address bits point at memory: a processor may follow "
		    "them speculatively (L1TF). Use zero, or inverted bits\n");
	expect_reasons(1, (pt_entry_t){model_mfn(frame.pfn) << PAGE_SHIFT}, PT_PTE);
	host_wanted("  bit 62 of a pte is refused by a debug build of Xen, which marks grants by "
		    "it\n");
	expect_reasons(1, pt_entry_make(frame, PT_KERNEL_RW | 1ull << 62), PT_PTE);
	host_wanted("  large pages do not exist for a PV guest: bit 7\n");
	host_wanted("  pfn %lx cannot be a pte table while it can be written:\n"
		    "    mapped writable at %016lx\n",
		    table.pfn, pfn_to_address(table));
	expect_reasons(2, pt_entry_make(table, PT_TABLE | PT_HUGE), PT_PMD);
	/* Flags that are no right: all that are wrong, in one number. */
	host_wanted("  flags 0000000000000018 are not allowed in a pte entry (the caching bits "
		    "are, for dom0)\n");
	expect_reasons(1, pt_entry_make(frame, PT_KERNEL_RW | PT_PWT | PT_PCD), PT_PTE);
	expect_reasons(0, pt_entry_make(frame, PT_KERNEL_RW | PT_GLOBAL), PT_PTE);
	host_wanted("  flags 0000000000000100 are not allowed in a pmd entry (the caching bits "
		    "are, for dom0)\n"
		    "  pfn %lx cannot be a pte table while it can be written:\n"
		    "    mapped writable at %016lx\n",
		    table.pfn, pfn_to_address(table));
	expect_reasons(2, pt_entry_make(table, PT_TABLE | PT_GLOBAL), PT_PMD);
	/* What Xen leaves to the guest: bits 9 to 11, and 52 and up. */
	expect_reasons(0, pt_entry_make(frame, PT_KERNEL_RO | 7ull << 9 | 0x3ffull << 52), PT_PTE);
	host_wanted("  mfn %lx is not this domain's memory (dom0 may map that of devices)\n",
		    model_foreign_mfn());
	expect_reasons(1, pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RO), PT_PTE);
	host_wanted("  pfn %lx is in use as a pgd table, pinned: one use at a time\n",
		    kernel_mm.root.pfn);
	expect_reasons(1, pt_entry_make(kernel_mm.root, PT_TABLE), PT_PMD);
	/* What is in a table: the first that is wrong, and where. */
	entries[7] = pt_entry_make(frame, PT_KERNEL_RW);
	entries[8] = pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_KERNEL_RO);
	entries[9] = entries[8];
	host_wanted("  pfn %lx cannot be a pte table while it can be written:\n"
		    "    mapped writable at %016lx\n"
		    "  mfn %lx is not this domain's memory (dom0 may map that of devices)\n"
		    "  and that is in entry 8 of pfn %lx\n",
		    table.pfn, pfn_to_address(table), model_foreign_mfn(), table.pfn);
	expect_reasons(2, pt_entry_make(table, PT_TABLE), PT_PMD);
	host_wanted("  pfn 800 is past the end of memory\n");
	host_clear_output();
	assert_int_equal(explain_table(pfn(2048), PT_PTE), 1);
	host_expect_output();
	frames_free(table);
	frames_free(frame);
	world_stop();
}

static void a_mapping_and_a_pin_in_full(void **state)
{
	pfn_t frame;

	(void)state;
	world_start(4, 2048);
	frame = frames_alloc(0);
	memset(pfn_to_virt(frame), 0, PAGE_SIZE);
	address = 0x5000;
	host_wanted("  asked for by somewhere+0x1234\n");
	want_walk(address);
	host_wanted("  address 0000000000005000 has no pte table, so there is no entry to write\n");
	host_expect_words(refuse_mapping,
			  "Xen refused entry 0000000000000000 for address 0000000000005000: EFAULT "
			  "(-14)");
	operation.cmd = pin_command(PT_PTE);
	operation.arg1.mfn = model_mfn(frame.pfn);
	host_wanted("pinning mfn %lx as a pte table:\n"
		    "  pfn %lx cannot be a pte table while it can be written:\n"
		    "    mapped writable at %016lx\n"
		    "  asked for by somewhere+0x1234\n",
		    model_mfn(frame.pfn), frame.pfn, pfn_to_address(frame));
	want_allocated(frame);
	host_expect_words(refuse_operation,
			  "Xen refused mmuext operation 4 of 7, command %u on mfn %lx: EINVAL "
			  "(-22)",
			  operation.cmd, model_mfn(frame.pfn));
	operation.cmd = MMUEXT_UNPIN_TABLE;
	host_wanted("unpinning mfn %lx: was it pinned?\n"
		    "  asked for by somewhere+0x1234\n",
		    model_mfn(frame.pfn));
	want_allocated(frame);
	host_expect_words(refuse_operation,
			  "Xen refused mmuext operation 4 of 7, command %u on mfn %lx: EINVAL "
			  "(-22)",
			  operation.cmd, model_mfn(frame.pfn));
	frames_free(frame);
	world_stop();
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(xen_error_name(-1), "EPERM");
	assert_string_equal(xen_error_name(-3), "ESRCH");
	assert_string_equal(xen_error_name(-2), "ENOENT");
	assert_string_equal(xen_error_name(-11), "EAGAIN");
	assert_string_equal(xen_error_name(-12), "ENOMEM");
	assert_string_equal(xen_error_name(-13), "EACCES");
	assert_string_equal(xen_error_name(-14), "EFAULT");
	assert_string_equal(xen_error_name(-16), "EBUSY");
	assert_string_equal(xen_error_name(-22), "EINVAL");
	assert_string_equal(xen_error_name(-38), "ENOSYS");
	assert_string_equal(xen_error_name(0), "error");
	assert_string_equal(xen_error_name(1), "error");
	assert_string_equal(xen_error_name(-37), "error");
	assert_string_equal(xen_error_name(-39), "error");
	assert_string_equal(xen_error_name(-5000), "error");
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
		cmocka_unit_test(a_frame_in_full),
		cmocka_unit_test(an_update_in_full),
		cmocka_unit_test(every_rule_in_full),
		cmocka_unit_test(a_mapping_and_a_pin_in_full),
		cmocka_unit_test(errors_have_names),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
