// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How Xen loses a frame, and how sequences avoid it.
 *
 * A root is refused. The entry at fault is not its first, and leads to a table that is refused at
 * its first entry, which leads to a table that is refused at an entry other than its first:
 *
 *     root          table A       table B
 *     [0]           [0] -> B      [0]
 *     [1] -> A                    [1] -> what no table of that level may refer to
 *
 * Then Xen forgets B, and with it a reference that nobody can drop any more (types.c, give_up()). B
 * can be used as before, but not freed. When the domain is destroyed, B stays, and the domain with
 * it: "(null) --ps-d" in xl's list, until the machine is started anew.
 *
 * Whether B is refused depends on the types of other frames. The shape does not, so sequences avoid
 * the shape. A list that copies pages might make it on the way: there no root is tried at all.
 */
#include "sequence.h"

#include <arch/hypercall.h>
#include <mm/table/entry.h>
#include <xen/xen.h>

/* The entry of a table as "before" leaves it, if it is accepted. */
static uint64_t entry_at(const struct sequence_stage *stage, const struct mmu_update *before,
			 unsigned int table, unsigned int slot)
{
	uint64_t address = stage->frame[table].mfn << PAGE_SHIFT | slot * sizeof(uint64_t);

	if (before && before->ptr % 8 != MMU_MACHPHYS_UPDATE && (before->ptr & ~7ull) == address)
		return before->val;
	return stage->contents[table][slot];
}

/* The frame of the stage that a present entry leads to; SEQUENCE_FRAMES: none. */
static unsigned int next_table(const struct sequence_stage *stage, const struct mmu_update *before,
			       unsigned int table, unsigned int slot)
{
	uint64_t entry = entry_at(stage, before, table, slot);

	if (!(entry & PT_PRESENT))
		return SEQUENCE_FRAMES;
	return sequence_index(stage, (entry & PT_FRAME_MASK) >> PAGE_SHIFT);
}

/* Returns true if a table has an entry, other than its first, that may be refused. */
static bool may_fail_late(const struct sequence_stage *stage, const struct mmu_update *before,
			  unsigned int table)
{
	for (unsigned int slot = 1; slot < PT_ENTRIES; slot++) {
		if (entry_at(stage, before, table, slot) & PT_PRESENT)
			return true;
	}
	return false;
}

static bool has_the_shape(const struct sequence_stage *stage, const struct mmu_update *before,
			  unsigned int root)
{
	for (unsigned int slot = 1; slot < PT_ENTRIES; slot++) {
		unsigned int a, b;

		if (sequence_slot_is_xens(root, slot))
			continue;
		a = next_table(stage, before, root, slot);
		b = a < SEQUENCE_FRAMES ? next_table(stage, before, a, 0) : SEQUENCE_FRAMES;
		if (b < SEQUENCE_FRAMES && may_fail_late(stage, before, b))
			return true;
	}
	return false;
}

bool sequence_may_leak(const struct sequence_stage *stage, const struct mmuext_op *op,
		       const struct mmu_update *before)
{
	unsigned int root = sequence_index(stage, op->arg1.mfn);

	if ((op->cmd != MMUEXT_PIN_L4_TABLE && op->cmd != MMUEXT_NEW_USER_BASEPTR) ||
	    root == SEQUENCE_FRAMES)
		return false;
	return has_the_shape(stage, NULL, root) || (before && has_the_shape(stage, before, root));
}

/* Enters "value" in a frame that is ordinary memory. */
static void enter(const struct sequence_stage *stage, unsigned int frame, unsigned int slot,
		  uint64_t value)
{
	struct mmu_update request = {
		stage->frame[frame].mfn << PAGE_SHIFT | slot * sizeof(uint64_t), value};

	hypercall_mmu_update(&request, 1, NULL);
}

static void map(const struct sequence_stage *stage, unsigned int frame, uint64_t flags)
{
	hypercall_update_va_mapping(stage->address[frame],
				    stage->frame[frame].mfn << PAGE_SHIFT | flags,
				    UVMF_INVLPG | UVMF_ALL);
}

long sequence_leak(const struct sequence_stage *stage)
{
	const unsigned int root = SEQUENCE_ORDINARY, a = 0, b = 1;
	struct mmuext_op pin = {.cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = stage->frame[root].mfn};
	struct mmuext_op again = {.cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = stage->frame[b].mfn};
	uint64_t large = stage->frame[b].mfn << PAGE_SHIFT | PT_PRESENT | PT_HUGE;
	long result;

	enter(stage, root, 1, stage->frame[a].mfn << PAGE_SHIFT | PT_PRESENT);
	enter(stage, a, 0, stage->frame[b].mfn << PAGE_SHIFT | PT_PRESENT);
	enter(stage, b, 1, large); /* there are no large pages for a PV guest */
	map(stage, root, PT_KERNEL_RO);
	map(stage, a, PT_KERNEL_RO);
	map(stage, b, PT_KERNEL_RO);
	result = hypercall_mmuext_op(&pin, 1, NULL);

	/* The type can be put right: B, half validated, is refused once more and then released. */
	hypercall_mmuext_op(&again, 1, NULL);
	enter(stage, root, 1, 0);
	enter(stage, a, 0, 0);
	enter(stage, b, 1, 0);
	map(stage, root, PT_KERNEL_RW);
	map(stage, a, PT_KERNEL_RW);
	map(stage, b, PT_KERNEL_RW);
	return result;
}
