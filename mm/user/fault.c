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

/* Finds or makes the page of a region's object for the page at an address. */
static enum fault object_page_for(const struct region *region, uintptr_t address, pfn_t *page)
{
	uint64_t offset = region->offset + (address - region->start);

	if (offset >= region->object->bytes || offset >> PAGE_SHIFT >= OBJECT_MAX_PAGES)
		return FAULT_PAST_END;
	*page = object_page(region->object, offset >> PAGE_SHIFT);
	if (pfn_valid(*page))
		return FAULT_DONE;
	return object_is_full(region->object) ? FAULT_NO_SPACE : FAULT_NO_MEMORY;
}

/* Gets the page for an empty entry, with a reference. "write": the program writes to it. */
static enum fault page_for(const struct region *region, uintptr_t address, bool write, pfn_t *page)
{
	if (region->object) {
		enum fault result = object_page_for(region, address, page);

		if (result != FAULT_DONE)
			return result;
		if (write && !region->shared)
			*page = copy_of(*page);
		else
			frame_get(*page);
	} else {
		*page = write ? frames_alloc_zeroed() : zero_page;
	}
	return pfn_valid(*page) ? FAULT_DONE : FAULT_NO_MEMORY;
}

/* Handles a write to a page mapped read-only: shared since a fork, or a file's. */
static enum fault copy_on_write(struct space *space, struct region *region, uintptr_t address,
				pt_entry_t *entry)
{
	pfn_t page = entry_page(*entry), copy = page;
	bool alone = entry_may_write(region, page);

	if (!alone) {
		copy = copy_of(page);
		if (!pfn_valid(copy))
			return FAULT_NO_MEMORY;
	}
	set_pte_at(&space->mm, address, entry, entry_make(copy, region->rights, true));
	paravirt.flush_address(address);
	/* The request for the flush must reach Xen before the page is freed. */
	lazy_flush();
	if (!alone)
		entry_put_page(page);
	return FAULT_DONE;
}

/*
 * Returns how many more pages to map: as many as there are empty entries after this one, if the
 * entry before it is in use.
 */
static unsigned int run_length(const struct region *region, uintptr_t address,
			       const pt_entry_t *entry)
{
	unsigned int index = pt_index(address, PT_PTE), most = RUN - 1, count = 0;

	if (!index || pt_entry_is_none(entry[-1]))
		return 0;
	most = MIN(most, pt_entries() - 1 - index);
	most = (unsigned int)MIN((uint64_t)most, (region->end - address) / PAGE_SIZE - 1);
	while (count < most && pt_entry_is_none(entry[count + 1]))
		count++;
	return count;
}

/* Maps a page in an empty entry, and in those after it that run_length() counts. */
static enum fault make_present(struct space *space, const struct region *region, uintptr_t address,
			       pt_entry_t *entry, bool write)
{
	unsigned int more = run_length(region, address, entry);
	bool writable = write || region->shared;
	enum fault result = FAULT_DONE;

	lazy_enter();
	for (unsigned int i = 0; i <= more; i++) {
		uintptr_t at = address + i * PAGE_SIZE;
		pfn_t page;

		result = page_for(region, at, write, &page);
		if (result != FAULT_DONE) {
			/* The program asked for the first page only. */
			result = i ? FAULT_DONE : result;
			break;
		}
		set_pte_at(&space->mm, at, &entry[i], entry_make(page, region->rights, writable));
	}
	lazy_leave();
	return result;
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

	if (!region)
		return FAULT_UNMAPPED;
	if (!allows(region, wanted))
		return FAULT_FORBIDDEN;
	if (!mm_prepare(&space->mm, address, address, PT_PTE))
		return FAULT_NO_MEMORY;
	entry = &pte_find(&space->mm, address)->entry;
	if (pt_entry_is_none(*entry))
		return make_present(space, region, address, entry, wanted == SPACE_WRITE);
	if (wanted == SPACE_WRITE && !(entry->raw & PT_RW))
		return copy_on_write(space, region, address, entry);
	/* Another thread has handled the fault, or the TLB has an old translation. */
	paravirt.flush_address(address);
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
