// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of one address through the page tables, a line a level: the entry, the frame it points
 * to by both of its numbers, the flags, and what that frame is.
 *
 * A panic prints this too, so nothing is taken for granted: pt_lookup() survives tables that are
 * nonsense, and the frame database may not exist yet.
 */
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/report/report.h>
#include <mm/table/entry.h>
#include <mm/table/find.h>

/* Bytes that hold the longest text of flags_text(). */
#define FLAGS_TEXT 48

/* Writes the flags of an entry as "P RW US A D NX" or "- ..."; returns "buffer". */
static const char *flags_text(pt_entry_t entry, enum pt_level level, char *buffer, size_t size)
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

static void print_step(const struct pt_step *step)
{
	mfn_t frame = pt_entry_mfn(step->entry);
	pfn_t target = mfn_to_pfn(frame);
	char flags[FLAGS_TEXT], what[FRAME_TEXT_SIZE];

	printk(PRINTK_OUTPUT, "  %s[%3u] %016lx", pt_level_name(step->level), step->index,
	       step->entry.raw);
	if (pt_entry_present(step->entry)) {
		if (pfn_valid(target))
			printk(PRINTK_OUTPUT, "  pfn %6lx", target.pfn);
		else
			printk(PRINTK_OUTPUT, "  pfn      -");
		printk(PRINTK_OUTPUT, "  mfn %6lx  %-18s %s", frame.mfn,
		       flags_text(step->entry, step->level, flags, sizeof(flags)),
		       frame_text(target, what, sizeof(what)));
	}
	printk(PRINTK_OUTPUT, "\n");
}

void walk_print(uintptr_t address)
{
	struct pt_path walk = pt_lookup(address);

	if (!walk.steps) {
		printk(PRINTK_OUTPUT, "%016lx  %s\n", address,
		       address == pt_canonical(address)
			       ? "belongs to Xen: a guest does not see its tables"
			       : "is not canonical: no table can map it");
		return;
	}
	printk(PRINTK_OUTPUT, "%016lx, root in pfn %lx = mfn %lx\n", address, pt_root().pfn,
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
