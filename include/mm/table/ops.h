/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The paravirt operations: everything about page tables that differs between machines, in one table
 * of functions.
 *
 * mm/ decides *what* to change. How an entry is written, what Xen must be told of a new table, and
 * how roots are loaded is the backend's. There are backends for Xen (mm/xen/ops.c) and for bare
 * hardware (mm/table/native.c), where most functions are empty. Xen has two of them: before there
 * is a frame database the kernel does not know which tables are pinned. A recorder
 * (tests/model/recorder.h) wraps any of them.
 *
 * The table is filled at boot; afterwards only tests change it.
 *
 * The hooks alloc_table, adopt_table, release_table and clone_root are a contract between the code
 * that owns tables and whatever must track them: Xen's pins, a shadow-paging host, a tracer. Each
 * table is announced once and released once, on every path. alloc_table() announces an empty table
 * before the first entry points to it; adopt_table() announces one that was a table before there
 * was anything to track it. The recorder checks all of this.
 */
#ifndef MM_TABLE_OPS_H
#define MM_TABLE_OPS_H

#include <arch/cpu.h>
#include <mm/table/entry.h>

struct mm;

struct paravirt_ops {
	const char *name;

	/* The backend to use once there is a frame database. */
	const struct paravirt_ops *complete;

	/* A hypervisor validates page tables: no mapping of a table may be writable. */
	bool tables_validated;

	/* Programs run on a root of their own, without the kernel's half. */
	bool user_roots;

	/* Implements set_entry(). */
	void (*set_entry)(pt_entry_t *entry, enum pt_level level, pt_entry_t value);

	/* Implements set_kernel_pte(). */
	void (*set_kernel_pte)(uintptr_t address, pt_entry_t value);

	/* Implements set_pte_at(). */
	void (*set_pte_at)(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value);

	/* Implements protect_commit(). */
	void (*protect_commit)(pt_entry_t *entry, pt_entry_t value);

	/*
	 * Announces a zeroed table that is about to be linked into mm's tables, before the first
	 * entry that points to it is written. mm->lock is held, unless the table is a root: then mm
	 * is not in the list yet.
	 */
	void (*alloc_table)(struct mm *mm, pfn_t table, enum pt_level level);

	/*
	 * Announces a frame that is a table already, complete and validated by Xen where there is
	 * one. Called once, at the end of the boot, for each table that the kernel was started with
	 * or made before there was a frame database. Then mm is the kernel's, a table comes after
	 * those that it points to, and the root comes last. mm is NULL for a frame that was pinned
	 * outside of any address space: pin_try().
	 */
	void (*adopt_table)(struct mm *mm, pfn_t table, enum pt_level level);

	/*
	 * Announces that the last entry that pointed to the table was cleared. The frame has not
	 * been reused yet.
	 */
	void (*release_table)(pfn_t table, enum pt_level level);

	/*
	 * Announces that "count" slots of the root of "from", starting at "start", were copied to
	 * the root of "mm", which is not in use yet. Called once for a root, after alloc_table(),
	 * with mm_list_lock held.
	 */
	void (*clone_root)(struct mm *mm, const struct mm *from, unsigned int start,
			   unsigned int count);

	/* Implement mm_activate(), mm_dup() and, once no CPU has mm loaded, mm_exit(). */
	void (*activate_mm)(struct mm *mm);
	void (*dup_mmap)(struct mm *mm);
	void (*exit_mmap)(struct mm *mm);

	/* Makes the running CPU use mm's roots, for mm_load(). */
	void (*load_mm)(struct mm *mm);

	/* Implement lazy_enter(), lazy_leave() and lazy_flush(). */
	void (*lazy_enter)(void);
	void (*lazy_leave)(void);
	void (*lazy_flush)(void);

	/*
	 * Makes a frame's page of the direct map read-only or writable. It must not be part of a
	 * large page with other rights. The caller flushes if it must.
	 */
	void (*set_page_writable)(pfn_t frame, bool writable);

	/*
	 * Flush one address, or the whole TLB, of the CPUs in the set; ALL_CPUS for the kernel's
	 * addresses, which every CPU may have translated. Queued in lazy mode, after the writes of
	 * entries. mm_flush() (mm/table/mm.h) knows the set for a program's addresses.
	 */
	void (*flush_address)(uintptr_t address, cpu_set_t set);
	void (*flush_all)(cpu_set_t set);
};

#define ALL_CPUS (~(cpu_set_t)0)

/* The operations in use. */
extern struct paravirt_ops paravirt;

/* The backends. The early one of Xen assumes that every table is pinned, and tracks none. */
extern const struct paravirt_ops paravirt_xen_early, paravirt_xen, paravirt_native;

/* Empty hooks, for a backend that tracks no tables. */
void paravirt_no_alloc_table(struct mm *mm, pfn_t table, enum pt_level level);
void paravirt_no_adopt_table(struct mm *mm, pfn_t table, enum pt_level level);
void paravirt_no_release_table(pfn_t table, enum pt_level level);
void paravirt_no_clone_root(struct mm *mm, const struct mm *from, unsigned int start,
			    unsigned int count);

/*
 * Writes an entry of a table at "level". A table that Xen has validated is written by mmu_update,
 * queued in lazy mode; any other by a store. "entry" is the entry's address in the direct map. An
 * entry in the user half of a root is also written to the programs' root, in the same hypercall. A
 * refusal by Xen is a panic. Does not flush. Lock: mm->lock above the pte level, the space's lock
 * for a program's pte; docs/memory.md has the whole table of who guards what.
 */
static inline void set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	paravirt.set_entry(entry, level, value);
}

/*
 * Writes the pte of one of the kernel's own addresses, which must have a pte table, and flushes the
 * old translation on every CPU. Under Xen this is update_va_mapping, which needs no lookup here. In
 * lazy mode it is queued; natively only the flush is. No lock: the caller owns the address.
 */
static inline void set_kernel_pte(uintptr_t address, pt_entry_t value)
{
	paravirt.set_kernel_pte(address, value);
}

/*
 * Writes the pte "entry" of "address" in mm, as set_entry() does. If mm is loaded, Xen can find the
 * entry by its address, which is cheaper for a single one. Does not flush.
 */
static inline void set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	paravirt.set_pte_at(mm, address, entry, value);
}

/*
 * Returns the entry with every queued write applied: it flushes the queue first, because a request
 * that lazy mode holds back has not happened. No lock.
 */
static inline pt_entry_t read_entry(const pt_entry_t *entry)
{
	paravirt.lazy_flush();
	return *(const volatile pt_entry_t *)entry;
}

/*
 * Change the rights of a present pte. protect_start() returns the entry, the caller changes flags
 * in it, and protect_commit() writes it back. The processor may set accessed and dirty meanwhile,
 * and commit preserves these bits (MMU_PT_UPDATE_PRESERVE_AD), so the frame must not change. The
 * table's lock is held throughout. Neither flushes the TLB. A pte with a queued change must not be
 * started again before lazy_flush(), or the second change would undo the first.
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
 * Make a frame's page of the direct map read-only or writable: under Xen read-only before the frame
 * becomes a table, writable again afterwards. They do not flush, and are queued in lazy mode.
 */
static inline void make_page_readonly(pfn_t frame)
{
	paravirt.set_page_writable(frame, false);
}

static inline void make_page_writable(pfn_t frame)
{
	paravirt.set_page_writable(frame, true);
}

/*
 * Bracket many updates, or issue those that are queued; see mm/xen/batch.h. Natively only flushes
 * of the TLB are queued. Brackets nest.
 */
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
