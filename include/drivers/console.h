/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console: what the kernel prints, and what a person types.
 *
 * One device is in use: the PV console ring in a DomU, the hypervisor's own console in dom0, the
 * serial port of a PC. Fast output is never dropped: the writer waits. Input is kept in a queue
 * here, and in the device when the queue is full.
 */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>

struct console_device {
	const char *name;
	/* Sends the bytes; waits for room as long as the other side takes any out. */
	void (*write)(const char *text, size_t length);
	/* Moves at most "max" received bytes to "text". Returns how many. */
	size_t (*read)(char *text, size_t max);
	/* Waits until everything written has been taken. */
	void (*drain)(void);
	/* Enables the events that announce input. */
	void (*enable_input)(void);
	/* Moves shared memory to its address in the direct map; NULL: it shares none. */
	void (*use_direct_map)(void);
};

/* Switches to that device. The first device is the hypervisor's console. */
void console_use(const struct console_device *device);

/*
 * Starts output on this domain's console. It polls, so events need not be enabled. Comes after
 * xen_use_shared_info().
 */
void console_init(const struct boot_info *boot);

/* Enables input by events. Comes after evtchn_init(). */
void console_enable_input(void);

/*
 * Moves the rings to their addresses in the direct map. Comes before the builder's mapping is
 * dropped.
 */
void console_use_direct_map(void);

/* Returns the name of the device: "PV console ring", "hypervisor console", "serial port". */
const char *console_name(void);

/* Writes text, in which "\n" ends a line. Callers other than printk use printk. */
void console_write(const char *text, size_t length);

/* Waits until the other side has taken all output. Works with events masked. */
void console_drain(void);

/* Sets the function that is called, in an event handler, when input has arrived. */
void console_listen(void (*arrived)(void));

/* Returns the next byte of input; -1 if there is none now. */
int console_try_getc(void);

/* Fetches input from the device. Called by its event handler; events are masked. */
void console_received(void);

#endif
