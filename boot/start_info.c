// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From Xen's start_info to struct boot_info; nothing in it is trusted.
 *
 * The builder and the kernel are separate programs, whose versions may never have met. Without
 * these checks a wrong field would show much later, as a crash far away from its cause.
 */
#include <arch/evtchn.h>
#include <boot/start_info.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/message.h>
#include <kernel/lib/string.h>
#include <xen/xen.h>

/*
 * The fewest pages, which the builder's page tables alone need; and the most that a machine can
 * have.
 */
#define MIN_PAGES 64ull
#define MAX_PAGES (1ull << 40)

/* Returns the frame at an address in the builder's mapping; INVALID_PFN for any other address. */
static pfn_t initial_pfn(uint64_t address, uint64_t pages)
{
	uint64_t frame = (address - KERNEL_VIRT_BASE) >> PAGE_SHIFT;

	return address >= KERNEL_VIRT_BASE && frame < pages ? pfn(frame) : INVALID_PFN;
}

static bool range_fits(uint64_t start, uint64_t count, uint64_t pages)
{
	return start <= pages && count <= pages - start;
}

static const char *check_magic(const struct start_info *start)
{
	size_t length = strnlen(start->magic, sizeof(start->magic));
	const char *platform = start->magic + length;

	/* "xen-3.N-x86_64": the version of the interface, then the platform. */
	while (platform > start->magic && *platform != '-')
		platform--;
	if (length == sizeof(start->magic) || strncmp(start->magic, "xen-3.", 6) != 0 ||
	    strcmp(platform, "-x86_64") != 0)
		return message_make("start_info.magic is \"%.32s\", not \"xen-3.N-x86_64\"",
				    start->magic);
	return NULL;
}

static const char *check_memory(const struct start_info *start, struct boot_info *boot)
{
	pfn_t tables;

	if (start->nr_pages < MIN_PAGES || start->nr_pages > MAX_PAGES)
		return message_make("start_info.nr_pages is %lu, not between %llu and %llu",
				    start->nr_pages, MIN_PAGES, MAX_PAGES);
	boot->pages = start->nr_pages;

	if (start->shared_info == 0 || start->shared_info % PAGE_SIZE)
		return message_make(
			"start_info.shared_info is %lx, not the machine address of a page",
			start->shared_info);
	boot->shared_info = (maddr_t){start->shared_info};

	tables = initial_pfn(start->pt_base, boot->pages);
	if (start->pt_base % PAGE_SIZE || !pfn_valid(tables))
		return message_make("start_info.pt_base is %lx, not a page of the initial mapping",
				    start->pt_base);
	/* It takes at least one table of each of the four levels to map anything. */
	if (start->nr_pt_frames < 4 || !range_fits(tables.pfn, start->nr_pt_frames, boot->pages))
		return message_make(
			"start_info.nr_pt_frames is %lu, not between 4 and the %lu pages that "
			"follow pt_base",
			start->nr_pt_frames, boot->pages - tables.pfn);
	boot->page_tables = (struct pfn_range){tables, start->nr_pt_frames};
	return NULL;
}

static const char *check_p2m(const struct start_info *start, struct boot_info *boot)
{
	uint64_t bytes = boot->pages * sizeof(uint64_t);

	pfn_t first = initial_pfn(start->mfn_list, boot->pages);
	uint64_t direct_map_end = DIRECT_MAP_BASE + (boot->pages << PAGE_SHIFT);

	boot->p2m_address = start->mfn_list;
	/*
	 * A builder that ignores INIT_P2M puts the list after the kernel, into the initial mapping.
	 */
	if (start->mfn_list % PAGE_SIZE == 0 && pfn_valid(first) &&
	    range_fits(first.pfn, pages_for(bytes), boot->pages)) {
		boot->p2m = (struct pfn_range){first, pages_for(bytes)};
		return NULL;
	}
	if (start->mfn_list % PAGE_SIZE || start->mfn_list < direct_map_end ||
	    start->mfn_list >= KERNEL_VIRT_BASE - bytes)
		return message_make(
			"start_info.mfn_list is %lx, which is neither in the initial mapping "
			"nor between %lx and %lx",
			start->mfn_list, direct_map_end, (unsigned long)KERNEL_VIRT_BASE);
	if (start->nr_p2m_frames < pages_for(bytes) ||
	    !range_fits(start->first_p2m_pfn, start->nr_p2m_frames, boot->pages))
		return message_make(
			"start_info.first_p2m_pfn is %lx and nr_p2m_frames is %lu, not a run of "
			"at least %lu of the %lu pages",
			start->first_p2m_pfn, start->nr_p2m_frames, pages_for(bytes), boot->pages);
	boot->p2m = (struct pfn_range){pfn(start->first_p2m_pfn), start->nr_p2m_frames};
	return NULL;
}

static const char *check_ramdisk(const struct start_info *start, struct boot_info *boot)
{
	pfn_t first = pfn(start->mod_start);

	if (start->mod_len == 0)
		return NULL;
	if (!(start->flags & SIF_MOD_START_PFN)) {
		first = initial_pfn(start->mod_start, boot->pages);
		if (start->mod_start % PAGE_SIZE || !pfn_valid(first))
			return message_make(
				"start_info.mod_start is %lx, not a page of the initial mapping",
				start->mod_start);
	}
	if (!range_fits(first.pfn, pages_for(start->mod_len), boot->pages))
		return message_make(
			"start_info.mod_start is pfn %lx and mod_len is %lu: that ends past the "
			"%lu pages of memory",
			first.pfn, start->mod_len, boot->pages);
	boot->ramdisk = (struct pfn_range){first, pages_for(start->mod_len)};
	boot->ramdisk_bytes = start->mod_len;
	return NULL;
}

static const char *check_ring(const char *name, mfn_t ring, uint32_t port)
{
	if (ring.mfn == 0)
		return message_make("start_info.%s.mfn is 0: a DomU needs that ring", name);
	if (port == 0 || port >= EVTCHN_PORTS)
		return message_make("start_info.%s.evtchn is %u, not between 1 and %u", name, port,
				    EVTCHN_PORTS - 1);
	return NULL;
}

static const char *check_rings(const struct start_info *start, struct boot_info *boot)
{
	const char *error;

	boot->dom0 = start->flags & SIF_INITDOMAIN;
	boot->console = INVALID_MFN;
	boot->xenstore = INVALID_MFN;
	if (boot->dom0)
		return NULL;
	error = check_ring("console", mfn(start->console.domU.mfn), start->console.domU.evtchn);
	if (!error)
		error = check_ring("store", mfn(start->store_mfn), start->store_evtchn);
	if (error)
		return error;
	boot->console = mfn(start->console.domU.mfn);
	boot->console_port = start->console.domU.evtchn;
	boot->xenstore = mfn(start->store_mfn);
	boot->xenstore_port = start->store_evtchn;
	return NULL;
}

static const char *check_cmdline(const struct start_info *start, struct boot_info *boot)
{
	const char *text = (const char *)start->cmd_line;
	size_t length = strnlen(text, MAX_GUEST_CMDLINE);

	_Static_assert(MAX_GUEST_CMDLINE == BOOT_CMDLINE_SIZE, "a command line of Xen's must fit");
	if (length == MAX_GUEST_CMDLINE)
		return message_make("start_info.cmd_line does not end within its %u bytes",
				    MAX_GUEST_CMDLINE);
	memcpy(boot->cmdline, text, length + 1);
	return NULL;
}

const char *boot_info_from_start_info(const struct start_info *start, uintptr_t address,
				      struct boot_info *boot)
{
	const char *error;
	pfn_t own;
	uint64_t tables_end;

	*boot = (struct boot_info){.pages = 0};
	if ((error = check_magic(start)) || (error = check_memory(start, boot)) ||
	    (error = check_p2m(start, boot)) || (error = check_ramdisk(start, boot)) ||
	    (error = check_rings(start, boot)) || (error = check_cmdline(start, boot)))
		return error;

	own = initial_pfn(address, boot->pages);
	if (!pfn_valid(own))
		return message_make("start_info lies at %lx, which is not in the initial mapping",
				    address);
	boot->start_info = (struct pfn_range){own, 1};
	memcpy(boot->protocol, start->magic, sizeof(boot->protocol));

	/* Both are mapped, in either order, and so is everything below them. */
	tables_end = boot->page_tables.start.pfn + boot->page_tables.count;
	boot->initial_map = (struct pfn_range){pfn(0), MAX(tables_end, own.pfn + 1)};
	return NULL;
}
