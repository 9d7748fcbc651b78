// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The registers that end a machine, and its CPUs: as a PC's tables give them, as those of a machine
 * without the PC's do, and from tables that are broken in every place.
 */
#include "host.h"

#include <arch/acpi.h>

/* Physical memory from 0xe0000 on: 128 KiB. */
#define BASE 0xe0000
static unsigned char memory[0x20000];

enum { ROOT = 0xf5b00, LIST = 0xe1000, FACP = 0xe2000, DSDT_AT = 0xe3000, OTHER = 0xe4000 };
enum { LIST_BYTES = 36 + 16, FACP_BYTES = 268, DSDT_BYTES = 64 };

/* The table of the CPUs is OTHER; its entries begin here. */
enum { ENTRIES = OTHER + 44, APIC_MOST = 44 + 100 * 16 };
static uint32_t apic_bytes;

static const void *at(uint64_t address, uint64_t bytes)
{
	if (address < BASE || address - BASE > sizeof(memory) ||
	    bytes > sizeof(memory) - (address - BASE))
		return NULL;
	return memory + (address - BASE);
}

static unsigned char *there(uint64_t address)
{
	return memory + (address - BASE);
}

static void put(uint64_t address, uint64_t value, unsigned int bytes)
{
	memcpy(there(address), &value, bytes);
}

static void make_sum(uint64_t address, uint32_t bytes, unsigned int where)
{
	unsigned char sum = 0;

	put(address + where, 0, 1);
	for (uint32_t i = 0; i < bytes; i++)
		sum = (unsigned char)(sum + there(address)[i]);
	put(address + where, (unsigned char)-sum, 1);
}

static void finish_table(uint64_t address, const char *signature, uint32_t bytes)
{
	memcpy(there(address), signature, 4);
	put(address + 4, bytes, 4);
	make_sum(address, bytes, 9);
}

static void finish_all(void)
{
	finish_table(OTHER, "APIC", apic_bytes);
	finish_table(FACP, "FACP", FACP_BYTES);
	finish_table(DSDT_AT, "DSDT", DSDT_BYTES);
}

/* What QEMU's PC has: an old root, ports, type 0, written with and without a prefix. */
static void make_pc(void)
{
	static const unsigned char off[] = {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0, 0, 0, 0};

	memset(memory, 0, sizeof(memory));
	apic_bytes = 44;
	memcpy(there(ROOT), "RSD PTR ", 8);
	put(ROOT + 16, LIST, 4);
	make_sum(ROOT, 20, 8);
	put(LIST + 36, OTHER, 4);
	put(LIST + 40, FACP, 4);
	finish_table(LIST, "RSDT", 36 + 8);
	put(FACP + 40, DSDT_AT, 4);
	put(FACP + 64, 0x604, 4);
	put(FACP + 112, 1u << 10, 4);
	put(FACP + 116, 1, 1); /* a port */
	put(FACP + 120, 0xcf9, 8);
	put(FACP + 128, 0x0f, 1);
	memcpy(there(DSDT_AT + 40), off, sizeof(off));
	finish_all();
}

/* What QEMU's microvm has: a newer root, registers in memory, no ports. */
static void make_microvm(void)
{
	static const unsigned char off[] = {'_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 5, 0, 0, 0};

	make_pc();
	put(ROOT + 15, 2, 1);
	put(ROOT + 16, 0, 4);
	put(ROOT + 24, LIST, 8);
	make_sum(ROOT, 20, 8);
	put(LIST + 36, OTHER, 8);
	put(LIST + 44, FACP, 8);
	finish_table(LIST, "XSDT", LIST_BYTES);
	put(FACP + 40, 0, 4);
	put(FACP + 64, 0, 4);
	put(FACP + 140, DSDT_AT, 8);
	put(FACP + 112, 1u << 20 | 1u << 10, 4);
	put(FACP + 116, 0, 1); /* memory */
	put(FACP + 120, 0xfea00202, 8);
	put(FACP + 128, 0x42, 1);
	put(FACP + 244, 0, 1);
	put(FACP + 248, 0xfea00200, 8);
	memset(there(DSDT_AT + 40), 0, 12);
	memcpy(there(DSDT_AT + 40), off, sizeof(off));
	finish_all();
}

static void expect_write(struct acpi_write write, int where, unsigned int bytes, uint64_t address,
			 unsigned int value)
{
	assert_int_equal(write.where, where);
	assert_int_equal(write.bytes, bytes);
	assert_int_equal(write.address, address);
	assert_int_equal(write.value, value);
}

static void a_pc(void **state)
{
	(void)state;
	make_pc();
	/* Named by the loader, or found. */
	for (uint64_t rsdp = 0; rsdp <= ROOT; rsdp += ROOT) {
		struct acpi_power power = acpi_find_power(rsdp, at);

		expect_write(power.off[0], ACPI_PORT, 2, 0x604, 0x2000);
		assert_int_equal(power.off[1].where, ACPI_NOWHERE);
		expect_write(power.reset, ACPI_PORT, 1, 0xcf9, 0x0f);
	}
	/* Two register blocks, and another type. */
	put(FACP + 68, 0x704, 4);
	put(DSDT_AT + 48, 7, 1);
	finish_all();
	expect_write(acpi_find_power(ROOT, at).off[0], ACPI_PORT, 2, 0x604, 0x3c00);
	expect_write(acpi_find_power(ROOT, at).off[1], ACPI_PORT, 2, 0x704, 0x3c00);
}

static void a_machine_without_a_pcs_ports(void **state)
{
	struct acpi_power power;

	(void)state;
	make_microvm();
	power = acpi_find_power(ROOT, at);
	expect_write(power.off[0], ACPI_MEMORY, 1, 0xfea00200, 5 << 2 | 0x20);
	assert_int_equal(power.off[1].where, ACPI_NOWHERE);
	expect_write(power.reset, ACPI_MEMORY, 1, 0xfea00202, 0x42);
}

static bool finds_anything(uint64_t rsdp)
{
	struct acpi_power power = acpi_find_power(rsdp, at);

	return power.off[0].where || power.off[1].where || power.reset.where;
}

static void what_is_broken_counts_for_nothing(void **state)
{
	static const uint64_t tables[] = {ROOT, LIST, FACP};

	(void)state;
	memset(memory, 0, sizeof(memory));
	assert_false(finds_anything(0));
	assert_false(finds_anything(ROOT));
	assert_false(finds_anything(1ull << 40));
	assert_false(finds_anything(UINT64_MAX));
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		make_pc();
		there(tables[i])[10]++; /* the sum is wrong */
		assert_false(finds_anything(ROOT));
	}
	make_pc();
	there(DSDT_AT)[50]++;
	assert_int_equal(acpi_find_power(ROOT, at).off[0].where, ACPI_NOWHERE);
	assert_int_equal(acpi_find_power(ROOT, at).reset.where, ACPI_PORT);
	/* A table that ends in the middle of what is wanted, one that ends nowhere. */
	make_pc();
	finish_table(FACP, "FACP", 66);
	finds_anything(ROOT);
	put(FACP + 4, UINT32_MAX, 4);
	assert_false(finds_anything(ROOT));
	put(FACP + 4, 3, 4);
	assert_false(finds_anything(ROOT));
}

/* Adds an entry to the table of the CPUs, and returns its address. */
static uint64_t add_entry(unsigned int kind, unsigned int bytes)
{
	uint64_t entry = OTHER + apic_bytes;

	put(entry, kind, 1);
	put(entry + 1, bytes, 1);
	apic_bytes += bytes;
	assert_true(apic_bytes <= APIC_MOST);
	return entry;
}

static void add_apic(unsigned int id, uint32_t flags)
{
	uint64_t entry = add_entry(0, 8);

	put(entry + 3, id, 1);
	put(entry + 4, flags, 4);
	finish_all();
}

static void add_x2apic(uint32_t id, uint32_t flags)
{
	uint64_t entry = add_entry(9, 16);

	put(entry + 4, id, 4);
	put(entry + 8, flags, 4);
	finish_all();
}

static void expect_cpus(uint32_t running, const char *expected)
{
	struct acpi_cpus found = acpi_find_cpus(ROOT, running, at);
	char text[1024] = "";

	assert_in_range(found.count, 1, CPU_MAX);
	for (unsigned int i = 0; i < found.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? " " : "",
			 found.apic_id[i]);
	assert_string_equal(text, expected);
}

static void the_cpus(void **state)
{
	(void)state;
	for (unsigned int machine = 0; machine < 2; machine++) {
		if (machine)
			make_microvm();
		else
			make_pc();
		expect_cpus(0, "0"); /* no entries */
		add_apic(0, 1);
		add_apic(2, 1);
		add_entry(1, 12); /* an I/O APIC */
		add_apic(4, 0);   /* not there */
		add_apic(5, 2);   /* may be plugged in */
		add_apic(6, 3);
		add_x2apic(300, 1);
		add_x2apic(301, 0);
		add_x2apic(UINT32_MAX, 1); /* all CPUs: nobody's id */
		add_apic(UINT8_MAX, 1);
		add_x2apic(6, 1); /* again */
		expect_cpus(0, "0 2 6 300");
		/* The running one is the first. */
		expect_cpus(6, "6 0 2 300");
		expect_cpus(300, "300 0 2 6");
		/* It is not in the table, or not enabled there: then the table is not this
		 * machine's. */
		expect_cpus(7, "7");
		expect_cpus(4, "4");
	}
}

static void more_cpus_than_there_is_room_for(void **state)
{
	struct acpi_cpus found;

	(void)state;
	make_pc();
	for (unsigned int i = 0; i < CPU_MAX + 3; i++)
		add_x2apic(1000 + i, 1);
	found = acpi_find_cpus(ROOT, 1000 + CPU_MAX, at);
	assert_int_equal(found.count, CPU_MAX);
	assert_int_equal(found.left_out, 3);
	assert_int_equal(found.apic_id[0], 1000 + CPU_MAX); /* there is room for the running one */
	for (unsigned int i = 1; i < CPU_MAX; i++)
		assert_int_equal(found.apic_id[i], 1000 + i - 1);
}

static void tables_of_cpus_that_count_for_nothing(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	expect_cpus(3, "3");
	/* A wrong sum, another signature, no room for the first entry. */
	for (unsigned int i = 0; i < 3; i++) {
		make_pc();
		add_apic(0, 1);
		add_apic(1, 1);
		expect_cpus(0, "0 1");
		if (i == 0)
			there(OTHER)[20]++;
		else if (i == 1)
			finish_table(OTHER, "APIX", apic_bytes);
		else
			finish_table(OTHER, "APIC", 40);
		expect_cpus(0, "0");
	}
	/* Any length of the last entry but its own: what follows is no entry, or ends after the
	 * table. */
	for (unsigned int bytes = 0; bytes < 256; bytes++) {
		uint64_t last;

		make_pc();
		add_apic(0, 1);
		add_apic(1, 1);
		last = OTHER + apic_bytes;
		add_apic(2, 1);
		put(last + 1, bytes, 1);
		finish_all();
		expect_cpus(0, bytes == 8 ? "0 1 2" : "0");
	}
	/* The table ends in the middle of an entry. */
	for (unsigned int less = 1; less < 16; less++) {
		make_pc();
		add_apic(0, 1);
		add_x2apic(1, 1);
		finish_table(OTHER, "APIC", apic_bytes - less);
		expect_cpus(0, "0");
	}
	/* Entries too short for what their kind has: the next one's kind, 1, is not their flags. */
	make_pc();
	add_apic(0, 1);
	put(add_entry(9, 8) + 4, 7, 4);
	add_entry(1, 12);
	put(add_entry(0, 4) + 3, 8, 1);
	add_entry(1, 12);
	add_apic(1, 1);
	expect_cpus(0, "0 1");
}

/* Any byte may be anything: it is read within bounds (the sanitizer looks), and it ends. */
static void random_damage(void **state)
{
	static const uint64_t tables[] = {ROOT, LIST, FACP, DSDT_AT, OTHER};
	static const uint32_t bytes[] = {20, LIST_BYTES, FACP_BYTES, DSDT_BYTES, 44 + 8 + 16};

	(void)state;
	host_seed(1);
	for (unsigned int i = 0; i < 4000; i++) {
		unsigned int which = host_random_below(ARRAY_SIZE(tables));
		uint64_t table = tables[which];
		unsigned int count;

		if (i % 2)
			make_pc();
		else
			make_microvm();
		add_apic(1, 1);
		add_x2apic(2, 1);
		for (unsigned int n = 0; n < 4; n++)
			there(table)[host_random_below(68)] = (unsigned char)host_random();
		if (table == ROOT)
			memcpy(there(ROOT), "RSD PTR ", 8);
		make_sum(table, bytes[which], table == ROOT ? 8 : 9);
		acpi_find_power(ROOT, at);
		count = acpi_find_cpus(ROOT, 1, at).count;
		assert_in_range(count, 1, 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pc),
		cmocka_unit_test(a_machine_without_a_pcs_ports),
		cmocka_unit_test(what_is_broken_counts_for_nothing),
		cmocka_unit_test(the_cpus),
		cmocka_unit_test(more_cpus_than_there_is_room_for),
		cmocka_unit_test(tables_of_cpus_that_count_for_nothing),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
