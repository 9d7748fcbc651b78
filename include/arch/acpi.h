/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a PC is switched off and reset, and which CPUs it has, as far as its firmware's ACPI tables
 * tell (ACPI specification, "Fixed ACPI Description Table", "ACPI hardware specification",
 * "Multiple APIC Description Table"). The kernel uses nothing else of ACPI and does not interpret
 * its language.
 */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include <arch/cpu.h>

/* A register and the value to write into it. */
struct acpi_write {
	enum { ACPI_NOWHERE, ACPI_PORT, ACPI_MEMORY } where;
	unsigned int bytes; /* 1 or 2 */
	uint64_t address;   /* a port, or physical memory */
	uint16_t value;
	volatile uint8_t *mapped; /* ACPI_MEMORY: its virtual address, once it is mapped */
};

struct acpi_power {
	struct acpi_write off[2]; /* written one after the other */
	struct acpi_write reset;
};

/*
 * Finds the registers. "rsdp" is the physical address of the root pointer; if it is 0, the pointer
 * is searched where firmware leaves it. "at" returns the virtual address of that much physical
 * memory, or NULL. Nothing in the tables is trusted: a table with a wrong checksum, or one that
 * does not fit, counts as absent and leaves ACPI_NOWHERE. A pure function of the memory.
 */
struct acpi_power acpi_find_power(uint64_t rsdp,
				  const void *(*at)(uint64_t address, uint64_t bytes));

struct acpi_cpus {
	unsigned int count;
	uint32_t apic_id[CPU_MAX]; /* of the first "count" CPUs: each is there once */
	unsigned int left_out;     /* CPUs that had no room */
};

/*
 * Finds the CPUs that the firmware has enabled, the running one first: "running" is its APIC id.
 * The others follow in the table's order. As above, nothing is trusted: only the running CPU is
 * found if there is no valid table, if its entries do not fit in it, or if the running CPU is not
 * in it. A pure function of the memory.
 */
struct acpi_cpus acpi_find_cpus(uint64_t rsdp, uint32_t running,
				const void *(*at)(uint64_t address, uint64_t bytes));

#endif
