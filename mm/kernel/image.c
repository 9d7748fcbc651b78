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
#include <mm/table/walk.h>

/* The parts of the image: what their frames are used for, and the rights of their pages. */
static const struct {
	const char *start, *end;
	enum frame_kind kind; /* FRAME_FREE: only the addresses are used */
	uint64_t flags;
} parts[] = {
	{text_start, text_end, FRAME_TEXT, PT_KERNEL_RX},
	{rodata_start, rodata_end, FRAME_TEXT, PT_KERNEL_RO},
	{data_start, boot_stack_guard, FRAME_DATA, PT_KERNEL_RW},
	{boot_stack_guard, boot_stack, FRAME_FREE, 0},
	{boot_stack, fixed_slots_start, FRAME_DATA, PT_KERNEL_RW},
	{fixed_slots_end, data_end, FRAME_DATA, PT_KERNEL_RW},
};

/* Returns the frame that the builder mapped at an address. */
static pfn_t initial_pfn(const void *address)
{
	return pfn(((uintptr_t)address - KERNEL_VIRT_BASE) >> PAGE_SHIFT);
}

static bool in_image(uintptr_t address)
{
	return address >= (uintptr_t)image_start && address < (uintptr_t)image_end;
}

const char *image_reserve(struct boot_memory *memory)
{
	const char *error = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(parts) && !error; i++) {
		struct pfn_range range = {.start = initial_pfn(parts[i].start)};

		range.count = initial_pfn(parts[i].end).pfn - range.start.pfn;
		error = boot_memory_reserve(memory, range, parts[i].kind);
	}
	return error;
}

static void set_part(const char *start, const char *end, uint64_t flags)
{
	for (const char *page = start; page < end; page += PAGE_SIZE) {
		pt_entry_t entry = pt_entry_make(initial_pfn(page), flags);

		set_kernel_pte((uintptr_t)page, flags ? entry : pt_entry_none());
	}
}

/*
 * Unmaps the free frames that the builder mapped. It did so from pfn 0 on, without a gap, to
 * somewhere after its tables. At a fixed slot that is in use another frame is mapped by now.
 */
static void unmap_free_frames(const struct boot_memory *memory)
{
	for (pfn_t frame = pfn(0);; frame.pfn++) {
		uintptr_t address = KERNEL_VIRT_BASE + (frame.pfn << PAGE_SHIFT);
		struct pt_path walk = pt_lookup(address);

		if (!walk.mapped && !in_image(address))
			break;
		if (walk.mapped && boot_memory_is_free(memory, frame) &&
		    pt_entry_pfn(walk.step[walk.steps - 1].entry).pfn == frame.pfn)
			set_kernel_pte(address, pt_entry_none());
	}
}

void image_protect(const struct boot_memory *memory)
{
	lazy_enter();
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		set_part(parts[i].start, parts[i].end, parts[i].flags);
	unmap_free_frames(memory);
	lazy_leave();
}

static enum pt_next unmap_page(const struct pt_place *at, void *unused)
{
	(void)unused;
	if (at->level == PT_PTE && !in_image(at->start))
		set_kernel_pte(at->start, pt_entry_none());
	return PT_DESCEND;
}

void image_drop_initial_map(void)
{
	static const struct pt_visitor unmapping = {.enter = unmap_page};

	/* From there on nothing else is mapped (kernel/lib/layout.h). */
	pt_walk(kernel_mm.root, KERNEL_VIRT_BASE, UINTPTR_MAX, &unmapping, NULL);
	mm_free_tables(&kernel_mm, KERNEL_VIRT_BASE, (uintptr_t)image_start - 1);
	mm_free_tables(&kernel_mm, (uintptr_t)image_end, UINTPTR_MAX);
}
