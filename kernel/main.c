// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The boot sequence: start reading here.
 *
 * Each way in (arch/x86/xen/start.c for Xen PV, arch/x86/native/start.c for PVH and bare hardware)
 * makes the machine just usable enough to run C and
 * to be heard, describes how it was booted, and calls kernel_main(). What follows is the table of
 * contents of the kernel.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <drivers/console.h>
#include <kernel/bench.h>
#include <kernel/cmdline.h>
#include <kernel/initramfs.h>
#include <kernel/main.h>
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/memory.h>
#include <mm/pagetable.h>
#include <mm/protect.h>

static const struct boot_info *boot_info;
static struct cmdline cmdline;

const struct boot_info *kernel_boot_info(void)
{
	return boot_info;
}

static void report_word(const char *word, size_t length, const char *what)
{
	printk(PRINTK_WARNING, "command line: \"%.*s\" %s; ignored\n", (int)MIN(length, 40u), word,
	       what);
}

static void read_command_line(void)
{
	cmdline_parse(boot_info->cmdline, &cmdline, report_word);
	if (cmdline.loglevel >= 0)
		printk_set_level((enum printk_level)cmdline.loglevel);
}

static void greet(void)
{
	char text[80];

	machine->describe(text, sizeof(text));
	printk(PRINTK_INFO, "Pinwheel, %s on the %s\n", text, console_name());
	if (cmdline.levels == 5 && pt_geometry.levels != 5)
		printk(PRINTK_WARNING, "la57: this machine has no five levels of page tables; "
				       "there are four\n");
}

/* Runs the suites that the command line asks for; how they went is how the domain ends. */
static void run_selftests(void) NORETURN;
static void run_selftests(void)
{
	struct selftest_result result = selftest_run(selftest_builtin(), cmdline.suites);

	machine_shutdown(result.failed ? SHUTDOWN_IS_CRASH : SHUTDOWN_IS_POWEROFF);
}

void kernel_main(const struct boot_info *boot)
{
	boot_info = boot;
	read_command_line(); /* the log level first */
	greet();
	memory_init(boot, cmdline.p2m); /* rights, direct map, P2M, frames, page allocator */
	if (machine->memory_ready)
		machine->memory_ready();
	console_use_direct_map();   /* its ring is about to lose the builder's mapping ... */
	protect_drop_initial_map(); /* ... of which only the kernel image is left */
	machine->start_timer();
	tasks_init();
	console_enable_input();
	events_restore(true); /* from here on, events */
	initramfs_init(boot);

	if (cmdline.selftest)
		run_selftests();
	if (cmdline.bench)
		machine_shutdown(bench_run() ? SHUTDOWN_IS_POWEROFF : SHUTDOWN_IS_CRASH);
	monitor_run();
}
