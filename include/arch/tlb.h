/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the native backend asks of a processor that is its own: Intel SDM volume 3, "Paging".
 * A PV guest may execute none of these.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <kernel/lib/types.h>

/* invlpg: forgets one address on this CPU. */
void native_flush_address(uintptr_t address);

/* Forgets everything on this CPU, but for global entries. */
void native_flush_all(void);

/* Loads a root: its physical address, page aligned. */
void native_load_root(paddr_t root);

#endif
