/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own console: dom0's, and every domain's for the first lines.
 */
#ifndef DRIVERS_HV_CONSOLE_H
#define DRIVERS_HV_CONSOLE_H

#include <drivers/console.h>

extern const struct console_device hv_console;

#endif
