// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt about memory management: translations, pins, batches, and why Xen
 * refuses an entry.
 */
#include <arch/machine.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>
#include <kernel/prompt/monitor.h>
#include <kernel/report/explain.h>
#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>
#include <xen/xen.h>

#define SAY(...) printk(PRINTK_OUTPUT, __VA_ARGS__)

static void print_p2m(pfn_t frame)
{
	uint64_t entry = p2m_entry(frame);

	SAY("pfn %6lx  ", frame.pfn);
	if (frame.pfn >= p2m_tree.limit)
		SAY("is past the limit of the P2M, %lx\n", p2m_tree.limit);
	else if (entry == P2M_INVALID)
		SAY("has no memory\n");
	else if (entry & P2M_FOREIGN)
		SAY("mfn %6lx, another domain's\n", (uint64_t)(entry & ~P2M_FOREIGN));
	else if (entry & P2M_IDENTITY)
		SAY("stands for the mfn of the same number\n");
	else
		SAY("mfn %6lx, whose M2P entry says pfn %lx\n", entry, mfn_to_pfn(mfn(entry)).pfn);
}

static void print_p2m_tree(void)
{
	struct p2m_stats stats = p2m_stats();

	if (!p2m_boot_size) {
		SAY("every pfn below %lx that has memory is its own mfn\n", p2m_tree.limit);
		return;
	}
	SAY("list      %016lx, %lu entries, limit %lu\n", p2m_address(), p2m_size(),
	    p2m_tree.limit);
	SAY("tree      %u steps deep: %lu leaves, %lu nodes of its own\n", stats.depth,
	    stats.leaves, stats.nodes);
	SAY("toolstack %lu pages of frame lists\n", stats.frame_lists);
}

COMMAND(p2m, "[PFN...]", "machine frames of guest frames (in hex), or what the P2M consists of")
{
	uint64_t number;

	if (argc == 1)
		print_p2m_tree();
	for (unsigned int i = 1; i < argc; i++) {
		if (text_to_address(argv[i], &number))
			print_p2m(pfn(number));
		else
			SAY("p2m: \"%s\" is not a hexadecimal number\n", argv[i]);
	}
}

COMMAND(m2p, "MFN...", "guest frames of machine frames (in hex)")
{
	uint64_t number;

	if (argc == 1)
		SAY("m2p: which machine frame? \"p2m 0\" shows one\n");
	for (unsigned int i = 1; i < argc; i++) {
		pfn_t frame;

		if (!text_to_address(argv[i], &number)) {
			SAY("m2p: \"%s\" is not a hexadecimal number\n", argv[i]);
			continue;
		}
		frame = mfn_to_pfn(mfn(number));
		if (pfn_valid(frame))
			SAY("mfn %6lx  pfn %lx\n", number, frame.pfn);
		else
			SAY("mfn %6lx  is not this domain's\n", number);
	}
}

static void print_tables(const char *name, const struct mm *mm, const struct mm_tables *tables)
{
	SAY("%-8s root pfn %6lx  %-10s", name, mm->root.pfn, mm->pinned ? "pinned" : "not pinned");
	for (enum pt_level level = PT_PGD; level != PT_NONE; level = pt_level_below(level))
		SAY("  %s %lu", pt_level_name(level), tables->count[level]);
	SAY("\n");
}

static bool count_table(pfn_t table, enum pt_level level, void *argument)
{
	struct mm_tables *tables = argument;

	(void)table;
	tables->count[level]++;
	return false;
}

COMMAND(pins, "", "address spaces, their tables, and which are pinned")
{
	struct mm_tables tables = {.total = 0};

	pt_walk_tables(kernel_mm.root, UINTPTR_MAX, count_table, &tables);
	print_tables("kernel", &kernel_mm, &tables);
	list_for_each_entry (const struct mm, mm, &mm_list, link) {
		tables = mm_count_tables(mm);
		print_tables("user", mm, &tables);
	}
	SAY("%lu tables are held by Xen\n", pinned_tables());
}

/* Counts the entries of the P2M, from pfn 0 to its limit, that name a frame. */
static uint64_t p2m_entries(void)
{
	uint64_t count = 0;

	for (pfn_t frame = pfn(0); frame.pfn < p2m_size(); frame.pfn++)
		count += mfn_valid(p2m_lookup(frame));
	return count;
}

COMMAND(balance, "", "what must be the same after work as it was before: frames, tables, pins, P2M")
{
	struct frames_stats stats;
	const char *error = frames_check();

	frames_stats(&stats);
	SAY("balance: %lu frames free, %lu of tables, %lu tables held by Xen, %lu P2M "
	    "entries%s%s\n",
	    stats.kind[FRAME_FREE], stats.kind[FRAME_TABLE], pinned_tables(), p2m_entries(),
	    error ? "; BROKEN: " : "", error ? error : "");
}

COMMAND(batches, "[reset]", "what was asked of Xen, and how much at a time")
{
	if (argc > 1 && strcmp(argv[1], "reset") == 0)
		batch_reset_counters();
	else
		batches_print();
}

#define WALK_LINES 40

struct walk_print {
	uint64_t tables;
};

static bool print_visit(pfn_t table, enum pt_level level, void *argument)
{
	struct walk_print *walk = argument;

	if (walk->tables++ < WALK_LINES || level == PT_PGD)
		SAY("%5lu  %s  pfn %6lx  mfn %6lx  %s\n", walk->tables, pt_level_name(level),
		    table.pfn, pfn_to_mfn(table).mfn,
		    frame_of(table)->flags & FRAME_PINNED ? "pinned" : "not pinned");
	else if (walk->tables == WALK_LINES + 1)
		SAY("  ...\n");
	return false;
}

COMMAND(walk, "[LIMIT]", "the tables that a pin would visit, in order, up to an address (in hex)")
{
	struct walk_print walk = {0};
	uint64_t limit = UINT64_MAX;

	if (argc > 1 && !text_to_address(argv[1], &limit)) {
		SAY("walk: \"%s\" is not a hexadecimal address\n", argv[1]);
		return;
	}
	pt_walk_tables(kernel_mm.root, limit, print_visit, &walk);
	SAY("%lu tables\n", walk.tables);
}

/* ---- explain ---- */

static enum pt_level level_named(const char *name)
{
	enum pt_level level = PT_PGD;

	while (level != PT_NONE && strcmp(name, pt_level_name(level)) != 0)
		level = pt_level_below(level);
	return level;
}

/*
 * Writes the value to an entry of an empty, unused table, and removes it again. Returns what Xen
 * says.
 */
static long ask_entry(enum pt_level level, uint64_t value, pfn_t table)
{
	struct mmu_update update = {mfn_to_maddr(pfn_to_mfn(table)).ma, value};
	long error;

	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	make_page_readonly(table);
	error = pin_try(table, level, &update);
	make_page_writable(table);
	paravirt.flush_address(pfn_to_address(table), ALL_CPUS);
	return error;
}

static void say_verdict(long error, unsigned int reasons)
{
	if (!error)
		SAY("Xen accepts it\n");
	else
		SAY("Xen refuses it: %s (%ld)\n", xen_error_name(error), error);
	if (error && !reasons)
		SAY("  no rule that the kernel knows of speaks against it\n");
}

static void explain_value(enum pt_level level, uint64_t value)
{
	pt_entry_t entry = {value};
	unsigned int reasons = explain_entry(level, entry);
	pfn_t table;

	/* Xen may end a domain that writes such an entry, so do not ask it. */
	if (!pt_entry_present(entry) && reasons)
		return;
	table = frames_alloc(0);
	if (!pfn_valid(table)) {
		SAY("explain: out of memory\n");
		return;
	}
	say_verdict(ask_entry(level, value, table), reasons);
	frames_free(table);
}

static void explain_pin(enum pt_level level, pfn_t frame)
{
	unsigned int reasons = explain_table(frame, level);

	say_verdict(pin_try(frame, level, NULL), reasons);
}

COMMAND(explain, "LEVEL VALUE | pin LEVEL PFN",
	"why Xen would refuse an entry of a table (pte, pmd, ...), or a frame as a table (in hex)")
{
	bool pin = argc == 4 && strcmp(argv[1], "pin") == 0;
	enum pt_level level = argc >= 3 ? level_named(argv[pin ? 2 : 1]) : PT_NONE;
	uint64_t value;

	if (!monitor_has_xen_tables(argv[0]))
		return;
	if (level == PT_NONE || argc != (pin ? 4 : 3) || !text_to_address(argv[argc - 1], &value) ||
	    (pin && !frame_of(pfn(value)))) {
		SAY("explain: for example: explain pte 8000000000000063, explain pin pmd 100\n");
		return;
	}
	if (pin)
		explain_pin(level, pfn(value));
	else
		explain_value(level, value);
}
