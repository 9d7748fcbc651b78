// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory as a whole: what bringing it up took, and what every frame is used for.
 */
#include <kernel/lib/printk.h>
#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/memory.h>
#include <mm/table/entry.h>
#include <mm/table/walk.h>
#include <mm/xen/p2m.h>

#define KIB(pages) ((pages) << (PAGE_SHIFT - 10))

/* Returns the pages that the domain has: its pfns without those that the boot found absent. */
static uint64_t present_pages(void)
{
	const struct boot_info *boot = boot_info_get();
	uint64_t pages = boot->pages;

	for (unsigned int i = 0; i < boot->absent_runs; i++)
		pages -= boot->absent[i].count;
	return pages;
}

void memory_print_boot(void)
{
	const struct p2m_relocated p2m = memory_p2m_relocated;
	struct direct_map_cost cost = direct_map_cost;
	uint64_t pages = present_pages();

	printk(PRINTK_INFO, "mm: %lu pages (%lu MiB), %lu free\n", pages,
	       pages >> (20 - PAGE_SHIFT), frames_free_count());
	printk(PRINTK_INFO,
	       "mm: direct map in %lu tables: %lu ticks to fill, %lu to put in place\n",
	       cost.tables, cost.fill_ticks, cost.validate_ticks);
	if (p2m.frames.data)
		printk(PRINTK_INFO,
		       "mm: P2M %s to %016lx (%s): %lu frames taken, %lu returned, %lu ticks\n",
		       p2m.how == P2M_COPY ? "copied" : "remapped", p2m_address(), p2m.why,
		       p2m.taken, p2m.returned, p2m.ticks);
}

static bool count_leaf(const struct pt_leaf *leaf, void *argument)
{
	uint64_t *leaves = argument;

	leaves[leaf->level] += virt_to_pfn((const void *)leaf->address).pfn < p2m_size();
	return true;
}

/* Prints, by level, how many entries the direct map consists of and what they map. */
static void print_direct_map(void)
{
	static const char *const sizes[] = {
		[PT_PTE] = "by 4 KiB", [PT_PMD] = "by 2 MiB", [PT_PUD] = "by 1 GiB"};
	uint64_t leaves[PT_PGD + 1] = {0};

	pt_for_each_leaf(count_leaf, leaves);
	printk(PRINTK_OUTPUT, "the direct map\n");
	for (enum pt_level level = PT_PTE; level <= PT_PUD; level++) {
		if (leaves[level])
			printk(PRINTK_OUTPUT, "  %-14s %9lu entries%10lu KiB\n", sizes[level],
			       leaves[level], leaves[level] * (pt_span(level) >> 10));
	}
}

void memory_print(void)
{
	struct frames_stats stats;

	frames_stats(&stats);
	for (unsigned int kind = 0; kind < FRAME_KINDS; kind++) {
		if (stats.kind[kind])
			printk(PRINTK_OUTPUT, "%-16s %9lu pages  %10lu KiB\n",
			       frame_kind_name(kind), stats.kind[kind], KIB(stats.kind[kind]));
	}
	stats.total -= stats.kind[FRAME_ABSENT];
	printk(PRINTK_OUTPUT, "%-16s %9lu pages  %10lu KiB\n", "in all", stats.total,
	       KIB(stats.total));
	print_direct_map();
}
