// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading page tables.
 *
 * The kernel's tables are ordinary frames, so once the direct map exists each is read there; before
 * that, in the mapping that the builder made. Nothing here changes an entry.
 */
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/entry.h>

struct pt_geometry pt_geometry = PT_GEOMETRY_XEN;

static pfn_t root;

const char *pt_level_name(enum pt_level level)
{
	static const char *const names[] = {"none", "pte", "pmd", "pud", "p4d", "pgd"};

	return names[level];
}

char *pt_flags_text(pt_entry_t entry, enum pt_level level, char *buffer, size_t size)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} flags[] = {
		{PT_RW, "RW"},      {PT_USER, "US"}, {PT_PWT, "PWT"},  {PT_PCD, "PCD"},
		{PT_ACCESSED, "A"}, {PT_DIRTY, "D"}, {PT_GLOBAL, "G"}, {PT_NX, "NX"},
	};
	size_t length = (size_t)snprintf(buffer, size, "%s", pt_entry_present(entry) ? "P" : "-");

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((entry.raw & flags[i].bit) && length < size)
			length += (size_t)snprintf(buffer + length, size - length, " %s",
						   flags[i].name);
	}
	if (level != PT_PTE && (entry.raw & PT_HUGE) && length < size)
		snprintf(buffer + length, size - length, " HUGE");
	return buffer;
}

pfn_t pt_root(void)
{
	return root;
}

mfn_t pt_root_mfn(void)
{
	return pfn_to_mfn(root);
}

void pt_set_root(pfn_t frame)
{
	root = frame;
}

const pt_entry_t *pt_table(mfn_t frame)
{
	pfn_t number = mfn_to_pfn(frame);

	return pfn_valid(number) ? boot_or_direct_map(number) : NULL;
}

static bool walkable(uintptr_t address)
{
	return address == pt_canonical(address) && !pt_slot_reserved(pt_index(address, PT_PGD));
}

struct pt_walk pt_lookup(uintptr_t address)
{
	struct pt_walk walk = {.steps = 0};
	mfn_t table = pt_root_mfn();

	if (!walkable(address))
		return walk;
	for (enum pt_level level = PT_PGD; level != PT_NONE; level = pt_level_below(level)) {
		struct pt_step *step = &walk.step[walk.steps++];
		const pt_entry_t *entries = pt_table(table);

		*step = (struct pt_step){level, table, pt_index(address, level), pt_entry_none()};
		if (!entries || !probe_read((uintptr_t)&entries[step->index], &step->entry.raw)) {
			walk.broken = true;
			break;
		}
		if (!pt_entry_present(step->entry))
			break;
		if (pt_entry_leaf(step->entry, level)) {
			walk.mapped = true;
			break;
		}
		table = pt_entry_mfn(step->entry);
	}
	return walk;
}

maddr_t pt_step_address(const struct pt_step *step)
{
	return (maddr_t){mfn_to_maddr(step->table).ma + step->index * sizeof(pt_entry_t)};
}

maddr_t pt_virt_to_machine(const void *address)
{
	struct pt_walk walk = pt_lookup((uintptr_t)address);
	const struct pt_step *last = &walk.step[walk.steps ? walk.steps - 1 : 0];

	if (!walk.mapped)
		panic("address %p has no machine address: it is not mapped (the walk ends at the "
		      "%s entry)",
		      address, walk.steps ? pt_level_name(last->level) : "first");
	return (maddr_t){mfn_to_maddr(pt_entry_mfn(last->entry)).ma +
			 ((uintptr_t)address & (pt_span(last->level) - 1))};
}

pfn_t pt_entry_pfn(pt_entry_t entry)
{
	if (!pt_entry_present(entry))
		return pfn((entry.raw & PT_FRAME_MASK) >> PAGE_SHIFT);
	return mfn_to_pfn(pt_entry_mfn(entry));
}

bool pt_entry_bad(pt_entry_t entry, enum pt_level level)
{
	if (!pt_entry_present(entry) || level == PT_PTE)
		return false;
	if (entry.raw & PT_HUGE)
		return !(pt_geometry.large_levels & 1u << level);
	return !pfn_valid(mfn_to_pfn(pt_entry_mfn(entry)));
}

/* Counted in instructions: the geometry is asked once, not at every level. */
pt_entry_t *pt_find(pfn_t table, uintptr_t address, enum pt_level wanted)
{
	const unsigned int bits = pt_geometry.bits;
	unsigned int down = pt_level_rank(PT_PGD) - pt_level_rank(wanted);
	unsigned int shift = pt_shift(PT_PGD);

	if (!walkable(address))
		return NULL;
	for (;; down--, shift -= bits) {
		pt_entry_t *entry = boot_or_direct_map(table);

		if (!entry)
			return NULL;
		entry += address >> shift & ((1u << bits) - 1);
		if (!down)
			return entry;
		/* Above the pte level, which is the lowest that can be wanted. */
		if (!pt_entry_present(*entry) || (entry->raw & PT_HUGE))
			return NULL;
		table = mfn_to_pfn(pt_entry_mfn(*entry));
		if (!pfn_valid(table))
			return NULL;
	}
}

pt_entry_t *pt_find_leaf(pfn_t table, uintptr_t address, enum pt_level *level)
{
	for (*level = PT_PGD; *level != PT_NONE; *level = pt_level_below(*level)) {
		pt_entry_t *entry = pt_find(table, address, *level);

		if (!entry || !pt_entry_present(*entry))
			return NULL;
		if (pt_entry_leaf(*entry, *level))
			return entry;
	}
	return NULL;
}

/* "pmd table, pinned": what the entry points to. */
static const char *target_text(pfn_t target, char *buffer, size_t size)
{
	const struct frame *frame = pfn_valid(target) ? frame_of(target) : NULL;

	if (!frame)
		snprintf(buffer, size, "%s", pfn_valid(target) ? "" : "not ours");
	else if (frame->flags & FRAME_LEVEL)
		snprintf(buffer, size, "%s table%s", pt_level_name(frame->flags & FRAME_LEVEL),
			 frame->flags & FRAME_PINNED ? ", pinned" : "");
	else
		snprintf(buffer, size, "%s", frame_kind_name(frame_of(frames_block(target))->kind));
	return buffer;
}

static void print_step(const struct pt_step *step)
{
	mfn_t frame = pt_entry_mfn(step->entry);
	pfn_t target = mfn_to_pfn(frame);
	char flags[PT_FLAGS_TEXT], what[40];

	printk(PRINTK_OUTPUT, "  %s[%3u] %016lx", pt_level_name(step->level), step->index,
	       step->entry.raw);
	if (pt_entry_present(step->entry)) {
		if (pfn_valid(target))
			printk(PRINTK_OUTPUT, "  pfn %6lx", target.pfn);
		else
			printk(PRINTK_OUTPUT, "  pfn      -");
		printk(PRINTK_OUTPUT, "  mfn %6lx  %-18s %s", frame.mfn,
		       pt_flags_text(step->entry, step->level, flags, sizeof(flags)),
		       target_text(target, what, sizeof(what)));
	}
	printk(PRINTK_OUTPUT, "\n");
}

void pt_print_walk(uintptr_t address)
{
	struct pt_walk walk = pt_lookup(address);

	if (!walk.steps) {
		printk(PRINTK_OUTPUT, "%016lx  %s\n", address,
		       address == pt_canonical(address)
			       ? "belongs to Xen: a guest does not see its tables"
			       : "is not canonical: no table can map it");
		return;
	}
	printk(PRINTK_OUTPUT, "%016lx, root in pfn %lx = mfn %lx\n", address, root.pfn,
	       pt_root_mfn().mfn);
	for (unsigned int i = 0; i < walk.steps; i++)
		print_step(&walk.step[i]);
	if (walk.broken)
		printk(PRINTK_OUTPUT,
		       "  that table cannot be read: its frame is not this domain's\n");
	else if (!walk.mapped)
		printk(PRINTK_OUTPUT, "  not mapped: the %s entry is not present\n",
		       pt_level_name(walk.step[walk.steps - 1].level));
}
