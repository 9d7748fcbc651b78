// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PV console: writing to and reading from the rings that xenconsoled shares.
 *
 * The writer waits with SCHEDOP_poll on the console's event channel, which works with events
 * masked, and so in a panic. If the other side takes nothing for ten seconds it is considered dead,
 * and output is dropped until it continues. So a domain whose console daemon has died still runs.
 */
#include "pv_console.h"
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/time.h>
#include <kernel/lib/ring.h>
#include <mm/frame/translate.h>
#include <xen/io/console.h>

#define PATIENCE (10 * NS_PER_S)

static pfn_t frame;
static evtchn_t port;
static struct byte_ring out, in;
static bool other_side_dead;

static void look_at(struct xencons_interface *page)
{
	out = (struct byte_ring){page->out, sizeof(page->out), &page->out_cons, &page->out_prod};
	in = (struct byte_ring){page->in, sizeof(page->in), &page->in_cons, &page->in_prod};
}

static void pv_remap(void)
{
	look_at(boot_or_direct_map(frame));
}

void pv_console_init(pfn_t ring, uint32_t event_channel)
{
	frame = ring;
	port = event_channel;
	pv_remap();
}

/*
 * Waits until fewer than "limit" bytes are in the output ring. Returns false if the other side is
 * dead. The events that this consumes may have announced input, so it checks for input at the end.
 */
static bool wait_until_below(uint32_t limit)
{
	uint64_t deadline = time_system() + PATIENCE;
	uint32_t used = ring_used(&out);

	while (used >= limit && !other_side_dead) {
		uint32_t before = used;

		evtchn_poll(port, deadline);
		evtchn_clear(port);
		used = ring_used(&out);
		if (used != before)
			deadline = time_system() + PATIENCE;
		else if (time_system() >= deadline)
			other_side_dead = true;
	}
	if (used < limit)
		other_side_dead = false;
	console_received();
	return used < limit;
}

/* Sends bytes as they are. */
static void send(const char *text, size_t length)
{
	while (length) {
		size_t sent = ring_put(&out, text, length);

		if (sent) {
			evtchn_notify(port);
			text += sent;
			length -= sent;
		} else if (!wait_until_below(out.size)) {
			return;
		}
	}
}

static void pv_write(const char *text, size_t length)
{
	size_t start = 0;

	/* The reader is a terminal: a line begins at its left edge only after "\r". */
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			send(text + start, i - start);
			send("\r", 1);
			start = i;
		}
	}
	send(text + start, length - start);
}

static size_t pv_read(char *text, size_t max)
{
	size_t count = ring_get(&in, text, max);

	if (count)
		evtchn_notify(port);
	return count;
}

static void pv_drain(void)
{
	wait_until_below(1);
}

static void pv_event(void *unused)
{
	(void)unused;
	console_received();
}

static void pv_enable_input(void)
{
	evtchn_bind(port, "console", pv_event, NULL);
}

const struct console_device pv_console = {"PV console ring", pv_write,        pv_read,
					  pv_drain,          pv_enable_input, pv_remap};
