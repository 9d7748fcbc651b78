/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The five levels under the names that Linux gives them: pgd_t, p4d_t, pud_t, pmd_t, pte_t.
 *
 * For code that works on one known level, and for readers of Linux: every name here that Linux has
 * means what it means there (arch/x86/include/asm/pgtable.h, and for a PV guest
 * arch/x86/xen/mmu_pv.c). Each level's entry is a type of its own, so that mixing two up does not
 * compile. pte_val() and its like have the *pfn* inside, pte_t itself the mfn: what the processor
 * reads is never seen by their users. pte_find() takes all five steps, at every fault of a program
 * and for every page of the P2M's window.
 *
 * With four levels the p4d is folded: one entry in each of the pgd's, and p4d_offset() returns the
 * pgd's entry itself, which then *is* the p4d entry. As a pgd entry it counts as present, and
 * clearing it does nothing. Code that takes all five steps, and clears at the p4d level and then at
 * the pgd's, is right in both geometries; one that cleared a folded entry twice would drop two
 * references, and Xen counts.
 */
#ifndef MM_TABLE_LEVELS_H
#define MM_TABLE_LEVELS_H

#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

static inline bool p4d_folded(void)
{
	return !pt_level_exists(PT_P4D);
}

/* An entry as readers of Linux know it, a pfn and flags; one that is not ours is not present. */
static inline uint64_t pt_entry_to_val(pt_entry_t entry)
{
	pfn_t frame = pt_entry_pfn(entry);

	if (!pt_entry_present(entry))
		return entry.raw;
	if (!pfn_valid(frame))
		return pt_entry_flags(entry) & ~PT_PRESENT;
	return frame.pfn << PAGE_SHIFT | pt_entry_flags(entry);
}

/* The entry for such a value. */
static inline pt_entry_t pt_entry_of_val(uint64_t val)
{
	return pt_entry_make(pfn((val & PT_FRAME_MASK) >> PAGE_SHIFT), val & ~PT_FRAME_MASK);
}

/*
 * For every level: the value and back (__pte(), as in Linux), none and present, pfn and flags, the
 * index of an address in its table, and set_pte() and its like. An entry is written as one of the
 * level HELD; with FOLDED it counts as present, whatever it holds.
 */
#define PT_DEFINE_LEVEL(name, LEVEL, HELD, FOLDED)                            \
	typedef struct {                                                      \
		pt_entry_t entry;                                             \
	} name##_t;                                                           \
	static inline uint64_t name##_val(name##_t e)                         \
	{                                                                     \
		return pt_entry_to_val(e.entry);                              \
	}                                                                     \
	static inline name##_t __##name(uint64_t val)                         \
	{                                                                     \
		return (name##_t){pt_entry_of_val(val)};                      \
	}                                                                     \
	static inline bool name##_none(name##_t e)                            \
	{                                                                     \
		return !(FOLDED) && pt_entry_is_none(e.entry);                \
	}                                                                     \
	static inline bool name##_present(name##_t e)                         \
	{                                                                     \
		return (FOLDED) || pt_entry_present(e.entry);                 \
	}                                                                     \
	static inline pfn_t name##_pfn(name##_t e)                            \
	{                                                                     \
		return pt_entry_pfn(e.entry);                                 \
	}                                                                     \
	static inline uint64_t name##_flags(name##_t e)                       \
	{                                                                     \
		return pt_entry_flags(e.entry);                               \
	}                                                                     \
	static inline unsigned int name##_index(uintptr_t address)            \
	{                                                                     \
		return pt_level_exists(LEVEL) ? pt_index(address, LEVEL) : 0; \
	}                                                                     \
	static inline void set_##name(name##_t *e, name##_t value)            \
	{                                                                     \
		set_entry(&e->entry, HELD, value.entry);                      \
	}

/*
 * For the levels above the pte: whether an entry makes no sense, whether it maps a large page, the
 * first address after the entry that an address is in (or "end", if that comes first), and clear.
 */
#define PT_DEFINE_UPPER_LEVEL(name, LEVEL, HELD, FOLDED)                                    \
	PT_DEFINE_LEVEL(name, LEVEL, HELD, FOLDED)                                          \
	static inline bool name##_bad(name##_t e)                                           \
	{                                                                                   \
		return !(FOLDED) && pt_entry_bad(e.entry, HELD);                            \
	}                                                                                   \
	static inline bool name##_leaf(name##_t e)                                          \
	{                                                                                   \
		return !(FOLDED) && pt_entry_leaf(e.entry, HELD);                           \
	}                                                                                   \
	static inline uintptr_t name##_addr_end(uintptr_t address, uintptr_t end)           \
	{                                                                                   \
		uintptr_t rest = pt_level_exists(LEVEL) ? pt_span(LEVEL) - 1 : UINTPTR_MAX; \
		uintptr_t last = address | rest;                                            \
                                                                                            \
		return last < end - 1 ? last + 1 : end;                                     \
	}                                                                                   \
	static inline void name##_clear(name##_t *e)                                        \
	{                                                                                   \
		if (!(FOLDED))                                                              \
			set_##name(e, (name##_t){pt_entry_none()});                         \
	}

#define PT_HELD_BY_P4D (p4d_folded() ? PT_PGD : PT_P4D)

PT_DEFINE_UPPER_LEVEL(pgd, PT_PGD, PT_PGD, p4d_folded())
PT_DEFINE_UPPER_LEVEL(p4d, PT_P4D, PT_HELD_BY_P4D, false)
PT_DEFINE_UPPER_LEVEL(pud, PT_PUD, PT_PUD, false)
PT_DEFINE_UPPER_LEVEL(pmd, PT_PMD, PT_PMD, false)
PT_DEFINE_LEVEL(pte, PT_PTE, PT_PTE, false)

static inline pte_t pfn_pte(pfn_t frame, uint64_t flags)
{
	return (pte_t){pt_entry_make(frame, flags)};
}

static inline void pte_clear(struct mm *mm, uintptr_t address, pte_t *pte)
{
	(void)mm, (void)address;
	set_pte(pte, (pte_t){pt_entry_none()});
}

/* The root's entry for an address. */
static inline pgd_t *pgd_offset(const struct mm *mm, uintptr_t address)
{
	return (pgd_t *)pfn_to_virt(mm->root) + pgd_index(address);
}

/* The next step down: the entry for the address in the table that this one points to. */
static inline p4d_t *p4d_offset(pgd_t *pgd, uintptr_t address)
{
	if (p4d_folded())
		return (p4d_t *)pgd;
	return (p4d_t *)pfn_to_virt(pgd_pfn(*pgd)) + p4d_index(address);
}

static inline pud_t *pud_offset(p4d_t *p4d, uintptr_t address)
{
	return (pud_t *)pfn_to_virt(p4d_pfn(*p4d)) + pud_index(address);
}

static inline pmd_t *pmd_offset(pud_t *pud, uintptr_t address)
{
	return (pmd_t *)pfn_to_virt(pud_pfn(*pud)) + pmd_index(address);
}

static inline pte_t *pte_offset_kernel(pmd_t *pmd, uintptr_t address)
{
	return (pte_t *)pfn_to_virt(pmd_pfn(*pmd)) + pte_index(address);
}

/*
 * The pte of an address in mm's tables, by all five steps; NULL if a table is missing or a large
 * page is in the way. The address must be canonical and not the hypervisor's. What a batch has not
 * issued is not seen. Lock: as for mm_entry(), the caller's who needs the tables to stay.
 */
pte_t *pte_find(const struct mm *mm, uintptr_t address);

#endif
