/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that manage the TLB, for the native backend of mm/table. A PV guest may execute
 * none of them. Intel SDM volume 3, "Paging".
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <kernel/lib/types.h>

/* Flushes one address from this CPU's TLB (invlpg). */
void native_flush_address(uintptr_t address);

/* Flushes this CPU's TLB, except for global entries. */
void native_flush_all(void);

/* Loads a root by its physical address, which is page aligned. */
void native_load_root(paddr_t root);

#endif
