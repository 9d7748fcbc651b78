/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel ends on purpose: powered off, to be started again, or as a crash.
 */
#ifndef KERNEL_REPORT_SHUTDOWN_H
#define KERNEL_REPORT_SHUTDOWN_H

#include <arch/machine.h>

/*
 * Ends the machine or the domain with that reason, after the console has sent everything that it
 * holds. Does not return; may be called anywhere, a panic included.
 */
void shutdown(enum shutdown_reason reason) NORETURN;

#endif
