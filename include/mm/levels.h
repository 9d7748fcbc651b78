/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The five levels under their familiar names: pgd_t, p4d_t, pud_t, pmd_t, pte_t.
 *
 * Thin wrappers over mm/pagetable.h for code that goes down step by step. Each level's entry is a
 * type of its own, so that mixing two up does not compile. With four levels the p4d is folded: one
 * entry in each of the pgd's, and p4d_offset() returns the pgd's entry itself, which then *is* the
 * p4d entry; as a pgd entry it counts as present, and writing it does nothing. Code that takes all
 * five steps, and clears or sets at the p4d level, is right in both geometries; one that cleared
 * the pgd entry as well would clear a folded one twice, and Xen counts.
 */
#ifndef MM_LEVELS_H
#define MM_LEVELS_H

#include <mm/address_space.h>
#include <mm/direct_map.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>

static inline bool p4d_folded(void)
{
	return !pt_level_exists(PT_P4D);
}

/*
 * For each level: value and constructor, none/present/bad, pfn and flags, the index of an address,
 * the first address after the entry that an address is in (or "end", if that comes first), and
 * set and clear.
 */
#define PT_DEFINE_LEVEL(name, LEVEL, HELD)                                                  \
	typedef struct {                                                                    \
		pt_entry_t entry;                                                           \
	} name##_t;                                                                         \
	static inline uint64_t name##_val(name##_t e)                                       \
	{                                                                                   \
		return e.entry.raw;                                                         \
	}                                                                                   \
	static inline name##_t name##_make(pfn_t frame, uint64_t flags)                     \
	{                                                                                   \
		return (name##_t){pt_entry_make(frame, flags)};                             \
	}                                                                                   \
	static inline bool name##_none(name##_t e)                                          \
	{                                                                                   \
		return pt_level_exists(HELD) && pt_entry_is_none(e.entry);                  \
	}                                                                                   \
	static inline bool name##_present(name##_t e)                                       \
	{                                                                                   \
		return !pt_level_exists(HELD) || pt_entry_present(e.entry);                 \
	}                                                                                   \
	static inline bool name##_bad(name##_t e)                                           \
	{                                                                                   \
		return pt_level_exists(HELD) && pt_entry_bad(e.entry, HELD);                \
	}                                                                                   \
	static inline pfn_t name##_pfn(name##_t e)                                          \
	{                                                                                   \
		return pt_entry_pfn(e.entry);                                               \
	}                                                                                   \
	static inline uint64_t name##_flags(name##_t e)                                     \
	{                                                                                   \
		return pt_entry_flags(e.entry);                                             \
	}                                                                                   \
	static inline unsigned int name##_index(uintptr_t address)                          \
	{                                                                                   \
		return pt_level_exists(LEVEL) ? pt_index(address, LEVEL) : 0;               \
	}                                                                                   \
	static inline unsigned int ptrs_per_##name(void)                                    \
	{                                                                                   \
		return pt_level_exists(LEVEL) ? pt_entries() : 1;                           \
	}                                                                                   \
	static inline uintptr_t name##_address_end(uintptr_t address, uintptr_t end)        \
	{                                                                                   \
		uintptr_t rest = pt_level_exists(LEVEL) ? pt_span(LEVEL) - 1 : UINTPTR_MAX; \
		uintptr_t last = address | rest;                                            \
                                                                                            \
		return last < end - 1 ? last + 1 : end;                                     \
	}                                                                                   \
	static inline void set_##name(name##_t *e, name##_t value)                          \
	{                                                                                   \
		if (pt_level_exists(HELD))                                                  \
			set_entry(&e->entry, HELD, value.entry);                            \
	}                                                                                   \
	static inline void name##_clear(name##_t *e)                                        \
	{                                                                                   \
		set_##name(e, (name##_t){pt_entry_none()});                                 \
	}

/*
 * What is stepped through is one thing, what holds the entry another. Folded, the pgd still has
 * all its entries and the p4d one in each; but what such an entry says, it says as the p4d's.
 */
#define PT_HELD_BY_PGD (p4d_folded() ? PT_P4D : PT_PGD)
#define PT_HELD_BY_P4D (p4d_folded() ? PT_PGD : PT_P4D)

PT_DEFINE_LEVEL(pgd, PT_PGD, PT_HELD_BY_PGD)
PT_DEFINE_LEVEL(p4d, PT_P4D, PT_HELD_BY_P4D)
PT_DEFINE_LEVEL(pud, PT_PUD, PT_PUD)
PT_DEFINE_LEVEL(pmd, PT_PMD, PT_PMD)
PT_DEFINE_LEVEL(pte, PT_PTE, PT_PTE)

/* The root's entry for an address. */
static inline pgd_t *pgd_offset(const struct mm *mm, uintptr_t address)
{
	return (pgd_t *)pfn_to_virt(mm->root) + pgd_index(address);
}

static inline p4d_t *p4d_offset(pgd_t *pgd, uintptr_t address)
{
	if (p4d_folded())
		return (p4d_t *)pgd;
	return (p4d_t *)pfn_to_virt(pgd_pfn(*pgd)) + p4d_index(address);
}

/* The next step down: the entry for the address in the table that this one points to. */
static inline pud_t *pud_offset(p4d_t *p4d, uintptr_t address)
{
	return (pud_t *)pfn_to_virt(p4d_pfn(*p4d)) + pud_index(address);
}

static inline pmd_t *pmd_offset(pud_t *pud, uintptr_t address)
{
	return (pmd_t *)pfn_to_virt(pud_pfn(*pud)) + pmd_index(address);
}

static inline pte_t *pte_offset(pmd_t *pmd, uintptr_t address)
{
	return (pte_t *)pfn_to_virt(pmd_pfn(*pmd)) + pte_index(address);
}

#endif
