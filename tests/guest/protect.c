// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rights of every page that the kernel can reach, read from the live page tables and then
 * tried.
 *
 * A page that is writable and executable, a stack without a guard, a page table with a writable
 * alias: each is a hole that nothing else would notice. The walk covers every address that the
 * kernel can reach, what is left of the builder's mapping included.
 */
#include <arch/machine.h>
#include <arch/traps.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/translate.h>
#include <mm/kernel/image.h>
#include <mm/kernel/stacks.h>
#include <mm/table/entry.h>
#include <mm/table/walk.h>
#include <mm/user/entries.h>
#include <mm/xen/p2m.h>

SUITE(protect, "rights of every mapping: W^X, guards, page 0");

struct count {
	uint64_t pages, writable_executable, below_half, outside;
	uint64_t first_bad;
};

static bool in(uintptr_t address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* In one of the kernel stacks that tasks run on, not in the guards between them. */
static bool in_a_stack(uintptr_t address)
{
	uintptr_t offset = address - pt_slot_address(STACKS_SLOT);

	return offset < STACKS_MOST * 2ul * KERNEL_STACK_SIZE &&
	       offset % (2 * KERNEL_STACK_SIZE) >= KERNEL_STACK_SIZE;
}

/*
 * Returns true where this kernel maps anything: the image, the P2M window, the direct map, stacks.
 */
static bool expected_place(uintptr_t address)
{
	uintptr_t direct_end = direct_map_base + (p2m_size() << PAGE_SHIFT);
	uintptr_t p2m_end = p2m_address() + ROUND_UP(p2m_size() * 8, PAGE_SIZE);

	return in(address, image_start, image_end) || in_a_stack(address) ||
	       (address >= direct_map_base && address < direct_end) ||
	       (machine->xen_tables && address >= p2m_address() && address < p2m_end);
}

static bool count_leaf(const struct pt_leaf *leaf, void *argument)
{
	struct count *count = argument;

	count->pages += pt_span(leaf->level) >> PAGE_SHIFT;
	if ((leaf->rights & PT_RW) && !(leaf->rights & PT_NX)) {
		count->writable_executable++;
		count->first_bad = leaf->address;
	}
	count->below_half += leaf->address <= pt_user_limit();
	count->outside += !expected_place(leaf->address);
	return true;
}

TEST(protect, no_page_is_writable_and_executable)
{
	struct count count = {0};

	pt_for_each_leaf(count_leaf, &count);
	EXPECT_GE(count.pages, p2m_size() / 2); /* some may be holes */
	EXPECT_EQ(count.writable_executable, 0);
	EXPECT_EQ(count.first_bad, 0);
}

TEST(protect, nothing_is_mapped_outside_the_plan)
{
	struct count count = {0};

	pt_for_each_leaf(count_leaf, &count);
	EXPECT_EQ(count.below_half, 0); /* page 0 among them */
	EXPECT_EQ(count.outside, 0);
}

static void expect_rights(const char *start, const char *end, bool write, bool execute)
{
	for (uintptr_t address = (uintptr_t)start; address < (uintptr_t)end; address += PAGE_SIZE) {
		struct pt_path walk = pt_lookup(address);
		pt_entry_t entry = walk.step[walk.steps - 1].entry;

		if (!EXPECT(walk.mapped) || !EXPECT_EQ(!!(entry.raw & PT_RW), write) ||
		    !EXPECT_EQ(!(entry.raw & PT_NX), execute))
			return;
	}
}

TEST(protect, image_parts_have_their_rights)
{
	expect_rights(text_start, text_end, false, true);
	expect_rights(rodata_start, rodata_end, false, false);
	expect_rights(data_start, boot_stack_guard, true, false);
	expect_rights(boot_stack, boot_stack_top, true, false);
}

TEST(protect, rights_are_enforced)
{
	static uint64_t variable = 0xc3; /* "ret", were it executed */
	static const uint64_t constant = 7;

	EXPECT(probe_write((uintptr_t)&variable, 0xc3));
	EXPECT(!probe_write((uintptr_t)&constant, 8));
	EXPECT_EQ(constant, 7);
	EXPECT(!probe_write((uintptr_t)text_start, 0));
	EXPECT(!probe_execute((uintptr_t)&variable));
	EXPECT(!probe_execute((uintptr_t)&constant));
	EXPECT(!probe_execute((uintptr_t)boot_stack));
	EXPECT(!probe_execute((uintptr_t)pfn_to_virt(pt_root())));
}

TEST(protect, page_zero_faults)
{
	uint64_t value;

	EXPECT(!probe_read(0, &value));
	EXPECT(!probe_write(8, 1));
	EXPECT(!probe_execute(0));
}

TEST(protect, stack_has_a_guard)
{
	uint64_t value;

	EXPECT(!pt_lookup((uintptr_t)boot_stack_guard).mapped);
	EXPECT_EQ((uintptr_t)boot_stack - (uintptr_t)boot_stack_guard, PAGE_SIZE);
	EXPECT(!probe_read((uintptr_t)boot_stack - 8, &value));
	EXPECT(!probe_write((uintptr_t)boot_stack - 8, 0));
	EXPECT(probe_read((uintptr_t)boot_stack, &value));
}

/* Its frames are reached by its own address and no other: the direct map has a hole there. */
TEST(protect, stacks_are_not_in_the_direct_map)
{
	uintptr_t top = stack_alloc();
	pfn_t frames[KERNEL_STACK_SIZE / PAGE_SIZE];
	uint64_t value;

	REQUIRE(top);
	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
		uintptr_t address = top - (i + 1) * PAGE_SIZE;

		frames[i] = mfn_to_pfn(maddr_to_mfn(pt_virt_to_machine((void *)address)));
		EXPECT(probe_write(address, 1));
		EXPECT(!probe_read((uintptr_t)pfn_to_virt(frames[i]), &value));
	}
	stack_free(top);
	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
		EXPECT(probe_write((uintptr_t)pfn_to_virt(frames[i]), 1));
}

/* Every program shares it, so nobody may write to it. */
TEST(protect, the_page_of_zeros_is_read_only)
{
	uint64_t value = 1;

	EXPECT(probe_read((uintptr_t)pfn_to_virt(zero_page), &value));
	EXPECT_EQ(value, 0);
	EXPECT(!probe_write((uintptr_t)pfn_to_virt(zero_page), 0));
}

TEST(protect, direct_map_of_text_is_read_only)
{
	pfn_t frame = pfn(((uintptr_t)text_start - KERNEL_VIRT_BASE) >> PAGE_SHIFT);
	char *alias = pfn_to_virt(frame);

	EXPECT_EQ(memcmp(alias, text_start, PAGE_SIZE), 0);
	EXPECT(!probe_write((uintptr_t)alias, 0));
}
