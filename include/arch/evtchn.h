/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: how Xen and other domains interrupt this kernel.
 *
 * An event channel is a numbered port with a "pending" bit and a "masked" bit in the shared info
 * page (public/event_channel.h; the two-level layout of public/xen.h). When an unmasked port
 * becomes pending, Xen calls evtchn_upcall() through the event callback, on the CPU that the port
 * is bound to. A handler runs there with events masked and the kernel lock held, and must not
 * block.
 */
#ifndef ARCH_EVTCHN_H
#define ARCH_EVTCHN_H

#include <kernel/lib/compiler.h>

typedef uint32_t evtchn_t; /* a port; 0 is never valid */

/* Number of ports in the two-level layout: 0 to 4095. */
#define EVTCHN_PORTS 4096

typedef void evtchn_handler(void *argument);

/*
 * Masks every port. The shared info page must be mapped. No event is delivered until a port is
 * bound and events are enabled.
 */
void evtchn_init(void);

/*
 * Sets the handler of a port that Xen has bound to CPU 0, and unmasks the port. "name" is kept, for
 * the prompt. The port must be below EVTCHN_PORTS and must not have a handler yet; otherwise this
 * panics. Lock: the kernel lock.
 */
void evtchn_bind(evtchn_t port, const char *name, evtchn_handler *handler, void *argument);

/*
 * Binds a virtual interrupt (VIRQ_...) of the running CPU; the global ones are CPU 0's. Returns its
 * new port; 0, after a message, if Xen refuses.
 */
evtchn_t evtchn_bind_virq(unsigned int virq, const char *name, evtchn_handler *handler,
			  void *argument);

/*
 * Makes a port by which other CPUs interrupt the running one. Its handler runs without the kernel
 * lock. Returns the port; 0, after a message, if Xen refuses.
 */
evtchn_t evtchn_bind_ipi(const char *name, evtchn_handler *handler);

/* Notifies the other end of the port. */
void evtchn_notify(evtchn_t port);

/* Handles every pending, unmasked port. Called only from the trap path, with events masked. */
void evtchn_upcall(void);

/*
 * Blocks until the port is pending (masked or not) or system time reaches "deadline" (nanoseconds;
 * 0: no deadline). May return early because of an event on another port, so the caller checks
 * again. Works with events masked, and so in a panic. SCHEDOP_poll, public/sched.h.
 */
void evtchn_poll(evtchn_t port, uint64_t deadline);

/* Clears a port's pending bit, so that evtchn_poll() waits for the next event. */
void evtchn_clear(evtchn_t port);

/* Prints a line for each bound port: its number, its name and the number of its events. */
void evtchn_print(void);

/* Returns the number of events handled on this port; for tests. */
uint64_t evtchn_count(evtchn_t port);

#endif
