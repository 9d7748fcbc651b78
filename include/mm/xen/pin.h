/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pinning: having Xen validate the page tables of an address space once, and keep them validated.
 *
 * An unpinned table is ordinary memory, filled by plain stores at no charge. Before a processor
 * uses a table Xen must validate it, which costs some 20 instructions for an absent entry and 190
 * for a present one. A pin keeps Xen from doing that again each time a root is loaded. From then on
 * every change is a request to Xen. So an address space is pinned when it is first used, and
 * unpinned before it is torn down.
 *
 * Before a frame can be a table, no mapping of it may be writable, that in the direct map included
 * (public/xen.h, "page types"). Pte tables are pinned one by one, so that one can be unpinned
 * without the others. The tables between them and the root are kept validated by the root's pin.
 *
 * No lock guards a single pte table. The entries of a pinned address space are written under the
 * lock of its space (mm/user/space.h), by requests, which a pin or an unpin does not disturb. Those
 * of one that is not pinned are written by plain stores, and only two owners do: a CPU that makes
 * it and holds the kernel lock, as mm_pin_all() does, or one that ends it, after mm_exit() has
 * removed it from the list.
 */
#ifndef MM_XEN_PIN_H
#define MM_XEN_PIN_H

#include <mm/table/entry.h>

struct mm;
struct mmu_update;

/*
 * The command that would pin the root of a machine with five levels. Xen's interface ends with
 * four, and this is the one constant that a fifth would add. Only the hypervisor model
 * (tests/model/) accepts it, and nothing sends it while there are four levels.
 */
#define MMUEXT_PIN_L5_TABLE 32

/* Returns the mmuext command that pins a table of that level. */
unsigned int pin_command(enum pt_level level);

/*
 * Pins all tables of the address space's user half, and its roots last, in one batch. Its tables
 * must have been announced and be complete. If it is pinned already, only the mark of mm_pin_all()
 * is removed from it. Xen refusing is a panic. Lock: mm->lock is held.
 */
void mm_pin(struct mm *mm);

/*
 * Unpins all tables of the address space, its roots first, and flushes the TLB of every CPU. Then
 * its tables are ordinary memory. Does nothing if it is not pinned. No CPU may have it loaded.
 * Lock: mm->lock is held.
 */
void mm_unpin(struct mm *mm);

/*
 * Panics unless the roots of the address space are all pinned, or with "pinned" false all unpinned.
 * Otherwise the kernel's records would be wrong, and Xen would refuse what "doing" names. No locks.
 */
void mm_expect_pinned(const struct mm *mm, bool pinned, const char *doing);

/*
 * Pin every address space that is not pinned, before the domain is saved, and unpin exactly those
 * afterwards. One that was meanwhile unpinned, or pinned for good, is left alone. The tables of a
 * saved domain must all be validated, or the toolstack would not find the mfns in them. They do
 * nothing where tables are not validated. Locks: the kernel lock is held; mm_list_lock is taken,
 * and then each mm->lock.
 */
void mm_pin_all(void);
void mm_unpin_all(void);

/*
 * Marks in the frame database which frames are tables under the kernel's root, and announces each
 * by the hook adopt_table() (mm/table/ops.h), children first. These tables came from the domain
 * builder, or were made before there was a database to mark them in. Called once, at the end of the
 * boot; no locks.
 */
void pin_adopt_boot_tables(void);

/*
 * Tries whether Xen accepts a frame as a table of that level and, unless "update" is NULL, a write
 * of one of its entries. Pins the frame, writes, and unpins it again. Returns 0, or the negative
 * error of Xen's refusal (public/errno.h). A frame that the kernel does not know as a table is
 * announced meanwhile, by adopt_table() and release_table(). For the prompt; outside of lazy mode;
 * no locks.
 */
long pin_try(pfn_t table, enum pt_level level, const struct mmu_update *update);

/*
 * Returns the number of tables that the kernel believes are pinned, or validated through a pinned
 * one. Reads the whole frame database, without a lock.
 */
uint64_t pinned_tables(void);

/*
 * The hooks of mm/table/ops.h that are about pins, as part of the current batch. A table that is
 * added to a pinned address space becomes read-only in the direct map, and a pte table gets a pin;
 * when it is released both end. Tables that are adopted are recorded as pinned. An address space is
 * pinned when it is first used or forked, and unpinned when it ends. Locks: as ops.h says.
 */
void pin_alloc_table(struct mm *mm, pfn_t table, enum pt_level level);
void pin_adopt_table(struct mm *mm, pfn_t table, enum pt_level level);
void pin_release_table(pfn_t table, enum pt_level level);
void pin_activate(struct mm *mm);
void pin_exit(struct mm *mm);

#endif
