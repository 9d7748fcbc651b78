// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Xen backend of the paravirt operations: each becomes a store, a request in the batch, or a
 * pin.
 *
 * There are two tables of operations. Until the frame database exists the kernel does not know
 * which tables Xen has validated. All tables in use are validated then, so the early operations
 * assume that every table is pinned, and find an entry's machine address by a walk. The complete
 * ones read the frame's flag FRAME_PINNED.
 */
#include <arch/cpu.h>
#include <kernel/lib/panic.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>
#include <xen/xen.h>

#define CALLER __builtin_return_address(0)

/* ---- entries ---- */

static inline maddr_t entry_in_direct_map(const pt_entry_t *entry)
{
	mfn_t table = pfn_to_mfn(virt_to_pfn(entry));

	return (maddr_t){mfn_to_maddr(table).ma + ((uintptr_t)entry & (PAGE_SIZE - 1))};
}

/*
 * Returns the machine address of an entry in the direct map or, at boot, in the builder's mapping.
 */
static maddr_t entry_anywhere(const pt_entry_t *entry)
{
	if (virt_to_pfn(entry).pfn < p2m_size())
		return entry_in_direct_map(entry);
	return pt_virt_to_machine(entry);
}

static void early_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	(void)level;
	batch_mmu_update(entry_anywhere(entry), MMU_NORMAL_PT_UPDATE, value.raw, CALLER);
}

static void early_set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	(void)mm, (void)address;
	batch_mmu_update(entry_anywhere(entry), MMU_NORMAL_PT_UPDATE, value.raw, CALLER);
}

static void early_protect_commit(pt_entry_t *entry, pt_entry_t value)
{
	batch_mmu_update(entry_anywhere(entry), MMU_PT_UPDATE_PRESERVE_AD, value.raw, CALLER);
}

/*
 * Writes an entry by mmu_update. Most writes follow another one, and are appended to it in the
 * queue.
 */
static ALWAYS_INLINE void update(maddr_t entry, unsigned int command, pt_entry_t value,
				 const void *caller)
{
	if (!batch_append_update(entry, command, value.raw, caller))
		batch_mmu_update(entry, command, value.raw, caller);
}

static NOINLINE void write_entry_of_late_table(pt_entry_t *entry, unsigned int command,
					       pt_entry_t value, const void *caller)
{
	batch_mmu_update(entry_in_direct_map(entry), command, value.raw, caller);
}

/*
 * Writes an entry by a store or by a request. Counted in instructions: scripts/bench. The P2M entry
 * of a table has no marks, so it is the mfn.
 */
static ALWAYS_INLINE void write_entry(pt_entry_t *entry, unsigned int command, pt_entry_t value,
				      const void *caller)
{
	uint64_t table = virt_to_pfn(entry).pfn;

	if (!(frame_database[table].flags & FRAME_PINNED)) {
		*(volatile pt_entry_t *)entry = value;
	} else if (likely(table < p2m_boot_size)) {
		uint64_t offset = (uintptr_t)entry & (PAGE_SIZE - 1);
		maddr_t address = {p2m_boot_list[table] << PAGE_SHIFT | offset};

		update(address, command, value, caller);
	} else {
		write_entry_of_late_table(entry, command, value, caller);
	}
}

/*
 * Writes an entry of a root. One in the user half is written to the programs' root too, if there is
 * one. Either both roots are pinned, or neither. If they are, it takes one hypercall: a program
 * must not see another address space than the kernel does.
 */
static NOINLINE void set_root_entry(pt_entry_t *entry, pt_entry_t value, const void *caller)
{
	const struct frame *root = frame_of(virt_to_pfn(entry));
	uintptr_t offset = (uintptr_t)entry & (PAGE_SIZE - 1);
	pt_entry_t *user_entry = (pt_entry_t *)(root->private + offset);

	if (!root->private || offset / sizeof(*entry) >= pt_entries() / 2) {
		write_entry(entry, MMU_NORMAL_PT_UPDATE, value, caller);
	} else if (root->flags & FRAME_PINNED) {
		batch_mmu_update_pair(entry_in_direct_map(entry), entry_in_direct_map(user_entry),
				      value.raw, caller);
	} else {
		*(volatile pt_entry_t *)entry = value;
		*(volatile pt_entry_t *)user_entry = value;
	}
}

static void xen_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	if (level == PT_PGD)
		set_root_entry(entry, value, CALLER);
	else
		write_entry(entry, MMU_NORMAL_PT_UPDATE, value, CALLER);
}

static void xen_set_kernel_pte(uintptr_t address, pt_entry_t value)
{
	batch_update_va_mapping(address, value.raw, UVMF_INVLPG | UVMF_ALL, CALLER);
}

static void xen_set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	bool here = mm == &kernel_mm || mm == this_cpu()->loaded_mm;

	/*
	 * A single update is cheaper if Xen finds the entry; in a batch, adjacent updates share an
	 * element.
	 */
	if (here && !batch_is_lazy() && (frame_of(virt_to_pfn(entry))->flags & FRAME_PINNED))
		batch_update_va_mapping(address, value.raw, UVMF_NONE, CALLER);
	else
		write_entry(entry, MMU_NORMAL_PT_UPDATE, value, CALLER);
}

static void xen_protect_commit(pt_entry_t *entry, pt_entry_t value)
{
	write_entry(entry, MMU_PT_UPDATE_PRESERVE_AD, value, CALLER);
}

static void xen_set_page_writable(pfn_t frame, bool writable)
{
	pt_entry_t *entry = pt_find(pt_root(), pfn_to_address(frame), PT_PTE);

	if (!entry)
		panic("pfn %lx has no page in the direct map", frame.pfn);
	update(entry_in_direct_map(entry), MMU_NORMAL_PT_UPDATE,
	       pt_entry_make(frame, writable ? PT_KERNEL_RW : PT_KERNEL_RO), CALLER);
}

/*
 * Flushes by the cheapest operation that reaches the set: on this CPU alone, on those of a mask, or
 * on all that the domain runs on. A mask of the caller's is copied with the request.
 */
static void flush(const unsigned int command[3], uintptr_t address, cpu_set_t set,
		  const void *caller)
{
	struct mmuext_op op = {.cmd = command[1], .arg1.linear_addr = address};

	if (!((set & cpus_online) & ~cpu_set_of(this_cpu())))
		op.cmd = command[0];
	else if (set == ALL_CPUS)
		op.cmd = command[2];
	set_xen_guest_handle(op.arg2.vcpumask, (const void *)&set);
	batch_mmuext_op(&op, caller);
}

static void xen_flush_address(uintptr_t address, cpu_set_t set)
{
	static const unsigned int commands[] = {MMUEXT_INVLPG_LOCAL, MMUEXT_INVLPG_MULTI,
						MMUEXT_INVLPG_ALL};

	flush(commands, address, set, CALLER);
}

static void xen_flush_all(cpu_set_t set)
{
	static const unsigned int commands[] = {MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_TLB_FLUSH_MULTI,
						MMUEXT_TLB_FLUSH_ALL};

	flush(commands, 0, set, CALLER);
}

/* ---- loading ---- */

static void loaded(void *mm)
{
	this_cpu()->loaded_mm = mm;
}

static void xen_load_mm(struct mm *mm)
{
	struct mmuext_op kernel = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = pfn_to_mfn(mm->root).mfn};
	struct mmuext_op user = {.cmd = MMUEXT_NEW_USER_BASEPTR};

	mm_expect_pinned(mm, true, "loading an address space");
	if (pfn_valid(mm->user_root))
		user.arg1.mfn = pfn_to_mfn(mm->user_root).mfn;
	batch_enter();
	batch_mmuext_op(&kernel, CALLER);
	batch_mmuext_op(&user, CALLER);
	batch_callback(loaded, mm);
	batch_leave();
}

/*
 * The operations that both tables share. A new root is not pinned, so Xen need not know that it was
 * copied from another.
 */
#define XEN_OPS                                                                       \
	.complete = &paravirt_xen, .tables_validated = true, .user_roots = true,      \
	.set_kernel_pte = xen_set_kernel_pte, .clone_root = paravirt_no_clone_root,   \
	.activate_mm = pin_activate, .dup_mmap = pin_activate, .exit_mmap = pin_exit, \
	.load_mm = xen_load_mm, .lazy_enter = batch_enter, .lazy_leave = batch_leave, \
	.lazy_flush = batch_flush, .set_page_writable = xen_set_page_writable,        \
	.flush_address = xen_flush_address, .flush_all = xen_flush_all

const struct paravirt_ops paravirt_xen_early = {
	.name = "xen, early",
	.set_entry = early_set_entry,
	.set_pte_at = early_set_pte_at,
	.protect_commit = early_protect_commit,
	.alloc_table = paravirt_no_alloc_table,
	.adopt_table = paravirt_no_adopt_table,
	.release_table = paravirt_no_release_table,
	XEN_OPS,
};

const struct paravirt_ops paravirt_xen = {
	.name = "xen",
	.set_entry = xen_set_entry,
	.set_pte_at = xen_set_pte_at,
	.protect_commit = xen_protect_commit,
	.alloc_table = pin_alloc_table,
	.adopt_table = pin_adopt_table,
	.release_table = pin_release_table,
	XEN_OPS,
};
