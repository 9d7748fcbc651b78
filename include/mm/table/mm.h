/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces, as far as page tables go: a tree of tables for the user half, and the kernel's
 * half, which all share.
 *
 * Under Xen an address space has two roots. The kernel and its programs run at the same privilege,
 * so a program is kept out of the kernel by running on a root without the kernel's half. Xen
 * switches roots on every entry and exit (public/xen.h, MMUEXT_NEW_USER_BASEPTR).
 *
 * What needs memory is done in two steps: *prepare* makes every table that is needed, or none, and
 * what follows cannot fail.
 */
#ifndef MM_TABLE_MM_H
#define MM_TABLE_MM_H

#include <arch/lock.h>
#include <kernel/lib/list.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>

struct mm {
	struct list_node link; /* in mm_list, except the kernel's; guarded by mm_list_lock */
	struct spinlock lock;  /* guards the tables above the pte level; taken by mm_lock() */
	pfn_t root;            /* both halves */
	pfn_t user_root;       /* the user half only; INVALID_PFN where programs share the root */
	bool pinned;
};

/* The kernel's own address space; its user half is empty. */
extern struct mm kernel_mm;

/*
 * Takes or releases the lock of the tables above the pte level (rank LOCK_MM, or LOCK_KERNEL_MM).
 * Releasing it first issues all queued requests, in lazy mode too: the next holder reads the tables
 * and must find every change in them.
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

/*
 * Makes the tables under "root", which are in use, the kernel's address space. Called once, when
 * the frame database exists.
 */
void mm_start(pfn_t root);

/*
 * Makes an empty address space with the kernel's half, and adds it to the list. Returns false if
 * out of memory; then nothing was taken, and *mm must not be used. Lock: mm_list_lock is taken.
 */
bool mm_create(struct mm *mm);

/*
 * Removes an address space from the list, ends it as mm_exit() does, and frees its tables and
 * roots. The caller has freed the frames that its ptes map. Locks: mm_list_lock and mm->lock are
 * taken.
 */
void mm_destroy(struct mm *mm);

/*
 * Makes every table from the root down to "level" on the way to the addresses from "start" to
 * "last", both included and in one half of the address space. Returns false if out of memory; then
 * no table was made. A new entry of the kernel's root is copied to every other root. Locks:
 * mm->lock is taken; for the kernel's address space also mm_list_lock, and then the lock of one
 * address space after the other.
 */
bool mm_prepare(struct mm *mm, uintptr_t start, uintptr_t last, enum pt_level level);

/*
 * Returns the entry at a level on the way to an address, or NULL if there is no table with it. No
 * lock: see pt_find().
 */
static inline pt_entry_t *mm_entry(const struct mm *mm, uintptr_t address, enum pt_level level)
{
	return pt_find(mm->root, address, level);
}

/*
 * Frees every table that translates only addresses from "start" to "last", both included and in one
 * half of the address space. What its ptes still map is forgotten. Lock: mm->lock is taken.
 */
void mm_free_tables(struct mm *mm, uintptr_t start, uintptr_t last);

/*
 * Frees the tables in the user half that translate some address from "start" to "last" and no
 * address outside "floor" to "ceiling". The latter range contains the former and ends where a
 * neighbour begins. All four are included. Unless "visit" is NULL, calls it for each entry of a pte
 * table before the table is freed, when no processor can use its entries any more. Lock: mm->lock
 * is taken.
 */
void mm_drop_tables(struct mm *mm, uintptr_t start, uintptr_t last, uintptr_t floor,
		    uintptr_t ceiling, void (*visit)(pt_entry_t entry));

/*
 * Returns the CPUs that have mm loaded, or have queued its load; of the kernel's, ALL_CPUS. One
 * that is not in the set has loaded its root after all entries that were written before this call.
 * No lock.
 */
cpu_set_t mm_cpus(const struct mm *mm);

/*
 * Issue all that is queued, and flush mm's user half, or one address in it, from the TLB of each
 * CPU that may have translations of it. After the return no CPU uses an entry that was replaced
 * before. Any locks may be held.
 */
void mm_flush(const struct mm *mm);
void mm_flush_address(const struct mm *mm, uintptr_t address);

/*
 * Tell the backend that an address space is used for the first time, or was made by a fork. Under
 * Xen they pin it. Lock: mm->lock is taken, so it must not be held.
 */
static inline void mm_activate(struct mm *mm)
{
	paravirt.activate_mm(mm);
}

static inline void mm_dup(struct mm *mm)
{
	paravirt.dup_mmap(mm);
}

/*
 * Ends the use of an address space: makes *every* CPU that still has it loaded, in use or not, load
 * the kernel's own tables, removes it from the list, and under Xen unpins it. From then on its
 * tables are plain memory of the caller's. No task may have it. Locks: mm_list_lock and mm->lock
 * are taken.
 */
void mm_exit(struct mm *mm);

/*
 * Loads mm, which must have been activated, on the running CPU. In lazy mode the load is queued,
 * and until it was issued the CPU's loaded_mm is the old address space. At most one load is queued
 * at a time. No lock; not in an event handler.
 */
void mm_load(struct mm *mm);

/*
 * Makes every CPU that has this address space loaded, or has queued its load, load the kernel's,
 * and waits until that was issued. No lock; not in an event handler, which may have interrupted the
 * write to the queue.
 */
void mm_unload_everywhere(struct mm *mm);

/*
 * Handle a list of frames for page tables, linked by frame.link. mm_take_tables() allocates "count"
 * of them, or returns false and allocates none. mm_next_table() removes one from the list and makes
 * it an empty table of that level. mm_release_tables() calls the hook release_table for each.
 * mm_return_tables() frees them all, and mm_free_table() a single one that is no longer in use.
 * mm_release_tables() may take the locks of pte tables, the others take the page allocator's.
 */
bool mm_take_tables(struct list_node *tables, uint64_t count);
pfn_t mm_next_table(struct list_node *tables, enum pt_level level);
void mm_release_tables(const struct list_node *tables);
void mm_return_tables(struct list_node *tables);
void mm_free_table(pfn_t table);

/* The list of all address spaces but the kernel's, and the lock that guards it. */
extern struct spinlock mm_list_lock;
extern struct list_node mm_list;

/* Number of tables of an address space's user half, by level and in all, the roots included. */
struct mm_tables {
	uint64_t count[PT_PGD + 1];
	uint64_t total;
};
/* Counts them. Lock: one that keeps the tables in place, such as mm->lock, is held. */
struct mm_tables mm_count_tables(const struct mm *mm);

#endif
