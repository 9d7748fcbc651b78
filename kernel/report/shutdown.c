// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of the machine, or of the domain: the last thing that it does is to be heard.
 */
#include <drivers/console.h>
#include <kernel/report/shutdown.h>

void shutdown(enum shutdown_reason reason)
{
	console_drain();
	for (;;)
		machine->shutdown(reason);
}
