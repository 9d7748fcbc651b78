// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pinning and unpinning address spaces, tables, and the tables that the kernel booted with.
 *
 * The lock of a pte table is held from the moment that its page becomes read-only until Xen has
 * pinned it. Code that wrote an entry in between would find the page read-only and not yet a table.
 * So the lock is released by a callback of the batch, after the requests were issued.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/lib/panic.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>

unsigned int pin_command(enum pt_level level)
{
	static const unsigned int commands[] = {
		[1] = MMUEXT_PIN_L1_TABLE, [2] = MMUEXT_PIN_L2_TABLE, [3] = MMUEXT_PIN_L3_TABLE,
		[4] = MMUEXT_PIN_L4_TABLE, [5] = MMUEXT_PIN_L5_TABLE,
	};

	return commands[pt_level_rank(level)];
}

static ALWAYS_INLINE void request(unsigned int command, pfn_t table)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = pfn_to_mfn(table).mfn};

	batch_mmuext_op(&op, __builtin_return_address(0));
}

/* Makes a table read-only in the direct map and, at the pte level, pins it. Returns false. */
static bool pin_table(pfn_t table, enum pt_level level, void *unused)
{
	struct frame *frame = frame_of(table);

	(void)unused;
	/* A table that two entries point to is visited twice. */
	if (frame->flags & FRAME_PINNED)
		return false;
	frame->flags |= FRAME_PINNED;
	make_page_readonly(table);
	if (level == PT_PTE)
		request(pin_command(PT_PTE), table);
	return false;
}

/*
 * Unpins a table and makes it writable in the direct map. Returns true if a TLB may hold the old,
 * read-only entry.
 */
static bool unpin_table(pfn_t table, enum pt_level level, void *unused)
{
	const uint8_t held = FRAME_PINNED | FRAME_ADOPTED;
	struct frame *frame = frame_of(table);

	(void)unused;
	if (!(frame->flags & FRAME_PINNED))
		return false;
	if (level == PT_PTE && !(frame->flags & FRAME_ADOPTED))
		request(MMUEXT_UNPIN_TABLE, table);
	make_page_writable(table);
	frame->flags &= (uint8_t)~held;
	return true;
}

void pin_alloc_table(struct mm *mm, pfn_t table, enum pt_level level)
{
	if (mm->pinned)
		pin_table(table, level, NULL);
}

/* Not even a pte table has a pin of its own: it is validated through its parent's entry. */
void pin_adopt_table(struct mm *mm, pfn_t table, enum pt_level level)
{
	(void)mm, (void)level;
	frame_of(table)->flags |= FRAME_PINNED | FRAME_ADOPTED;
}

void pin_release_table(pfn_t table, enum pt_level level)
{
	unpin_table(table, level, NULL);
}

void mm_expect_pinned(const struct mm *mm, bool pinned, const char *doing)
{
	const pfn_t roots[] = {mm->root, mm->user_root};

	for (unsigned int i = 0; i < ARRAY_SIZE(roots); i++) {
		if (pfn_valid(roots[i]) &&
		    ((frame_of(roots[i])->flags & FRAME_PINNED) != 0) != pinned)
			panic("%s: the %s root, in pfn %lx, is %s", doing,
			      i ? "programs'" : "kernel's", roots[i].pfn,
			      pinned ? "not pinned" : "pinned already");
	}
}

void mm_pin(struct mm *mm)
{
	/* It is pinned for good now, so mm_unpin_all() must not unpin it. */
	frame_of(mm->root)->flags &= (uint8_t)~FRAME_SAVE;
	if (mm->pinned)
		return;
	mm_expect_pinned(mm, false, "pinning an address space");
	batch_enter();
	pt_walk_tables(mm->root, pt_user_limit(), pin_table, NULL);
	request(pin_command(PT_PGD), mm->root);
	if (pfn_valid(mm->user_root)) {
		pin_table(mm->user_root, PT_PGD, NULL);
		request(pin_command(PT_PGD), mm->user_root);
	}
	mm->pinned = true;
	batch_leave();
}

void mm_unpin(struct mm *mm)
{
	bool flush;

	if (!mm->pinned)
		return;
	mm_expect_pinned(mm, true, "unpinning an address space");
	frame_of(mm->root)->flags &= (uint8_t)~FRAME_SAVE;
	batch_enter();
	if (pfn_valid(mm->user_root)) {
		request(MMUEXT_UNPIN_TABLE, mm->user_root);
		unpin_table(mm->user_root, PT_PGD, NULL);
	}
	request(MMUEXT_UNPIN_TABLE, mm->root);
	flush = pt_walk_tables(mm->root, pt_user_limit(), unpin_table, NULL);
	/* The direct map's entries became writable, but a TLB may hold the read-only ones. */
	if (flush)
		paravirt.flush_all(ALL_CPUS);
	mm->pinned = false;
	batch_leave();
	/* The caller will write to the tables at once, so do not wait for an outer batch to end. */
	batch_flush();
}

void pin_activate(struct mm *mm)
{
	mm_lock(mm);
	mm_pin(mm);
	mm_unlock(mm);
}

void pin_exit(struct mm *mm)
{
	mm_lock(mm);
	mm_unpin(mm);
	mm_unlock(mm);
}

/* Calls a function for each address space, with its lock held. */
static void for_each_mm(void (*function)(struct mm *mm))
{
	bool events = spin_lock(&mm_list_lock);

	list_for_each_entry (struct mm, mm, &mm_list, link) {
		mm_lock(mm);
		function(mm);
		mm_unlock(mm);
	}
	spin_unlock(&mm_list_lock, events);
}

static void pin_for_save(struct mm *mm)
{
	if (mm->pinned)
		return;
	mm_pin(mm);
	frame_of(mm->root)->flags |= FRAME_SAVE;
}

static void unpin_after_save(struct mm *mm)
{
	if (!(frame_of(mm->root)->flags & FRAME_SAVE))
		return;
	if (!mm->pinned)
		panic("mm_unpin_all: the address space with its root in pfn %lx was pinned for a "
		      "save, and is not pinned",
		      mm->root.pfn);
	mm_unpin(mm);
}

void mm_pin_all(void)
{
	if (paravirt.tables_validated)
		for_each_mm(pin_for_save);
}

void mm_unpin_all(void)
{
	for_each_mm(unpin_after_save);
}

static bool visit_adopt(pfn_t table, enum pt_level level, void *argument)
{
	struct frame *frame = frame_of(table);

	(void)argument;
	/* A table that two entries point to is visited twice. */
	if (frame->flags & FRAME_LEVEL)
		return false;
	frame_become_table(frame, level);
	paravirt.adopt_table(&kernel_mm, table, level);
	return false;
}

void pin_adopt_boot_tables(void)
{
	kernel_mm.pinned = paravirt.tables_validated;
	pt_walk_tables(kernel_mm.root, UINTPTR_MAX, visit_adopt, NULL);
}

static long ask(unsigned int command, pfn_t table)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = pfn_to_mfn(table).mfn};

	return hypercall_mmuext_op(&op, 1, NULL);
}

long pin_try(pfn_t table, enum pt_level level, const struct mmu_update *update)
{
	struct frame *frame = frame_of(table);
	bool known = frame->flags & FRAME_LEVEL;
	long error = ask(pin_command(level), table);

	if (error)
		return error;
	if (!known) {
		frame->flags = (uint8_t)level;
		paravirt.adopt_table(NULL, table, level);
	}
	if (update)
		error = hypercall_mmu_update(update, 1, NULL);
	ask(MMUEXT_UNPIN_TABLE, table);
	if (!known) {
		frame->flags = 0;
		paravirt.release_table(table, level);
	}
	return error;
}

uint64_t pinned_tables(void)
{
	uint64_t count = 0;

	for (pfn_t frame = pfn(0); frame_of(frame); frame.pfn++)
		count += (frame_of(frame)->flags & FRAME_PINNED) != 0;
	return count;
}
