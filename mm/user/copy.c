// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying between the kernel and a program's memory: page by page, each faulted in if need be and
 * reached by the direct map. An access that a page forbids the program, it forbids the copy too.
 */
#include <kernel/lib/string.h>
#include <mm/table/levels.h>
#include <mm/user/copy.h>
#include <mm/user/fault.h>

/* Returns where the kernel reaches the byte at an address, after any faults; NULL: it cannot be. */
static char *locate(struct space *space, uintptr_t address, unsigned int wanted)
{
	const uint64_t needed = wanted == SPACE_WRITE ? PT_PRESENT | PT_RW : PT_PRESENT;

	if (address > pt_user_limit())
		return NULL;
	for (;;) {
		const pte_t *pte = pte_find(&space->mm, address);

		if (pte && (pte_flags(*pte) & needed) == needed)
			return (char *)pfn_to_virt(pte_pfn(*pte)) + address % PAGE_SIZE;
		if (fault_resolve_locked(space, ROUND_DOWN(address, PAGE_SIZE), wanted) !=
		    FAULT_DONE)
			return NULL;
	}
}

/* Copies, as a read or a write of the program; "here" NULL writes zeros. Takes the lock. */
static uint64_t copy(struct space *space, uintptr_t address, char *here, uint64_t bytes,
		     unsigned int wanted)
{
	uint64_t done = 0;

	spin_acquire(&space->lock);
	while (done < bytes) {
		uint64_t rest = PAGE_SIZE - (address + done) % PAGE_SIZE;
		uint64_t piece = MIN(bytes - done, rest);
		char *there = locate(space, address + done, wanted);

		if (!there)
			break;
		if (wanted == SPACE_READ)
			memcpy(here + done, there, piece);
		else if (here)
			memcpy(there, here + done, piece);
		else
			memset(there, 0, piece);
		done += piece;
	}
	spin_release(&space->lock);
	return done;
}

uint64_t copy_to_space(struct space *space, uintptr_t address, const void *from, uint64_t bytes)
{
	return copy(space, address, (char *)from, bytes, SPACE_WRITE);
}

uint64_t copy_from_space(struct space *space, uintptr_t address, void *to, uint64_t bytes)
{
	return copy(space, address, to, bytes, SPACE_READ);
}
