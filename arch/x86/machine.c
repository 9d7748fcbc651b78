// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which machine this is, and its end.
 */
#include <arch/machine.h>
#include <drivers/console.h>

const struct machine *machine;

void machine_shutdown(enum shutdown_reason reason)
{
	console_drain();
	for (;;)
		machine->shutdown(reason);
}
