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
#define STACK_ORDER 2
_Static_assert(1ul << STACK_ORDER == STACK_PAGES, "a stack is one block of frames");
#define PLACE_SIZE (2ul * KERNEL_STACK_SIZE)

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

/* Maps the frames of a stack, or unmaps them if there are none, in one batch with one flush. */
static void map(uintptr_t start, pfn_t first)
{
	pte_t *pte = pte_find(&kernel_mm, start);

	lazy_enter();
	for (uint64_t i = 0; i < STACK_PAGES; i++)
		set_entry(&pte[i].entry, PT_PTE,
			  pfn_valid(first) ? pt_entry_make(pfn(first.pfn + i), PT_KERNEL_RW)
					   : pt_entry_none());
	if (!pfn_valid(first))
		paravirt.flush_all(ALL_CPUS);
	lazy_leave();
	lazy_flush();
}

/*
 * Allocates the frames of a stack and unmaps them from the direct map. Only the stack's addresses
 * reach them then, so an overrun in the direct map cannot reach a stack.
 */
static pfn_t take_frames(void)
{
	pfn_t first = frames_alloc(STACK_ORDER);

	if (!pfn_valid(first) || direct_map_restrict((struct pfn_range){first, STACK_PAGES}, 0))
		return first;
	frames_free(first);
	return INVALID_PFN;
}

uintptr_t stack_alloc(void)
{
	unsigned int place = take_place();
	pfn_t first = INVALID_PFN;
	uintptr_t start;

	if (place == STACKS_MOST)
		return 0;
	start = pt_slot_address(STACKS_SLOT) + place * PLACE_SIZE + KERNEL_STACK_SIZE;
	if (mm_prepare(&kernel_mm, start, start + KERNEL_STACK_SIZE - 1, PT_PTE))
		first = take_frames();
	if (pfn_valid(first)) {
		map(start, first);
		return start + KERNEL_STACK_SIZE;
	}
	give_place(place);
	return 0;
}

void stack_free(uintptr_t top)
{
	uintptr_t start = top - KERNEL_STACK_SIZE;
	pfn_t first = pte_pfn(*pte_find(&kernel_mm, start));

	map(start, INVALID_PFN);
	direct_map_restore((struct pfn_range){first, STACK_PAGES});
	lazy_flush();
	frames_free(first);
	give_place((unsigned int)((start - pt_slot_address(STACKS_SLOT)) / PLACE_SIZE));
}
