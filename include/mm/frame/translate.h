/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation between guest frames (pfn), machine frames (mfn), and the addresses at which the
 * kernel reads and writes them.
 *
 * The P2M is the domain's own table, with one mfn for each pfn, first written by the domain builder
 * (public/xen.h, start_info.mfn_list). The M2P is Xen's table of the whole machine, mapped
 * read-only for every guest. For a frame that is not the domain's its content is garbage, so a
 * translation from mfn to pfn counts only if the P2M agrees.
 *
 * The builder's list is used until there is a page allocator. Then p2m_start() makes a tree whose
 * leaves are the pages of that list. Where the domain has no memory, all branches lead to one
 * shared leaf, "missing". Where a pfn stands for the mfn of the same number (I/O memory), they lead
 * to the shared leaf "identity". So a huge empty range costs nothing. This room reads the tree;
 * mm/xen/p2m.h changes it. Readers take no lock.
 *
 * The direct map maps all memory in order of pfn. Before it exists, the builder's mapping covers a
 * part of it.
 */
#ifndef MM_FRAME_TRANSLATE_H
#define MM_FRAME_TRANSLATE_H

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

/* ---- pfn and mfn ---- */

/*
 * The P2M entry of a pfn without memory (public/xen.h, INVALID_P2M_ENTRY), and the marks of special
 * entries.
 */
#define P2M_INVALID  UINT64_MAX
#define P2M_FOREIGN  (1ull << 63) /* another domain's frame, mapped here */
#define P2M_IDENTITY (1ull << 62) /* the mfn is the pfn */

/* Entries in a page of the list, which is a leaf of the tree. */
#define P2M_PER_PAGE (PAGE_SIZE / sizeof(uint64_t))

/* log2 of the pointers in a node of the tree, and the most levels that a tree has. */
#define P2M_NODE_BITS  9
#define P2M_LEVELS_MAX 5

/* A page of the tree: pointers to nodes of the next lower level, or the entries of a leaf. */
union p2m_node {
	union p2m_node *child[P2M_PER_PAGE];
	uint64_t entry[P2M_PER_PAGE];
};
_Static_assert(sizeof(union p2m_node) == PAGE_SIZE, "a node is a page");

/*
 * The tree. While the kernel runs nodes are only ever added, and a pointer is published when what
 * it leads to is complete, so readers take no lock. Written by mm/xen/p2m.c, p2m_read_list() and
 * p2m_use_identity().
 */
struct p2m_tree {
	uint64_t limit;                 /* pfns below it have an entry */
	unsigned int levels;            /* the leaves' included; 0: no tree yet */
	union p2m_node *root;           /* a leaf if there is one level */
	const union p2m_node *identity; /* shared: each pfn stands for its own number */
	const struct pfn_range *absent; /* without a hypervisor: pfns without memory */
	unsigned int absent_runs;
};
extern struct p2m_tree p2m_tree;

/*
 * The list that the domain was started with, wherever it is now, and its length: the mfns of the
 * pfns below p2m_boot_size. Its pages are leaves of the tree, so it is always up to date. For
 * pfn_to_mfn(), and for writers of page-table entries that count instructions.
 */
extern const uint64_t *p2m_boot_list;
extern uint64_t p2m_boot_size;

/*
 * Makes the list at an address of the kernel, with an entry for each of "pages" pfns, the P2M.
 * Called at boot, and again when the list has moved; there is no tree then.
 */
void p2m_read_list(uintptr_t address, uint64_t pages);

/*
 * Makes each of "pages" pfns stand for the mfn of the same number, for good, except in the "count"
 * ranges of "absent", where there is no memory. The array must stay where it is. For a machine
 * without a hypervisor, at boot.
 */
void p2m_use_identity(uint64_t pages, const struct pfn_range *absent, unsigned int count);

/* Returns the number of frames that the domain was started with: pfns are 0 .. p2m_size() - 1. */
uint64_t p2m_size(void);

/*
 * Returns the P2M entry of any pfn, as it is stored, marks included; P2M_INVALID from the limit on.
 */
uint64_t p2m_entry(pfn_t frame);

/* Returns the machine frame of any pfn; INVALID_MFN from the limit on, or if it has no memory. */
mfn_t p2m_lookup(pfn_t frame);

/* Returns what p2m_lookup() does, with one inline load in the commonest case, ordinary memory. */
static inline mfn_t pfn_to_mfn(pfn_t frame)
{
	if (likely(frame.pfn < p2m_boot_size) && likely(p2m_boot_list[frame.pfn] < P2M_IDENTITY))
		return mfn(p2m_boot_list[frame.pfn]);
	return p2m_lookup(frame);
}

/* Returns the pfn of a machine frame; INVALID_PFN for any frame that is not this domain's. */
pfn_t mfn_to_pfn(mfn_t frame);

/*
 * Returns true if the machine has memory at that frame, of any domain, as far as the M2P tells: it
 * may cover up to 1 GiB more than there is. False without a hypervisor.
 */
bool mfn_is_memory(mfn_t frame);

/*
 * Returns the C pointer to the list at a virtual address. On the machine they are the same; in a
 * hosted test the list is in the model's memory.
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
 * The address at which the kernel reads and writes frame 0: the first address of the direct map on
 * the machine, the model's memory in a hosted test. It is 0 until the direct map is complete.
 */
extern uintptr_t direct_map_base;

/*
 * The address of frame 0 in the page tables. It differs from direct_map_base only in hosted tests.
 */
extern uintptr_t direct_map_address;

/* Returns the address of a frame in the direct map. The frame must be one of the domain's. */
static inline void *pfn_to_virt(pfn_t frame)
{
	return (void *)(direct_map_base + (frame.pfn << PAGE_SHIFT));
}

/* Returns the frame at an address in the direct map. */
static inline pfn_t virt_to_pfn(const void *address)
{
	return pfn(((uintptr_t)address - direct_map_base) >> PAGE_SHIFT);
}

/* Returns the address at which the page tables map a frame in the direct map. */
static inline uintptr_t pfn_to_address(pfn_t frame)
{
	return direct_map_address + (frame.pfn << PAGE_SHIFT);
}

/*
 * Returns the address of a frame in the direct map if it exists, otherwise in the builder's
 * mapping, or NULL if that does not cover the frame.
 */
void *boot_or_direct_map(pfn_t frame);

/*
 * Sets the frames that the builder mapped at KERNEL_VIRT_BASE, for boot_or_direct_map(). At boot.
 */
void direct_map_set_initial(struct pfn_range initial);

/*
 * Makes the direct map the way to every frame, when it is complete. "base" is where C code reaches
 * it, "address" where the page tables have it: see direct_map_base and direct_map_address.
 */
void direct_map_use(uintptr_t base, uintptr_t address);

#endif
