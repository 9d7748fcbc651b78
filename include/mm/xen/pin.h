/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pinning: having Xen validate an address space once, and keep it validated.
 *
 * An unpinned table is ordinary memory: filled by plain stores, at no charge. To be used by a
 * processor it must be validated, which costs some 20 instructions an absent and 190 a present
 * entry; a pin keeps that from being done again each time a root is loaded. From then on every
 * change is a request to Xen. So an address space is pinned when it is first used, and unpinned
 * before it is torn down.
 *
 * Before a frame can be a table, no mapping of it may be writable, the direct map's included
 * (public/xen.h, "page types"). pte tables are pinned one by one, so that one can be let go without
 * the others; the tables between are held by the root's pin.
 *
 * The lock of a pte table that is pinned or unpinned is held until the batch with the requests is
 * out. Whoever takes such a lock, in lazy mode, flushes before; so does whoever lets go of mm->lock
 * (mm_unlock()).
 */
#ifndef MM_XEN_PIN_H
#define MM_XEN_PIN_H

#include <mm/table/entry.h>

struct mm;
struct mmu_update;

/*
 * Xen's interface ends with four levels. This is the one constant that a fifth would take; only the
 * hypervisor model (tests/model/) knows it, and nothing sends it while there are four.
 */
#define MMUEXT_PIN_L5_TABLE 32

/* The mmuext command that pins a table of that level. */
unsigned int pin_command(enum pt_level level);

/*
 * Pins all tables of the address space's user half, and its roots last, in one batch. Its tables
 * must be announced and complete. Lock: mm->lock. If it is pinned, only the mark of mm_pin_all() on
 * it is taken away.
 */
void mm_pin(struct mm *mm);

/* The reverse, roots first; afterwards its tables are ordinary memory. Flushes the TLB. */
void mm_unpin(struct mm *mm);

/*
 * Stops the kernel unless both roots of the address space are pinned, or with "pinned" false
 * neither is: the kernel's books are wrong, and Xen would refuse what "doing" names. No locks.
 */
void mm_expect_pinned(const struct mm *mm, bool pinned, const char *doing);

/*
 * Before the domain is saved, and after: pins every address space that is not, and undoes exactly
 * those; one that was unpinned or pinned for good in between is left alone. A saved domain's tables
 * must all be validated, or the toolstack would not find the mfns in them. Nothing to do where
 * nobody validates tables. Lock: the list of address spaces', taken here.
 */
void mm_pin_all(void);
void mm_unpin_all(void);

/*
 * At the end of the boot: writes into the frame database which frames are tables under the kernel's
 * root, and hands each to the hook adopt_table() (mm/table/ops.h), children first. They came from
 * the builder, or were made before there was a database and somebody to tell.
 */
void pin_adopt_boot_tables(void);

/*
 * Asks Xen whether a frame can be a table of that level and, unless "update" is NULL, whether an
 * entry of it can be written: pins it, writes, and unpins it again. Returns what Xen says, 0 or a
 * negative error (public/errno.h). A frame that the kernel does not know as a table is one for the
 * hooks meanwhile: adopt_table(), release_table(). For the prompt; outside of lazy mode; no locks.
 */
long pin_try(pfn_t table, enum pt_level level, const struct mmu_update *update);

/* Tables of the domain that Xen holds validated as far as the kernel knows. */
uint64_t pinned_tables(void);

/*
 * For the backend: one table becomes read-only and, at the pte level, pinned, or the reverse, in
 * the current batch. Unpinning returns whether a stale TLB entry may be left: true.
 */
bool pin_table(pfn_t table, enum pt_level level);
bool unpin_table(pfn_t table, enum pt_level level);

#endif
