// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocating kernel stacks in a window of the kernel's address space.
 *
 * The window is divided into places. The upper half of a place is the stack, the lower half is its
 * guard and never mapped.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/stacks.h>
#include <mm/table/levels.h>
#include <mm/table/mm.h>

#define STACK_PAGES (KERNEL_STACK_SIZE / PAGE_SIZE)
#define PLACE_SIZE  (2ul * KERNEL_STACK_SIZE)

static struct spinlock lock = SPINLOCK(LOCK_STACKS);
static uint64_t taken[STACKS_MOST / 64]; /* one bit a place */
static unsigned int taken_count;

static uintptr_t place_address(unsigned int place)
{
	return pt_slot_address(STACKS_SLOT) + place * PLACE_SIZE;
}

/* Takes the first free place and returns its number; STACKS_MOST if there is none. */
static unsigned int take_place(void)
{
	bool events = spin_lock(&lock);
	unsigned int most = STACKS_MOST - (this_cpu()->keeps_reserve ? STACKS_RESERVE : 0);
	unsigned int place = STACKS_MOST;

	for (unsigned int i = 0; taken_count < most && place == STACKS_MOST; i++) {
		if (~taken[i])
			place = i * 64 + (unsigned int)__builtin_ctzl(~taken[i]);
	}
	if (place < STACKS_MOST) {
		taken[place / 64] |= 1ull << place % 64;
		taken_count++;
	}
	spin_unlock(&lock, events);
	return place;
}

static void give_place(unsigned int place)
{
	bool events = spin_lock(&lock);

	taken[place / 64] &= ~(1ull << place % 64);
	taken_count--;
	spin_unlock(&lock, events);
}

/* Maps these frames at the stack's addresses, or unmaps them if "pages" is NULL. */
static void show(uintptr_t start, const pfn_t *pages)
{
	for (unsigned int i = 0; i < STACK_PAGES; i++)
		set_kernel_pte(start + i * PAGE_SIZE,
			       pages ? pt_entry_make(pages[i], PT_KERNEL_RW) : pt_entry_none());
}

/*
 * Allocates a page and unmaps it from the direct map. Only the stack's address reaches it then, so
 * an overrun in the direct map cannot reach a stack.
 */
static pfn_t take_page(void)
{
	pfn_t page = frames_alloc(0);

	if (!pfn_valid(page) || direct_map_restrict((struct pfn_range){page, 1}, 0))
		return page;
	frames_free(page);
	return INVALID_PFN;
}

/* Puts pages back into the direct map, ends lazy mode, and frees them. */
static void give_pages(const pfn_t *pages, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		direct_map_restore((struct pfn_range){pages[i], 1});
	lazy_leave();
	lazy_flush();
	for (unsigned int i = 0; i < count; i++)
		frames_free(pages[i]);
}

/* Unmaps a stack and frees its pages, in one batch. */
static void unmap(uintptr_t start)
{
	pfn_t pages[STACK_PAGES];

	for (unsigned int i = 0; i < STACK_PAGES; i++)
		pages[i] = pte_pfn(*pte_find(&kernel_mm, start + i * PAGE_SIZE));
	lazy_enter();
	show(start, NULL);
	give_pages(pages, STACK_PAGES);
}

/* Maps a new stack, in one batch. Returns false if out of memory; then nothing is mapped. */
static bool map(uintptr_t start)
{
	pfn_t pages[STACK_PAGES];
	unsigned int count = 0;

	if (!mm_prepare(&kernel_mm, start, start + KERNEL_STACK_SIZE - 1, PT_PTE))
		return false;
	lazy_enter();
	while (count < STACK_PAGES && pfn_valid(pages[count] = take_page()))
		count++;
	if (count < STACK_PAGES) {
		give_pages(pages, count);
		return false;
	}
	show(start, pages);
	lazy_leave();
	lazy_flush();
	return true;
}

uintptr_t stack_alloc(void)
{
	unsigned int place = take_place();
	uintptr_t start;

	if (place == STACKS_MOST)
		return 0;
	start = place_address(place) + KERNEL_STACK_SIZE;
	if (!map(start)) {
		give_place(place);
		return 0;
	}
	return start + KERNEL_STACK_SIZE;
}

void stack_free(uintptr_t top)
{
	uintptr_t start = top - KERNEL_STACK_SIZE;

	unmap(start);
	give_place((unsigned int)((start - pt_slot_address(STACKS_SLOT)) / PLACE_SIZE));
}
