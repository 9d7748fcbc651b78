// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * start_info: a good one is understood, and one with any single field spoilt is refused with a
 * message that names the field.
 */
#include "host.h"

#include <arch/xen.h>
#include <boot/start_info.h>
#include <xen/features.h>
#include <xen/xen.h>

#define PAGES 16384u

static const uintptr_t own_address = KERNEL_VIRT_BASE + 0x125000;

/* As libxenguest fills it in for a DomU of 64 MiB. */
static struct start_info good_domu(void)
{
	struct start_info start = {
		.magic = "xen-3.0-x86_64",
		.nr_pages = PAGES,
		.shared_info = 0x1234000,
		.store_mfn = 0x777,
		.store_evtchn = 1,
		.pt_base = KERNEL_VIRT_BASE + 0x128000,
		.nr_pt_frames = 5,
		.mfn_list = BUILDER_P2M_BASE,
		.first_p2m_pfn = 0x400,
		.nr_p2m_frames = 35,
		.cmd_line = "selftest",
	};

	start.console.domU.mfn = 0x888;
	start.console.domU.evtchn = 2;
	return start;
}

static void expect_good(struct start_info start, struct boot_info *boot)
{
	const char *error = boot_info_from_start_info(&start, own_address, boot);

	if (error)
		fail_msg("refused: %s", error);
}

static void expect_refused(struct start_info start, const char *field)
{
	struct boot_info boot;
	const char *error = boot_info_from_start_info(&start, own_address, &boot);

	if (!error)
		fail_msg("a wrong start_info.%s was accepted", field);
	if (!strstr(error, field))
		fail_msg("\"%s\" does not name %s", error, field);
}

static void a_domu(void **state)
{
	struct boot_info boot;

	(void)state;
	expect_good(good_domu(), &boot);
	assert_false(boot.dom0);
	assert_string_equal(boot.protocol, "xen-3.0-x86_64");
	assert_string_equal(boot.cmdline, "selftest");
	assert_int_equal(boot.pages, PAGES);
	assert_int_equal(boot.shared_info.ma, 0x1234000);
	assert_int_equal(boot.start_info.start.pfn, 0x125);
	assert_int_equal(boot.page_tables.start.pfn, 0x128);
	assert_int_equal(boot.page_tables.count, 5);
	assert_int_equal(boot.p2m.start.pfn, 0x400);
	assert_int_equal(boot.p2m.count, 35);
	assert_int_equal(boot.console.mfn, 0x888);
	assert_int_equal(boot.console_port, 2);
	assert_int_equal(boot.xenstore.mfn, 0x777);
	assert_int_equal(boot.ramdisk.count, 0);
	assert_int_equal(boot.initial_map.count, 0x12d);
}

static void a_dom0(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	start.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	start.console.domU.mfn = 0; /* the same words mean something else there */
	start.console.domU.evtchn = 99999;
	start.store_mfn = 0;
	expect_good(start, &boot);
	assert_true(boot.dom0);
	assert_false(mfn_valid(boot.console));
	assert_false(mfn_valid(boot.xenstore));
}

static void ramdisks(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	start.flags = SIF_MOD_START_PFN;
	start.mod_start = 0x1000;
	start.mod_len = 100000;
	expect_good(start, &boot);
	assert_int_equal(boot.ramdisk.start.pfn, 0x1000);
	assert_int_equal(boot.ramdisk.count, 25);
	assert_int_equal(boot.ramdisk_bytes, 100000);

	/* An older builder names it by its address. */
	start.flags = 0;
	start.mod_start = KERNEL_VIRT_BASE + 0x200000;
	expect_good(start, &boot);
	assert_int_equal(boot.ramdisk.start.pfn, 0x200);

	start.mod_start = KERNEL_VIRT_BASE + 0x200001;
	expect_refused(start, "mod_start");
	start.mod_start = 0x1000;
	expect_refused(start, "mod_start");
	start.flags = SIF_MOD_START_PFN;
	start.mod_start = PAGES - 24;
	expect_refused(start, "mod_start");
	start.mod_start = UINT64_MAX;
	expect_refused(start, "mod_start");
	start.mod_start = 0x1000;
	start.mod_len = UINT64_MAX;
	expect_refused(start, "mod_len");
}

static void empty_ramdisk_is_none(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	start.flags = SIF_MOD_START_PFN;
	start.mod_start = 0x1000;
	expect_good(start, &boot);
	assert_int_equal(boot.ramdisk.count, 0);
}

static void magic(void **state)
{
	static const char *const bad[] = {"", "xen-2.0-x86_64", "xen-3.0-x86_32p", "linux",
					  "xen-3.0"};
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(start.magic, 0, sizeof(start.magic));
		memcpy(start.magic, bad[i], strlen(bad[i]));
		expect_refused(start, "magic");
	}
	memset(start.magic, 'x', sizeof(start.magic));
	expect_refused(start, "magic");
	strcpy(start.magic, "xen-3.12-x86_64");
	expect_good(start, &boot);
}

/* Spoils one field at a time. */
#define REFUSES(field, value)                          \
	do {                                           \
		struct start_info start = good_domu(); \
		start.field = (value);                 \
		expect_refused(start, #field);         \
	} while (0)

static void numbers_out_of_range(void **state)
{
	(void)state;
	REFUSES(nr_pages, 0);
	REFUSES(nr_pages, 63);
	REFUSES(nr_pages, UINT64_MAX);
	REFUSES(shared_info, 0);
	REFUSES(shared_info, 0x1234001);
	REFUSES(pt_base, 0);
	REFUSES(pt_base, KERNEL_VIRT_BASE + 0x128001);
	REFUSES(pt_base, KERNEL_VIRT_BASE + PAGES * 4096ul);
	REFUSES(pt_base, KERNEL_VIRT_BASE - 4096);
	REFUSES(nr_pt_frames, 0);
	REFUSES(nr_pt_frames, 3);
	REFUSES(nr_pt_frames, PAGES);
	REFUSES(nr_pt_frames, UINT64_MAX);
	REFUSES(mfn_list, 0);
	REFUSES(mfn_list, BUILDER_P2M_BASE + 8);
	REFUSES(mfn_list, DIRECT_MAP_BASE);
	REFUSES(mfn_list, XEN_VIRT_START);
	REFUSES(mfn_list, KERNEL_VIRT_BASE - 4096);
	REFUSES(mfn_list, KERNEL_VIRT_BASE + (PAGES - 31) * 4096ul);
	REFUSES(first_p2m_pfn, PAGES - 34);
	REFUSES(first_p2m_pfn, UINT64_MAX);
	REFUSES(nr_p2m_frames, 31); /* 16384 entries of 8 bytes fill 32 pages */
	REFUSES(nr_p2m_frames, UINT64_MAX);
}

static void rings(void **state)
{
	struct start_info start = good_domu();

	(void)state;
	start.console.domU.mfn = 0;
	expect_refused(start, "console.mfn");
	start = good_domu();
	start.console.domU.evtchn = 0;
	expect_refused(start, "console.evtchn");
	start.console.domU.evtchn = 4096;
	expect_refused(start, "console.evtchn");
	start = good_domu();
	start.store_mfn = 0;
	expect_refused(start, "store.mfn");
	start = good_domu();
	start.store_evtchn = 0;
	expect_refused(start, "store.evtchn");
}

static void command_lines(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	memset(start.cmd_line, 'x', sizeof(start.cmd_line));
	expect_refused(start, "cmd_line");
	start.cmd_line[1023] = 0;
	expect_good(start, &boot);
	assert_int_equal(strlen(boot.cmdline), 1023);
	start.cmd_line[0] = 0;
	expect_good(start, &boot);
	assert_string_equal(boot.cmdline, "");
}

/* A builder that knows no INIT_P2M puts the list behind the kernel, into the initial mapping. */
static void a_list_in_the_initial_mapping(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	start.mfn_list = KERNEL_VIRT_BASE + 0x130000;
	start.first_p2m_pfn = 0;
	start.nr_p2m_frames = 0;
	expect_good(start, &boot);
	assert_int_equal(boot.p2m_address, KERNEL_VIRT_BASE + 0x130000);
	assert_int_equal(boot.p2m.start.pfn, 0x130);
	assert_int_equal(boot.p2m.count, 32);
}

static void its_own_address(void **state)
{
	struct start_info start = good_domu();
	struct boot_info boot;

	(void)state;
	assert_non_null(
		strstr(boot_info_from_start_info(&start, 0x1000, &boot), "initial mapping"));
}

static void random_bytes_are_survived(void **state)
{
	(void)state;
	host_seed(5);
	for (unsigned int round = 0; round < 20000; round++) {
		struct start_info start = good_domu();
		struct boot_info boot;

		for (uint64_t n = host_random_below(6) + 1; n; n--)
			((unsigned char *)&start)[host_random_below(sizeof(start))] =
				(unsigned char)host_random();
		boot_info_from_start_info(&start, own_address, &boot);
	}
}

/* A PV guest holds mfns in its tables and changes rights by preserve-A/D; a PVH guest does neither.
 */
static void features(void **state)
{
	const uint32_t translated = 1u << XENFEAT_auto_translated_physmap;
	const uint32_t preserve = 1u << XENFEAT_mmu_pt_update_preserve_ad;

	(void)state;
	assert_null(features_check(preserve, false));
	assert_null(features_check(UINT32_MAX & ~translated, false));
	assert_null(features_check(translated, true));
	assert_non_null(strstr(features_check(0, false), "preserve_ad"));
	assert_non_null(strstr(features_check(~(preserve | translated), false), "preserve_ad"));
	assert_non_null(strstr(features_check(preserve | translated, false), "as a PV guest"));
	assert_non_null(strstr(features_check(preserve, true), "as a PVH guest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domu),
		cmocka_unit_test(a_dom0),
		cmocka_unit_test(ramdisks),
		cmocka_unit_test(empty_ramdisk_is_none),
		cmocka_unit_test(magic),
		cmocka_unit_test(numbers_out_of_range),
		cmocka_unit_test(rings),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(a_list_in_the_initial_mapping),
		cmocka_unit_test(its_own_address),
		cmocka_unit_test(features),
		cmocka_unit_test(random_bytes_are_survived),
	};

	return cmocka_run_group_tests_name("start_info", tests, NULL, NULL);
}
