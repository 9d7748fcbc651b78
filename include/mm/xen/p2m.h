/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the P2M: the tree that translates pfns (mm/frame/translate.h), and what the toolstack
 * reads of it.
 *
 * When the toolstack saves the domain it reads the P2M from outside, in two forms, both kept up to
 * date here: the frame list list, pages of mfns of pages of mfns of leaves (up to 512 GiB of
 * domain), and the linear list in a window of the kernel's address space, whose mapping is guarded
 * by a generation counter (public/arch-x86/xen.h, struct arch_shared_info).
 */
#ifndef MM_XEN_P2M_H
#define MM_XEN_P2M_H

#include <mm/frame/translate.h>

struct arch_shared_info;

/*
 * Uses the list at this address for "pages" pfns, as p2m_read_list(). "own_tables": the kernel made
 * (and pinned) the tables that map it there. At boot, before any other function here.
 */
void p2m_use_list(uintptr_t address, uint64_t pages, bool own_tables);
bool p2m_tables_are_own(void);

/* The address of the list in the kernel's address space. */
uintptr_t p2m_address(void);

/*
 * Makes the tree, for pfns 0 .. limit - 1, from the list mapped at p2m_address(). False: out of
 * memory; the list stays in use and nothing is lost. "limit" is at least p2m_size().
 */
bool p2m_start(uint64_t limit);

/*
 * p2m_start() with room for as much memory as the toolstack may give the domain one day
 * (XENMEM_maximum_reservation). A dom0 may have any amount; it gets room for "pages".
 */
bool p2m_start_for_domain(uint64_t pages);

/* Gives up the tree and its pages, except the leaves that are pages of the list. For tests. */
void p2m_stop(void);

enum p2m_result {
	P2M_SET,
	P2M_PAST_LIMIT, /* the pfn is not below the tree's limit, or there is no tree that can
			   change */
	P2M_NO_MEMORY,  /* for a leaf, or what leads to it */
};

/*
 * Sets an entry: an mfn, with the P2M_FOREIGN mark or not, or P2M_INVALID. Where a leaf is missing
 * one is made, except for P2M_INVALID, which is there already. On an error nothing has changed.
 * The window has to show the gap before a new leaf too: 8 bytes of table for every 2 MiB of it.
 * Takes the P2M's lock only when a leaf is made; entries themselves are single stores.
 */
enum p2m_result p2m_set(pfn_t frame, uint64_t entry);

/*
 * Makes pfns stand for the mfns of the same numbers. Whole leaves of it share one page. On an error
 * nothing has changed. Takes the P2M's lock.
 */
enum p2m_result p2m_set_identity(struct pfn_range range);

/*
 * Tells the toolstack where everything is, by these fields of the shared info page, and keeps
 * p2m_generation there: odd while the window's mapping changes. After p2m_start().
 */
void p2m_publish(struct arch_shared_info *info);

struct p2m_stats {
	uint64_t leaves;      /* pages of entries that are not shared */
	uint64_t nodes;       /* pages of the tree above them */
	uint64_t frame_lists; /* pages of the frame list list */
	unsigned int depth;   /* steps from the root to an entry, the leaf's included */
};
struct p2m_stats p2m_stats(void);

#endif
