/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PV console of a DomU: a page shared with xenconsoled, with a ring in each direction, and an
 * event channel by which each side notifies the other of a change (public/io/console.h).
 */
#ifndef DRIVERS_PV_CONSOLE_H
#define DRIVERS_PV_CONSOLE_H

#include <drivers/console.h>

extern const struct console_device pv_console;

/* Starts using the ring in that frame, at the builder's address for it, for output. */
void pv_console_init(pfn_t frame, uint32_t port);

#endif
