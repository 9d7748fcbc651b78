/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the P2M, the tree that translates pfns to mfns, and keeping the copies that the
 * toolstack reads.
 *
 * When the toolstack saves the domain it reads the P2M from outside, in two forms, both kept up to
 * date here. The frame list list is a page with the mfns of pages, each with the mfns of 512
 * leaves; it covers up to 512 GiB of domain. The linear list lies in a window of the kernel's
 * address space, whose mapping is guarded by a generation counter (public/arch-x86/xen.h, struct
 * arch_shared_info).
 *
 * mm/frame/translate.h reads the tree.
 */
#ifndef MM_XEN_P2M_H
#define MM_XEN_P2M_H

#include <mm/frame/translate.h>

struct arch_shared_info;

/*
 * Makes the list at this address, with an entry for each of "pages" pfns, the P2M, as
 * p2m_read_list() does. "own_tables" says that the kernel made, and under Xen pinned, the tables
 * that map it there. At boot, before any other function here; no lock.
 */
void p2m_use_list(uintptr_t address, uint64_t pages, bool own_tables);
/* Returns "own_tables" of the last p2m_use_list(). */
bool p2m_tables_are_own(void);

/* Returns the address of the list in the kernel's address space. */
uintptr_t p2m_address(void);

/*
 * Makes the tree, for pfns 0 .. limit - 1, from the list mapped at p2m_address(). "limit" is at
 * least p2m_size(). Returns false if out of memory; then the list stays in use and nothing is lost.
 * At boot, on one CPU; no lock is held.
 */
bool p2m_start(uint64_t limit);

/*
 * Makes the tree with room for as much memory as the toolstack may ever give the domain
 * (XENMEM_maximum_reservation). A dom0 may have any amount; it gets room for "pages" pages.
 * Otherwise as p2m_start().
 */
bool p2m_start_for_domain(uint64_t pages);

/* Frees the tree and its pages, except the leaves that are pages of the list. For tests. */
void p2m_stop(void);

enum p2m_result {
	P2M_SET,
	P2M_PAST_LIMIT, /* the pfn is not below the limit, or no tree can be changed */
	P2M_NO_MEMORY,  /* out of memory for a leaf or the nodes above it */
};

/*
 * Sets the entry of a pfn to an mfn, with or without the mark P2M_FOREIGN, or to P2M_INVALID. A
 * missing leaf is made, except for P2M_INVALID, which a missing leaf means already. On an error
 * nothing has changed. The window must also map the gap before a new leaf, which takes 8 bytes of
 * table for every 2 MiB of domain in it. Locks: to make a leaf, the kernel's mm->lock and then the
 * P2M's are taken, one at a time. An entry is a single store.
 */
enum p2m_result p2m_set(pfn_t frame, uint64_t entry);

/*
 * Makes each pfn of a range stand for the mfn of the same number. All leaves that lie in the range
 * as a whole share one page. On an error no translation has changed. Locks as for p2m_set(); the
 * P2M's lock is always taken.
 */
enum p2m_result p2m_set_identity(struct pfn_range range);

/*
 * Tells the toolstack where both forms are, by fields of the shared info page, and from then on
 * keeps p2m_generation there odd while the window's mapping changes. Called after p2m_start().
 */
void p2m_publish(struct arch_shared_info *info);

struct p2m_stats {
	uint64_t leaves;      /* leaves that are not shared, a page each */
	uint64_t nodes;       /* nodes above the leaves, a page each */
	uint64_t frame_lists; /* pages of the frame list list */
	unsigned int depth;   /* levels of the tree, the leaf's included */
};
/* Returns what the tree and the frame lists take at present. */
struct p2m_stats p2m_stats(void);

#endif
