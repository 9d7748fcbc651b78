// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the kernel was booted: kept for everybody who asks later, and printed.
 */
#include <kernel/lib/printk.h>
#include <kernel/report/report.h>

static const struct boot_info *boot_info;

void boot_info_set(const struct boot_info *boot)
{
	boot_info = boot;
}

const struct boot_info *boot_info_get(void)
{
	return boot_info;
}

static void print_range(const char *name, struct pfn_range range)
{
	if (range.count)
		printk(PRINTK_OUTPUT, "%-12s pfn %lx .. %lx (%lu pages)\n", name, range.start.pfn,
		       range.start.pfn + range.count - 1, range.count);
	else
		printk(PRINTK_OUTPUT, "%-12s none\n", name);
}

void boot_info_print(void)
{
	const struct boot_info *boot = boot_info_get();

	printk(PRINTK_OUTPUT, "%-12s %s%s\n", "protocol", boot->protocol,
	       boot->shared_info.ma == UINT64_MAX ? ""
	       : boot->dom0                       ? ", dom0"
						  : ", DomU");
	printk(PRINTK_OUTPUT, "%-12s \"%s\"\n", "command line", boot->cmdline);
	printk(PRINTK_OUTPUT, "%-12s %lu pages (%lu MiB)\n", "memory", boot->pages,
	       boot->pages >> (20 - PAGE_SHIFT));
	print_range("start info", boot->start_info);
	print_range("page tables", boot->page_tables);
	print_range("P2M", boot->p2m);
	if (boot->p2m_address)
		printk(PRINTK_OUTPUT, "%-12s %016lx\n", "P2M address", boot->p2m_address);
	print_range("ramdisk", boot->ramdisk);
	if (boot->ramdisk.count)
		printk(PRINTK_OUTPUT, "%-12s %lu bytes\n", "", boot->ramdisk_bytes);
	for (unsigned int i = 0; i < boot->absent_runs; i++)
		print_range("no memory", boot->absent[i]);
	print_range("mapped", boot->initial_map);
	if (boot->shared_info.ma != UINT64_MAX)
		printk(PRINTK_OUTPUT, "%-12s machine address %lx\n", "shared info",
		       boot->shared_info.ma);
	if (mfn_valid(boot->console))
		printk(PRINTK_OUTPUT, "%-12s mfn %lx, event channel %u\n", "console",
		       boot->console.mfn, boot->console_port);
	if (mfn_valid(boot->xenstore))
		printk(PRINTK_OUTPUT, "%-12s mfn %lx, event channel %u\n", "xenstore",
		       boot->xenstore.mfn, boot->xenstore_port);
}
