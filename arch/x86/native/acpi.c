// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding in ACPI tables the registers that switch a machine off and reset it, and its CPUs.
 *
 * The root pointer leads to a list of tables. One of them (signature FACP) has the addresses of the
 * registers. The value that means "off" is in the byte code of another (DSDT), in the package _S5_.
 * All firmware encodes that in the same way, so it is found by its bytes. A third (APIC) lists the
 * interrupt controllers, and so the CPUs, each of which has one.
 */
#include <arch/acpi.h>
#include <kernel/lib/string.h>

#define SCAN_START 0xe0000ull
#define SCAN_END   0x100000ull
#define TABLE_MOST (4u << 20)

enum { HEADER = 36, ROOT_BYTES = 20 };

/* Offsets in the FACP table. */
enum {
	OLD_DSDT = 40,
	OLD_CONTROL_A = 64,
	OLD_CONTROL_B = 68,
	FLAGS = 112,
	RESET = 116,
	RESET_VALUE = 128,
	DSDT = 140,
	SLEEP_CONTROL = 244,
};

/* Offsets in the APIC table and in its entries, of which there are two kinds for a CPU. */
enum {
	FIRST_ENTRY = 44,
	ENTRY_KIND = 0,
	ENTRY_BYTES = 1,
	LOCAL_APIC = 0, /* with an id of 8 bits */
	LOCAL_APIC_ID = 3,
	LOCAL_APIC_FLAGS = 4,
	LOCAL_APIC_BYTES = 8,
	LOCAL_X2APIC = 9, /* with one of 32 bits */
	LOCAL_X2APIC_ID = 4,
	LOCAL_X2APIC_FLAGS = 8,
	LOCAL_X2APIC_BYTES = 16,
};

#define CPU_ENABLED (1u << 0)

#define CAN_RESET   (1u << 10)
#define HAS_NO_PM1  (1u << 20) /* "hardware-reduced": the sleep control register instead */
#define PM1_ENABLE  (1u << 13) /* with the type of sleep at bit 10 */
#define SLEEP_START (1u << 5)  /* with the type of sleep at bit 2 */

static const void *(*memory_at)(uint64_t address, uint64_t bytes);

struct table {
	const unsigned char *start;
	uint32_t bytes;
};

/* Returns a number in the table; 0 if the table is too short. */
static uint64_t number(struct table table, uint32_t offset, unsigned int bytes)
{
	uint64_t value = 0;

	if (offset <= table.bytes && bytes <= table.bytes - offset)
		memcpy(&value, table.start + offset, bytes);
	return value;
}

static bool sums_to_zero(const unsigned char *start, uint64_t bytes)
{
	unsigned char sum = 0;

	for (uint64_t i = 0; i < bytes; i++)
		sum = (unsigned char)(sum + start[i]);
	return !sum;
}

/* Reads the table at an address. Returns false if there is no valid one with that signature. */
static bool read_table(uint64_t address, const char *signature, struct table *table)
{
	table->start = address ? memory_at(address, HEADER) : NULL;
	table->bytes = HEADER;
	if (!table->start || memcmp(table->start, signature, 4) != 0)
		return false;
	table->bytes = (uint32_t)number(*table, 4, 4);
	if (table->bytes < HEADER || table->bytes > TABLE_MOST)
		return false;
	table->start = memory_at(address, table->bytes);
	return table->start && sums_to_zero(table->start, table->bytes);
}

static bool read_root(uint64_t address, struct table *root)
{
	root->start = memory_at(address, HEADER);
	root->bytes = HEADER;
	return root->start && memcmp(root->start, "RSD PTR ", 8) == 0 &&
	       sums_to_zero(root->start, ROOT_BYTES);
}

static bool find_root(uint64_t rsdp, struct table *root)
{
	if (rsdp)
		return read_root(rsdp, root);
	for (rsdp = SCAN_START; rsdp < SCAN_END - HEADER; rsdp += 16) {
		if (read_root(rsdp, root))
			return true;
	}
	return false;
}

/* Finds a table in a list of tables, whose entries have that many bytes. */
static bool find_in(struct table list, unsigned int bytes, const char *signature,
		    struct table *table)
{
	for (uint32_t offset = HEADER; offset < list.bytes; offset += bytes) {
		if (read_table(number(list, offset, bytes), signature, table))
			return true;
	}
	return false;
}

static bool find_table(struct table root, const char *signature, struct table *table)
{
	struct table list;

	if (number(root, 15, 1) >= 2 && read_table(number(root, 24, 8), "XSDT", &list))
		return find_in(list, 8, signature, table);
	return read_table(number(root, 16, 4), "RSDT", &list) && find_in(list, 4, signature, table);
}

/*
 * Finds the sleep type that means "off". The name is followed by the package's mark, its length
 * (whose first byte tells how many more bytes it has), its count, and the first number.
 */
static bool find_sleep_type(struct table dsdt, uint16_t *type)
{
	const unsigned char package = 0x12, byte_follows = 0x0a;

	for (uint32_t at = HEADER; at + 4 < dsdt.bytes; at++) {
		uint32_t next = at + 5;
		uint64_t value;

		if (memcmp(dsdt.start + at, "_S5_", 4) != 0 || dsdt.start[at + 4] != package)
			continue;
		next += (uint32_t)(number(dsdt, next, 1) >> 6) + 2;
		value = number(dsdt, next, 1);
		if (value == byte_follows)
			value = number(dsdt, next + 1, 1);
		*type = (uint16_t)(value & 7);
		return true;
	}
	return false;
}

/* Returns a register that is described in full, in 12 bytes. */
static struct acpi_write described(struct table facp, uint32_t offset, uint16_t value)
{
	uint64_t space = number(facp, offset, 1), address = number(facp, offset + 4, 8);
	struct acpi_write write = {ACPI_NOWHERE, 1, address, value, NULL};

	if (address && space <= 1)
		write.where = space ? ACPI_PORT : ACPI_MEMORY;
	return write;
}

static struct acpi_write control_port(struct table facp, uint32_t offset, uint16_t value)
{
	uint64_t port = number(facp, offset, 4);

	return (struct acpi_write){port ? ACPI_PORT : ACPI_NOWHERE, 2, port, value, NULL};
}

struct acpi_power acpi_find_power(uint64_t rsdp,
				  const void *(*at)(uint64_t address, uint64_t bytes))
{
	struct acpi_power power = {0};
	struct table root, facp, dsdt;
	uint64_t flags;
	uint16_t type;

	memory_at = at;
	if (!find_root(rsdp, &root) || !find_table(root, "FACP", &facp))
		return power;
	flags = number(facp, FLAGS, 4);
	if (flags & CAN_RESET)
		power.reset = described(facp, RESET, (uint16_t)number(facp, RESET_VALUE, 1));
	if (!read_table(number(facp, DSDT, 8), "DSDT", &dsdt) &&
	    !read_table(number(facp, OLD_DSDT, 4), "DSDT", &dsdt))
		return power;
	if (!find_sleep_type(dsdt, &type))
		return power;
	if (flags & HAS_NO_PM1) {
		power.off[0] = described(facp, SLEEP_CONTROL, (uint16_t)(type << 2 | SLEEP_START));
	} else {
		power.off[0] =
			control_port(facp, OLD_CONTROL_A, (uint16_t)(type << 10 | PM1_ENABLE));
		power.off[1] =
			control_port(facp, OLD_CONTROL_B, (uint16_t)(type << 10 | PM1_ENABLE));
	}
	return power;
}

static void add_cpu(struct acpi_cpus *found, uint32_t id)
{
	for (unsigned int i = 0; i < found->count; i++) {
		if (found->apic_id[i] == id)
			return;
	}
	if (found->count < CPU_MAX)
		found->apic_id[found->count++] = id;
	else
		found->left_out++;
}

/* Reads the entry at an offset. Returns false if it is not that of an enabled CPU. */
static bool read_cpu(struct table apic, uint32_t entry, uint64_t bytes, uint32_t *id)
{
	uint64_t kind = number(apic, entry + ENTRY_KIND, 1);

	if (kind == LOCAL_APIC && bytes >= LOCAL_APIC_BYTES) {
		*id = (uint32_t)number(apic, entry + LOCAL_APIC_ID, 1);
		return (number(apic, entry + LOCAL_APIC_FLAGS, 4) & CPU_ENABLED) &&
		       *id != UINT8_MAX;
	}
	if (kind == LOCAL_X2APIC && bytes >= LOCAL_X2APIC_BYTES) {
		*id = (uint32_t)number(apic, entry + LOCAL_X2APIC_ID, 4);
		return (number(apic, entry + LOCAL_X2APIC_FLAGS, 4) & CPU_ENABLED) &&
		       *id != UINT32_MAX;
	}
	return false;
}

struct acpi_cpus acpi_find_cpus(uint64_t rsdp, uint32_t running,
				const void *(*at)(uint64_t address, uint64_t bytes))
{
	const struct acpi_cpus one = {.count = 1, .apic_id = {running}};
	struct acpi_cpus found = one;
	struct table root, apic;
	bool has_running = false;

	memory_at = at;
	if (!find_root(rsdp, &root) || !find_table(root, "APIC", &apic))
		return one;
	for (uint32_t entry = FIRST_ENTRY; entry < apic.bytes;) {
		uint64_t bytes = number(apic, entry + ENTRY_BYTES, 1);
		uint32_t id;

		if (bytes <= ENTRY_BYTES || bytes > apic.bytes - entry)
			return one;
		if (read_cpu(apic, entry, bytes, &id)) {
			add_cpu(&found, id);
			has_running |= id == running;
		}
		entry += (uint32_t)bytes;
	}
	return has_running ? found : one;
}
