// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page-table entries of programs, many at a time: counting, unmapping, changing rights, sharing
 * with a child, moving. All of it walks the ptes of the tables that exist, a run in one table at a
 * time.
 *
 * A page may be freed only when no processor can reach it through an old translation. So references
 * are dropped after the entries are cleared *and* the TLB is flushed, never before.
 */
#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/user/entries.h>
#include <mm/user/region.h>

pfn_t zero_page = {UINT64_MAX};

bool entries_init(void)
{
	zero_page = frames_alloc_zeroed();
	/* Every program can map it, so not even the kernel can write to it from here on. */
	return pfn_valid(zero_page) &&
	       direct_map_restrict((struct pfn_range){zero_page, 1}, PT_KERNEL_RO);
}

pt_entry_t entry_make(pfn_t page, unsigned int rights, bool writable)
{
	uint64_t flags = PT_PRESENT | PT_USER | PT_ACCESSED;

	if (!rights)
		return (pt_entry_t){(~(page.pfn << PAGE_SHIFT) & PT_FRAME_MASK) | PT_INACCESSIBLE};
	if (writable && (rights & SPACE_WRITE))
		flags |= PT_RW | PT_DIRTY;
	if (!(rights & SPACE_EXECUTE))
		flags |= PT_NX;
	return pt_entry_make(page, flags);
}

static bool is_zero_page(pfn_t page)
{
	return page.pfn == zero_page.pfn;
}

bool entry_may_write(const struct region *region, pfn_t page)
{
	return region->shared || (!is_zero_page(page) && frame_of(page)->references == 1);
}

/* ---- walking ---- */

/* A run of ptes in one table: those of "count" pages from "start" to "end". */
struct ptes {
	pt_entry_t *entry;
	uintptr_t start, end;
	unsigned int count;
};

/* Ends the walk at a pte table, and describes the part of it that is in the range. */
static enum pt_next stop_at_ptes(const struct pt_place *at, void *argument)
{
	struct ptes *ptes = argument;

	if (at->level != PT_PMD)
		return PT_DESCEND;
	ptes->entry =
		(pt_entry_t *)pfn_to_virt(pt_entry_pfn(*at->entry)) + pt_index(at->start, PT_PTE);
	ptes->start = at->start;
	ptes->end = at->last + 1;
	ptes->count = (unsigned int)((ptes->end - ptes->start) >> PAGE_SHIFT);
	return PT_STOP;
}

/* Advances *ptes to the next run; returns false if there is none below "end". */
static bool next_ptes(const struct space *space, uintptr_t end, struct ptes *ptes)
{
	static const struct pt_visitor visitor = {.lowest = PT_PMD, .enter = stop_at_ptes};

	return ptes->end < end && !pt_walk(space->mm.root, ptes->end, end - 1, &visitor, ptes);
}

#define for_each_ptes(ptes, space, from, to) \
	for (struct ptes ptes = {.end = (from)}; next_ptes(space, to, &ptes);)

uint64_t entries_count(const struct space *space, const struct region *region, bool copies)
{
	uint64_t count = 0;

	for_each_ptes (ptes, space, region->start, region->end) {
		uint64_t number = (region->offset + (ptes.start - region->start)) >> PAGE_SHIFT;

		for (unsigned int i = 0; i < ptes.count; i++) {
			pfn_t page = entry_page(ptes.entry[i]);

			if (!pfn_valid(page) || is_zero_page(page))
				continue;
			count += !copies || page.pfn != object_find(region->object, number + i).pfn;
		}
	}
	return count;
}

/* ---- unmapping ---- */

/* Pages whose entries are cleared and whose references are dropped after the next flush. */
struct dropping {
	struct space *space;
	unsigned int count;
	pfn_t page[64];
};

static void put_dropped(struct dropping *dropping)
{
	if (dropping->count)
		mm_flush(&dropping->space->mm);
	while (dropping->count)
		entry_put_page(dropping->page[--dropping->count]);
}

static void drop_range(struct dropping *dropping, uintptr_t start, uintptr_t end)
{
	for_each_ptes (ptes, dropping->space, start, end) {
		for (pt_entry_t *entry = ptes.entry; entry < ptes.entry + ptes.count; entry++) {
			if (pt_entry_is_none(*entry))
				continue;
			if (dropping->count == ARRAY_SIZE(dropping->page))
				put_dropped(dropping);
			dropping->page[dropping->count++] = entry_page(*entry);
			set_entry(entry, PT_PTE, pt_entry_none());
		}
	}
}

/* Drops the reference of an entry whose table is freed, for mm_drop_tables(). */
static void drop_with_table(pt_entry_t entry)
{
	if (!pt_entry_is_none(entry))
		entry_put_page(entry_page(entry));
}

void entries_drop(struct space *space, uintptr_t start, uintptr_t end, uintptr_t floor,
		  uintptr_t ceiling)
{
	const uintptr_t span = pt_span(PT_PMD);
	/* Tables in this range are freed as a whole, so their entries need not be cleared. */
	uintptr_t whole = ROUND_UP(floor, span), whole_end = MAX(whole, ROUND_DOWN(ceiling, span));
	struct dropping dropping = {.space = space};

	lazy_enter();
	drop_range(&dropping, start, MIN(end, whole));
	drop_range(&dropping, MAX(start, whole_end), end);
	put_dropped(&dropping);
	lazy_leave();
	if (ceiling > floor)
		mm_drop_tables(&space->mm, start, end - 1, floor, ceiling - 1, drop_with_table);
}

/* ---- changing ---- */

static void change(pt_entry_t *entry, pt_entry_t value)
{
	/* The processor sets accessed and dirty bits only in present entries. */
	if (pt_entry_present(*entry) && pt_entry_present(value)) {
		protect_start(entry);
		protect_commit(entry, value);
	} else {
		set_entry(entry, PT_PTE, value);
	}
}

void entries_protect(struct space *space, const struct region *region)
{
	bool changed = false;

	lazy_enter();
	for_each_ptes (ptes, space, region->start, region->end) {
		for (pt_entry_t *entry = ptes.entry; entry < ptes.entry + ptes.count; entry++) {
			pfn_t page = entry_page(*entry);

			if (!pfn_valid(page))
				continue;
			change(entry,
			       entry_make(page, region->rights, entry_may_write(region, page)));
			changed = true;
		}
	}
	if (changed)
		mm_flush(&space->mm);
	lazy_leave();
}

bool entries_share(struct space *parent, struct space *child, const struct region *region)
{
	bool complete = true;

	lazy_enter();
	for_each_ptes (ptes, parent, region->start, region->end) {
		pt_entry_t *copy;

		complete = mm_prepare(&child->mm, ptes.start, ptes.end - 1, PT_PTE);
		if (!complete)
			break;
		copy = mm_entry(&child->mm, ptes.start, PT_PTE);
		for (unsigned int i = 0; i < ptes.count; i++) {
			pt_entry_t *entry = &ptes.entry[i];
			pfn_t page = entry_page(*entry);
			pt_entry_t readable;

			if (!pfn_valid(page))
				continue;
			if (!is_zero_page(page))
				frame_get(page);
			readable = entry_make(page, region->rights, false);
			if (entry->raw & PT_RW)
				change(entry, readable);
			set_entry(&copy[i], PT_PTE, readable);
		}
	}
	lazy_leave();
	return complete;
}

bool entries_move(struct space *space, uintptr_t from, uintptr_t to, uint64_t bytes)
{
	const uintptr_t distance = to - from;

	/* All tables are made first: what follows cannot fail. */
	for_each_ptes (ptes, space, from, from + bytes) {
		if (!mm_prepare(&space->mm, ptes.start + distance, ptes.end - 1 + distance, PT_PTE))
			return false;
	}
	lazy_enter();
	for_each_ptes (ptes, space, from, from + bytes) {
		for (unsigned int i = 0; i < ptes.count; i++) {
			pt_entry_t *entry = &ptes.entry[i], value = *entry;
			uintptr_t address = ptes.start + i * PAGE_SIZE + distance;

			if (pt_entry_is_none(value))
				continue;
			set_entry(entry, PT_PTE, pt_entry_none());
			set_entry(mm_entry(&space->mm, address, PT_PTE), PT_PTE, value);
		}
	}
	mm_flush(&space->mm);
	lazy_leave();
	return true;
}
