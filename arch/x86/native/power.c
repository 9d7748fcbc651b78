// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending a bare machine: by the registers that its firmware names or, if that has no effect, by the
 * ports of machines without ACPI tables.
 */
#include <arch/acpi.h>
#include <arch/io.h>
#include <arch/native.h>

static struct acpi_power power;

void native_power_init(const struct acpi_power *found)
{
	power = *found;
}

static void write(const struct acpi_write *write)
{
	if (write->where == ACPI_PORT && write->bytes == 2) {
		port_write16((uint16_t)write->address, write->value);
	} else if (write->where == ACPI_PORT) {
		port_write8((uint16_t)write->address, (uint8_t)write->value);
	} else if (write->where == ACPI_MEMORY) {
		*write->mapped = (uint8_t)write->value;
	}
}

/*
 * Resets the processor: with an empty IDT an exception cannot be delivered, nor can the double
 * fault.
 */
static void reset_by_triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing;

	__asm__ volatile("lidt %0; int3" ::"m"(nothing));
}

void native_shutdown(enum shutdown_reason reason)
{
	switch (reason) {
	case SHUTDOWN_IS_POWEROFF:
		write(&power.off[0]);
		write(&power.off[1]);
		port_write16(0x604, 0x2000);  /* QEMU's PC */
		port_write16(0xb004, 0x2000); /* Bochs, old QEMUs */
		break;
	case SHUTDOWN_IS_REBOOT:
		write(&power.reset);
		port_write8(0x64, 0xfe); /* the keyboard controller's reset line */
		reset_by_triple_fault();
		break;
	default:
		port_write32(0xf4, 0x10); /* the exit device that scripts/run gives QEMU */
	}
	__asm__ volatile("cli; hlt");
}
