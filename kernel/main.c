// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The boot sequence: start reading here.
 *
 * Each way in (arch/x86/xen/start.c for Xen PV) makes the machine just usable enough to run C and
 * to be heard, describes how it was booted, and calls kernel_main(). What follows is the table of
 * contents of the kernel.
 */
#include <arch/cpu.h>
#include <arch/time.h>
#include <arch/xen.h>
#include <drivers/console.h>
#include <kernel/bench.h>
#include <kernel/cmdline.h>
#include <kernel/initramfs.h>
#include <kernel/main.h>
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <kernel/selftest.h>
#include <mm/memory.h>
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
	char version[64];

	xen_version_string(version, sizeof(version));
	printk(PRINTK_INFO, "Pinwheel, a PV guest of Xen %s, as %s on the %s\n", version,
	       boot_info->dom0 ? "dom0" : "a DomU", console_name());
}

/* Runs the suites that the command line asks for; how they went is how the domain ends. */
static void run_selftests(void) NORETURN;
static void run_selftests(void)
{
	struct selftest_result result = selftest_run(selftest_builtin(), cmdline.suites);

	xen_shutdown(result.failed ? SHUTDOWN_IS_CRASH : SHUTDOWN_IS_POWEROFF);
}

void kernel_main(const struct boot_info *boot)
{
	boot_info = boot;
	read_command_line(); /* the log level first */
	greet();
	memory_init(boot, cmdline.p2m); /* rights, direct map, P2M, frames, page allocator */
	xen_publish_p2m();              /* the toolstack may look at it from now on */
	console_use_direct_map();       /* its ring is about to lose the builder's mapping ... */
	protect_drop_initial_map();     /* ... of which only the kernel image is left */
	time_init();                    /* one-shot timers */
	console_enable_input();
	events_restore(true); /* from here on, events */
	initramfs_init(boot);

	if (cmdline.selftest)
		run_selftests();
	if (cmdline.bench) {
		bench_run();
		xen_shutdown(SHUTDOWN_IS_POWEROFF);
	}
	monitor_run();
}
