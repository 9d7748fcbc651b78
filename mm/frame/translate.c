// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking up frames in the P2M and the M2P, and their addresses in the direct map.
 *
 * A reader of the P2M goes from the root of the tree to a leaf. For the pfns that the domain was
 * started with, the list is the shorter way to the same entry.
 */
#include <arch/traps.h>
#include <mm/frame/translate.h>
#include <xen/xen.h>

const uint64_t *p2m_boot_list;
uint64_t p2m_boot_size;
struct p2m_tree p2m_tree;

/* Number of frames that the domain was started with. */
static uint64_t size;

/* Number of machine frames that the M2P has room for; 0 without a hypervisor. */
static uint64_t m2p_frames;

uintptr_t direct_map_base, direct_map_address;
static struct pfn_range initial_map;

void p2m_read_list(uintptr_t address, uint64_t pages)
{
	p2m_boot_list = p2m_list_at(address);
	p2m_boot_size = size = pages;
	m2p_frames = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) / sizeof(uint64_t);
	p2m_tree.limit = pages;
	p2m_tree.levels = p2m_tree.absent_runs = 0;
}

/* Makes a tree of one leaf, the shared one for "identity", whatever the number of pages. */
void p2m_use_identity(uint64_t pages, const struct pfn_range *absent, unsigned int count)
{
	static union p2m_node leaf;

	p2m_boot_size = m2p_frames = 0;
	size = pages;
	p2m_tree = (struct p2m_tree){
		.limit = pages,
		.levels = 1,
		.root = &leaf,
		.identity = &leaf,
		.absent = absent,
		.absent_runs = count,
	};
}

uint64_t p2m_size(void)
{
	return size;
}

static bool is_absent(pfn_t frame)
{
	for (unsigned int i = 0; i < p2m_tree.absent_runs; i++) {
		if (frame.pfn - p2m_tree.absent[i].start.pfn < p2m_tree.absent[i].count)
			return true;
	}
	return false;
}

uint64_t p2m_entry(pfn_t frame)
{
	const union p2m_node *node = p2m_tree.root;

	/* Most lookups end here, after one load. */
	if (frame.pfn < p2m_boot_size)
		return __atomic_load_n(&p2m_boot_list[frame.pfn], __ATOMIC_RELAXED);
	/* The limit is raised after a tree was made, and lowered before it is freed. */
	if (frame.pfn >= __atomic_load_n(&p2m_tree.limit, __ATOMIC_ACQUIRE))
		return P2M_INVALID;
	for (unsigned int level = p2m_tree.levels - 1; level > 0; level--) {
		uint64_t index = frame.pfn >> P2M_NODE_BITS * level;

		node = __atomic_load_n(&node->child[index % P2M_PER_PAGE], __ATOMIC_RELAXED);
	}
	if (node == p2m_tree.identity)
		return is_absent(frame) ? P2M_INVALID : frame.pfn | P2M_IDENTITY;
	return __atomic_load_n(&node->entry[frame.pfn % P2M_PER_PAGE], __ATOMIC_RELAXED);
}

mfn_t p2m_lookup(pfn_t frame)
{
	uint64_t entry = p2m_entry(frame);

	return entry == P2M_INVALID ? INVALID_MFN : mfn(entry & ~(P2M_FOREIGN | P2M_IDENTITY));
}

/* Reads an M2P entry. Returns false after the machine's memory, where the M2P is not mapped. */
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

void direct_map_use(uintptr_t base, uintptr_t address)
{
	direct_map_base = base;
	direct_map_address = address;
}

void direct_map_set_initial(struct pfn_range initial)
{
	initial_map = initial;
}

void *boot_or_direct_map(pfn_t frame)
{
	if (direct_map_base)
		return pfn_to_virt(frame);
	if (frame.pfn - initial_map.start.pfn < initial_map.count)
		return (void *)(KERNEL_VIRT_BASE + (frame.pfn << PAGE_SHIFT));
	return NULL;
}
