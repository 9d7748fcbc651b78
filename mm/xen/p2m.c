// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The P2M's tree: building it from the list, and changing it.
 *
 * A node of the tree is a page of 512 pointers, a leaf is a page of 512 entries, and the depth
 * follows from the limit. Readers take no lock, so a pointer is published when everything that it
 * leads to is complete. The forms that the toolstack reads come first: a frame list names a leaf
 * before the tree does, or an entry could be written that is not saved.
 */
#include <arch/hypercall.h>
#include <arch/lock.h>
#include <mm/frame/frames.h>
#include <mm/xen/p2m.h>
#include <xen/memory.h>
#include <xen/xen.h>

#include "p2m_lists.h"

static struct {
	union p2m_node *missing[P2M_LEVELS_MAX]; /* shared nodes by level; [0] is the leaf */
	union p2m_node *identity;                /* the other shared leaf */
	struct spinlock lock;                    /* guards all of the P2M except single entries */
	struct p2m_stats stats;
} p2m = {.lock = SPINLOCK(LOCK_P2M)};

/*
 * Returns true if entries can be set. They cannot in the builder's list, nor without a hypervisor.
 */
static bool can_be_set(void)
{
	return p2m_tree.levels && p2m_boot_size;
}

struct p2m_stats p2m_stats(void)
{
	struct p2m_stats stats = p2m.stats;

	stats.frame_lists = p2m_lists_pages();
	return stats;
}

static unsigned int index_at(uint64_t n, unsigned int level)
{
	return n >> P2M_NODE_BITS * level & (P2M_PER_PAGE - 1);
}

static bool shared(const union p2m_node *node, unsigned int level)
{
	return node == p2m.missing[level] || node == p2m.identity;
}

/* ---- building and changing ---- */

static union p2m_node *load(union p2m_node *const *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static void write_identity(union p2m_node *leaf, uint64_t n, uint64_t end)
{
	for (; n < end; n++)
		__atomic_store_n(&leaf->entry[index_at(n, 0)], n | P2M_IDENTITY, __ATOMIC_RELAXED);
}

/*
 * Gives a pfn a private node of a level in *slot, a copy of the shared one, unless it has one.
 * Returns false if out of memory.
 */
static bool own(union p2m_node **slot, unsigned int level, uint64_t n)
{
	union p2m_node *old = load(slot), *node;
	uint64_t first = ROUND_DOWN(n, P2M_PER_PAGE);
	bool events, owned;

	if (!shared(old, level))
		return true;
	node = p2m_new_page(old->entry[0]);
	if (!node || (level == 0 && !p2m_window_prepare(n))) {
		p2m_free_page(node);
		return false;
	}
	events = spin_lock(&p2m.lock);
	if (*slot == p2m.identity)
		write_identity(node, first, first + P2M_PER_PAGE);
	if (shared(*slot, level) && (level > 0 || p2m_lists_set(n, node))) {
		if (level == 0)
			p2m_window_map(n, node);
		__atomic_store_n(slot, node, __ATOMIC_RELEASE);
		p2m.stats.leaves += level == 0;
		p2m.stats.nodes += level > 0;
		node = NULL;
	}
	owned = !shared(*slot, level);
	spin_unlock(&p2m.lock, events);
	/* It was not used if another CPU made one, or if there is no memory for a frame list. */
	p2m_free_page(node);
	return owned;
}

/*
 * Returns the slot that holds the leaf of a pfn, with private nodes above it; NULL if out of
 * memory.
 */
static union p2m_node **leaf_slot(uint64_t n)
{
	union p2m_node **slot = &p2m_tree.root;

	for (unsigned int level = p2m_tree.levels - 1; level > 0; level--) {
		if (!own(slot, level, n))
			return NULL;
		slot = &load(slot)->child[index_at(n, level)];
	}
	return slot;
}

enum p2m_result p2m_set(pfn_t frame, uint64_t entry)
{
	union p2m_node **slot;

	if (!can_be_set() || frame.pfn >= p2m_tree.limit)
		return P2M_PAST_LIMIT;
	if (p2m_entry(frame) == entry)
		return P2M_SET;
	slot = leaf_slot(frame.pfn);
	if (!slot || !own(slot, 0, frame.pfn))
		return P2M_NO_MEMORY;
	__atomic_store_n(&load(slot)->entry[index_at(frame.pfn, 0)], entry, __ATOMIC_RELAXED);
	return P2M_SET;
}

/* Returns the end of that part of the pfns from "n" to "end" that lies in one leaf. */
static uint64_t part_end(uint64_t n, uint64_t end)
{
	return MIN(ROUND_DOWN(n, P2M_PER_PAGE) + P2M_PER_PAGE, end);
}

static void set_part_identity(uint64_t n, uint64_t end)
{
	union p2m_node **slot = leaf_slot(n);
	bool events = spin_lock(&p2m.lock);

	/* The lock is needed because own() replaces the pointer that it has read. */
	if (shared(*slot, 0))
		__atomic_store_n(slot, p2m.identity, __ATOMIC_RELEASE);
	else
		write_identity(*slot, n, end);
	spin_unlock(&p2m.lock, events);
}

enum p2m_result p2m_set_identity(struct pfn_range range)
{
	uint64_t end = range.start.pfn + range.count, next;

	if (!can_be_set() || end < range.start.pfn || end > p2m_tree.limit)
		return P2M_PAST_LIMIT;
	/* First allocate all that setting takes: a private leaf for each part but whole leaves. */
	for (uint64_t n = range.start.pfn; n < end; n = next) {
		union p2m_node **slot = leaf_slot(n);

		next = part_end(n, end);
		if (!slot || (next - n < P2M_PER_PAGE && !own(slot, 0, n)))
			return P2M_NO_MEMORY;
	}
	for (uint64_t n = range.start.pfn; n < end; n = next) {
		next = part_end(n, end);
		set_part_identity(n, next);
	}
	return P2M_SET;
}

static void free_tree(union p2m_node *node, unsigned int level)
{
	if (shared(node, level))
		return;
	for (unsigned int i = 0; level > 0 && i < P2M_PER_PAGE; i++)
		free_tree(node->child[i], level - 1);
	/* Pages of the list were not allocated here; all others were. */
	if (frame_of(virt_to_pfn(node))->kind == FRAME_ALLOCATED)
		p2m_free_page(node);
}

void p2m_stop(void)
{
	__atomic_store_n(&p2m_tree.limit, p2m_boot_size, __ATOMIC_SEQ_CST);
	p2m_lists_drop();
	if (p2m_tree.levels)
		free_tree(p2m_tree.root, p2m_tree.levels - 1);
	p2m_tree.levels = 0;
	p2m_tree.root = NULL;
	for (unsigned int i = 0; i < P2M_LEVELS_MAX; i++) {
		p2m_free_page(p2m.missing[i]);
		p2m.missing[i] = NULL;
	}
	p2m_free_page(p2m.identity);
	p2m.identity = NULL;
	p2m.stats = (struct p2m_stats){0};
}

/*
 * Makes the shared leaves, and a node for each level above, which points to the missing one below
 * it. Returns false if out of memory.
 */
static bool make_shared(unsigned int levels)
{
	uint64_t below = P2M_INVALID;

	p2m.identity = p2m_new_page(P2M_INVALID);
	for (unsigned int i = 0; i < levels; i++) {
		p2m.missing[i] = p2m_new_page(below);
		if (!p2m.missing[i])
			return false;
		below = (uint64_t)p2m.missing[i];
	}
	return p2m.identity;
}

/* Makes every page of the list a leaf of the tree. Returns false if out of memory. */
static bool adopt_list(void)
{
	for (uint64_t n = 0; n < p2m_boot_size; n += P2M_PER_PAGE) {
		union p2m_node *leaf = p2m_window_page(n), **slot;

		for (uint64_t i = p2m_boot_size - n; i < P2M_PER_PAGE; i++)
			leaf->entry[i] = P2M_INVALID; /* past the end of the last page */
		slot = leaf_slot(n);
		if (!slot || !p2m_lists_set(n, leaf))
			return false;
		*slot = leaf;
		p2m.stats.leaves++;
	}
	return true;
}

bool p2m_start(uint64_t limit)
{
	unsigned int levels = 1;
	bool made;

	while (levels < P2M_LEVELS_MAX && limit > 1ull << P2M_NODE_BITS * levels)
		levels++;
	p2m.stats = (struct p2m_stats){.depth = levels};
	made = make_shared(levels);
	/* So much that p2m_stop() frees what was made. */
	p2m_tree.levels = levels;
	p2m_tree.root = p2m.missing[levels - 1];
	if (!made || !p2m_lists_make(limit, p2m.missing[0]) || !adopt_list()) {
		p2m_stop();
		return false;
	}
	p2m_tree.identity = p2m.identity;
	__atomic_store_n(&p2m_tree.limit, limit, __ATOMIC_RELEASE);
	return true;
}

bool p2m_start_for_domain(uint64_t pages)
{
	domid_t self = DOMID_SELF;
	long most = hypercall_memory_op(XENMEM_maximum_reservation, &self);

	if (most < (long)pages || (uint64_t)most > 16 * pages)
		return p2m_start(pages);
	return p2m_start((uint64_t)most);
}
