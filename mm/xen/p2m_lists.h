/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two forms of the P2M that the toolstack reads, for mm/xen/p2m.c, which keeps them in step
 * with the tree.
 *
 * These functions take a pfn as a plain number "n", since most of them mean the leaf that holds it.
 * The P2M's lock is held unless a comment says otherwise; at boot it need not be.
 */
#ifndef MM_XEN_P2M_LISTS_H
#define MM_XEN_P2M_LISTS_H

#include <mm/frame/translate.h>

/*
 * Makes the frame lists for pfns below the limit; all name the leaf "missing". Returns false if out
 * of memory.
 */
bool p2m_lists_make(uint64_t limit, const union p2m_node *missing);

/* Frees the frame lists, and unmaps from the window the leaves that are not the list's own. */
void p2m_lists_drop(void);

/*
 * Makes the page tables for the window up to the leaf of a pfn, including any gap before it.
 * Returns false if out of memory. Locks: takes the kernel's mm->lock; the P2M's lock must not be
 * held.
 */
bool p2m_window_prepare(uint64_t n);

/*
 * Writes the leaf of a pfn into its frame list, which is made if there is none. Returns false if
 * out of memory.
 */
bool p2m_lists_set(uint64_t n, const union p2m_node *leaf);

/* Maps the leaf of a pfn in the window, and the missing one in a gap before it. Flushes the TLB. */
void p2m_window_map(uint64_t n, const union p2m_node *leaf);

/*
 * Returns the page of the list that holds a pfn, at its address in the direct map. One that is not
 * mapped in the window is a panic.
 */
union p2m_node *p2m_window_page(uint64_t n);

/* Returns the number of pages that the frame lists take. */
uint64_t p2m_lists_pages(void);

/*
 * Allocate a page in which all words have the same value, or NULL if out of memory, and free one
 * (NULL: nothing). No lock.
 */
void *p2m_new_page(uint64_t word);
void p2m_free_page(const void *page);

#endif
