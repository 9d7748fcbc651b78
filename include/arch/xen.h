/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel shares with Xen as a whole: the shared info page, and the end of the domain.
 */
#ifndef ARCH_XEN_H
#define ARCH_XEN_H

#include <kernel/compiler.h>
#include <mm/types.h>
#include <xen/xen.h>

/* struct shared_info (public/xen.h), in its fixed slot. Valid once xen_map_shared_info() ran. */
extern struct shared_info *const shared_info;

/* Maps the page at the machine address that start_info gives, at the slot above. */
void xen_map_shared_info(maddr_t address);

/* Tells the toolstack, through that page, where the P2M is: mm/p2m.h, p2m_publish(). */
void xen_publish_p2m(void);

/* "4.17.7": the running hypervisor's version, in a buffer of "size" bytes. */
void xen_version_string(char *buffer, size_t size);

enum shutdown_reason { SHUTDOWN_IS_POWEROFF, SHUTDOWN_IS_REBOOT, SHUTDOWN_IS_CRASH };

/*
 * Ends the domain with that reason (public/sched.h, SHUTDOWN_...), after the consoles have sent
 * everything they hold. Does not return; may be called anywhere, a panic included.
 */
void xen_shutdown(enum shutdown_reason reason) NORETURN;

/* Sleeps until an event is delivered; lets events through meanwhile and afterwards. */
void xen_block(void);

#endif
