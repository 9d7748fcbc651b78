// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PVH start structure: what loaders give, and everything that a broken or hostile one may.
 */
#include "host.h"

#include <boot/pvh_info.h>
#include <kernel/lib/layout.h>
#include <mm/frame/boot_memory.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/xen.h>

/* Physical memory, as far as the loader put something there: 64 KiB at 4 KiB. */
#define BASE 0x1000
static unsigned char memory[0x10000];

enum { START = 0x1000, MAP = 0x2000, MODULES = 0x3000, CMDLINE = 0x4000 };

static const void *at(uint64_t address, uint64_t bytes)
{
	if (address < BASE || address - BASE > sizeof(memory) ||
	    bytes > sizeof(memory) - (address - BASE))
		return NULL;
	return memory + (address - BASE);
}

#define PLACE(type, address) ((type *)(void *)((memory + (address)) - BASE))

static struct hvm_start_info *start;
static struct hvm_memmap_table_entry *map;
static struct hvm_modlist_entry *modules;
static struct boot_info boot;
static struct pvh_context context;

static void set_map(unsigned int which, uint64_t address, uint64_t size, uint32_t type)
{
	map[which] = (struct hvm_memmap_table_entry){address, size, type, 0};
}

/* What QEMU gives a PC with 256 MiB and an initrd. */
static int reset(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	start = PLACE(struct hvm_start_info, START);
	map = PLACE(struct hvm_memmap_table_entry, MAP);
	modules = PLACE(struct hvm_modlist_entry, MODULES);
	*start = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.nr_modules = 1,
		.modlist_paddr = MODULES,
		.cmdline_paddr = CMDLINE,
		.memmap_paddr = MAP,
		.memmap_entries = 4,
	};
	set_map(0, 0, 0x9fc00, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(1, 0xf0000, 0x10000, XEN_HVM_MEMMAP_TYPE_RESERVED);
	set_map(2, 0x100000, 0xfee0000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(3, 0xffe0000, 0x20000, XEN_HVM_MEMMAP_TYPE_RESERVED);
	modules[0] = (struct hvm_modlist_entry){0xff00000, 5000, 0, 0};
	strcpy(PLACE(char, CMDLINE), "selftest quiet");
	context = (struct pvh_context){{pfn(0x100), 0x80}, at, NULL};
	return 0;
}

static const char *read_it(void)
{
	return boot_info_from_pvh(START, &context, &boot);
}

static void refuses(const char *text)
{
	const char *error = read_it();

	if (!error)
		fail_msg("accepted what should have been refused: %s", text);
	if (!strstr(error, text))
		fail_msg("the message is \"%s\", not \"%s\"", error, text);
}

static void what_qemu_gives(void **state)
{
	(void)state;
	assert_null(read_it());
	assert_string_equal(boot.protocol, "PVH");
	assert_false(boot.dom0);
	assert_int_equal(boot.pages, 0xffe0);
	assert_string_equal(boot.cmdline, "selftest quiet");
	assert_int_equal(boot.ramdisk.start.pfn, 0xff00);
	assert_int_equal(boot.ramdisk.count, 2);
	assert_int_equal(boot.ramdisk_bytes, 5000);
	/* The first MiB is the firmware's, memory or not. */
	assert_int_equal(boot.absent_runs, 1);
	assert_int_equal(boot.absent[0].start.pfn, 0);
	assert_int_equal(boot.absent[0].count, 0x100);
	assert_int_equal(boot.low_frame.pfn, 0x9e);
	assert_false(mfn_valid(boot.console));
}

/* The frame in which other CPUs start: whole, RAM, below 640 KiB, and not the first. */
static void a_low_frame(void **state)
{
	static const struct {
		uint64_t address, size, low_frame;
	} maps[] = {
		{0, 0xa0000, 0x9f},  {0, 0xf0000, 0x9f},   {0x9f000, 0x1000, 0x9f},
		{0x9f000, 0xfff, 0}, {0x9f001, 0x1000, 0}, {0, 0x1fff, 0},
		{0, 0x2000, 1},      {0x500, 0x1800, 0},   {0xa0000, 0x10000, 0},
		{0x1000, 0x1000, 1}, {0x800, 0x2800, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		set_map(0, maps[i].address, maps[i].size, XEN_HVM_MEMMAP_TYPE_RAM);
		assert_null(read_it());
		assert_int_equal(boot.low_frame.pfn, maps[i].low_frame);
		set_map(0, maps[i].address, maps[i].size, XEN_HVM_MEMMAP_TYPE_RESERVED);
		assert_null(read_it());
		assert_int_equal(boot.low_frame.pfn, 0);
	}
	/* The highest of several, in any order. */
	set_map(0, 0x50000, 0x8000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(1, 0x10000, 0x8000, XEN_HVM_MEMMAP_TYPE_RAM);
	assert_null(read_it());
	assert_int_equal(boot.low_frame.pfn, 0x57);
}

static void dom0_and_nothing_else(void **state)
{
	(void)state;
	start->flags = SIF_INITDOMAIN;
	start->nr_modules = 0;
	start->cmdline_paddr = 0;
	assert_null(read_it());
	assert_true(boot.dom0);
	assert_string_equal(boot.cmdline, "");
	assert_int_equal(boot.ramdisk.count, 0);
}

/* Out of order, touching, in pieces smaller than a page, and far away. */
static void any_map_of_memory(void **state)
{
	(void)state;
	start->memmap_entries = 7;
	set_map(0, 1ull << 32, 1ull << 30, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(1, 0x100000, 0x1000000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(2, 0x1100000, 0xeee0000, XEN_HVM_MEMMAP_TYPE_RAM); /* touches the one before */
	set_map(3, 0xfffff800, 0x700, XEN_HVM_MEMMAP_TYPE_RAM);    /* no whole page */
	set_map(4, 0x1000, 0x8000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(5, 0x200000, 0, XEN_HVM_MEMMAP_TYPE_RESERVED); /* empty, in the middle of RAM */
	set_map(6, UINT64_MAX - 0xfff, 0x1000, XEN_HVM_MEMMAP_TYPE_RESERVED); /* to the very end */
	assert_null(read_it());
	assert_int_equal(boot.pages, 0x140000);
	assert_int_equal(boot.absent_runs, 2);
	assert_int_equal(boot.absent[0].start.pfn, 0);
	assert_int_equal(boot.absent[0].count, 0x100);
	assert_int_equal(boot.absent[1].start.pfn, 0xffe0);
	assert_int_equal(boot.absent[1].count, 0x100000 - 0xffe0);
}

static void the_structure_itself(void **state)
{
	(void)state;
	assert_non_null(strstr(boot_info_from_pvh(0x500, &context, &boot), "lies at 500"));
	assert_non_null(strstr(boot_info_from_pvh(0x10ff8, &context, &boot), "cannot be read"));
	start->magic = 0x12345678;
	refuses("hvm_start_info.magic is 12345678, not 336ec578");
}

static void memory_maps_that_are_refused(void **state)
{
	(void)state;
	start->memmap_entries = 0;
	refuses("no memory map (version 1, 0 entries)");
	start->memmap_entries = 4;
	start->version = 0;
	refuses("no memory map (version 0");
	start->version = 1;
	start->memmap_entries = 129;
	refuses("129 entries, more than 128");
	start->memmap_entries = UINT32_MAX;
	refuses("4294967295 entries");
	start->memmap_entries = 4;
	start->memmap_paddr = 0x10ff0;
	refuses("memmap_paddr is 10ff0");
	start->memmap_paddr = UINT64_MAX;
	refuses("memmap_paddr is ffffffffffffffff");
	start->memmap_paddr = MAP + 4; /* not where 64-bit numbers can be */
	refuses("memmap_paddr is 2004");
	start->memmap_paddr = MAP;
	set_map(3, UINT64_MAX - 5, 7, XEN_HVM_MEMMAP_TYPE_RESERVED);
	refuses("entry 3 wraps round");
	set_map(3, 1ull << 45, 1ull << 46, XEN_HVM_MEMMAP_TYPE_RAM);
	refuses("entry 3, RAM, ends at");
	set_map(3, 0x1000000, 0x1000, XEN_HVM_MEMMAP_TYPE_RESERVED);
	refuses("entries 2 and 3 overlap");
	set_map(3, 0, 1, XEN_HVM_MEMMAP_TYPE_RAM);
	refuses("entries 0 and 3 overlap");
	set_map(3, 0xffe0000, 0x20000, XEN_HVM_MEMMAP_TYPE_RESERVED);
	map[0].type = map[2].type = XEN_HVM_MEMMAP_TYPE_RESERVED;
	refuses("no RAM");
	map[0].type = XEN_HVM_MEMMAP_TYPE_RAM;
	refuses("no RAM"); /* above 1 MiB */
	set_map(2, 0x120000, 0xfec0000, XEN_HVM_MEMMAP_TYPE_RAM);
	refuses("the kernel, pfn 100 to 17f, does not lie in RAM");
}

/* As many as a map can have, one before each range of RAM; and all of them find room later. */
static void as_many_holes_as_there_can_be(void **state)
{
	static struct boot_memory reserved;

	(void)state;
	for (unsigned int i = 3; i < 128; i++)
		set_map(i, 0x10000000ull * i, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(0, 0x20000000, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM);
	set_map(1, 0x18000000, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM);
	start->memmap_entries = 128;
	assert_null(read_it());
	assert_int_equal(boot.absent_runs, 128);
	boot_memory_init(&reserved, boot.pages);
	for (unsigned int i = 0; i < boot.absent_runs; i++)
		assert_null(boot_memory_reserve(&reserved, boot.absent[i], FRAME_ABSENT));
	assert_int_equal(boot_memory_free(&reserved), 0xfee0 + 127);
}

static void modules_that_are_refused(void **state)
{
	(void)state;
	start->nr_modules = 17;
	refuses("nr_modules is 17");
	start->nr_modules = 1;
	start->modlist_paddr = 1ull << 40;
	refuses("modlist_paddr is 10000000000");
	start->modlist_paddr = MODULES;
	modules[0].paddr = 0xff00001;
	refuses("module 0, 5000 bytes at ff00001, does not lie in RAM above 1 MiB");
	modules[0].paddr = 0xffdf000; /* its second page is past the end */
	refuses("does not lie in RAM");
	modules[0].paddr = UINT64_MAX - 0xfff;
	refuses("does not lie in RAM");
	modules[0] = (struct hvm_modlist_entry){0x200000, UINT64_MAX, 0, 0};
	refuses("does not lie in RAM");
	modules[0] = (struct hvm_modlist_entry){0x17f000, 5000, 0, 0};
	refuses("overlaps the kernel");
	modules[0] = (struct hvm_modlist_entry){0x2000, 5000, 0, 0};
	refuses("does not lie in RAM above 1 MiB");
	start->nr_modules = 2;
	modules[0] = (struct hvm_modlist_entry){0x200000, 5000, 0, 0};
	modules[1] = (struct hvm_modlist_entry){0x201000, 1, 0, 0};
	refuses("modules 0 and 1 overlap");
	modules[1].paddr = 0x202000;
	assert_null(read_it());
	assert_int_equal(boot.ramdisk.start.pfn, 0x200);
}

static void command_lines(void **state)
{
	(void)state;
	start->cmdline_paddr = 0x11000;
	refuses("cmdline_paddr is 11000");
	start->cmdline_paddr = 0x10fff; /* the last byte that can be read, and a 0 */
	assert_null(read_it());
	memory[0xffff] = 'x';
	refuses("does not end");
	start->cmdline_paddr = CMDLINE;
	memset(PLACE(char, CMDLINE), 'x', BOOT_CMDLINE_SIZE);
	refuses("does not end within its 1024 bytes");
	*PLACE(char, CMDLINE + BOOT_CMDLINE_SIZE - 1) = '\0';
	assert_null(read_it());
	assert_int_equal(strlen(boot.cmdline), BOOT_CMDLINE_SIZE - 1);
}

/* Xen leaves the map out, and gives it by a hypercall. */
static unsigned int other_count;

static unsigned int other_map(struct hvm_memmap_table_entry *list, unsigned int max)
{
	if (other_count <= max)
		memcpy(list, map, other_count * sizeof(*list));
	return other_count;
}

static void a_map_from_elsewhere(void **state)
{
	(void)state;
	start->version = 0;
	context.memory_map = other_map;
	other_count = 4;
	assert_null(read_it());
	assert_int_equal(boot.pages, 0xffe0);
	other_count = 0;
	refuses("no memory map");
	other_count = 500;
	refuses("500 entries, more than 128");
	/* One that is there counts. */
	start->version = 1;
	assert_null(read_it());
}

/* Any bytes at all: an answer, and no access outside. */
static void garbage(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20000; seed++) {
		host_seed(seed);
		reset(NULL);
		for (unsigned int i = 0; i < 1 + seed % 8; i++) {
			uint64_t where = host_random_below(4);
			uint64_t offset = where * 0x1000 + host_random_below(0x80);

			memory[offset] = (unsigned char)host_random();
		}
		read_it();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_qemu_gives, reset),
		cmocka_unit_test_setup(a_low_frame, reset),
		cmocka_unit_test_setup(dom0_and_nothing_else, reset),
		cmocka_unit_test_setup(any_map_of_memory, reset),
		cmocka_unit_test_setup(the_structure_itself, reset),
		cmocka_unit_test_setup(memory_maps_that_are_refused, reset),
		cmocka_unit_test_setup(as_many_holes_as_there_can_be, reset),
		cmocka_unit_test_setup(modules_that_are_refused, reset),
		cmocka_unit_test_setup(command_lines, reset),
		cmocka_unit_test_setup(a_map_from_elsewhere, reset),
		cmocka_unit_test_setup(garbage, reset),
	};

	return cmocka_run_group_tests_name("pvh_info", tests, NULL, NULL);
}
