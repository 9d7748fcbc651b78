// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why Xen refuses a request: a search for the rule that it breaks.
 *
 * Every table of every address space is searched for mappings of the frame in question. That is
 * slow, and may be: it happens once in a panic, or when a person types "explain". In a panic the
 * tables themselves may be wrong, so nothing that they say is trusted.
 */
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/symbols.h>
#include <kernel/report/explain.h>
#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/walk.h>
#include <mm/xen/pin.h>
#include <mm/xen/refused.h>
#include <xen/errno.h>
#include <xen/xen.h>

#define SAY(...) printk(PRINTK_OUTPUT, __VA_ARGS__)

/* The flags that Xen lets a guest set: xen/arch/x86/mm.c, base_disallow_mask. */
#define PT_XEN_ALLOWED \
	(PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_DIRTY | 7ull << 9 | 0x7ffull << 52 | PT_NX)

#define PT_GRANT_MARK (1ull << 62)

const char *xen_error_name(long error)
{
	static const char *const names[] = {
		[XEN_EPERM] = "EPERM",   [XEN_ESRCH] = "ESRCH",   [XEN_ENOENT] = "ENOENT",
		[XEN_EAGAIN] = "EAGAIN", [XEN_ENOMEM] = "ENOMEM", [XEN_EACCES] = "EACCES",
		[XEN_EFAULT] = "EFAULT", [XEN_EBUSY] = "EBUSY",   [XEN_EINVAL] = "EINVAL",
		[XEN_ENOSYS] = "ENOSYS",
	};

	if (error < 0 && (size_t)-error < ARRAY_SIZE(names) && names[-error])
		return names[-error];
	return "error";
}

/* ---- searching all tables for a frame ---- */

struct search {
	mfn_t wanted;
	bool writable; /* only writable mappings */
	unsigned int found;
	uintptr_t address[4];
	bool found_table;     /* an entry points to the frame as a table ... */
	uintptr_t translates; /* ... and this is the first address that it translates */
};

static enum pt_next search_entry(const struct pt_place *at, void *argument)
{
	struct search *search = argument;
	mfn_t first = pt_entry_mfn(*at->entry);
	uint64_t inside = search->wanted.mfn - first.mfn;

	if (!pt_entry_leaf(*at->entry, at->level)) {
		pfn_t table = mfn_to_pfn(first);

		if (!inside && !search->found_table) {
			search->found_table = true;
			search->translates = at->start;
		}
		/* In a panic an entry may point to a frame that is not this domain's. */
		return pfn_valid(table) && boot_or_direct_map(table) ? PT_DESCEND : PT_SKIP;
	}
	if (inside >= pt_pages(at->level) || (search->writable && !(at->entry->raw & PT_RW)))
		return PT_SKIP;
	if (search->found < ARRAY_SIZE(search->address))
		search->address[search->found] = at->start + (inside << PAGE_SHIFT);
	search->found++;
	return PT_SKIP;
}

/* Searches the kernel's half of the tables, and the user halves of all address spaces. */
static struct search find_mappings(mfn_t frame, bool writable)
{
	static const struct pt_visitor visitor = {.enter = search_entry};
	struct search search = {
		.wanted = frame,
		.writable = writable,
		.found_table = frame.mfn == pt_root_mfn().mfn, /* no entry points to the root */
	};

	pt_walk(pt_root(), 0, UINTPTR_MAX, &visitor, &search);
	list_for_each_entry (struct mm, mm, &mm_list, link)
		pt_walk(mm->root, 0, pt_user_limit(), &visitor, &search);
	return search;
}

static void say_mappings(const struct search *search)
{
	for (unsigned int i = 0; i < MIN(search->found, ARRAY_SIZE(search->address)); i++)
		SAY("    mapped %sat %016lx\n", search->writable ? "writable " : "",
		    search->address[i]);
	if (search->found > ARRAY_SIZE(search->address))
		SAY("    and at %lu more addresses\n", search->found - ARRAY_SIZE(search->address));
}

void explain_frame(mfn_t machine)
{
	pfn_t number = mfn_to_pfn(machine);
	char what[FRAME_TEXT_SIZE];
	struct search search;

	frame_text(number, what, sizeof(what));
	if (!pfn_valid(number)) {
		SAY("  mfn %lx is %s\n", machine.mfn, what);
		return;
	}
	SAY("  mfn %lx is pfn %lx: %s\n", machine.mfn, number.pfn, what);
	search = find_mappings(machine, true);
	say_mappings(&search);
}

/* ---- rules ---- */

static unsigned int explain_flags(enum pt_level level, pt_entry_t value)
{
	uint64_t allowed = PT_XEN_ALLOWED | (level == PT_PTE ? PT_GLOBAL : 0);
	uint64_t bad = pt_entry_flags(value) & ~allowed;

	if (level == PT_PTE && (value.raw & PT_GRANT_MARK)) {
		SAY("  bit 62 of a pte is refused by a debug build of Xen, which marks grants by "
		    "it\n");
		return 1;
	}
	if (!bad)
		return 0;
	if (level != PT_PTE && (bad & PT_HUGE))
		SAY("  large pages do not exist for a PV guest: bit 7\n");
	else
		SAY("  flags %016lx are not allowed in a %s entry (the caching bits are, for "
		    "dom0)\n",
		    bad, pt_level_name(level));
	return 1;
}

static unsigned int explain_present_as_table(const struct frame *frame, enum pt_level level)
{
	char what[FRAME_TEXT_SIZE];

	if (!(frame->flags & FRAME_PINNED) || (frame->flags & FRAME_LEVEL) == level)
		return 0;
	SAY("  pfn %lx is in use as a %s: one use at a time\n", frame_number(frame).pfn,
	    frame_text(frame_number(frame), what, sizeof(what)));
	return 1;
}

unsigned int explain_table(pfn_t table, enum pt_level level)
{
	const struct frame *frame = frame_of(table);
	unsigned int reasons = 0;
	struct search search;

	if (!frame) {
		SAY("  pfn %lx is past the end of memory\n", table.pfn);
		return 1;
	}
	reasons += explain_present_as_table(frame, level);
	search = find_mappings(pfn_to_mfn(table), true);
	if (search.found) {
		SAY("  pfn %lx cannot be a %s table while it can be written:\n", table.pfn,
		    pt_level_name(level));
		say_mappings(&search);
		reasons++;
	}
	/* Xen validates the table's entries too. Looking stops at the first one that is wrong. */
	for (unsigned int i = 0; i < pt_entries() && !(frame->flags & FRAME_PINNED); i++) {
		const pt_entry_t *entries = pfn_to_virt(table);

		if (!pt_entry_present(entries[i]) || (level == PT_PGD && pt_slot_reserved(i)))
			continue;
		if (explain_entry(level, entries[i])) {
			SAY("  and that is in entry %u of pfn %lx\n", i, table.pfn);
			return reasons + 1;
		}
	}
	return reasons;
}

unsigned int explain_entry(enum pt_level level, pt_entry_t value)
{
	pfn_t target = pt_entry_present(value) ? mfn_to_pfn(pt_entry_mfn(value)) : INVALID_PFN;
	char what[FRAME_TEXT_SIZE];
	unsigned int reasons;
	struct frame *frame;

	if (!pt_entry_present(value)) {
		if (!(value.raw & PT_FRAME_MASK) || !mfn_is_memory(pt_entry_mfn(value)))
			return 0;
		SAY("  it is absent, but its address bits point at memory: a processor may follow "
		    "them speculatively (L1TF). Use zero, or inverted bits\n");
		return 1;
	}
	reasons = explain_flags(level, value);
	if (!pfn_valid(target)) {
		SAY("  mfn %lx is not this domain's memory (dom0 may map that of devices)\n",
		    pt_entry_mfn(value).mfn);
		return reasons + 1;
	}
	if (level != PT_PTE)
		return reasons + explain_table(target, pt_level_below(level));
	frame = frame_of(target);
	if ((value.raw & PT_RW) && frame && (frame->flags & FRAME_PINNED)) {
		SAY("  pfn %lx is a %s: it cannot be mapped writable\n", target.pfn,
		    frame_text(target, what, sizeof(what)));
		reasons++;
	}
	return reasons;
}

/* ---- refused requests ---- */

static void say_caller(const void *caller)
{
	char text[SYMBOL_TEXT];

	SAY("  asked for by %s\n", symbol_text((uintptr_t)caller, text, sizeof(text)));
}

/* Prints the walk of the first address that an entry translates, if its table is in use. */
static void say_walk(mfn_t table, enum pt_level level, unsigned int slot)
{
	struct search search = find_mappings(table, false);

	if (search.found_table)
		walk_print(pt_canonical(search.translates + slot * pt_span(level)));
	else
		SAY("  no entry points to that table\n");
}

static void say_reasons(unsigned int reasons)
{
	if (!reasons)
		SAY("  no rule that the kernel knows of speaks against it\n");
}

void xen_refused_update(const struct mmu_update *update, long error, const void *caller,
			unsigned int position, unsigned int count)
{
	mfn_t table = maddr_to_mfn((maddr_t){update->ptr});
	unsigned int slot = update->ptr % PAGE_SIZE / sizeof(pt_entry_t);
	pfn_t number = mfn_to_pfn(table);
	const struct frame *frame = pfn_valid(number) ? frame_of(number) : NULL;
	enum pt_level level = frame && (frame->flags & FRAME_LEVEL)
				      ? (enum pt_level)(frame->flags & FRAME_LEVEL)
				      : PT_PTE;

	SAY("entry %u of the table in mfn %lx := %016lx\n", slot, table.mfn, update->val);
	say_caller(caller);
	explain_frame(table);
	say_walk(table, level, slot);
	if (level == PT_PGD && pt_slot_reserved(slot)) {
		SAY("  root slot %u belongs to the hypervisor\n", slot);
	} else {
		SAY("as a %s entry:\n", pt_level_name(level));
		say_reasons(explain_entry(level, (pt_entry_t){update->val}));
	}
	panic("Xen refused page-table update %u of %u: %s (%ld)", position + 1, count,
	      xen_error_name(error), error);
}

static void explain_pin(pfn_t table, enum pt_level level)
{
	if (!pfn_valid(table))
		SAY("  the frame is not this domain's\n");
	else
		say_reasons(explain_table(table, level));
}

void xen_refused_operation(const struct mmuext_op *operation, long error, const void *caller,
			   unsigned int position, unsigned int count)
{
	mfn_t frame = mfn(operation->arg1.mfn);

	for (enum pt_level level = PT_PTE; level <= PT_PGD; level = pt_level_above(level)) {
		if (operation->cmd == pin_command(level)) {
			SAY("pinning mfn %lx as a %s table:\n", frame.mfn, pt_level_name(level));
			explain_pin(mfn_to_pfn(frame), level);
			break;
		}
	}
	if (operation->cmd == MMUEXT_UNPIN_TABLE)
		SAY("unpinning mfn %lx: was it pinned?\n", frame.mfn);
	if (operation->cmd == MMUEXT_NEW_BASEPTR || operation->cmd == MMUEXT_NEW_USER_BASEPTR)
		SAY("loading mfn %lx as a root\n", frame.mfn);
	say_caller(caller);
	explain_frame(frame);
	panic("Xen refused mmuext operation %u of %u, command %u on mfn %lx: %s (%ld)",
	      position + 1, count, operation->cmd, frame.mfn, xen_error_name(error), error);
}

void xen_refused_mapping(uintptr_t address, uint64_t value, long error, const void *caller)
{
	struct pt_path walk = pt_lookup(address);
	const struct pt_step *last = &walk.step[walk.steps ? walk.steps - 1 : 0];

	say_caller(caller);
	walk_print(address);
	if (!walk.steps || walk.broken || last->level != PT_PTE)
		SAY("  address %016lx has no pte table, so there is no entry to write\n", address);
	else
		say_reasons(explain_entry(PT_PTE, (pt_entry_t){value}));
	panic("Xen refused entry %016lx for address %016lx: %s (%ld)", value, address,
	      xen_error_name(error), error);
}

void xen_refused_multicall(unsigned int count, long error)
{
	panic("Xen refused a whole multicall of %u elements: %s (%ld)", count,
	      xen_error_name(error), error);
}
