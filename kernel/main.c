// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The boot sequence: start reading here.
 *
 * Each way in (boot/xen.c for Xen PV, boot/native.c for PVH and bare hardware) prepares the machine
 * just enough to run C and to print, describes how it was booted, and calls kernel_main(). That
 * function is the table of contents of the kernel.
 */
#include <arch/kernel_lock.h>
#include <arch/machine.h>
#include <drivers/console.h>
#include <kernel/cmdline.h>
#include <kernel/file/fs.h>
#include <kernel/file/initramfs.h>
#include <kernel/file/tty.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/main.h>
#include <kernel/process/proc.h>
#include <kernel/process/process.h>
#include <kernel/prompt/bench.h>
#include <kernel/prompt/monitor.h>
#include <kernel/report/report.h>
#include <kernel/report/shutdown.h>
#include <kernel/selftest/selftest.h>
#include <kernel/syscall/run.h>
#include <kernel/task/cpus.h>
#include <kernel/task/task.h>
#include <mm/kernel/image.h>
#include <mm/kernel/memory.h>
#include <mm/table/entry.h>
#include <mm/user/entries.h>

static struct cmdline cmdline;

static void report_word(const char *word, size_t length, const char *what)
{
	printk(PRINTK_WARNING, "command line: \"%.*s\" %s; ignored\n", (int)MIN(length, 40u), word,
	       what);
}

static void read_command_line(void)
{
	cmdline_parse(boot_info_get()->cmdline, &cmdline, report_word);
	if (cmdline.loglevel >= 0)
		printk_set_level((enum printk_level)cmdline.loglevel);
}

static void greet(void)
{
	char text[80];

	machine->describe(text, sizeof(text));
	printk(PRINTK_INFO, "Pinwheel, %s, with %u levels of page tables on the %s\n", text,
	       pt_geometry.levels, console_name());
	if (cmdline.levels == 5 && pt_geometry.levels != 5)
		printk(PRINTK_WARNING, "la57: this machine has no five levels of page tables; "
				       "there are four\n");
}

/* Runs the suites that the command line names, then ends the domain: a failure is a crash. */
static void run_selftests(void) NORETURN;
static void run_selftests(void)
{
	struct selftest_result result = selftest_run(selftest_builtin(), cmdline.suites);

	shutdown(result.failed ? SHUTDOWN_IS_CRASH : SHUTDOWN_IS_POWEROFF);
}

/*
 * Returns argv for init: its path, then the words after "--", as consecutive NUL-terminated
 * strings.
 */
static struct strings init_words(void)
{
	static char text[2 * BOOT_CMDLINE_SIZE];
	struct strings words = {1, text, strlen(cmdline.init) + 1};
	bool in_word = false;

	memcpy(text, cmdline.init, words.bytes);
	for (const char *at = cmdline.arguments; *at; at++) {
		bool blank = *at == ' ' || *at == '\t';

		if (!blank)
			text[words.bytes++] = *at;
		else if (in_word)
			text[words.bytes++] = '\0';
		words.count += !blank && !in_word;
		in_word = !blank;
	}
	if (in_word)
		text[words.bytes++] = '\0';
	return words;
}

/*
 * Runs the program that the command line names, then ends the domain: a status other than 0 is a
 * crash.
 */
static void run_init(void) NORETURN;
static void run_init(void)
{
	struct strings words = init_words();
	struct process *process;
	long error = process_start(cmdline.init, &words, false, &process);
	int status;

	if (error)
		fatal("init: %s cannot be run (error %ld); is it in the initramfs?", cmdline.init,
		      -error);
	status = process_wait_for(process);
	process_print_end("init", status);
	shutdown(status ? SHUTDOWN_IS_CRASH : SHUTDOWN_IS_POWEROFF);
}

/* Initializes what programs need: files, processes, a terminal. */
static void start_programs(void)
{
	if (!entries_init())
		fatal("too little memory: none is left for the page of zeros");
	if (!fs_init())
		fatal("too little memory: none is left for the file system");
	initramfs_unpack(boot_info_get());
	processes_init(cmdline.init[0], run_thread);
	if (!proc_init() || !tty_init())
		fatal("too little memory: none is left for /dev, /proc and the tty");
}

void kernel_main(const struct boot_info *boot)
{
	kernel_lock(); /* one CPU at a time runs what follows, and all of kernel/ */
	boot_info_set(boot);
	read_command_line(); /* the log level first */
	greet();
	memory_init(boot, cmdline.p2m); /* rights, direct map, P2M, frames, page allocator */
	memory_print_boot();
	if (machine->memory_ready)
		machine->memory_ready();
	console_use_direct_map(); /* its ring is about to lose the initial mapping ... */
	image_drop_initial_map(); /* ... of which only the kernel image is left */
	machine->ready_cpu();     /* its timer, and requests of other CPUs */
	tasks_init();
	console_enable_input();
	events_restore(true); /* events arrive from here on */
	cpus_start();
	start_programs();

	if (cmdline.selftest)
		run_selftests();
	if (cmdline.bench)
		shutdown(bench_run() ? SHUTDOWN_IS_POWEROFF : SHUTDOWN_IS_CRASH);
	if (cmdline.init[0])
		run_init();
	monitor_run();
}
