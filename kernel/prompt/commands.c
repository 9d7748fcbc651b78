// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt about the kernel as a whole. Each has a few lines: the module that it
 * is about prints what it knows.
 */
#include <arch/evtchn.h>
#include <arch/time.h>
#include <kernel/lib/boot_info.h>
#include <kernel/lib/date.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/symbols.h>
#include <kernel/lib/text.h>
#include <kernel/prompt/monitor.h>
#include <kernel/report/report.h>
#include <kernel/report/shutdown.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/memory.h>
#include <mm/table/entry.h>
#include <mm/xen/p2m.h>

COMMAND(mem, "", "who has how much memory")
{
	memory_print();
}

static void print_free_blocks(void)
{
	struct frames_stats stats;
	const char *error = frames_check();

	frames_stats(&stats);
	printk(PRINTK_OUTPUT, "order  pages in a block  free blocks\n");
	for (unsigned int order = 0; order < FRAMES_ORDERS; order++)
		printk(PRINTK_OUTPUT, "%5u  %16lu  %11lu\n", order, 1ul << order,
		       stats.blocks[order]);
	printk(PRINTK_OUTPUT, "%lu of %lu pages are free; the invariants %s%s\n",
	       stats.kind[FRAME_FREE], stats.total, error ? "are BROKEN: " : "hold",
	       error ? error : "");
}

static void print_frame(pfn_t number)
{
	pfn_t block = frames_block(number);
	const struct frame *frame = frame_of(block);
	mfn_t behind = pfn_to_mfn(number);
	char what[FRAME_TEXT_SIZE];

	printk(PRINTK_OUTPUT, "pfn %lx: %s", number.pfn, frame_text(number, what, sizeof(what)));
	if (mfn_valid(behind))
		printk(PRINTK_OUTPUT, ", mfn %lx", behind.mfn);
	if (frame->order)
		printk(PRINTK_OUTPUT, ", in the block of %lu pages at pfn %lx", 1ul << frame->order,
		       block.pfn);
	if (frame->kind == FRAME_ALLOCATED)
		printk(PRINTK_OUTPUT, ", %u references", frame->references);
	printk(PRINTK_OUTPUT, "\n");
}

COMMAND(frames, "[PFN]", "free blocks by size, or what a frame is for (PFN in hex)")
{
	uint64_t number;

	if (argc == 1)
		print_free_blocks();
	else if (!text_to_address(argv[1], &number) || !frame_of(pfn(number)))
		printk(PRINTK_OUTPUT, "frames: \"%s\" is not a pfn from 0 to %lx\n", argv[1],
		       p2m_size() - 1);
	else
		print_frame(pfn(number));
}

COMMAND(pt, "ADDRESS|SYMBOL", "the page-table entries that translate an address (in hex)")
{
	char text[SYMBOL_TEXT];
	uint64_t address;

	if (argc < 2) {
		printk(PRINTK_OUTPUT, "pt: which address? For example: pt kernel_main, pt "
				      "ffff888000000000\n");
		return;
	}
	address = symbol_address(argv[1]);
	if (!address && !text_to_address(argv[1], &address)) {
		printk(PRINTK_OUTPUT, "pt: \"%s\" is neither a symbol nor a hexadecimal address\n",
		       argv[1]);
		return;
	}
	if (strcmp(symbol_text(address, text, sizeof(text)), "?") != 0)
		printk(PRINTK_OUTPUT, "%s\n", text);
	walk_print(address);
}

COMMAND(selftest, "[SUITE...|list]", "run the self-tests, all or some, or list the suites")
{
	char names[BOOT_CMDLINE_SIZE] = "";
	size_t length = 0;

	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		selftest_list(selftest_builtin());
		return;
	}
	for (unsigned int i = 1; i < argc; i++) {
		size_t word = strlen(argv[i]);

		memcpy(names + length, argv[i], word);
		length += word;
		names[length++] = ' ';
	}
	names[length] = '\0';
	selftest_run(selftest_builtin(), names);
}

COMMAND(dmesg, "", "the messages since boot, again")
{
	printk_replay();
}

COMMAND(events, "", "event channels, and how often each was used")
{
	evtchn_print();
}

COMMAND(time, "", "the wall clock, and the time since the machine booted")
{
	uint64_t up = time_system();
	struct date now = date_from_seconds(time_wall() / NS_PER_S);

	printk(PRINTK_OUTPUT, "%04u-%02u-%02u %02u:%02u:%02u UTC, %lu.%06lu s since boot\n",
	       now.year, now.month, now.day, now.hour, now.minute, now.second, up / NS_PER_S,
	       up % NS_PER_S / 1000);
}

COMMAND(poweroff, "", "end the domain, or the machine: power off")
{
	shutdown(SHUTDOWN_IS_POWEROFF);
}

COMMAND(reboot, "", "end it, to be started again: a domain by the toolstack")
{
	shutdown(SHUTDOWN_IS_REBOOT);
}

COMMAND(panic, "[fault]", "crash on purpose, by a panic or by a write to page 0")
{
	volatile int *volatile page_zero = NULL;

	if (argc > 1 && strcmp(argv[1], "fault") == 0)
		*page_zero = 0;
	panic("because you asked for it");
}
