// SPDX-License-Identifier: GPL-2.0-or-later
/* The geometry in use, and translating between page-table entries and frames of the domain. */
#include <mm/table/entry.h>

struct pt_geometry pt_geometry = PT_GEOMETRY_XEN;

const char *pt_level_name(enum pt_level level)
{
	static const char *const names[] = {"none", "pte", "pmd", "pud", "p4d", "pgd"};

	return names[level];
}

pfn_t pt_entry_pfn(pt_entry_t entry)
{
	if (!pt_entry_present(entry))
		return pfn((entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
	return mfn_to_pfn(pt_entry_mfn(entry));
}

bool pt_entry_bad(pt_entry_t entry, enum pt_level level)
{
	if (!pt_entry_present(entry) || level == PT_PTE)
		return false;
	if (entry.raw & PT_HUGE)
		return !(pt_geometry.large_levels & 1u << level);
	return !pfn_valid(mfn_to_pfn(pt_entry_mfn(entry)));
}
