/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial port of a PC, the console where there is no hypervisor.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include <drivers/console.h>

extern const struct console_device serial_console;

/* Sets up the port for output, without interrupts. It is the console already. */
void serial_init(void);

#endif
