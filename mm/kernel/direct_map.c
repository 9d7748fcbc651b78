// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing rights in the direct map, once it is in use.
 *
 * At first every page is writable, but for tables and the P2M under Xen, and natively pages are as
 * large as fit. A restriction splits at most the large page at each end of its range. Lifting it
 * joins what has become alike again. Under Xen there are no large pages, so a change writes ptes in
 * the current batch.
 */
#include <kernel/lib/panic.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/table/large.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>

/* Writes the entry for a page or large page, which must lie in the range as a whole. */
static pfn_t set_absent(const struct pt_place *at, void *argument)
{
	const uint64_t flags = *(const uint64_t *)argument;
	pfn_t frame = pfn((at->start - direct_map_address) >> PAGE_SHIFT);

	if (at->last - at->start != pt_span(at->level) - 1)
		panic("pfn %lx: a part of what was taken out of the direct map as a large page "
		      "cannot be put back",
		      frame.pfn);
	set_entry(at->entry, at->level,
		  flags ? pt_entry_make(frame, flags | (at->level == PT_PTE ? 0 : PT_HUGE))
			: pt_entry_none());
	return INVALID_PFN;
}

/* Writes a present entry, which any TLB may hold. */
static enum pt_next set_present(const struct pt_place *at, void *flags)
{
	if (pt_entry_leaf(*at->entry, at->level)) {
		set_absent(at, flags);
		if (at->level == PT_PTE)
			paravirt.flush_address(at->start, ALL_CPUS);
		else
			paravirt.flush_all(ALL_CPUS);
	}
	return PT_DESCEND;
}

/* Returns the address of the last byte of a range. */
static uintptr_t last_byte(struct pfn_range range)
{
	return pfn_to_address(pfn(range.start.pfn + range.count)) - 1;
}

/*
 * Changes the rights of a range, in any sizes of pages, and flushes, by one request to the other
 * CPUs; in lazy mode too, since the pages may be joined next. kernel_mm.lock is held.
 */
static void change_rights(struct pfn_range range, uint64_t flags)
{
	static const struct pt_visitor setting = {.absent = set_absent, .enter = set_present};

	lazy_enter();
	pt_walk(kernel_mm.root, pfn_to_address(range.start), last_byte(range), &setting, &flags);
	lazy_leave();
	lazy_flush();
}

/*
 * Changes the rights of a range where no pages are large: each has a pte that is its owner's to
 * write. All of it is one batch, with one flush if a TLB may hold an entry.
 */
static void change_ptes(struct pfn_range range, uint64_t flags)
{
	bool flush = false;

	lazy_enter();
	for (uint64_t n = range.start.pfn; n < range.start.pfn + range.count; n++) {
		pt_entry_t *entry = mm_entry(&kernel_mm, pfn_to_address(pfn(n)), PT_PTE);

		flush |= pt_entry_present(*entry);
		set_entry(entry, PT_PTE, flags ? pt_entry_make(pfn(n), flags) : pt_entry_none());
	}
	if (flush)
		paravirt.flush_all(ALL_CPUS);
	lazy_leave();
}

bool direct_map_restrict(struct pfn_range range, uint64_t flags)
{
	bool split;

	if (!pt_geometry.large_levels) {
		change_ptes(range, flags);
		return true;
	}
	mm_lock(&kernel_mm);
	split = mm_split(&kernel_mm, pfn_to_address(range.start), last_byte(range));
	if (split)
		change_rights(range, flags);
	mm_unlock(&kernel_mm);
	return split;
}

void direct_map_restore(struct pfn_range range)
{
	if (!pt_geometry.large_levels) {
		change_ptes(range, PT_KERNEL_RW);
		return;
	}
	mm_lock(&kernel_mm);
	change_rights(range, PT_KERNEL_RW);
	mm_join(&kernel_mm, pfn_to_address(range.start), last_byte(range));
	mm_unlock(&kernel_mm);
}

bool direct_map_protect(const struct boot_memory *memory)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		if (memory->run[i].kind == FRAME_TEXT &&
		    !direct_map_restrict(memory->run[i].range, PT_KERNEL_RO))
			return false;
	}
	return true;
}
