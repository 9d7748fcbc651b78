/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation: from a guest frame (pfn) to the machine frame behind it (mfn) and back, and to the
 * address at which the kernel reads and writes it.
 *
 * The P2M is the domain's own table, one mfn a pfn, first written by the domain builder (public/
 * xen.h, start_info.mfn_list). The M2P is Xen's table of the whole machine, mapped read-only for
 * every guest. What it says of a frame that is not the domain's is garbage, so a translation back
 * counts only if the P2M agrees.
 *
 * The builder's list serves until there is a page allocator; then p2m_start() makes a tree whose
 * leaves are the pages of that list. Where the domain has no memory all branches lead to one shared
 * leaf, "missing", or "identity" where a pfn stands for the mfn of the same number (I/O memory), so
 * a huge and empty range costs nothing. This room reads the tree; mm/xen/p2m.h changes it.
 *
 * The direct map shows all memory in order of pfn. Before it exists, the builder's mapping shows a
 * part of it.
 */
#ifndef MM_FRAME_TRANSLATE_H
#define MM_FRAME_TRANSLATE_H

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

/* ---- pfn and mfn ---- */

/* An entry without memory (public/xen.h, INVALID_P2M_ENTRY), and the marks of special ones. */
#define P2M_INVALID  UINT64_MAX
#define P2M_FOREIGN  (1ull << 63) /* another domain's frame that is mapped here */
#define P2M_IDENTITY (1ull << 62) /* the mfn is the pfn */

/* Entries in a page of the list, which is a leaf of the tree. */
#define P2M_PER_PAGE (PAGE_SIZE / sizeof(uint64_t))

/* log2 of the pointers in a node of the tree, and the most levels that it can have. */
#define P2M_NODE_BITS  9
#define P2M_LEVELS_MAX 5

/* A page of the tree: pointers to nodes one level down, or the entries of a leaf. */
union p2m_node {
	union p2m_node *child[P2M_PER_PAGE];
	uint64_t entry[P2M_PER_PAGE];
};
_Static_assert(sizeof(union p2m_node) == PAGE_SIZE, "a node is a page");

/*
 * The tree. Nodes are only ever added while the kernel runs, so readers take no lock: a pointer is
 * published when what it leads to is complete. Written by mm/xen/p2m.c and the two functions below.
 */
struct p2m_tree {
	uint64_t limit;                 /* pfns below it have an entry */
	unsigned int levels;            /* the leaves' included; 0: there is no tree yet */
	union p2m_node *root;           /* a leaf if there is one level */
	const union p2m_node *identity; /* the shared leaf: each pfn stands for its own number */
	const struct pfn_range *absent; /* without a hypervisor: pfns without memory */
	unsigned int absent_runs;
};
extern struct p2m_tree p2m_tree;

/*
 * The list that the domain was started with, wherever it is now: mfns of the pfns below
 * p2m_boot_size. Its pages are leaves of the tree, so it is never out of date. For pfn_to_mfn() and
 * for writers of page-table entries that count instructions.
 */
extern const uint64_t *p2m_boot_list;
extern uint64_t p2m_boot_size;

/*
 * Makes the list at an address of the kernel, with an entry for each of "pages" pfns, the P2M. At
 * boot, and again when the list has moved; there is no tree then.
 */
void p2m_read_list(uintptr_t address, uint64_t pages);

/*
 * Without a hypervisor: each of "pages" pfns is the mfn of the same number, and stays that, except
 * in the "count" ranges of "absent", where there is no memory. The array must stay where it is.
 */
void p2m_use_identity(uint64_t pages, const struct pfn_range *absent, unsigned int count);

/* Number of frames that the domain was started with: pfns are 0 .. p2m_size() - 1. */
uint64_t p2m_size(void);

/* The entry as it is stored, with the marks above; P2M_INVALID past the limit. Any pfn. */
uint64_t p2m_entry(pfn_t frame);

/* Machine frame of a guest frame; INVALID_MFN if pfn is past the limit or has no memory. */
mfn_t p2m_lookup(pfn_t frame);

/* p2m_lookup() with the commonest case, ordinary memory, inline: one load. */
static inline mfn_t pfn_to_mfn(pfn_t frame)
{
	if (likely(frame.pfn < p2m_boot_size) && likely(p2m_boot_list[frame.pfn] < P2M_IDENTITY))
		return mfn(p2m_boot_list[frame.pfn]);
	return p2m_lookup(frame);
}

/* Guest frame of a machine frame; INVALID_PFN for any frame that is not this domain's. */
pfn_t mfn_to_pfn(mfn_t frame);

/*
 * Returns true if the machine has memory at that frame, of any domain, as far as the M2P tells: it
 * may have room for up to 1 GiB more than there is. False without a hypervisor.
 */
bool mfn_is_memory(mfn_t frame);

/*
 * The C address of the list at a virtual address. On the machine they are the same; a hosted test
 * finds it in the model's memory.
 */
#if __STDC_HOSTED__
uint64_t *p2m_list_at(uintptr_t address);
#else
static inline uint64_t *p2m_list_at(uintptr_t address)
{
	return (uint64_t *)address;
}
#endif

/* ---- addresses ---- */

/*
 * Where the kernel reads and writes frame 0: the first address of the direct map on the machine; in
 * a hosted test, the model's memory.
 */
extern uintptr_t direct_map_base;

/* The address of frame 0 in the page tables, which is another in hosted tests only. */
extern uintptr_t direct_map_address;

/* Address of a frame in the direct map. The frame must be one of the domain's. */
static inline void *pfn_to_virt(pfn_t frame)
{
	return (void *)(direct_map_base + (frame.pfn << PAGE_SHIFT));
}

/* The frame at an address in the direct map. */
static inline pfn_t virt_to_pfn(const void *address)
{
	return pfn(((uintptr_t)address - direct_map_base) >> PAGE_SHIFT);
}

/* Where the page tables map a frame. */
static inline uintptr_t pfn_to_address(pfn_t frame)
{
	return direct_map_address + (frame.pfn << PAGE_SHIFT);
}

/*
 * Address of a frame in the direct map once there is one; before that in the builder's mapping, or
 * NULL if that does not reach it.
 */
void *boot_or_direct_map(pfn_t frame);

/* Tells boot_or_direct_map() which frames the builder mapped at KERNEL_VIRT_BASE. At boot. */
void direct_map_set_initial(struct pfn_range initial);

/*
 * Tells everybody that the direct map is complete: "base" is where C code reaches it, "address"
 * where the page tables have it.
 */
void direct_map_use(uintptr_t base, uintptr_t address);

#endif
