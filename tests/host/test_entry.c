// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading page tables: the walk of an address, step by step, and all that is printed of it, against
 * the entries that the model has. Each text is put together here from what the entry is.
 */
#include "../model/world.h"
#include "host.h"

#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>

static void levels_have_names(void **state)
{
	(void)state;
	assert_string_equal(pt_level_name(PT_NONE), "none");
	assert_string_equal(pt_level_name(PT_PTE), "pte");
	assert_string_equal(pt_level_name(PT_PMD), "pmd");
	assert_string_equal(pt_level_name(PT_PUD), "pud");
	assert_string_equal(pt_level_name(PT_P4D), "p4d");
	assert_string_equal(pt_level_name(PT_PGD), "pgd");
}

/* The line of one step, from the entry at a machine address. */
static void want_step(const char *level, unsigned int index, uint64_t entry, const char *flags,
		      const char *what)
{
	uint64_t frame = (entry & PT_FRAME_MASK) >> PAGE_SHIFT;

	host_wanted("  %s[%3u] %016lx  pfn %6lx  mfn %6lx  %-18s %s\n", level, index, entry,
		    model_pfn(frame), frame, flags, what);
}

static uint64_t slot_of(uintptr_t address, unsigned int level)
{
	return address >> (12 + 9 * level) & 511;
}

/* Entries of the walk of an address, the root's first; returns how many there are. */
static unsigned int reference_walk(uintptr_t address, unsigned int levels, uint64_t *table,
				   uint64_t *entry)
{
	uint64_t at = model_root(0);
	unsigned int steps = 0;

	for (unsigned int level = levels; level-- > 0;) {
		table[steps] = at;
		entry[steps] = model_entry(at * PAGE_SIZE + slot_of(address, level) * 8);
		if (!(entry[steps++] & PT_PRESENT))
			break;
		at = (entry[steps - 1] & PT_FRAME_MASK) >> PAGE_SHIFT;
	}
	return steps;
}

static void a_walk_names_every_step(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		world_start(levels, 2048);
		for (unsigned int i = 0; i < 300; i++) {
			uintptr_t address = host_random_below(2)
						    ? pfn_to_address(pfn(host_random_below(2048)))
						    : pt_canonical(host_random());
			unsigned int slot = (unsigned int)slot_of(address, levels - 1);
			struct pt_path walk = pt_lookup(address);
			uint64_t table[5], entry[5];
			unsigned int steps;

			if (slot >= 256 && slot < 272) {
				assert_int_equal(walk.steps, 0);
				continue;
			}
			steps = reference_walk(address, levels, table, entry);
			assert_int_equal(walk.steps, steps);
			assert_false(walk.broken);
			assert_int_equal(walk.mapped, entry[steps - 1] & PT_PRESENT);
			for (unsigned int step = 0; step < steps; step++) {
				unsigned int level = levels - 1 - step;

				assert_int_equal(walk.step[step].level,
						 step ? (enum pt_level)(level + 1) : PT_PGD);
				assert_int_equal(walk.step[step].index, slot_of(address, level));
				assert_int_equal(walk.step[step].table.mfn, table[step]);
				assert_int_equal(walk.step[step].entry.raw, entry[step]);
			}
		}
		world_stop();
	}
}

static void expect_walk(uintptr_t address)
{
	host_clear_output();
	walk_print(address);
	host_expect_output();
}

static void a_walk_is_printed(void **state)
{
	const char *const pinned[] = {"pud table, pinned", "pmd table, pinned",
				      "pte table, pinned"};
	const char *const level[] = {"pgd", "pud", "pmd", "pte"};
	uint64_t table[5], entry[5];
	uintptr_t address;
	pfn_t page;

	(void)state;
	world_start(4, 2048);
	page = frames_alloc(1);
	/* Mapped, by the second page of a block: it is of the block's kind. */
	address = pfn_to_address(pfn(page.pfn + 1));
	assert_int_equal(reference_walk(address, 4, table, entry), 4);
	host_wanted("%016lx, root in pfn %lx = mfn %lx\n", address, kernel_mm.root.pfn,
		    model_mfn(kernel_mm.root.pfn));
	for (unsigned int i = 0; i < 3; i++)
		want_step(level[i], (unsigned int)slot_of(address, 3 - i), entry[i], "P RW US A D",
			  pinned[i]);
	want_step("pte", (unsigned int)slot_of(address, 0), entry[3],
		  entry[3] & PT_NX ? "P RW US A D NX" : "P RW US A D", "allocated");
	expect_walk(address);
	/* Not mapped, at the root. */
	host_wanted("%016lx, root in pfn %lx = mfn %lx\n", 0x1234000ul, kernel_mm.root.pfn,
		    model_mfn(kernel_mm.root.pfn));
	host_wanted("  pgd[  0] 0000000000000000\n"
		    "  not mapped: the pgd entry is not present\n");
	expect_walk(0x1234000);
	/* No table of the domain's. */
	host_wanted("ffff800000001000  belongs to Xen: a guest does not see its tables\n");
	expect_walk(0xffff800000001000);
	host_wanted("8000000000001000  is not canonical: no table can map it\n");
	expect_walk(0x8000000000001000);
	frames_free(page);
	world_stop();
}

/* A table that points to itself leads to each of its entries at each level. */
static void flags_are_spelled(void **state)
{
	static const struct {
		uint64_t bits;
		unsigned int level; /* from 0, the pte */
		const char *text;
	} cases[] = {
		{0, 0, "P"},
		{PT_RW, 0, "P RW"},
		{PT_USER, 0, "P US"},
		{PT_PWT, 0, "P PWT"},
		{PT_PCD, 0, "P PCD"},
		{PT_ACCESSED, 0, "P A"},
		{PT_DIRTY, 0, "P D"},
		{PT_GLOBAL, 0, "P G"},
		{PT_NX, 0, "P NX"},
		{PT_HUGE, 0, "P"}, /* the bit is PAT there */
		{PT_HUGE, 1, "P HUGE"},
		{PT_NX | PT_HUGE, 2, "P NX HUGE"},
		{~PT_FRAME_MASK, 1, "P RW US PWT PCD A D G NX HUGE"},
	};
	static const char *const names[] = {"pte", "pmd", "pud", "pgd"};
	pfn_t saved, table;
	pt_entry_t *root;

	(void)state;
	world_start(4, 2048);
	saved = pt_root();
	table = frames_alloc_zeroed();
	root = pfn_to_virt(table);
	root[0] = pt_entry_make(table, PT_TABLE);
	pt_set_root(table);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		uintptr_t address = 1ul << (12 + 9 * cases[i].level);

		root[1] = pt_entry_make(table, PT_PRESENT | cases[i].bits);
		host_wanted("%016lx, root in pfn %lx = mfn %lx\n", address, table.pfn,
			    model_mfn(table.pfn));
		for (unsigned int level = 3; level > cases[i].level; level--)
			want_step(names[level], 0, root[0].raw, "P RW US A D", "allocated");
		want_step(names[cases[i].level], 1, root[1].raw, cases[i].text, "allocated");
		expect_walk(address);
	}
	pt_set_root(saved);
	frames_free(table);
	world_stop();
}

/* A process's tables that are no tables: what is found there is said, and nothing is followed. */
static void astray(void **state)
{
	pt_entry_t *root;
	struct pt_path walk;
	pfn_t saved, table;

	(void)state;
	world_start(4, 2048);
	saved = pt_root();
	table = frames_alloc(0);
	root = pfn_to_virt(table);
	memset(root, 0, PAGE_SIZE);
	root[1].raw = model_foreign_mfn() << PAGE_SHIFT | PT_TABLE;
	root[2].raw = model_mfn(table.pfn) << PAGE_SHIFT | PT_PRESENT | PT_HUGE;
	pt_set_root(table);
	walk = pt_lookup(1ul << 39);
	assert_true(walk.broken && !walk.mapped && walk.steps == 2);
	host_wanted("%016lx, root in pfn %lx = mfn %lx\n", 1ul << 39, table.pfn,
		    model_mfn(table.pfn));
	host_wanted(
		"  pgd[  1] %016lx  pfn      -  mfn %6lx  P RW US A D        not this domain's\n",
		root[1].raw, model_foreign_mfn());
	host_wanted("  pud[  0] 0000000000000000\n"
		    "  that table cannot be read: its frame is not this domain's\n");
	expect_walk(1ul << 39);
	walk = pt_lookup(2ul << 39 | 0x5000);
	assert_true(walk.mapped && !walk.broken && walk.steps == 1);
	assert_int_equal(pt_virt_to_machine((void *)(2ul << 39 | 0x5123)).ma,
			 (model_mfn(table.pfn) << PAGE_SHIFT) + 0x5123);
	host_wanted("%016lx, root in pfn %lx = mfn %lx\n", 2ul << 39, table.pfn,
		    model_mfn(table.pfn));
	want_step("pgd", 2, root[2].raw, "P HUGE", "allocated");
	expect_walk(2ul << 39);
	pt_set_root(saved);
	frames_free(table);
	world_stop();
}

static uintptr_t not_mapped;

static void take_the_machine_address(void)
{
	host_clear_output();
	pt_virt_to_machine((void *)not_mapped);
}

static void what_is_not_mapped_has_no_machine_address(void **state)
{
	(void)state;
	world_start(4, 2048);
	not_mapped = 0x1234000;
	host_expect_words(take_the_machine_address,
			  "address 0x1234000 has no machine address: it is not mapped (the walk "
			  "ends at the pgd entry)");
	not_mapped = 0xffff800000001000;
	host_expect_words(take_the_machine_address,
			  "address 0xffff800000001000 has no machine address: it is not mapped "
			  "(the walk ends at the first entry)");
	for (uint64_t n = 0; n < 2048; n += 13)
		assert_int_equal(pt_virt_to_machine((void *)(pfn_to_address(pfn(n)) + n)).ma,
				 model_mfn(n) * PAGE_SIZE + n);
	world_stop();
}

/* An entry is bad if it cannot be what its level demands. */
static void bad_entries(void **state)
{
	pt_entry_t table, large, foreign;

	(void)state;
	world_start(4, 2048);
	table = pt_entry_make(kernel_mm.root, PT_TABLE);
	large = pt_entry_make(kernel_mm.root, PT_TABLE | PT_HUGE);
	foreign = pt_entry_from_mfn(mfn(model_foreign_mfn()), PT_TABLE);
	for (enum pt_level level = PT_PTE; level <= PT_PGD; level = pt_level_above(level)) {
		assert_false(pt_entry_bad(pt_entry_none(), level));
		assert_false(pt_entry_bad((pt_entry_t){foreign.raw & ~PT_PRESENT}, level));
		assert_false(pt_entry_bad(table, level));
		assert_int_equal(pt_entry_bad(large, level), level != PT_PTE);
		assert_int_equal(pt_entry_bad(foreign, level), level != PT_PTE);
		pt_geometry.large_levels = 1u << PT_PUD;
		assert_int_equal(pt_entry_bad(large, level), level != PT_PTE && level != PT_PUD);
		pt_geometry.large_levels = 0;
	}
	/* Only a present entry names a machine frame. */
	assert_int_equal(pt_entry_pfn(table).pfn, kernel_mm.root.pfn);
	assert_int_equal(pt_entry_pfn((pt_entry_t){0x5000 | PT_RW}).pfn, 5);
	assert_false(pfn_valid(pt_entry_pfn(foreign)));
	world_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(a_walk_names_every_step),
		cmocka_unit_test(a_walk_is_printed),
		cmocka_unit_test(flags_are_spelled),
		cmocka_unit_test(astray),
		cmocka_unit_test(what_is_not_mapped_has_no_machine_address),
		cmocka_unit_test(bad_entries),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
