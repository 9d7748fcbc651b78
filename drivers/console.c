// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The console: choosing the device, and the queue of input.
 */
#include "hv_console.h"
#include "pv_console.h"
#include <arch/cpu.h>
#include <drivers/console.h>
#include <mm/frame/translate.h>

#define QUEUE_SIZE 1024 /* a power of two */

static const struct console_device *device = &hv_console;

/* Input that was not read yet. Accessed with events masked. */
static char queue[QUEUE_SIZE];
static uint32_t queue_in, queue_out;
static void (*tell_arrival)(void);

void console_use(const struct console_device *which)
{
	device = which;
}

void console_init(const struct boot_info *boot)
{
	pfn_t ring = boot->dom0 ? INVALID_PFN : mfn_to_pfn(boot->console);

	if (pfn_valid(ring)) {
		pv_console_init(ring, boot->console_port);
		console_use(&pv_console);
	}
}

void console_enable_input(void)
{
	device->enable_input();
}

void console_use_direct_map(void)
{
	if (device->use_direct_map)
		device->use_direct_map();
}

const char *console_name(void)
{
	return device->name;
}

void console_write(const char *text, size_t length)
{
	device->write(text, length);
}

void console_drain(void)
{
	bool events = events_mask();

	device->drain();
	events_restore(events);
}

void console_received(void)
{
	while (queue_in - queue_out < QUEUE_SIZE) {
		uint32_t at = queue_in % QUEUE_SIZE;
		uint32_t room = QUEUE_SIZE - (queue_in - queue_out);
		size_t count = device->read(&queue[at], MIN(room, QUEUE_SIZE - at));

		if (!count)
			break;
		queue_in += (uint32_t)count;
	}
	if (tell_arrival && queue_in != queue_out)
		tell_arrival();
}

void console_listen(void (*arrived)(void))
{
	tell_arrival = arrived;
}

int console_try_getc(void)
{
	bool events = events_mask();
	int c = -1;

	/*
	 * Look at the device too: bytes that found the queue full are still there, and raise no
	 * event.
	 */
	if (queue_in == queue_out)
		console_received();
	if (queue_in != queue_out)
		c = (unsigned char)queue[queue_out++ % QUEUE_SIZE];
	events_restore(events);
	return c;
}
