// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame list list and the window, by which the toolstack reads the P2M from outside.
 *
 * A frame list is a page with the mfns of 512 leaves. Where the domain has no memory, all frame
 * lists are one shared page, which names the missing leaf 512 times. The window holds the linear
 * list in the kernel's address space; its readers compare p2m_generation before and after.
 */
#include <kernel/lib/panic.h>
#include <mm/frame/frames.h>
#include <mm/table/levels.h>
#include <mm/xen/p2m.h>
#include <xen/xen.h>

#include "p2m_lists.h"

/* Number of P2M entries that a frame list covers, and that the list of lists covers. */
#define PER_LIST      (P2M_PER_PAGE * P2M_PER_PAGE)
#define PER_LIST_LIST (PER_LIST * P2M_PER_PAGE)

static struct {
	uint64_t *frame_list_list; /* mfns of frame lists; NULL: the domain is too large */
	uint64_t *frame_list[P2M_PER_PAGE];
	uint64_t *missing_list;
	const union p2m_node *missing; /* the shared leaf of pfns without memory */
	uint64_t frame_lists;          /* number of pages of these lists */

	uintptr_t window; /* the address of the list */
	bool own_tables;  /* the relocator made the tables that map it there */
	uint64_t own;     /* entries of the list, up to the end of its last page */
	uint64_t mapped;  /* entries that the window maps */

	struct arch_shared_info *published;
} lists;

/* ---- pages ---- */

void *p2m_new_page(uint64_t word)
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

void p2m_free_page(const void *page)
{
	if (page)
		frames_free(virt_to_pfn(page));
}

static uint64_t machine_frame(const void *page)
{
	return pfn_to_mfn(virt_to_pfn(page)).mfn;
}

/* ---- the frame list list ---- */

bool p2m_lists_make(uint64_t limit, const union p2m_node *missing)
{
	lists.missing = missing;
	if (limit > PER_LIST_LIST)
		return true;
	lists.missing_list = p2m_new_page(machine_frame(missing));
	if (!lists.missing_list)
		return false;
	lists.frame_list_list = p2m_new_page(machine_frame(lists.missing_list));
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++)
		lists.frame_list[i] = lists.missing_list;
	lists.frame_lists = 2;
	return lists.frame_list_list != NULL;
}

bool p2m_lists_set(uint64_t n, const union p2m_node *leaf)
{
	uint64_t which = n / PER_LIST;
	uint64_t *list;

	if (!lists.frame_list_list)
		return true;
	list = lists.frame_list[which];
	if (list == lists.missing_list) {
		list = p2m_new_page(machine_frame(lists.missing));
		if (!list)
			return false;
		lists.frame_list[which] = list;
		lists.frame_list_list[which] = machine_frame(list);
		lists.frame_lists++;
	}
	__atomic_store_n(&list[n / P2M_PER_PAGE % P2M_PER_PAGE], machine_frame(leaf),
			 __ATOMIC_RELEASE);
	return true;
}

uint64_t p2m_lists_pages(void)
{
	return lists.frame_lists;
}

/* ---- the window ---- */

void p2m_use_list(uintptr_t address, uint64_t pages, bool own_tables)
{
	p2m_read_list(address, pages);
	lists.window = address;
	lists.own_tables = own_tables;
	lists.own = lists.mapped = ROUND_UP(pages, P2M_PER_PAGE);
}

bool p2m_tables_are_own(void)
{
	return lists.own_tables;
}

uintptr_t p2m_address(void)
{
	return lists.window;
}

static uintptr_t window_address(uint64_t n)
{
	return lists.window + n / P2M_PER_PAGE * PAGE_SIZE;
}

/* Makes p2m_generation odd before a change, and even after it. */
static void step_generation(void)
{
	if (lists.published)
		__atomic_fetch_add(&lists.published->p2m_generation, 1, __ATOMIC_SEQ_CST);
}

bool p2m_window_prepare(uint64_t n)
{
	uint64_t from = MIN(n, lists.mapped);

	return mm_prepare(&kernel_mm, window_address(from), window_address(n), PT_PTE);
}

static void map_window(uint64_t n, const union p2m_node *leaf)
{
	set_pte(pte_find(&kernel_mm, window_address(n)), pfn_pte(virt_to_pfn(leaf), PT_KERNEL_RO));
}

void p2m_window_map(uint64_t n, const union p2m_node *leaf)
{
	step_generation();
	lazy_enter();
	for (; lists.mapped <= n; lists.mapped += P2M_PER_PAGE)
		map_window(lists.mapped, lists.missing);
	map_window(n, leaf);
	paravirt.flush_address(window_address(n), ALL_CPUS);
	lazy_leave();
	lazy_flush();
	if (lists.published)
		lists.published->max_pfn = MAX(lists.published->max_pfn, lists.mapped);
	step_generation();
}

union p2m_node *p2m_window_page(uint64_t n)
{
	pte_t *pte = pte_find(&kernel_mm, window_address(n));

	if (!pte || !pte_present(*pte))
		panic("page %lu of the P2M is not mapped at %016lx", n / P2M_PER_PAGE,
		      window_address(n));
	return pfn_to_virt(pte_pfn(*pte));
}

/* Unmaps from the window all leaves after those of the list. */
static void shrink_window(void)
{
	lazy_enter();
	for (; lists.mapped > lists.own; lists.mapped -= P2M_PER_PAGE) {
		uintptr_t last = window_address(lists.mapped - P2M_PER_PAGE);

		pte_clear(&kernel_mm, last, pte_find(&kernel_mm, last));
	}
	paravirt.flush_all(ALL_CPUS);
	lazy_leave();
	lazy_flush();
}

/* ---- the whole ---- */

void p2m_lists_drop(void)
{
	shrink_window();
	for (unsigned int i = 0; i < P2M_PER_PAGE; i++) {
		if (lists.frame_list[i] != lists.missing_list)
			p2m_free_page(lists.frame_list[i]);
		lists.frame_list[i] = NULL;
	}
	p2m_free_page(lists.missing_list);
	p2m_free_page(lists.frame_list_list);
	lists.missing_list = lists.frame_list_list = NULL;
	lists.published = NULL;
	lists.frame_lists = 0;
}

void p2m_publish(struct arch_shared_info *info)
{
	uint64_t root = pt_root_mfn().mfn;

	info->max_pfn = lists.mapped;
	info->pfn_to_mfn_frame_list_list =
		lists.frame_list_list ? machine_frame(lists.frame_list_list) : UINT64_MAX;
	info->p2m_vaddr = lists.window;
	info->p2m_generation = 0;
	/*
	 * Stored last: a reader that sees it may use the other fields. It has the format of cr3,
	 * "folded".
	 */
	__atomic_store_n(&info->p2m_cr3, root << PAGE_SHIFT | root >> (64 - PAGE_SHIFT),
			 __ATOMIC_RELEASE);
	lists.published = info;
}
