/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed slots: pages of the kernel's address range that exist for their address only.
 *
 * The image reserves a page of addresses for each; the builder's tables already reach them, so
 * mapping one needs no memory and works from the first line of C. The frames that the builder put
 * behind them go to the page allocator (mm/kernel/image.c).
 */
#ifndef MM_KERNEL_FIXED_H
#define MM_KERNEL_FIXED_H

#include <kernel/lib/types.h>

/* The page that Xen shares (arch/xen.h). */
extern char fixed_shared_info[PAGE_SIZE];

/* One page at a time, for whatever is being built: mm/kernel/direct_map.c fills new tables through
 * it. */
extern char fixed_window[PAGE_SIZE];

/* The registers of a PC's interrupt controllers (arch/x86/native/apic.c). */
extern char fixed_local_apic[PAGE_SIZE], fixed_io_apic[PAGE_SIZE];

/* The registers that switch a PC off, two at most, and the one that resets it: those in memory. */
#define FIXED_POWER 3
extern char fixed_power[FIXED_POWER][PAGE_SIZE];

/*
 * Maps any machine frame, the domain's or not, at a slot with these flags of an entry; flags 0
 * leave the slot empty. What was there before is flushed from the TLB of every CPU before this
 * returns, in lazy mode too. Xen refusing is a panic. update_va_mapping.
 */
void fixed_set(char *slot, mfn_t frame, uint64_t flags);

/*
 * Maps the frame at a slot, readable and, if asked, writable, never executable.
 */
void fixed_map(char *slot, mfn_t frame, bool writable);

/* Leaves the slot unmapped. */
void fixed_unmap(char *slot);

#endif
