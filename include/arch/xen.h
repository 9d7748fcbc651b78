/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel shares with Xen as a whole: the shared info page, clocks, the end of the domain.
 * PV and PVH guests alike; neither exists without Xen.
 */
#ifndef ARCH_XEN_H
#define ARCH_XEN_H

#include <arch/machine.h>
#include <kernel/lib/types.h>
#include <xen/xen.h>

/* The page that Xen shares (public/xen.h); NULL until xen_use_shared_info(). */
extern struct shared_info *shared_info;

/* Takes that page into use, which the way in has mapped for good, and the running CPU its part. */
void xen_use_shared_info(struct shared_info *page);

/* Ends the machine with a message unless Xen's features are those of a PV or of a PVH guest. */
void xen_check_features(bool pvh);

/* "4.17.7": the running hypervisor's version, in a buffer of "size" bytes. */
void xen_version_string(char *buffer, size_t size);

/* Installs the handlers of exceptions and callbacks of a PV guest; a refusal is a panic. */
void xen_traps_init(void);

/* What struct machine needs of Xen: arch/machine.h. */
void xen_enter_user(struct regs *regs);
uint64_t xen_system_time(void);
uint64_t xen_wall_time(void);
void xen_start_timer(void);
void xen_set_timer(uint64_t deadline);
void xen_shutdown(enum shutdown_reason reason);

#endif
