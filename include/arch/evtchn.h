/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: how Xen and other domains get this kernel's attention.
 *
 * An event channel is a numbered port with one bit "pending" and one bit "masked" in the shared
 * info page (public/event_channel.h; the two-level layout of public/xen.h). When an unmasked port
 * becomes pending Xen calls evtchn_upcall() through the event callback. A handler runs on the CPU
 * that took the upcall, with events masked, and must not block.
 */
#ifndef ARCH_EVTCHN_H
#define ARCH_EVTCHN_H

#include <kernel/lib/compiler.h>

typedef uint32_t evtchn_t; /* a port; 0 is never valid */

/* Ports that the two-level layout can number: 0 .. 4095. */
#define EVTCHN_PORTS 4096

typedef void evtchn_handler(void *argument);

/*
 * Masks every port. The shared info page must be mapped. Nothing is delivered until a port is
 * bound and events are let through.
 */
void evtchn_init(void);

/*
 * Sends the port's events to "handler" and unmasks it. "name" is kept (for the prompt). The port
 * must not have a handler yet and must be below EVTCHN_PORTS; anything else is a panic.
 */
void evtchn_bind(evtchn_t port, const char *name, evtchn_handler *handler, void *argument);

/* Binds a virtual interrupt (VIRQ_...) of CPU 0; returns its new port, or 0 with a message. */
evtchn_t evtchn_bind_virq(unsigned int virq, const char *name, evtchn_handler *handler,
			  void *argument);

/* Tells the other end of the port that there is something for it. */
void evtchn_notify(evtchn_t port);

/* Handles every pending, unmasked port. Called with events masked, by the trap path only. */
void evtchn_upcall(void);

/*
 * Sleeps until the port is pending (masked or not) or system time reaches "deadline" (nanoseconds;
 * 0: no deadline). It may return early, for an event on another port: look again. Works with events
 * masked, so also in a panic. SCHEDOP_poll, public/sched.h.
 */
void evtchn_poll(evtchn_t port, uint64_t deadline);

/* Drops a port's pending bit, so that evtchn_poll() waits for the next event. */
void evtchn_clear(evtchn_t port);

/* One line a bound port: number, name, events so far. */
void evtchn_print(void);

/* Events handled on this port so far; for tests. */
uint64_t evtchn_count(evtchn_t port);

#endif
