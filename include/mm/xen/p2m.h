/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From guest frames to machine frames and back.
 *
 * The P2M is the domain's own table, one mfn a pfn, first written by the domain builder (public/
 * xen.h, start_info.mfn_list). The M2P is Xen's table of the whole machine, mapped read-only for
 * every guest; what it says of a frame that is not ours is garbage, so a translation back counts
 * only if the P2M agrees.
 *
 * The builder's list serves until there is a page allocator; then p2m_start() makes a tree whose
 * leaves are the pages of that list. Where the domain has no memory all branches lead to one shared
 * leaf, "missing", or "identity" where a pfn stands for the mfn of the same number (I/O memory), so
 * a huge and empty address space costs nothing.
 *
 * The toolstack reads the P2M when it saves the domain, from outside, by two roads that are kept up
 * to date here: the frame list list, pages of mfns of pages of mfns of leaves (up to 512 GiB of
 * domain), and the linear list in a window of the kernel's address space, whose mapping is guarded
 * by a generation counter (public/arch-x86/xen.h, struct arch_shared_info).
 */
#ifndef MM_XEN_P2M_H
#define MM_XEN_P2M_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

struct arch_shared_info;

/* An entry without memory (public/xen.h, INVALID_P2M_ENTRY), and the marks of special ones. */
#define P2M_INVALID  UINT64_MAX
#define P2M_FOREIGN  (1ull << 63) /* another domain's frame that is mapped here */
#define P2M_IDENTITY (1ull << 62) /* the mfn is the pfn */

/* Entries in a page of the list, a leaf of the tree. */
#define P2M_PER_PAGE (PAGE_SIZE / sizeof(uint64_t))

/* Starts using the builder's list. Must come before any other function here. */
void p2m_init(const struct boot_info *boot);

/*
 * The same with the list elsewhere: its virtual address, how many entries, and whether the kernel
 * made (and pinned) the tables that map it there.
 */
void p2m_use_list(uintptr_t address, uint64_t pages, bool own_tables);
bool p2m_tables_are_own(void);

/*
 * Without a hypervisor: each of so many pfns is the mfn of the same number, and stays that; but for
 * the "count" ranges in "absent", which must stay where they are: there is no memory.
 */
void p2m_use_identity(uint64_t pages, const struct pfn_range *absent, unsigned int count);

/* Where the list is in the kernel's address space. */
uintptr_t p2m_address(void);

/* The list that the domain was started with, wherever it is now; nobody else touches these two. */
extern const uint64_t *p2m_boot_list;
extern uint64_t p2m_boot_size;

/* Machine frame of a guest frame; INVALID_MFN if pfn is past the limit or has no memory. */
mfn_t p2m_lookup(pfn_t frame);

/* The same; the commonest case, ordinary memory, is one load. */
static inline mfn_t pfn_to_mfn(pfn_t frame)
{
	if (likely(frame.pfn < p2m_boot_size) && likely(p2m_boot_list[frame.pfn] < P2M_IDENTITY))
		return mfn(p2m_boot_list[frame.pfn]);
	return p2m_lookup(frame);
}

/* Guest frame of a machine frame; INVALID_PFN for any frame that is not this domain's. */
pfn_t mfn_to_pfn(mfn_t frame);

/*
 * Whether the machine has memory at that frame, anybody's, as far as the M2P tells: it may have
 * room for up to 1 GiB more than there is. False without a hypervisor.
 */
bool mfn_is_memory(mfn_t frame);

/* Number of frames that the domain was started with: pfns are 0 .. p2m_size() - 1. */
uint64_t p2m_size(void);

/* The entry as it is stored, with the marks above. */
uint64_t p2m_entry(pfn_t frame);

/*
 * Makes the tree, for pfns 0 .. limit - 1, from the list mapped at p2m_address(). False: out of
 * memory; the list stays in use and nothing is lost. "limit" is at least p2m_size().
 */
bool p2m_start(uint64_t limit);

/* Gives up the tree and its pages, but for the leaves of the list. For tests. */
void p2m_stop(void);

/* pfns below this may be set. */
uint64_t p2m_limit(void);

enum p2m_result {
	P2M_SET,
	P2M_PAST_LIMIT, /* the pfn is not below p2m_limit(), there is no tree yet, or no hypervisor
			 */
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

#endif
