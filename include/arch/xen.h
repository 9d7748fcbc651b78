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

/* Installs the first CPU's handlers of exceptions and callbacks; a refusal is a panic. PV only. */
void xen_traps_init(void);

/* Writes the same handlers into the context with which another CPU starts. */
struct vcpu_guest_context;
void xen_describe_handlers(struct vcpu_guest_context *context);

/* Has NMIs delivered to the running CPU; each CPU of a PV guest must ask for them itself. */
void xen_accept_nmi(void);

/*
 * The struct vcpu_info of every CPU: a page of the kernel, which Xen must be told of.
 * xen_register_vcpu_info() does that for one CPU: the running one, or one that is down. "frame" is
 * the page's. Returns false if Xen refuses.
 */
const void *xen_vcpu_infos(void);
bool xen_register_vcpu_info(struct cpu *cpu, mfn_t frame);

/*
 * Gives Xen the registers of another CPU of a PV guest, which is down and was never up: it will
 * call entry() on that stack, with the tables of that root, which is pinned. Returns false if Xen
 * refuses.
 */
bool xen_pv_start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void), mfn_t root);

/* Starts a CPU that has its registers, or continues one that has stopped. */
bool xen_raise_cpu(const struct cpu *cpu);

/* Binds the timer interrupt of the running CPU, and stops its periodic timer. */
void xen_start_timer(void);

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
