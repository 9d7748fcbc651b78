/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces, as far as page tables go: a tree of tables for the user half, and the kernel's
 * half, shared by all.
 *
 * Under Xen an address space has two roots. The kernel and its programs run at the same privilege,
 * so what keeps a program out of the kernel is that it runs on a root without the kernel's half;
 * Xen switches roots on every entry and exit (public/xen.h, MMUEXT_NEW_USER_BASEPTR).
 *
 * What needs memory comes in two steps: *prepare* makes every table that is needed or none, and
 * what follows cannot fail.
 */
#ifndef MM_TABLE_MM_H
#define MM_TABLE_MM_H

#include <arch/lock.h>
#include <kernel/lib/list.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>

struct mm {
	struct list_node link; /* all address spaces but the kernel's: the list's lock guards it */
	struct spinlock lock;  /* guards the tables above the pte level; taken by mm_lock() */
	pfn_t root;            /* both halves */
	pfn_t user_root;       /* the user half only; INVALID_PFN where programs share the root */
	bool pinned;
};

/* The kernel's own: its user half is empty. */
extern struct mm kernel_mm;

/*
 * The lock of the tables above the pte level (LOCK_MM, or LOCK_KERNEL_MM). Releasing it issues all
 * queued requests, in lazy mode too: the next holder reads the tables and must find every change in
 * them.
 */
static inline void mm_lock(struct mm *mm)
{
	spin_acquire(&mm->lock);
}

static inline void mm_unlock(struct mm *mm)
{
	lazy_flush();
	spin_release(&mm->lock);
}

/* Makes the live tables the kernel's address space. Once, when the frame database exists. */
void mm_start(pfn_t root);

/*
 * Makes an empty address space with the kernel's half, and puts it into the list. False: out of
 * memory; nothing was taken, and *mm is not to be used. Lock: the list's is taken.
 */
bool mm_create(struct mm *mm);

/*
 * Takes it out of the list, ends it as mm_exit() does, and gives back its tables and roots. Frames
 * that its ptes map are the caller's to give back, before. Locks: the list's, and mm->lock.
 */
void mm_destroy(struct mm *mm);

/*
 * Makes every table from the root down to "level" on the way to the addresses "start" to "last",
 * both included and in one half of the address space. Either all are there afterwards or, false,
 * none was made. A new entry of the kernel's root is copied to every root there is. Locks: mm->lock
 * is taken; for the kernel's, the list's and then that of one address space after the other.
 */
bool mm_prepare(struct mm *mm, uintptr_t start, uintptr_t last, enum pt_level level);

/* The entry at a level on the way to an address; NULL if no table is there. */
static inline pt_entry_t *mm_entry(const struct mm *mm, uintptr_t address, enum pt_level level)
{
	return pt_find(mm->root, address, level);
}

/*
 * Lets go of every table that translates only addresses from "start" to "last", both included, in
 * the user half. Whatever its ptes still map is forgotten with it.
 */
void mm_free_tables(struct mm *mm, uintptr_t start, uintptr_t last);

/*
 * Frees tables in the user half that translate some address from "start" to "last" and none but
 * those from "floor" to "ceiling", which lie further apart: where a neighbour begins. All four are
 * included. Before a pte table is given back, and when no processor can use its entries any more,
 * calls visit(entry) for each of them; NULL: does not.
 */
void mm_drop_tables(struct mm *mm, uintptr_t start, uintptr_t last, uintptr_t floor,
		    uintptr_t ceiling, void (*visit)(pt_entry_t entry));

/* Whether a processor may have translations of it in its TLB. */
bool mm_may_be_remembered(const struct mm *mm);

/*
 * The life of an address space: used for the first time, made by a fork, or ending. Under Xen the
 * first two pin. Ending makes *every* CPU that still has it loaded, in use or left behind, go to
 * the kernel's own tables, and then unpins once; for one that was never used it does nothing.
 */
static inline void mm_activate(struct mm *mm)
{
	paravirt.activate_mm(mm);
}

static inline void mm_dup(struct mm *mm)
{
	paravirt.dup_mmap(mm);
}

static inline void mm_exit(struct mm *mm)
{
	paravirt.exit_mmap(mm);
}

/*
 * Runs the CPU on it; it must have been activated. Until Xen has been told, which may be later in
 * lazy mode, the CPU's loaded_mm is the old one. At most one load waits. Not in an event handler.
 */
void mm_load(struct mm *mm);

/*
 * Makes every CPU that has this address space loaded, or is about to, run on the kernel's. Waits
 * for what they have queued. Not in an event handler, which may have interrupted just that.
 */
void mm_unload_everywhere(struct mm *mm);

/*
 * Frames for page tables, linked by frame.link. mm_take_tables() takes "count" of them or, false,
 * none; mm_next_table() hands the next one out as an empty table of that level; mm_release_tables()
 * calls the hook release_table for each; mm_return_tables() frees them all; mm_free_table() frees
 * one that is no longer in use.
 */
bool mm_take_tables(struct list_node *tables, uint64_t count);
pfn_t mm_next_table(struct list_node *tables, enum pt_level level);
void mm_release_tables(const struct list_node *tables);
void mm_return_tables(struct list_node *tables);
void mm_free_table(pfn_t table);

/* The list of all but the kernel's, and its lock. */
extern struct spinlock mm_list_lock;
extern struct list_node mm_list;

/* Tables at each level that hang below its roots in the user half, the roots included. */
struct mm_tables {
	uint64_t count[PT_PGD + 1];
	uint64_t total;
};
struct mm_tables mm_count_tables(const struct mm *mm);

#endif
