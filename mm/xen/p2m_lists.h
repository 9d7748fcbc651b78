/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the toolstack reads of the P2M, for mm/xen/p2m.c, which keeps it in step with the tree.
 *
 * Pfns are given as numbers here, since most stand for the leaf that they are in. The P2M's lock is
 * held by callers, unless a function says otherwise; at boot there is none to hold.
 */
#ifndef MM_XEN_P2M_LISTS_H
#define MM_XEN_P2M_LISTS_H

#include <mm/frame/translate.h>

/* Leaves show themselves in the window at this address; the list's own, "pages" entries, do. */
void p2m_lists_start(uintptr_t window, uint64_t pages);

/* Makes the frame lists for pfns below the limit, all of them missing. False: out of memory. */
bool p2m_lists_make(uint64_t limit, const union p2m_node *missing);

/* Gives up the frame lists, and takes the leaves that are not the list's out of the window. */
void p2m_lists_drop(void);

/* Makes room in the frame lists for the leaf of a pfn. False: out of memory. */
bool p2m_lists_prepare(uint64_t n);

/*
 * Makes the page tables for the window up to the page of a pfn, the gap before it included. False:
 * out of memory. Without the P2M's lock: it takes the kernel's address space's.
 */
bool p2m_window_prepare(uint64_t n);

/* Names the leaf of a pfn in the frame lists. */
void p2m_lists_set(uint64_t n, const union p2m_node *leaf);

/* Shows a leaf in the window, and the missing one in a gap before it. Flushes. */
void p2m_window_show(uint64_t n, const union p2m_node *leaf);

/* The page of the list that holds a pfn, at its address in the direct map. Not there: a panic. */
union p2m_node *p2m_window_page(uint64_t n);

/* Pages of frame lists that there are. */
uint64_t p2m_lists_pages(void);

/* A page with the same word all over, and back; NULL: out of memory. No lock. */
void *p2m_new_page(uint64_t word);
void p2m_free_page(const void *page);

#endif
