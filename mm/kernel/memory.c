// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which memory management comes up.
 *
 * The builder left one mapping at KERNEL_VIRT_BASE with everything writable in it. First comes the
 * list of what is in use. Then everything else is unmapped, since Xen refuses a page table that is
 * mapped writable anywhere. Then the direct map can take any free frame for its tables, and the
 * rest of the builder's mapping is unmapped.
 */
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/image.h>
#include <mm/kernel/memory.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>

/* Pages that must be left when everything is set up: 4 MiB. */
#define WORKING_PAGES 1024

#define KIB(pages) ((pages) << (PAGE_SHIFT - 10))

/* Ends the boot if there is an error in the description of what is in use. */
static void check(const char *error)
{
	if (error)
		fatal("the layout of boot memory makes no sense: %s", error);
}

static void reserve_ring(struct boot_memory *memory, mfn_t ring)
{
	pfn_t frame = mfn_to_pfn(ring);

	if (pfn_valid(frame))
		check(boot_memory_reserve(memory, (struct pfn_range){frame, 1}, FRAME_BOOT));
}

void memory_reserve(struct boot_memory *memory, const struct boot_info *boot)
{
	const char *error;

	boot_memory_init(memory, boot->pages);
	error = image_reserve(memory);
	if (error)
		fatal("the kernel does not fit: %s", error);
	check(boot_memory_reserve(memory, boot->start_info, FRAME_BOOT));
	check(boot_memory_reserve(memory, boot->page_tables, FRAME_TABLE));
	check(boot_memory_reserve(memory, boot->p2m, FRAME_P2M));
	/* The P2M is moved if it lies where these must be. */
	for (unsigned int i = 0; i < boot->absent_runs; i++)
		check(boot_memory_claim(memory, boot->absent[i], FRAME_ABSENT));
	check(boot_memory_claim(memory, boot->ramdisk, FRAME_RAMDISK));
	reserve_ring(memory, boot->console);
	reserve_ring(memory, boot->xenstore);
	reserve_ring(memory, maddr_to_mfn(boot->shared_info)); /* in PVH a frame of the domain */
}

/* Returns true if the builder left a P2M list. Natively there is none, and none is made. */
static bool has_list(void)
{
	return p2m_boot_size;
}

uint64_t memory_needed(uint64_t in_use)
{
	uint64_t needed = in_use, before;

	/*
	 * Tables and database grow with the total, of which they are a part: repeat until it is
	 * stable.
	 */
	do {
		before = needed;
		needed = in_use + WORKING_PAGES + direct_map_tables(needed) +
			 (has_list() ? p2m_frames(needed).tables.total : 0) +
			 pages_for(frames_database_size(needed));
	} while (needed != before);
	return needed;
}

static void check_size(const struct boot_memory *memory)
{
	uint64_t absent = boot_memory_absent(memory);
	uint64_t in_use = memory->pages - boot_memory_free(memory);
	uint64_t needed = memory_needed(in_use);

	if (memory->pages < needed)
		fatal("too little memory: there are %lu KiB, and at least %lu KiB are needed "
		      "(%lu KiB are taken by the kernel, its ramdisk and the tables it was "
		      "started with)",
		      KIB(memory->pages - absent), KIB(needed - absent), KIB(in_use - absent));
}

static bool has_memory(pfn_t frame)
{
	return mfn_valid(pfn_to_mfn(frame));
}

/* Makes the frame database, in the first run of free frames that is long enough. */
static void build_frame_database(struct boot_memory *memory)
{
	uint64_t pages = pages_for(frames_database_size(memory->pages));
	pfn_t start = boot_memory_take(memory, pages, FRAME_DATABASE);

	if (!pfn_valid(start))
		fatal("too little memory in one piece: the frame database needs %lu KiB, the "
		      "longest free run has %lu KiB",
		      KIB(pages), KIB(boot_memory_longest(memory)));
	memset(pfn_to_virt(start), 0, pages << PAGE_SHIFT);
	frames_init(pfn_to_virt(start), memory, has_memory);
}

struct p2m_relocated memory_p2m_relocated;

static void take_p2m(struct boot_memory *memory, enum p2m_relocation how)
{
	const char *error;

	if (!has_list())
		return;
	error = p2m_relocate(memory, P2M_VIRT_BASE, how, &memory_p2m_relocated);
	if (error)
		fatal("%s", error);
}

/*
 * Replaces the boot's paravirt operations by the complete ones. The frame database now records
 * which tables Xen holds, so all others can be written with plain stores.
 */
static void start_full_operations(const struct boot_memory *memory)
{
	mm_start(pt_root());
	paravirt = *paravirt.complete;
	pin_adopt_boot_tables();
	if (!direct_map_protect(memory) || (has_list() && !p2m_start_for_domain(memory->pages)))
		fatal("too little memory: none is left for page tables and the P2M's tree");
}

void memory_init(const struct boot_info *boot, enum p2m_relocation p2m)
{
	static struct boot_memory memory;

	memory_reserve(&memory, boot);
	check_size(&memory);
	image_protect(&memory);
	direct_map_build(&memory);
	take_p2m(&memory, p2m);
	build_frame_database(&memory);
	start_full_operations(&memory);
}
