/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console, whichever it is.
 *
 * One device is in use: the PV console ring in a DomU, the hypervisor's own console in dom0, the
 * serial port of a PC. Output
 * is never dropped because it comes too fast: the writer waits. Input waits in a queue here, and
 * when that is full, in the device.
 */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>

struct console_device {
	const char *name;
	/* Sends the bytes, waiting for room as long as somebody takes any out. */
	void (*write)(const char *text, size_t length);
	/* Moves at most "max" received bytes to "text"; returns how many. */
	size_t (*read)(char *text, size_t max);
	/* Waits until everything written has been taken. */
	void (*drain)(void);
	/* Lets input be announced by events. */
	void (*enable_input)(void);
	/* What it shares with others is in the direct map now; NULL: it shares nothing. */
	void (*use_direct_map)(void);
};

/* Makes that the console from now on. The first is the hypervisor's. */
void console_use(const struct console_device *device);

/*
 * Starts output on the console that this domain has. Works on polling alone, so it can come before
 * events are let through; must come after xen_use_shared_info().
 */
void console_init(const struct boot_info *boot);

/* Lets input come by events. After evtchn_init(). */
void console_enable_input(void);

/* Moves the rings to their place in the direct map. Before the builder's mapping is dropped. */
void console_use_direct_map(void);

/* "PV console ring", "hypervisor console", "serial port". */
const char *console_name(void);

/* Writes text, "\n" ending a line. Callers other than printk use printk. */
void console_write(const char *text, size_t length);

/* Waits until the other side has taken all output. Works with events masked. */
void console_drain(void);

/* Calls the function when input has come; in an event handler. */
void console_listen(void (*arrived)(void));

/* Next byte of input, or -1 if there is none now. */
int console_try_getc(void);

/* Called by a device's event handler: fetches what has come. Events are masked. */
void console_received(void);

#endif
