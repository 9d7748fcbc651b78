// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two maps between the frame numberings; see the header.
 *
 * A node of the tree is a page of 512 pointers, a leaf a page of 512 entries, and the depth follows
 * from the limit. Nodes are only ever added while the kernel runs, so readers take no lock: a
 * pointer is published when what it leads to is complete. That includes what the toolstack may
 * look at: the frame list names a leaf before the tree does, or an entry could be written that is
 * not saved.
 */
#include <arch/lock.h>
#include <arch/traps.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/table/levels.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/xen/p2m.h>
#include <xen/xen.h>

#define NODE_BITS  9
#define MAX_LEVELS 5

/* What a node points to: nodes one level down, or leaves. */
union node {
	union node *child[P2M_PER_PAGE];
	uint64_t entry[P2M_PER_PAGE];
};
_Static_assert(sizeof(union node) == PAGE_SIZE, "a node is a page");

/* Its pages are leaves of the tree, so it is never out of date. */
const uint64_t *p2m_boot_list;
uint64_t p2m_boot_size;

/* Machine frames that the M2P has room to tell of; 0: there is no hypervisor, and no M2P. */
static uint64_t m2p_frames;

static struct {
	uint64_t pages;    /* that the domain was started with */
	uintptr_t address; /* of the list in the kernel's address space */
	bool own_tables;   /* what maps it there was made by the relocator */
	uint64_t limit;
	const struct pfn_range *absent; /* without a hypervisor: pfns without memory */
	unsigned int absent_runs;

	unsigned int levels; /* of the tree, the leaves' included; 0: no tree yet */
	union node *root;
	union node *missing[MAX_LEVELS]; /* [0]: the leaf; [n]: a node of n levels of nothing */
	union node *identity[MAX_LEVELS];
	uint64_t mapped; /* entries that the window maps */

	uint64_t *frame_list_list; /* mfns of frame lists; NULL: the domain is too large */
	uint64_t *frame_list[P2M_PER_PAGE];
	uint64_t *missing_list;

	struct arch_shared_info *published;
	struct spinlock lock; /* guards everything above but single entries */
	struct p2m_stats stats;
} p2m;

void p2m_use_list(uintptr_t address, uint64_t pages, bool own_tables)
{
	p2m.own_tables = own_tables;
	p2m.address = address;
	p2m_boot_list = p2m_list_at(address);
	p2m.absent_runs = 0;
	p2m_boot_size = pages;
	m2p_frames = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) / sizeof(uint64_t);
	p2m.pages = p2m.limit = pages;
	p2m.levels = 0;
}

/* A tree of one leaf, the shared one that says "identity", whatever the number of pages. */
void p2m_use_identity(uint64_t pages, const struct pfn_range *absent, unsigned int count)
{
	static union node leaf;

	p2m.absent = absent;
	p2m.absent_runs = count;

	p2m_boot_size = 0;
	m2p_frames = 0;
	p2m.pages = p2m.limit = pages;
	p2m.root = p2m.identity[0] = &leaf;
	p2m.levels = 1;
}

/* Whether entries can be set: not in the builder's list, nor where every pfn is its own mfn. */
static bool can_be_set(void)
{
	return p2m.levels && p2m_boot_size;
}

void p2m_init(const struct boot_info *boot)
{
	p2m_use_list(boot->p2m_address, boot->pages, false);
}

bool p2m_tables_are_own(void)
{
	return p2m.own_tables;
}

uintptr_t p2m_address(void)
{
	return p2m.address;
}

uint64_t p2m_size(void)
{
	return p2m.pages;
}

uint64_t p2m_limit(void)
{
	return p2m.limit;
}

struct p2m_stats p2m_stats(void)
{
	return p2m.stats;
}

/* ---- lookup ---- */

static inline unsigned int index_at(uint64_t n, unsigned int level)
{
	return n >> NODE_BITS * level & (P2M_PER_PAGE - 1);
}

static bool is_absent(pfn_t frame)
{
	for (unsigned int i = 0; i < p2m.absent_runs; i++) {
		if (frame.pfn - p2m.absent[i].start.pfn < p2m.absent[i].count)
			return true;
	}
	return false;
}

uint64_t p2m_entry(pfn_t frame)
{
	const union node *node = p2m.root;

	/* Most frames: one load. */
	if (frame.pfn < p2m_boot_size)
		return __atomic_load_n(&p2m_boot_list[frame.pfn], __ATOMIC_RELAXED);
	/* The limit is raised last when there is a tree, and lowered first when there is none. */
	if (frame.pfn >= __atomic_load_n(&p2m.limit, __ATOMIC_ACQUIRE))
		return P2M_INVALID;
	for (unsigned int level = p2m.levels - 1; level > 0; level--)
		node = __atomic_load_n(&node->child[index_at(frame.pfn, level)], __ATOMIC_RELAXED);
	if (node == p2m.identity[0])
		return is_absent(frame) ? P2M_INVALID : frame.pfn | P2M_IDENTITY;
	return __atomic_load_n(&node->entry[index_at(frame.pfn, 0)], __ATOMIC_RELAXED);
}

mfn_t p2m_lookup(pfn_t frame)
{
	uint64_t entry = p2m_entry(frame);

	return entry == P2M_INVALID ? INVALID_MFN : mfn(entry & ~(P2M_FOREIGN | P2M_IDENTITY));
}

/* The M2P ends with the machine's memory, and what is past its end is not mapped. */
static bool m2p_entry(mfn_t frame, uint64_t *number)
{
	return frame.mfn < m2p_frames &&
	       probe_read(MACH2PHYS_VIRT_START + frame.mfn * sizeof(uint64_t), number);
}

bool mfn_is_memory(mfn_t frame)
{
	uint64_t number;

	return m2p_entry(frame, &number);
}

pfn_t mfn_to_pfn(mfn_t frame)
{
	uint64_t number;

	if (m2p_entry(frame, &number) && p2m_entry(pfn(number)) == frame.mfn)
		return pfn(number);
	if (p2m_entry(pfn(frame.mfn)) == (frame.mfn | P2M_IDENTITY))
		return pfn(frame.mfn);
	return INVALID_PFN;
}

/* ---- pages ---- */

/* A page with the same word all over; NULL: out of memory. */
static void *new_page(uint64_t word)
{
	pfn_t frame = frames_alloc(0);
	uint64_t *words;

	if (!pfn_valid(frame))
		return NULL;
	words = pfn_to_virt(frame);
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++)
		words[i] = word;
	return words;
}

static void free_page(const void *page)
{
	if (page)
		frames_free(virt_to_pfn(page));
}

static uint64_t machine_frame(const void *page)
{
	return pfn_to_mfn(virt_to_pfn(page)).mfn;
}

static bool shared(const union node *node, unsigned int level)
{
	return node == p2m.missing[level] || node == p2m.identity[level];
}

/* ---- the frame list list ---- */

/* Entries that a frame list, and the list of lists, cover. */
#define PER_LIST      (P2M_PER_PAGE * P2M_PER_PAGE)
#define PER_LIST_LIST (PER_LIST * P2M_PER_PAGE)

/* Makes room for the leaf of this pfn. */
static bool prepare_frame_list(uint64_t n)
{
	uint64_t which = n / PER_LIST;
	uint64_t *list;

	if (!p2m.frame_list_list || p2m.frame_list[which] != p2m.missing_list)
		return true;
	list = new_page(machine_frame(p2m.missing[0]));
	if (!list)
		return false;
	p2m.frame_list[which] = list;
	p2m.frame_list_list[which] = machine_frame(list);
	p2m.stats.frame_lists++;
	return true;
}

static void set_frame_list(uint64_t n, const union node *leaf)
{
	if (p2m.frame_list_list)
		__atomic_store_n(&p2m.frame_list[n / PER_LIST][n / P2M_PER_PAGE % P2M_PER_PAGE],
				 machine_frame(leaf), __ATOMIC_RELEASE);
}

/* ---- the window ---- */

static uintptr_t window_page(uint64_t n)
{
	return p2m.address + n / P2M_PER_PAGE * PAGE_SIZE;
}

/* Odd: do not trust what you read. */
static void step_generation(void)
{
	if (p2m.published)
		__atomic_fetch_add(&p2m.published->p2m_generation, 1, __ATOMIC_SEQ_CST);
}

/* The tables for the window up to this pfn's page, gap included. */
static bool prepare_window(uint64_t n)
{
	uint64_t from = MIN(n, p2m.mapped);

	return mm_prepare(&kernel_mm, window_page(from), window_page(n), PT_PTE);
}

static void map_window(uint64_t n, const union node *leaf)
{
	set_pte(pte_find(&kernel_mm, window_page(n)), pfn_pte(virt_to_pfn(leaf), PT_KERNEL_RO));
}

/* Shows a leaf in the window; a gap before it shows the missing one. */
static void show_leaf(uint64_t n, const union node *leaf)
{
	step_generation();
	lazy_enter();
	for (; p2m.mapped <= n; p2m.mapped += P2M_PER_PAGE)
		map_window(p2m.mapped, p2m.missing[0]);
	map_window(n, leaf);
	paravirt.flush_address(window_page(n));
	lazy_leave();
	lazy_flush();
	if (p2m.published)
		p2m.published->max_pfn = MAX(p2m.published->max_pfn, p2m.mapped);
	step_generation();
}

/* ---- building and changing ---- */

static union node *load(union node *const *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

/* Replaces the shared node "old" in *slot by one of its own, with the same meaning. */
static bool own_node(union node **slot, union node *old, unsigned int level)
{
	bool identity = old == p2m.identity[level];
	uint64_t child = (uint64_t)(identity ? p2m.identity[level - 1] : p2m.missing[level - 1]);
	union node *node = new_page(child);

	if (!node)
		return false;
	if (!__atomic_compare_exchange_n(slot, &old, node, false, __ATOMIC_RELEASE,
					 __ATOMIC_RELAXED)) {
		free_page(node); /* somebody else was faster */
		return true;
	}
	__atomic_fetch_add(&p2m.stats.nodes, 1, __ATOMIC_RELAXED);
	return true;
}

/* The slot that holds the leaf of this pfn, its way there made its own; NULL: out of memory. */
static union node **leaf_slot(uint64_t n)
{
	union node **slot = &p2m.root;

	for (unsigned int level = p2m.stats.depth - 1; level > 0; level--) {
		union node *node = load(slot);

		if (shared(node, level) && !own_node(slot, node, level))
			return NULL;
		slot = &load(slot)->child[index_at(n, level)];
	}
	return slot;
}

static void fill_identity(union node *leaf, uint64_t n)
{
	uint64_t first = ROUND_DOWN(n, P2M_PER_PAGE);

	for (unsigned int i = 0; i < P2M_PER_PAGE; i++)
		leaf->entry[i] = (first + i) | P2M_IDENTITY;
}

/* Gives this pfn a leaf of its own, unless it has one, which says what the shared one said. */
static bool own_leaf(union node **slot, uint64_t n)
{
	union node *leaf;
	bool events;

	if (!shared(load(slot), 0))
		return true;
	leaf = new_page(P2M_INVALID);
	if (!leaf)
		return false;
	if (!prepare_window(n)) {
		free_page(leaf);
		return false;
	}
	events = spin_lock(&p2m.lock);
	if (!shared(*slot, 0)) {
		spin_unlock(&p2m.lock, events);
		free_page(leaf); /* somebody else was faster */
		return true;
	}
	if (!prepare_frame_list(n)) {
		spin_unlock(&p2m.lock, events);
		free_page(leaf);
		return false;
	}
	if (*slot == p2m.identity[0])
		fill_identity(leaf, n);
	set_frame_list(n, leaf);
	show_leaf(n, leaf);
	__atomic_store_n(slot, leaf, __ATOMIC_RELEASE);
	p2m.stats.leaves++;
	spin_unlock(&p2m.lock, events);
	return true;
}

enum p2m_result p2m_set(pfn_t frame, uint64_t entry)
{
	union node **slot;

	if (!can_be_set() || frame.pfn >= p2m.limit)
		return P2M_PAST_LIMIT;
	if (p2m_entry(frame) == entry)
		return P2M_SET;
	slot = leaf_slot(frame.pfn);
	if (!slot || !own_leaf(slot, frame.pfn))
		return P2M_NO_MEMORY;
	__atomic_store_n(&load(slot)->entry[index_at(frame.pfn, 0)], entry, __ATOMIC_RELAXED);
	return P2M_SET;
}

/* The part of a range that lies in one leaf. */
struct leaf_part {
	uint64_t first, end;
	bool whole; /* the leaf says nothing else */
};

static struct leaf_part part_at(uint64_t n, uint64_t end)
{
	uint64_t next = ROUND_DOWN(n, P2M_PER_PAGE) + P2M_PER_PAGE;
	struct leaf_part part = {n, MIN(next, end), false};

	part.whole = part.end - part.first == P2M_PER_PAGE;
	return part;
}

/* Makes all that setting the part takes: where it is not the whole leaf, one of its own. */
static bool prepare_identity(struct leaf_part part)
{
	union node **slot = leaf_slot(part.first);

	return slot && (part.whole || own_leaf(slot, part.first));
}

static void set_part_identity(struct leaf_part part)
{
	union node **slot = leaf_slot(part.first);
	bool events = spin_lock(&p2m.lock);

	/* The lock: own_leaf() replaces what it has read. */
	if (shared(*slot, 0))
		__atomic_store_n(slot, p2m.identity[0], __ATOMIC_RELEASE);
	else
		for (uint64_t n = part.first; n < part.end; n++)
			__atomic_store_n(&(*slot)->entry[index_at(n, 0)], n | P2M_IDENTITY,
					 __ATOMIC_RELAXED);
	spin_unlock(&p2m.lock, events);
}

enum p2m_result p2m_set_identity(struct pfn_range range)
{
	uint64_t end = range.start.pfn + range.count;
	struct leaf_part part;

	if (!can_be_set() || end < range.start.pfn || end > p2m.limit)
		return P2M_PAST_LIMIT;
	for (uint64_t n = range.start.pfn; n < end; n = part.end) {
		part = part_at(n, end);
		if (!prepare_identity(part))
			return P2M_NO_MEMORY;
	}
	for (uint64_t n = range.start.pfn; n < end; n = part.end) {
		part = part_at(n, end);
		set_part_identity(part);
	}
	return P2M_SET;
}

static void free_tree(union node *node, unsigned int level)
{
	if (!node || shared(node, level))
		return;
	for (unsigned int i = 0; level > 0 && i < P2M_PER_PAGE; i++) {
		/* Leaves of the list are not ours; others are. */
		if (level > 1)
			free_tree(node->child[i], level - 1);
		else if (!shared(node->child[i], 0) &&
			 frame_of(virt_to_pfn(node->child[i]))->kind == FRAME_ALLOCATED)
			free_page(node->child[i]);
	}
	free_page(node);
}

/* Takes what lies behind the list out of the window again. */
static void hide_leaves(void)
{
	uint64_t end = ROUND_UP(p2m_boot_size, P2M_PER_PAGE);

	lazy_enter();
	for (uint64_t n = end; n < p2m.mapped; n += P2M_PER_PAGE)
		pte_clear(&kernel_mm, window_page(n), pte_find(&kernel_mm, window_page(n)));
	paravirt.flush_all();
	lazy_leave();
	lazy_flush();
	p2m.mapped = end;
}

void p2m_stop(void)
{
	unsigned int levels = p2m.levels ? p2m.levels : MAX_LEVELS;

	if (p2m.mapped > p2m_boot_size)
		hide_leaves();
	if (p2m.root && p2m.levels > 1)
		free_tree(p2m.root, p2m.levels - 1);
	__atomic_store_n(&p2m.limit, p2m_boot_size, __ATOMIC_SEQ_CST);
	p2m.levels = 0;
	p2m.root = NULL;
	for (unsigned int i = 0; i < levels; i++) {
		free_page(p2m.missing[i]);
		free_page(p2m.identity[i]);
		p2m.missing[i] = p2m.identity[i] = NULL;
	}
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++) {
		if (p2m.frame_list[i] != p2m.missing_list)
			free_page(p2m.frame_list[i]);
		p2m.frame_list[i] = NULL;
	}
	free_page(p2m.missing_list);
	free_page(p2m.frame_list_list);
	p2m.missing_list = p2m.frame_list_list = NULL;
	p2m.published = NULL;
	p2m.stats = (struct p2m_stats){0};
}

/* The shared nodes: each leads to the shared one below. */
static bool make_shared(unsigned int levels)
{
	uint64_t missing = P2M_INVALID, identity = P2M_INVALID;

	for (unsigned int i = 0; i < levels; i++) {
		p2m.missing[i] = new_page(missing);
		p2m.identity[i] = new_page(identity);
		if (!p2m.missing[i] || !p2m.identity[i])
			return false;
		missing = (uint64_t)p2m.missing[i];
		identity = (uint64_t)p2m.identity[i];
	}
	return true;
}

static bool make_frame_lists(uint64_t limit)
{
	if (limit > PER_LIST_LIST)
		return true;
	p2m.missing_list = new_page(machine_frame(p2m.missing[0]));
	if (!p2m.missing_list)
		return false;
	p2m.frame_list_list = new_page(machine_frame(p2m.missing_list));
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++)
		p2m.frame_list[i] = p2m.missing_list;
	p2m.stats.frame_lists = 2;
	return p2m.frame_list_list != NULL;
}

/* The page of the list that holds this pfn, as C sees it in the direct map. */
static union node *list_page(uint64_t n)
{
	pte_t *pte = pte_find(&kernel_mm, window_page(n));

	if (!pte || !pte_present(*pte))
		panic("page %lu of the P2M is not mapped at %016lx", n / P2M_PER_PAGE,
		      window_page(n));
	return pfn_to_virt(pte_pfn(*pte));
}

/* Makes every page of the list a leaf. */
static bool adopt_list(void)
{
	for (uint64_t n = 0; n < p2m_boot_size; n += P2M_PER_PAGE) {
		union node *leaf = list_page(n), **slot;

		for (uint64_t i = p2m_boot_size - n; i < P2M_PER_PAGE; i++)
			leaf->entry[i] = P2M_INVALID; /* past the end of the last page */
		if (!prepare_frame_list(n))
			return false;
		slot = leaf_slot(n);
		if (!slot)
			return false;
		set_frame_list(n, leaf);
		*slot = leaf;
		p2m.stats.leaves++;
	}
	return true;
}

bool p2m_start(uint64_t limit)
{
	unsigned int levels = 1;

	while (levels < MAX_LEVELS && limit > 1ull << NODE_BITS * levels)
		levels++;
	p2m.stats = (struct p2m_stats){.depth = levels};
	if (make_shared(levels) && make_frame_lists(limit)) {
		p2m.root = p2m.missing[levels - 1];
		if (adopt_list()) {
			p2m.mapped = ROUND_UP(p2m_boot_size, P2M_PER_PAGE);
			p2m.levels = levels;
			__atomic_store_n(&p2m.limit, limit, __ATOMIC_RELEASE);
			return true;
		}
		p2m.levels = levels; /* so that everything made so far is found */
	}
	p2m_stop();
	return false;
}

void p2m_publish(struct arch_shared_info *info)
{
	uint64_t root = pt_root_mfn().mfn;

	info->max_pfn = p2m.mapped;
	info->pfn_to_mfn_frame_list_list =
		p2m.frame_list_list ? machine_frame(p2m.frame_list_list) : UINT64_MAX;
	info->p2m_vaddr = p2m.address;
	info->p2m_generation = 0;
	/* Last: whoever sees it may use the others. The format is that of cr3, "folded". */
	__atomic_store_n(&info->p2m_cr3, root << PAGE_SHIFT | root >> (64 - PAGE_SHIFT),
			 __ATOMIC_RELEASE);
	p2m.published = info;
}
