/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables for the in-guest suites to try things on.
 */
#ifndef TESTS_GUEST_TABLES_H
#define TESTS_GUEST_TABLES_H

#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

/* Returns the pte for an address, and makes missing tables. Ends the test if out of memory. */
static inline pt_entry_t *make_pte(struct mm *mm, uintptr_t address)
{
	REQUIRE(mm_prepare(mm, address, address, PT_PTE));
	return mm_entry(mm, address, PT_PTE);
}

/* Maps a frame there, for the kernel: it may not touch what is a program's (SMAP). */
static inline void map_frame(struct mm *mm, uintptr_t address, pfn_t frame)
{
	set_pte_at(mm, address, make_pte(mm, address), pt_entry_make(frame, PT_KERNEL_RW));
}

#endif
