// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the PVH start structure to struct boot_info; nothing in it is trusted.
 *
 * Its memory map is a list of physical ranges with types. The kernel numbers its frames by physical
 * address, so the gap between two ranges of RAM becomes a run of pfns without memory.
 */
#include <boot/pvh_info.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/message.h>
#include <kernel/lib/string.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/xen.h>

#define MAX_ENTRIES BOOT_ABSENT
#define MAX_MODULES 16
#define MAX_ADDRESS (1ull << 46) /* 64 TiB: the direct map has room for that */
#define LOW_FRAMES  256          /* the first MiB is reserved for firmware, RAM or not */
#define START_LIMIT 160          /* a startup IPI names a frame below 640 KiB */

/*
 * Returns a structure with 64-bit members, which must be aligned to 8; NULL if it cannot be read.
 */
static const void *structure_at(const struct pvh_context *context, uint64_t address, uint64_t bytes)
{
	return address % 8 ? NULL : context->at(address, bytes);
}

/* The ranges of whole frames with memory, sorted; no two touch. */
struct ram {
	struct pfn_range range[MAX_ENTRIES];
	unsigned int count;
	uint64_t low_frame; /* the highest below START_LIMIT, or 0: frame 0 itself is not used */
};

/* Returns true if two ranges overlap. Either may be empty, or end at the very last byte. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a_size && b_size && a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

static uint64_t end_of(struct pfn_range range)
{
	return range.start.pfn + range.count;
}

/* Inserts a range in order, merged with a neighbour that it touches. It overlaps none. */
static void add_ram(struct ram *ram, struct pfn_range range)
{
	unsigned int at = 0;

	while (at < ram->count && ram->range[at].start.pfn < range.start.pfn)
		at++;
	for (unsigned int i = ram->count++; i > at; i--)
		ram->range[i] = ram->range[i - 1];
	ram->range[at] = range;
	for (unsigned int i = 0; i + 1 < ram->count;) {
		if (end_of(ram->range[i]) != ram->range[i + 1].start.pfn) {
			i++;
			continue;
		}
		ram->range[i].count += ram->range[i + 1].count;
		ram->count--;
		for (unsigned int j = i + 1; j < ram->count; j++)
			ram->range[j] = ram->range[j + 1];
	}
}

static const char *check_entry(const struct hvm_memmap_table_entry *map, unsigned int which)
{
	const struct hvm_memmap_table_entry *entry = &map[which];

	if (entry->size && entry->size - 1 > UINT64_MAX - entry->addr)
		return message_make("memory map entry %u wraps round: %lx and %lx bytes", which,
				    entry->addr, entry->size);
	if (entry->type == XEN_HVM_MEMMAP_TYPE_RAM && entry->addr + entry->size > MAX_ADDRESS)
		return message_make(
			"memory map entry %u, RAM, ends at %lx: past the %llu TiB that have "
			"room in the address space",
			which, entry->addr + entry->size, MAX_ADDRESS >> 40);
	for (unsigned int i = 0; i < which; i++) {
		if ((entry->type == XEN_HVM_MEMMAP_TYPE_RAM ||
		     map[i].type == XEN_HVM_MEMMAP_TYPE_RAM) &&
		    overlap(entry->addr, entry->size, map[i].addr, map[i].size))
			return message_make("memory map entries %u and %u overlap, and one is RAM",
					    i, which);
	}
	return NULL;
}

/* Returns the entries of the map; NULL, with a message in *error, if it cannot be read. */
static const struct hvm_memmap_table_entry *find_map(const struct hvm_start_info *start,
						     const struct pvh_context *context,
						     unsigned int *count, const char **error)
{
	static struct hvm_memmap_table_entry other[MAX_ENTRIES];
	const struct hvm_memmap_table_entry *map = other;

	*count = start->version < 1 ? 0 : start->memmap_entries;
	if (*count && *count <= MAX_ENTRIES)
		map = structure_at(context, start->memmap_paddr, *count * sizeof(*map));
	else if (!*count && context->memory_map)
		*count = context->memory_map(other, MAX_ENTRIES);
	if (!*count)
		*error = message_make(
			"hvm_start_info has no memory map (version %u, %u entries): a loader "
			"that gives one is needed",
			start->version, *count);
	else if (*count > MAX_ENTRIES)
		*error = message_make("the memory map has %u entries, more than %u", *count,
				      MAX_ENTRIES);
	else if (!map)
		*error = message_make("hvm_start_info.memmap_paddr is %lx, which cannot be read or "
				      "is no multiple of 8",
				      start->memmap_paddr);
	else
		*error = NULL;
	return *error ? NULL : map;
}

static const char *read_map(const struct hvm_start_info *start, const struct pvh_context *context,
			    struct ram *ram)
{
	const struct hvm_memmap_table_entry *map;
	unsigned int count;
	const char *error;

	map = find_map(start, context, &count, &error);
	for (unsigned int i = 0; !error && i < count; i++) {
		uint64_t first = (map[i].addr + PAGE_SIZE - 1) >> PAGE_SHIFT;
		uint64_t end = (map[i].addr + map[i].size) >> PAGE_SHIFT;

		error = check_entry(map, i);
		if (error || map[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
			continue;
		if (end > first && first < START_LIMIT)
			ram->low_frame = MAX(ram->low_frame, MIN(end, START_LIMIT) - 1);
		first = MAX(first, LOW_FRAMES);
		if (end > first)
			add_ram(ram, (struct pfn_range){pfn(first), end - first});
	}
	if (!error && !ram->count)
		error = message_make("the memory map has no RAM");
	return error;
}

static bool is_ram(const struct ram *ram, uint64_t first, uint64_t count)
{
	for (unsigned int i = 0; i < ram->count; i++) {
		if (first >= ram->range[i].start.pfn && first + count <= end_of(ram->range[i]))
			return true;
	}
	return false;
}

/* Lists the holes. There is at most one before each range of RAM, so all have room. */
static void describe_memory(const struct ram *ram, struct boot_info *boot)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < ram->count; i++) {
		struct pfn_range range = ram->range[i];

		if (range.start.pfn > end)
			boot->absent[boot->absent_runs++] =
				(struct pfn_range){pfn(end), range.start.pfn - end};
		end = end_of(range);
	}
	boot->pages = end;
}

static const char *check_cmdline(const struct hvm_start_info *start,
				 const struct pvh_context *context, struct boot_info *boot)
{
	size_t most = BOOT_CMDLINE_SIZE, length;
	const char *text = NULL;

	if (!start->cmdline_paddr)
		return NULL;
	/* It may end close to where readable memory ends, so try shorter lengths. */
	while (most && !(text = context->at(start->cmdline_paddr, most)))
		most--;
	if (!most)
		return message_make("hvm_start_info.cmdline_paddr is %lx, which cannot be read",
				    start->cmdline_paddr);
	length = strnlen(text, most);
	if (length == most)
		return message_make("the command line does not end within its %u bytes",
				    BOOT_CMDLINE_SIZE);
	memcpy(boot->cmdline, text, length + 1);
	return NULL;
}

static const char *check_module(const struct hvm_modlist_entry *list, unsigned int which,
				struct pfn_range image, const struct ram *ram)
{
	const struct hvm_modlist_entry *module = &list[which];
	uint64_t first = module->paddr >> PAGE_SHIFT, pages = pages_for(module->size);

	if (module->paddr % PAGE_SIZE || module->size > MAX_ADDRESS || !is_ram(ram, first, pages))
		return message_make("module %u, %lu bytes at %lx, does not lie in RAM above 1 MiB, "
				    "from a page's "
				    "start on",
				    which, module->size, module->paddr);
	if (overlap(first, pages, image.start.pfn, image.count))
		return message_make("module %u, %lu bytes at %lx, overlaps the kernel", which,
				    module->size, module->paddr);
	for (unsigned int i = 0; i < which; i++) {
		if (overlap(first, pages, list[i].paddr >> PAGE_SHIFT, pages_for(list[i].size)))
			return message_make(
				"modules %u and %u overlap: %lu bytes at %lx, %lu at %lx", i, which,
				list[i].size, list[i].paddr, module->size, module->paddr);
	}
	return NULL;
}

/* Checks the modules, the first of which is the ramdisk. */
static const char *check_modules(const struct hvm_start_info *start,
				 const struct pvh_context *context, const struct ram *ram,
				 struct boot_info *boot)
{
	const struct hvm_modlist_entry *list;

	if (!start->nr_modules)
		return NULL;
	if (start->nr_modules > MAX_MODULES)
		return message_make("hvm_start_info.nr_modules is %u, more than %u",
				    start->nr_modules, MAX_MODULES);
	list = structure_at(context, start->modlist_paddr, start->nr_modules * sizeof(*list));
	if (!list)
		return message_make("hvm_start_info.modlist_paddr is %lx, which cannot be read or "
				    "is no multiple of 8",
				    start->modlist_paddr);
	for (unsigned int i = 0; i < start->nr_modules; i++) {
		const char *error = check_module(list, i, context->image, ram);

		if (error)
			return error;
	}
	boot->ramdisk =
		(struct pfn_range){pfn(list[0].paddr >> PAGE_SHIFT), pages_for(list[0].size)};
	boot->ramdisk_bytes = list[0].size;
	return NULL;
}

const char *boot_info_from_pvh(uint64_t address, const struct pvh_context *context,
			       struct boot_info *boot)
{
	static struct ram ram;
	const struct hvm_start_info *start = structure_at(context, address, sizeof(*start));
	const char *error;

	*boot = (struct boot_info){
		.protocol = "PVH",
		.shared_info = {UINT64_MAX},
		.console = INVALID_MFN,
		.xenstore = INVALID_MFN,
	};
	ram.count = 0;
	ram.low_frame = 0;
	if (!start)
		return message_make(
			"hvm_start_info lies at %lx, which cannot be read or is no multiple of 8",
			address);
	if (start->magic != XEN_HVM_START_MAGIC_VALUE)
		return message_make(
			"hvm_start_info.magic is %08x, not %08x: this is not a PVH loader",
			start->magic, XEN_HVM_START_MAGIC_VALUE);
	boot->dom0 = start->flags & SIF_INITDOMAIN;
	boot->acpi = start->rsdp_paddr;
	if ((error = read_map(start, context, &ram)))
		return error;
	describe_memory(&ram, boot);
	boot->low_frame = pfn(ram.low_frame);
	if (!is_ram(&ram, context->image.start.pfn, context->image.count))
		return message_make("the kernel, pfn %lx to %lx, does not lie in RAM",
				    context->image.start.pfn, end_of(context->image) - 1);
	if ((error = check_cmdline(start, context, boot)) ||
	    (error = check_modules(start, context, &ram, boot)))
		return error;
	return NULL;
}
