/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The five levels under the names that Linux gives them: pgd_t, p4d_t, pud_t, pmd_t, pte_t.
 *
 * This is for code that works on one known level, and for readers of Linux. Every name here that
 * Linux has means what it means there (arch/x86/include/asm/pgtable.h, and for a PV guest
 * arch/x86/xen/mmu_pv.c). The entry of each level is a type of its own, so mixing up two levels
 * does not compile. pte_val() and its like return the *pfn*, while pte_t itself holds the mfn:
 * their users never see what the processor reads. pte_find() takes all five steps: for the faults
 * of programs and the kernel's copies to and from them, for kernel stacks, and for the P2M's
 * window.
 *
 * With four levels the p4d is folded: p4d_offset() returns the pgd entry itself, which then *is*
 * the p4d entry. As a pgd entry it counts as present, and clearing it does nothing. Code that takes
 * all five steps, and clears first at the p4d level and then at the pgd level, is right in both
 * geometries. Code that cleared a folded entry twice would drop two references, and Xen counts
 * them.
 *
 * These functions take no lock. Reading needs the tables to stay, and writing is set_entry()
 * (mm/table/ops.h), with its locks.
 */
#ifndef MM_TABLE_LEVELS_H
#define MM_TABLE_LEVELS_H

#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

/* Returns true if the geometry has no p4d tables. */
static inline bool p4d_folded(void)
{
	return !pt_level_exists(PT_P4D);
}

/*
 * Returns an entry as Linux's pte_val() does: pfn and flags. A frame that is not this domain's
 * gives a value that is not present.
 */
static inline uint64_t pt_entry_to_val(pt_entry_t entry)
{
	pfn_t frame = pt_entry_pfn(entry);

	if (!pt_entry_present(entry))
		return entry.raw;
	if (!pfn_valid(frame))
		return pt_entry_flags(entry) & ~PT_PRESENT;
	return frame.pfn << PAGE_SHIFT | pt_entry_flags(entry);
}

/* Returns the entry for a value of pt_entry_to_val(): pfn and flags. */
static inline pt_entry_t pt_entry_of_val(uint64_t val)
{
	return pt_entry_make(pfn((val & PT_FRAME_MASK) >> PAGE_SHIFT), val & ~PT_FRAME_MASK);
}

/*
 * Defines, for a level: the type, its value and back (__pte(), as in Linux), tests for none and
 * present, pfn and flags, the index of an address in its table, and set_pte() or its like. An entry
 * is written as one of the level HELD. With FOLDED it counts as present, whatever it holds.
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
 * Defines, for a level above the pte, also: a test for an entry that makes no sense, a test for a
 * large page, the first address after the entry that translates an address (or "end", if that is
 * lower), and clear.
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

/* Returns the pte that maps a frame of the domain: pt_entry_make(). */
static inline pte_t pfn_pte(pfn_t frame, uint64_t flags)
{
	return (pte_t){pt_entry_make(frame, flags)};
}

/* Empties a pte. Does not flush. */
static inline void pte_clear(struct mm *mm, uintptr_t address, pte_t *pte)
{
	(void)mm, (void)address;
	set_pte(pte, (pte_t){pt_entry_none()});
}

/* Returns the root's entry for an address, in the direct map. */
static inline pgd_t *pgd_offset(const struct mm *mm, uintptr_t address)
{
	return (pgd_t *)pfn_to_virt(mm->root) + pgd_index(address);
}

/*
 * Return the entry for the address in the table that a present entry points to, in the direct map.
 */
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
 * Returns the pte of an address in mm's tables, by all five steps, or NULL if a table is missing or
 * a large page is in the way. The address must be canonical and not the hypervisor's. Updates that
 * are still queued are not seen. Lock: a caller that needs the tables to stay holds mm->lock.
 */
pte_t *pte_find(const struct mm *mm, uintptr_t address);

#endif
