/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock that a hypervisor keeps in memory that it shares with a guest: Xen's struct
 * vcpu_time_info (public/xen.h), and KVM's, which has the same members at the same places.
 */
#ifndef ARCH_PVCLOCK_H
#define ARCH_PVCLOCK_H

#include <kernel/lib/compiler.h>
#include <xen/xen.h>

/*
 * Returns nanoseconds since the machine booted. Never less than it has returned before: unless the
 * hypervisor vouches for it (XEN_PVCLOCK_TSC_STABLE_BIT), the clock of one processor may be behind
 * that of another, and a virtual CPU goes from one to the other unasked. No locks; in any context.
 */
uint64_t pvclock_read(const volatile struct vcpu_time_info *info);

/*
 * Turns ticks into nanoseconds by a factor of that form: first a shift (left if positive), then a
 * multiplication by multiplier / 2^32. A pure function. public/xen.h, struct vcpu_time_info.
 */
uint64_t pvclock_scale(uint64_t ticks, uint32_t multiplier, int8_t shift);

/*
 * Returns true if what was read under that version number has to be read again: the hypervisor was
 * writing (an odd number), or has written since.
 */
bool pvclock_changed(const volatile uint32_t *version, uint32_t before);

#endif
