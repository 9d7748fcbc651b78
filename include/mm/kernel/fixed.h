/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed slots: pages of the kernel's address range that are reserved for mapping certain frames.
 *
 * The image reserves a page of addresses for each slot. The builder's tables already reach these
 * addresses, so mapping a frame there needs no memory and works from the first line of C. The
 * frames that the builder mapped there are given to the page allocator (mm/kernel/image.c).
 */
#ifndef MM_KERNEL_FIXED_H
#define MM_KERNEL_FIXED_H

#include <kernel/lib/types.h>

/* The shared info page of Xen (arch/xen.h). */
extern char fixed_shared_info[PAGE_SIZE];

/*
 * A window for one page at a time: mm/kernel/direct_map_build.c writes new page tables through it.
 */
extern char fixed_window[PAGE_SIZE];

/*
 * The registers of a PC's interrupt controllers (arch/x86/native/apic.c), the local APIC's and the
 * I/O APIC's.
 */
extern char fixed_local_apic[PAGE_SIZE], fixed_io_apic[PAGE_SIZE];

/* Those registers in memory that switch a PC off, at most two, and the one that resets it. */
#define FIXED_POWER 3
extern char fixed_power[FIXED_POWER][PAGE_SIZE];

/*
 * Maps a machine frame of any owner at a slot, with PT_ flags; flags 0 unmap the slot. Before it
 * returns, the old translation is flushed from the TLB of every CPU, in lazy mode too. Under Xen
 * this is update_va_mapping, and a refusal is a panic. No lock: a slot has one user.
 */
void fixed_set(char *slot, mfn_t frame, uint64_t flags);

/* Maps a machine frame at a slot, readable, writable if asked, and never executable. */
void fixed_map(char *slot, mfn_t frame, bool writable);

/* Unmaps the slot. */
void fixed_unmap(char *slot);

#endif
