// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the kernel was booted, and whether what it says of itself is true.
 *
 * The ELF notes are promises to the domain builder; a wrong one may go unnoticed until another
 * builder believes it. Failure here means boot/notes.S and the image disagree, or start_info was
 * misread.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <boot/notes.h>
#include <kernel/lib/boot_info.h>
#include <kernel/lib/string.h>
#include <kernel/lib/symbols.h>
#include <kernel/main.h>
#include <kernel/report/report.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/translate.h>
#include <mm/kernel/image.h>
#include <mm/table/entry.h>
#include <mm/table/find.h>
#include <xen/elfnote.h>

SUITE(boot, "what the builder was told and what it told us");

extern const char hypercall_page[];

static uint64_t note_number(uint32_t type)
{
	struct note note;
	uint64_t value = 0;

	REQUIRE(note_find(type, &note));
	memcpy(&value, note.value, MIN(note.size, (uint32_t)sizeof(value)));
	return value;
}

TEST(boot, notes_name_the_image)
{
	EXPECT_EQ(note_number(XEN_ELFNOTE_VIRT_BASE), KERNEL_VIRT_BASE);
	EXPECT_EQ(note_number(XEN_ELFNOTE_ENTRY), symbol_address("xen_pv_entry"));
	EXPECT_EQ(note_number(XEN_ELFNOTE_HYPERCALL_PAGE), (uintptr_t)hypercall_page);
	EXPECT_EQ(note_number(XEN_ELFNOTE_HYPERCALL_PAGE) % PAGE_SIZE, 0);
	EXPECT_EQ(note_number(XEN_ELFNOTE_INIT_P2M), BUILDER_P2M_BASE);
	EXPECT_EQ(note_number(XEN_ELFNOTE_MOD_START_PFN), 1);
	EXPECT_EQ(note_number(XEN_ELFNOTE_PHYS32_ENTRY),
		  symbol_address("pvh_entry") - KERNEL_VIRT_BASE);
}

TEST(boot, notes_are_all_read)
{
	extern const unsigned char notes_start[], notes_end[];
	const unsigned char *position = NULL;
	struct note note;
	unsigned int count = 0;

	while (note_next(notes_start, (size_t)(notes_end - notes_start), &position, &note))
		count++;
	EXPECT_GE(count, 14);
	EXPECT_EQ((uintptr_t)position, (uintptr_t)notes_end);
}

TEST(boot, boot_info_is_consistent)
{
	const struct boot_info *boot = boot_info_get();

	EXPECT_EQ(boot->pages, p2m_size());
	EXPECT_EQ(boot->page_tables.start.pfn, pt_root().pfn);
	EXPECT_GE(boot->page_tables.start.pfn,
		  ((uintptr_t)image_end - KERNEL_VIRT_BASE) / PAGE_SIZE);
	EXPECT(strnlen(boot->cmdline, BOOT_CMDLINE_SIZE) < BOOT_CMDLINE_SIZE);
	EXPECT_EQ(mfn_valid(boot->console), machine->xen && !boot->dom0);
	EXPECT_EQ(pages_for(boot->ramdisk_bytes), boot->ramdisk.count);
}

TEST(boot, per_cpu_data_is_reached_through_gs)
{
	struct cpu *cpu = this_cpu();

	EXPECT_EQ((uintptr_t)cpu->self, (uintptr_t)cpu);
	EXPECT_EQ(cpu->number, 0);
	EXPECT_EQ(cpu->stack, (uintptr_t)boot_stack);
}

TEST(boot, symbols_name_addresses)
{
	uint64_t offset = 1;
	const char *name = symbol_find((uintptr_t)kernel_main, &offset);
	char text[SYMBOL_TEXT];

	REQUIRE(name);
	EXPECT_STREQ(name, "kernel_main");
	EXPECT_EQ(offset, 0);
	EXPECT_EQ(symbol_address("kernel_main"), (uintptr_t)kernel_main);
	EXPECT_EQ(symbol_address("boot_stack"), (uintptr_t)boot_stack);
	EXPECT_EQ(symbol_address("no_such_symbol"), 0);
	EXPECT_STREQ(symbol_text((uintptr_t)kernel_main + 5, text, sizeof(text)),
		     "kernel_main+0x5");
	EXPECT(!symbol_find((uintptr_t)image_end, &offset));
	EXPECT(!symbol_find(0, &offset));
}
