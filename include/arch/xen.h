/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PV or PVH guest uses of Xen as a whole: the shared info page, clocks, the end of the
 * domain.
 */
#ifndef ARCH_XEN_H
#define ARCH_XEN_H

#include <arch/machine.h>
#include <kernel/lib/types.h>
#include <xen/xen.h>

/* The shared info page (public/xen.h); NULL before xen_use_shared_info(). */
extern struct shared_info *shared_info;

/*
 * Starts to use the shared info page, which stays mapped there, and the running CPU's part of it.
 */
void xen_use_shared_info(struct shared_info *page);

/* Checks Xen's features for a PVH or a PV guest. A missing or unwanted one is fatal(). */
void xen_check_features(bool pvh);

/*
 * Checks the features that Xen reports (public/features.h, submap 0), for a PVH guest
 * ("translated": page tables hold pfns) or a PV guest (they hold mfns). Returns NULL, or a message,
 * valid until the next call.
 */
const char *features_check(uint32_t features, bool translated);

/* Writes the running hypervisor's version, such as "4.17.7", into a buffer of "size" bytes. */
void xen_version_string(char *buffer, size_t size);

/* Installs the handlers of exceptions and callbacks of a PV guest; a refusal is a panic. */
void xen_traps_init(void);

/* Members of struct machine, described in arch/machine.h. */
void xen_enter_user(struct regs *regs);
uint64_t xen_system_time(void);
uint64_t xen_wall_time(void);
unsigned int xen_count_cpus(void);
void xen_ready_cpu(void);
void xen_stop_cpu(void);
void xen_send_ipi(cpu_set_t set);
void xen_send_nmi(cpu_set_t set);
void xen_yield(void);
void xen_set_timer(uint64_t deadline);
void xen_shutdown(enum shutdown_reason reason);

#endif
