// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A processor and devices of our own: what keeps the kernel off programs' pages, and devices that
 * may be missing. If one of the first fails, a mistake of the kernel's reads or runs what a program
 * has prepared, instead of being noticed.
 */
#include "tables.h"

#include <arch/io.h>
#include <arch/traps.h>
#include <arch/user.h>
#include <drivers/console.h>

SUITE_THAT(NEEDS_OWN_TABLES, processor, "SMEP and SMAP, devices that are missing");

#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define ADDRESS  0x400000ul

static uint64_t control(void)
{
	uint64_t cr4;

	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	return cr4;
}

TEST(processor, what_it_has_is_on)
{
	uint32_t has = cpuid(0).eax >= 7 ? cpuid(7).ebx : 0;

	EXPECT_EQ(control() >> 20 & 1, has >> 7 & 1);
	EXPECT_EQ(control() >> 21 & 1, has >> 20 & 1);
}

/* A page of a program's, with a "ret" in it. */
TEST(processor, pages_of_programs_are_out_of_bounds)
{
	pfn_t page = frames_alloc(0);
	bool smap = control() & CR4_SMAP, smep = control() & CR4_SMEP, seen;
	uint64_t value = 0;
	struct mm mm;

	REQUIRE(pfn_valid(page) && mm_create(&mm));
	*(volatile uint64_t *)pfn_to_virt(page) = 0xc3;
	set_entry(make_pte(&mm, ADDRESS), PT_PTE,
		  pt_entry_make(page, PT_KERNEL_RX | PT_RW | PT_DIRTY | PT_USER));
	mm_activate(&mm);
	mm_load(&mm);
	EXPECT_EQ(probe_read(ADDRESS, &value), !smap);
	EXPECT_EQ(probe_write(ADDRESS, 0xc3), !smap);
	EXPECT_EQ(probe_execute(ADDRESS), !smep);
	if (smap) {
		/* It is that, and nothing else, that keeps us out. */
		user_window(true);
		seen = probe_read(ADDRESS, &value);
		user_window(false);
		EXPECT(seen);
		EXPECT_EQ(value, 0xc3);
		EXPECT(!probe_read(ADDRESS, &value));
	}
	mm_destroy(&mm);
	frames_free(page);
}

/* A port that is not there reads as ones. */
TEST(processor, a_missing_port_types_nothing)
{
	EXPECT_NE(console_try_getc(), 0xff);
}
