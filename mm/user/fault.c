// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults of programs: an entry is made from what its region says.
 *
 * A fault that is no error has one of four causes. The page is not mapped yet: it is zeros, or a
 * page of an object. A page is written to that is shared since a fork, or is a file's. A stack has
 * to grow. Or another thread has already handled the same fault, and nothing is left to do.
 */
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/levels.h>
#include <mm/table/ops.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/region.h>

/*
 * The number of pages that one fault maps when a program goes through memory in order. Mapping them
 * costs a fraction of the faults that it saves.
 */
#define RUN 16

/* Returns the region of a page, after growing a stack down to it if need be; NULL: none. */
static struct region *region_for(struct space *space, uintptr_t start)
{
	struct region *region = region_after(space, start);

	if (!region || region->start <= start)
		return region;
	if (!region->stack || region->end - start > SPACE_STACK_MOST ||
	    start < region_end_before(space, region) + SPACE_STACK_GUARD || start < SPACE_LOWEST ||
	    space->bytes + (region->start - start) > space->limit)
		return NULL;
	region_resize(space, region, start, region->end);
	return region;
}

/* Returns a new frame with the contents of another; INVALID_PFN when out of memory. */
static inline pfn_t copy_of(pfn_t page)
{
	pfn_t copy = frames_alloc(0);

	if (pfn_valid(copy))
		memcpy(pfn_to_virt(copy), pfn_to_virt(page), PAGE_SIZE);
	return copy;
}

/* Gets the page for an empty entry, with a reference. "write": the program writes to it. */
static enum fault page_for(const struct region *region, uintptr_t address, bool write, pfn_t *page)
{
	uint64_t offset = region->offset + (address - region->start);
	struct object *object = region->object;

	if (object) {
		pfn_t own = object_get_page(object, offset >> PAGE_SHIFT);

		if (!pfn_valid(own) &&
		    (offset >= object->bytes || offset >> PAGE_SHIFT >= OBJECT_MAX_PAGES))
			return FAULT_PAST_END;
		if (!pfn_valid(own))
			return object_is_full(object) ? FAULT_NO_SPACE : FAULT_NO_MEMORY;
		*page = own;
		if (write && !region->shared) {
			*page = copy_of(own);
			frame_put(own);
		}
	} else {
		*page = write ? frames_alloc_zeroed() : zero_page;
	}
	return pfn_valid(*page) ? FAULT_DONE : FAULT_NO_MEMORY;
}

/* Handles a write to a page mapped read-only: shared since a fork, or a file's. */
static enum fault copy_on_write(struct space *space, const struct region *region, uintptr_t address,
				pt_entry_t *entry)
{
	pfn_t old = entry_page(*entry), page = entry_may_write(region, old) ? old : copy_of(old);

	if (!pfn_valid(page))
		return FAULT_NO_MEMORY;
	set_pte_at(&space->mm, address, entry, entry_make(page, region->rights, true));
	if (page.pfn != old.pfn) {
		/* Other CPUs must stop reading the old page before it is freed. */
		mm_flush_address(&space->mm, address);
		entry_put_page(old);
	} else {
		/* Others may keep the read-only translation: a write by it faults again. */
		paravirt.flush_address(address, cpu_set_of(this_cpu()));
		lazy_flush();
	}
	return FAULT_DONE;
}

/* Returns the last byte to map, as far as the entries up to it are empty. */
static uintptr_t run_last(const struct region *region, uintptr_t address, const pt_entry_t *entry)
{
	/* A program that goes through memory in order has used the page before. */
	if (!pt_index(address, PT_PTE) || pt_entry_is_none(entry[-1]))
		return address;
	return pt_entry_last(address, MIN(region->end, address + RUN * PAGE_SIZE) - 1, PT_PMD);
}

/* Maps a page in an empty entry, and more in the empty entries after it up to run_last(). */
static enum fault make_present(struct space *space, const struct region *region, uintptr_t address,
			       pt_entry_t *entry, bool write)
{
	const uintptr_t last = run_last(region, address, entry);
	bool writable = write || region->shared;
	enum fault result;
	uintptr_t at = address;

	lazy_enter();
	do {
		pfn_t page;

		result = page_for(region, at, write, &page);
		if (result != FAULT_DONE)
			break;
		set_pte_at(&space->mm, at, entry, entry_make(page, region->rights, writable));
		at += PAGE_SIZE;
		entry++;
	} while (at < last && pt_entry_is_none(*entry));
	lazy_leave();
	/* The program asked for the first page only. */
	return at > address ? FAULT_DONE : result;
}

/* Whatever allows writing or execution allows reading too: x86 has no other entries. */
static bool allows(const struct region *region, unsigned int wanted)
{
	return (region->rights & wanted) || (wanted == SPACE_READ && region->rights);
}

enum fault fault_resolve_locked(struct space *space, uintptr_t address, unsigned int wanted)
{
	struct region *region = region_for(space, address);
	pt_entry_t *entry;
	pte_t *pte;

	if (!region)
		return FAULT_UNMAPPED;
	if (!allows(region, wanted))
		return FAULT_FORBIDDEN;
	pte = pte_find(&space->mm, address);
	if (!pte) {
		if (!mm_prepare(&space->mm, address, address, PT_PTE))
			return FAULT_NO_MEMORY;
		pte = pte_find(&space->mm, address);
	}
	entry = &pte->entry;
	if (pt_entry_is_none(*entry))
		return make_present(space, region, address, entry, wanted == SPACE_WRITE);
	if (wanted == SPACE_WRITE && !(entry->raw & PT_RW))
		return copy_on_write(space, region, address, entry);
	/* Another thread has handled the fault, or this CPU's TLB has an old translation. */
	paravirt.flush_address(address, cpu_set_of(this_cpu()));
	return FAULT_DONE;
}

enum fault fault_resolve(struct space *space, uintptr_t address, unsigned int wanted)
{
	enum fault result;

	if (address > pt_user_limit())
		return FAULT_UNMAPPED;
	spin_acquire(&space->lock);
	result = fault_resolve_locked(space, ROUND_DOWN(address, PAGE_SIZE), wanted);
	spin_release(&space->lock);
	return result;
}
