// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces: the kernel's, the list of all others, and their roots.
 *
 * A new address space shares the kernel's half: its root has copies of the kernel's root entries,
 * and mm_prepare() keeps them equal. mm/table/tables.c handles the tables below the roots, and
 * mm/table/load.c which address space a CPU runs on.
 */
#include <arch/cpu.h>
#include <mm/frame/frames.h>
#include <mm/table/mm.h>

struct mm kernel_mm;
struct spinlock mm_list_lock = SPINLOCK(LOCK_MM_LIST);
struct list_node mm_list = {&mm_list, &mm_list};

void mm_start(pfn_t root)
{
	kernel_mm = (struct mm){.lock = SPINLOCK(LOCK_KERNEL_MM),
				.root = root,
				.user_root = INVALID_PFN,
				.pinned = true};
	list_init(&kernel_mm.link);
	this_cpu()->mm = &kernel_mm;
	this_cpu()->loaded_mm = &kernel_mm;
}

bool mm_create(struct mm *mm)
{
	unsigned int half = pt_entries() / 2;
	const pt_entry_t *from = pfn_to_virt(kernel_mm.root);
	struct list_node tables;
	bool events;

	if (!mm_take_tables(&tables, paravirt.user_roots ? 2 : 1))
		return false;
	*mm = (struct mm){.lock = SPINLOCK(LOCK_MM), .user_root = INVALID_PFN};
	list_init(&mm->link);
	mm->root = mm_next_table(&tables, PT_PGD);
	paravirt.alloc_table(mm, mm->root, PT_PGD);
	if (paravirt.user_roots) {
		mm->user_root = mm_next_table(&tables, PT_PGD);
		/* This is how set_entry() finds the other root. */
		frame_of(mm->root)->private = (uintptr_t)pfn_to_virt(mm->user_root);
		paravirt.alloc_table(mm, mm->user_root, PT_PGD);
	}
	events = spin_lock(&mm_list_lock);
	for (unsigned int i = half; i < pt_entries(); i++) {
		if (!pt_slot_reserved(i))
			((pt_entry_t *)pfn_to_virt(mm->root))[i] = from[i];
	}
	paravirt.clone_root(mm, &kernel_mm, half, half);
	list_add(&mm_list, &mm->link);
	spin_unlock(&mm_list_lock, events);
	return true;
}

static void free_root(pfn_t root)
{
	if (!pfn_valid(root))
		return;
	paravirt.release_table(root, PT_PGD);
	mm_free_table(root);
}

void mm_exit(struct mm *mm)
{
	bool events;

	/* The kernel's half of a root that a CPU has loaded is kept up to date through the list. */
	mm_unload_everywhere(mm);
	events = spin_lock(&mm_list_lock);
	list_remove(&mm->link);
	list_init(&mm->link);
	spin_unlock(&mm_list_lock, events);
	/* From here on mm_pin_all() does not find it: it stays unpinned. */
	paravirt.exit_mmap(mm);
}

void mm_destroy(struct mm *mm)
{
	mm_exit(mm);
	mm_free_tables(mm, 0, pt_user_limit());
	free_root(mm->user_root);
	free_root(mm->root);
	mm->root = mm->user_root = INVALID_PFN;
}
