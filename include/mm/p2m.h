/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From guest frames to machine frames and back.
 *
 * The P2M is the domain's own table, an array with one mfn a pfn, written by the domain builder
 * (public/xen.h, start_info.mfn_list). The M2P is Xen's table of the whole machine, mapped
 * read-only for every guest; what it says of a frame that is not ours is garbage, so a translation
 * back counts only if the P2M agrees.
 */
#ifndef MM_P2M_H
#define MM_P2M_H

#include <boot/boot_info.h>
#include <mm/types.h>

/* Starts using the builder's list. Must come before any other function here. */
void p2m_init(const struct boot_info *boot);

/* Machine frame of a guest frame; INVALID_MFN if pfn is past the end or has no memory. */
mfn_t pfn_to_mfn(pfn_t frame);

/* Guest frame of a machine frame; INVALID_PFN for any frame that is not this domain's. */
pfn_t mfn_to_pfn(mfn_t frame);

/* Number of entries: pfns are 0 .. p2m_size() - 1. */
uint64_t p2m_size(void);

/* The list itself, for code that goes through many entries in order: direct_map.c. */
const uint64_t *p2m_list(void);

/* An entry of the list with no memory behind it (public/xen.h, INVALID_P2M_ENTRY). */
#define P2M_INVALID UINT64_MAX

#endif
