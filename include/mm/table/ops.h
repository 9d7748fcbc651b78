/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything about page tables that differs between machines, in one table of functions.
 *
 * mm/ decides *what* to change; how an entry is written, what Xen must be told of a new table, and
 * how roots are loaded is behind these. Backends: Xen (mm/xen/ops.c), in two steps, since before
 * there is a frame database nobody knows which tables are pinned; bare hardware
 * (mm/table/native.c), where most are empty; and a recorder that wraps either
 * (tests/model/recorder.h).
 *
 * The table is filled at boot and changed afterwards only by tests.
 *
 * The hooks alloc_table, adopt_table, release_table and clone_root are a contract between who owns
 * tables and who must track them: Xen's pins, a shadow-paging host, a tracer. Each table is made
 * known once and released once, on every path. alloc_table() is called for an empty table before
 * the first entry points to it; adopt_table() for one that was a table before anybody could be
 * told. The recorder checks all of it.
 */
#ifndef MM_TABLE_OPS_H
#define MM_TABLE_OPS_H

#include <mm/table/entry.h>

struct mm;

struct paravirt_ops {
	const char *name;

	/* What to go on with once there is a frame database. */
	const struct paravirt_ops *complete;

	/* A hypervisor validates page tables: while a frame is one, no mapping of it is writable.
	 */
	bool tables_validated;

	/* Programs have a root of their own, without the kernel's half. */
	bool user_roots;

	/* Writes an entry of a table at that level; see set_entry(). */
	void (*set_entry)(pt_entry_t *entry, enum pt_level level, pt_entry_t value);

	/* Writes the pte for an address of the kernel, and flushes it; see set_kernel_pte(). */
	void (*set_kernel_pte)(uintptr_t address, pt_entry_t value);

	/* See set_pte_at(). */
	void (*set_pte_at)(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value);

	/* The second half of a protection change; see protect_start(). */
	void (*protect_commit)(pt_entry_t *entry, pt_entry_t value);

	/*
	 * The frame is a zeroed table and about to be linked into mm's tables: called before the
	 * first entry that points to it is written. mm->lock is held, unless the table is a root:
	 * then nobody else knows mm yet.
	 */
	void (*alloc_table)(struct mm *mm, pfn_t table, enum pt_level level);

	/*
	 * The frame is a table already, complete and held valid by Xen where there is one. Called
	 * once, at the end of the boot, for each table that the kernel was started with or made
	 * before there was a frame database: mm is the kernel's, a table comes after those that it
	 * points to, and the root last. mm is NULL for a frame that was pinned outside of any
	 * address space: pin_try().
	 */
	void (*adopt_table)(struct mm *mm, pfn_t table, enum pt_level level);

	/*
	 * The last entry that pointed to the table is gone, and the frame is not used for anything
	 * else yet.
	 */
	void (*release_table)(pfn_t table, enum pt_level level);

	/*
	 * "count" slots of the root of "from", starting at "start", were copied to the root of
	 * "mm", which is not in use yet. Called once for a root, after alloc_table(). The lock that
	 * guards the list of address spaces is held.
	 */
	void (*clone_root)(struct mm *mm, const struct mm *from, unsigned int start,
			   unsigned int count);

	/* The address space is used for the first time; it is a copy of another; it is ending. */
	void (*activate_mm)(struct mm *mm);
	void (*dup_mmap)(struct mm *mm);
	void (*exit_mmap)(struct mm *mm);

	/* Makes the running CPU use mm's roots. */
	void (*load_mm)(struct mm *mm);

	/* Lazy mode, and waiting for what it holds back: mm/xen/batch.h. */
	void (*lazy_enter)(void);
	void (*lazy_leave)(void);
	void (*lazy_flush)(void);

	/*
	 * Makes a page of the direct map read-only or writable. The caller flushes if it must, and
	 * sees before that the frame has a page of its own there.
	 */
	void (*set_page_writable)(pfn_t frame, bool writable);

	/* Forgets one address, or all: on every CPU under Xen, on the running one natively. */
	void (*flush_address)(uintptr_t address);
	void (*flush_all)(void);
};

extern struct paravirt_ops paravirt;

/* The backends. The early one of Xen takes every table for pinned and tracks nothing. */
extern const struct paravirt_ops paravirt_xen_early, paravirt_xen, paravirt_native;

/* Hooks of a backend that has nobody to tell. */
void paravirt_no_alloc_table(struct mm *mm, pfn_t table, enum pt_level level);
void paravirt_no_adopt_table(struct mm *mm, pfn_t table, enum pt_level level);
void paravirt_no_release_table(pfn_t table, enum pt_level level);
void paravirt_no_clone_root(struct mm *mm, const struct mm *from, unsigned int start,
			    unsigned int count);

/*
 * Writes an entry of a table at "level". A table that Xen holds validated is written by mmu_update,
 * queued in lazy mode; any other by a store. "entry" is the entry's address in the direct map. An
 * entry of the user half of a root goes to the programs' root too, in the same batch. Xen refusing
 * is a panic. Lock: the table's, or mm->lock above the pte level; nobody else may write an entry
 * that is guarded by something else (the P2M's window: the P2M's lock).
 */
static inline void set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	paravirt.set_entry(entry, level, value);
}

/*
 * Writes the pte of one of the kernel's own addresses, which must have a pte table, and forgets the
 * old translation on every CPU. On Xen update_va_mapping, which needs no lookup here.
 */
static inline void set_kernel_pte(uintptr_t address, pt_entry_t value)
{
	paravirt.set_kernel_pte(address, value);
}

/*
 * set_entry() for the pte of "address" in mm. When mm is the one that runs, Xen can find the entry
 * by its address. Does not flush.
 */
static inline void set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	paravirt.set_pte_at(mm, address, entry, value);
}

/*
 * The entry as it is, writes that wait included. What is in lazy mode still has not happened, so
 * whoever reads back flushes first.
 */
static inline pt_entry_t read_entry(const pt_entry_t *entry)
{
	paravirt.lazy_flush();
	return *(const volatile pt_entry_t *)entry;
}

/*
 * Changing the rights of a present pte: start gives the entry, the caller changes flags, commit
 * writes it back. The processor may set accessed and dirty meanwhile: commit keeps these
 * (MMU_PT_UPDATE_PRESERVE_AD), so the frame must not change. The table's lock is held throughout.
 * Neither flushes: a pte that has a change waiting is not started again before lazy_flush(), or the
 * second change would undo the first.
 */
static inline pt_entry_t protect_start(pt_entry_t *entry)
{
	return *(const volatile pt_entry_t *)entry;
}

static inline void protect_commit(pt_entry_t *entry, pt_entry_t value)
{
	paravirt.protect_commit(entry, value);
}

/*
 * The direct map's page of a frame: under Xen read-only before it becomes a table, and writable
 * afterwards.
 */
static inline void make_page_readonly(pfn_t frame)
{
	paravirt.set_page_writable(frame, false);
}

static inline void make_page_writable(pfn_t frame)
{
	paravirt.set_page_writable(frame, true);
}

/* Brackets for many updates; see mm/xen/batch.h. They nest. */
static inline void lazy_enter(void)
{
	paravirt.lazy_enter();
}

static inline void lazy_leave(void)
{
	paravirt.lazy_leave();
}

static inline void lazy_flush(void)
{
	paravirt.lazy_flush();
}

#endif
