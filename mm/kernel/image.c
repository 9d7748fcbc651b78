// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giving the parts of the image their rights, and dismantling the builder's mapping around them.
 *
 * The builder mapped frames in order of pfn from KERNEL_VIRT_BASE on, so the frame that it mapped
 * at an address is known without a lookup. The kernel's image stays in this mapping; everything
 * else is unmapped in two steps, before the direct map exists and after.
 */
#include <kernel/lib/compiler.h>
#include <mm/frame/translate.h>
#include <mm/kernel/image.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>

/* Returns the address at which the builder mapped a frame. */
static uintptr_t initial_address(pfn_t frame)
{
	return KERNEL_VIRT_BASE + (frame.pfn << PAGE_SHIFT);
}

/* Returns the frame that the builder mapped at an address. */
static pfn_t initial_pfn(const void *address)
{
	return pfn(((uintptr_t)address - KERNEL_VIRT_BASE) >> PAGE_SHIFT);
}

static struct pfn_range range_between(const void *start, const void *end)
{
	pfn_t first = initial_pfn(start);

	return (struct pfn_range){first, initial_pfn(end).pfn - first.pfn};
}

static void set_rights(uintptr_t address, mfn_t frame, uint64_t flags)
{
	set_kernel_pte(address, flags ? pt_entry_from_mfn(frame, flags) : pt_entry_none());
}

const char *image_reserve(struct boot_memory *memory)
{
	const struct {
		const char *start, *end;
		enum frame_kind kind;
	} parts[] = {
		{text_start, text_end, FRAME_TEXT},
		{rodata_start, rodata_end, FRAME_TEXT},
		{data_start, boot_stack_guard, FRAME_DATA},
		{boot_stack, fixed_slots_start, FRAME_DATA},
		{fixed_slots_end, data_end, FRAME_DATA},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *error = boot_memory_reserve(
			memory, range_between(parts[i].start, parts[i].end), parts[i].kind);

		if (error)
			return error;
	}
	return NULL;
}

static void set_part(const char *start, const char *end, uint64_t flags)
{
	for (uintptr_t address = (uintptr_t)start; address < (uintptr_t)end; address += PAGE_SIZE)
		set_rights(address, pfn_to_mfn(initial_pfn((void *)address)), flags);
}

static bool in_image(uintptr_t address)
{
	return address >= (uintptr_t)image_start && address < (uintptr_t)image_end;
}

/*
 * Unmaps the fixed slots that are not used yet: they still map the frames that the builder put
 * there.
 */
static void clear_unused_slots(void)
{
	for (char *slot = fixed_slots_start; slot < fixed_slots_end; slot += PAGE_SIZE) {
		struct pt_path walk = pt_lookup((uintptr_t)slot);

		if (walk.mapped &&
		    pt_entry_pfn(walk.step[walk.steps - 1].entry).pfn == initial_pfn(slot).pfn)
			set_rights((uintptr_t)slot, INVALID_MFN, 0);
	}
}

void image_protect(const struct boot_memory *memory)
{
	lazy_enter();
	set_part(text_start, text_end, PT_KERNEL_RX);
	set_part(rodata_start, rodata_end, PT_KERNEL_RO);
	set_part(data_start, boot_stack_guard, PT_KERNEL_RW);
	set_part(boot_stack_guard, boot_stack, 0);
	set_part(boot_stack, fixed_slots_start, PT_KERNEL_RW);
	set_part(fixed_slots_end, data_end, PT_KERNEL_RW);
	clear_unused_slots();

	/* The builder maps from pfn 0 on, without a gap, to somewhere after its tables. */
	for (pfn_t frame = pfn(0);; frame.pfn++) {
		uintptr_t address = initial_address(frame);

		if (in_image(address))
			continue;
		if (!pt_lookup(address).mapped)
			break;
		if (boot_memory_is_free(memory, frame))
			set_rights(address, INVALID_MFN, 0);
	}
	lazy_leave();
}

/* Unlinks a pte table that maps nothing from the pmd entry at "step", and frees its frame. */
static void free_empty_table(const struct pt_step *step)
{
	pfn_t frame = mfn_to_pfn(pt_entry_mfn(step->entry));
	const pt_entry_t *entries = pt_table(pt_entry_mfn(step->entry));
	pt_entry_t *parent = pfn_to_virt(mfn_to_pfn(step->table));

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (pt_entry_present(entries[i]))
			return;
	}
	set_entry(&parent[step->index], step->level, pt_entry_none());
	/*
	 * The builder pinned nothing but the root, so without this entry the frame is no longer a
	 * table.
	 */
	paravirt.release_table(frame, PT_PTE);
	paravirt.flush_address(pfn_to_address(frame));
	mm_free_table(frame);
}

void image_drop_initial_map(void)
{
	const uint64_t pages_per_table = pt_pages(PT_PMD);

	/* Stops where there is no pte table any more: after the builder's mapping. */
	for (pfn_t frame = pfn(0);; frame.pfn++) {
		uintptr_t address = initial_address(frame);
		struct pt_path walk = pt_lookup(address);
		const struct pt_step *last = &walk.step[walk.steps - 1];

		if (last->level != PT_PTE)
			break;
		if (!in_image(address) && pt_entry_present(last->entry))
			set_rights(address, INVALID_MFN, 0);
		if (frame.pfn % pages_per_table == pages_per_table - 1)
			free_empty_table(&walk.step[walk.steps - 2]);
	}
}
