/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a machine is switched off and reset, as far as its firmware's ACPI tables say (ACPI
 * specification, "Fixed ACPI Description Table", "ACPI hardware specification"). Nothing else of
 * ACPI is used, and its language is not interpreted.
 */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include <kernel/lib/compiler.h>

/* A register, and what to write into it. */
struct acpi_write {
	enum { ACPI_NOWHERE, ACPI_PORT, ACPI_MEMORY } where;
	unsigned int bytes; /* 1 or 2 */
	uint64_t address;   /* a port, or physical memory */
	uint16_t value;
	volatile uint8_t *mapped; /* ACPI_MEMORY: where the way in has mapped it */
};

struct acpi_power {
	struct acpi_write off[2]; /* both, one after the other */
	struct acpi_write reset;
};

/*
 * Looks the registers up. "rsdp" is the physical address of the root pointer; 0: it is looked for
 * where firmware leaves it. "at" gives the C address of that much physical memory, or NULL.
 * Trusts nothing: what has a wrong sum or does not fit is as if it were not there, and leaves
 * ACPI_NOWHERE. A pure function of the memory.
 */
struct acpi_power acpi_find_power(uint64_t rsdp,
				  const void *(*at)(uint64_t address, uint64_t bytes));

#endif
