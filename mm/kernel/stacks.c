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

/* Unmaps the pages of a stack, which may be fewer than it should have, and frees them. */
static void unmap(uintptr_t start)
{
	pfn_t pages[STACK_PAGES];
	unsigned int count = 0;

	lazy_enter();
	for (uintptr_t at = start; count < STACK_PAGES; at += PAGE_SIZE) {
		pte_t pte = *pte_find(&kernel_mm, at);

		if (!pte_present(pte))
			break;
		pages[count] = pte_pfn(pte);
		set_kernel_pte(at, pt_entry_none());
		direct_map_restore((struct pfn_range){pages[count++], 1});
	}
	lazy_leave();
	lazy_flush();
	while (count)
		frames_free(pages[--count]);
}

/* Maps a new stack, in one batch. Returns false if out of memory; then nothing is mapped. */
static bool map(uintptr_t start)
{
	const uintptr_t end = start + KERNEL_STACK_SIZE;
	uintptr_t at = start;
	pfn_t page;

	if (!mm_prepare(&kernel_mm, start, end - 1, PT_PTE))
		return false;
	lazy_enter();
	for (; at < end && pfn_valid(page = take_page()); at += PAGE_SIZE)
		set_kernel_pte(at, pt_entry_make(page, PT_KERNEL_RW));
	lazy_leave();
	lazy_flush();
	if (at < end)
		unmap(start);
	return at == end;
}

uintptr_t stack_alloc(void)
{
	unsigned int place = take_place();
	uintptr_t start;

	if (place == STACKS_MOST)
		return 0;
	start = pt_slot_address(STACKS_SLOT) + place * PLACE_SIZE + KERNEL_STACK_SIZE;
	if (map(start))
		return start + KERNEL_STACK_SIZE;
	give_place(place);
	return 0;
}

void stack_free(uintptr_t top)
{
	uintptr_t start = top - KERNEL_STACK_SIZE;

	unmap(start);
	give_place((unsigned int)((start - pt_slot_address(STACKS_SLOT)) / PLACE_SIZE));
}
