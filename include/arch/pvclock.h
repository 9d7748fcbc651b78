/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock that a hypervisor shares with a guest in memory: Xen's struct vcpu_time_info
 * (public/xen.h), and KVM's, which has the same members at the same offsets.
 */
#ifndef ARCH_PVCLOCK_H
#define ARCH_PVCLOCK_H

#include <kernel/lib/compiler.h>
#include <xen/xen.h>

/*
 * Returns nanoseconds since the machine booted, never less than before. The clock of one processor
 * may lag that of another, and a virtual CPU may move between them at any time, unless the
 * hypervisor rules that out (XEN_PVCLOCK_TSC_STABLE_BIT). No locks; callable in any context.
 */
uint64_t pvclock_read(const volatile struct vcpu_time_info *info);

/*
 * Returns the later of "now" and the latest time that this has returned so far, on any CPU. No
 * locks; callable in any context.
 */
uint64_t clock_never_back(uint64_t now);

/*
 * Converts ticks to nanoseconds: first a shift (left if positive), then a multiplication by
 * multiplier / 2^32. A pure function. public/xen.h, struct vcpu_time_info.
 */
uint64_t pvclock_scale(uint64_t ticks, uint32_t multiplier, int8_t shift);

/*
 * Returns true if the data that was read under version number "before" must be read again: the
 * hypervisor was writing it then (an odd number), or has written since.
 */
bool pvclock_changed(const volatile uint32_t *version, uint32_t before);

#endif
