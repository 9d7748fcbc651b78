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
	union p2m_node *identity[P2M_LEVELS_MAX];
	struct spinlock lock; /* guards all of the P2M except single entries */
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
	return node == p2m.missing[level] || node == p2m.identity[level];
}

/* ---- building and changing ---- */

static union p2m_node *load(union p2m_node *const *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

/* Replaces the shared node "old" in *slot by a private copy. Returns false if out of memory. */
static bool own_node(union p2m_node **slot, union p2m_node *old)
{
	union p2m_node *node = p2m_new_page((uint64_t)old->child[0]);

	if (!node)
		return false;
	if (!__atomic_compare_exchange_n(slot, &old, node, false, __ATOMIC_RELEASE,
					 __ATOMIC_RELAXED)) {
		p2m_free_page(node);
		return true;
	}
	__atomic_fetch_add(&p2m.stats.nodes, 1, __ATOMIC_RELAXED);
	return true;
}

/*
 * Returns the slot that holds the leaf of a pfn, with private nodes above it; NULL if out of
 * memory.
 */
static union p2m_node **leaf_slot(uint64_t n)
{
	union p2m_node **slot = &p2m_tree.root;

	for (unsigned int level = p2m_tree.levels - 1; level > 0; level--) {
		union p2m_node *node = load(slot);

		if (shared(node, level) && !own_node(slot, node))
			return NULL;
		slot = &load(slot)->child[index_at(n, level)];
	}
	return slot;
}

static void fill_identity(union p2m_node *leaf, uint64_t n)
{
	uint64_t first = ROUND_DOWN(n, P2M_PER_PAGE);

	for (unsigned int i = 0; i < P2M_PER_PAGE; i++)
		leaf->entry[i] = (first + i) | P2M_IDENTITY;
}

/*
 * Gives a pfn a private leaf, a copy of the shared one, unless it has one. Returns false if out of
 * memory.
 */
static bool own_leaf(union p2m_node **slot, uint64_t n)
{
	union p2m_node *leaf;
	bool events, owned;

	if (!shared(load(slot), 0))
		return true;
	leaf = p2m_new_page(P2M_INVALID);
	if (!leaf || !p2m_window_prepare(n)) {
		p2m_free_page(leaf);
		return false;
	}
	events = spin_lock(&p2m.lock);
	if (*slot == p2m.identity[0])
		fill_identity(leaf, n);
	if (shared(*slot, 0) && p2m_lists_set(n, leaf)) {
		p2m_window_map(n, leaf);
		__atomic_store_n(slot, leaf, __ATOMIC_RELEASE);
		p2m.stats.leaves++;
		leaf = NULL;
	}
	owned = !shared(*slot, 0);
	spin_unlock(&p2m.lock, events);
	/* It was not used if another CPU made one, or if there is no memory for a frame list. */
	p2m_free_page(leaf);
	return owned;
}

enum p2m_result p2m_set(pfn_t frame, uint64_t entry)
{
	union p2m_node **slot;

	if (!can_be_set() || frame.pfn >= p2m_tree.limit)
		return P2M_PAST_LIMIT;
	if (p2m_entry(frame) == entry)
		return P2M_SET;
	slot = leaf_slot(frame.pfn);
	if (!slot || !own_leaf(slot, frame.pfn))
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

	/* The lock is needed because own_leaf() replaces the pointer that it has read. */
	if (shared(*slot, 0))
		__atomic_store_n(slot, p2m.identity[0], __ATOMIC_RELEASE);
	else
		for (; n < end; n++)
			__atomic_store_n(&(*slot)->entry[index_at(n, 0)], n | P2M_IDENTITY,
					 __ATOMIC_RELAXED);
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
		if (!slot || (next - n < P2M_PER_PAGE && !own_leaf(slot, n)))
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
		p2m_free_page(p2m.identity[i]);
		p2m.missing[i] = p2m.identity[i] = NULL;
	}
	p2m.stats = (struct p2m_stats){0};
}

/*
 * Makes the shared nodes, each of which points to the shared one below it. Returns false if out of
 * memory.
 */
static bool make_shared(unsigned int levels)
{
	uint64_t missing = P2M_INVALID, identity = P2M_INVALID;

	for (unsigned int i = 0; i < levels; i++) {
		p2m.missing[i] = p2m_new_page(missing);
		p2m.identity[i] = p2m_new_page(identity);
		if (!p2m.missing[i] || !p2m.identity[i])
			return false;
		missing = (uint64_t)p2m.missing[i];
		identity = (uint64_t)p2m.identity[i];
	}
	return true;
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
	p2m_tree.identity = p2m.identity[0];
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
