// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypervisor's console, which dom0 uses (public/xen.h, HYPERVISOR_console_io). Xen takes output
 * at once, so nothing ever waits; a virtual interrupt announces input.
 *
 * It also serves a DomU until its ring is known; a release build of Xen ignores that.
 */
#include "hv_console.h"
#include <arch/evtchn.h>
#include <arch/hypercall.h>

static void hv_write(const char *text, size_t length)
{
	hypercall_console_io(CONSOLEIO_write, (unsigned int)length, (char *)text);
}

static size_t hv_read(char *text, size_t max)
{
	long count = hypercall_console_io(CONSOLEIO_read, (unsigned int)max, text);

	return count > 0 ? (size_t)count : 0;
}

static void hv_drain(void)
{
}

static void hv_event(void *unused)
{
	(void)unused;
	console_received();
}

static void hv_enable_input(void)
{
	evtchn_bind_virq(VIRQ_CONSOLE, "console", hv_event, NULL);
}

const struct console_device hv_console = {"hypervisor console", hv_write, hv_read, hv_drain,
					  hv_enable_input,      NULL};
