// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random page-table operations on the real hypervisor, for comparison with the model.
 *
 * The command "sequence" plays the sequences of tests/model/sequence.c on Xen and prints a line
 * each, which tests/system/xen-model.sh compares with what build/host/sequence, the same on the
 * model, prints. A difference is an error in the model, or something new in Xen.
 */
#include "../model/sequence.h"

#include <arch/hypercall.h>
#include <arch/traps.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>
#include <kernel/prompt/monitor.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <xen/memory.h>

SUITE_THAT(NEEDS_XEN_TABLES, sequence, "random operations, right and wrong, leave no trace");

/* Where the frames can be read whatever happens to them: a root slot that nothing else uses. */
#define ALIAS_BASE 0xffffe00000000000

static struct sequence_stage stage;

/* Memory of Xen's own: its M2P entry says that no domain has it. */
static mfn_t find_foreign(void)
{
	long last = hypercall_memory_op(XENMEM_maximum_ram_page, NULL);

	/* Not from the first megabytes, where dom0 may map what is a device's. */
	for (uint64_t n = 0x1000; n < (uint64_t)last; n++) {
		uint64_t number;

		if (probe_read(MACH2PHYS_VIRT_START + n * sizeof(uint64_t), &number) &&
		    number == UINT64_MAX)
			return mfn(n);
	}
	return INVALID_MFN;
}

static bool set_up(void)
{
	uintptr_t last = ALIAS_BASE + (SEQUENCE_FRAMES - 1) * PAGE_SIZE;

	if (!mm_prepare(&kernel_mm, ALIAS_BASE, last, PT_PTE))
		return false;
	stage.foreign = find_foreign();
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		pfn_t frame = frames_alloc(0);
		struct mmuext_op clear = {.cmd = MMUEXT_CLEAR_PAGE};

		if (!pfn_valid(frame))
			return false;
		clear.arg1.mfn = pfn_to_mfn(frame).mfn;
		if (hypercall_mmuext_op(&clear, 1, NULL))
			return false;
		stage.pfn[i] = frame;
		stage.frame[i] = pfn_to_mfn(frame);
		stage.address[i] = pfn_to_address(frame);
		stage.contents[i] = (const uint64_t *)(ALIAS_BASE + i * PAGE_SIZE);
		set_kernel_pte((uintptr_t)stage.contents[i], pt_entry_make(frame, PT_KERNEL_RO));
	}
	return true;
}

static void put_away(void)
{
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		set_kernel_pte(ALIAS_BASE + i * PAGE_SIZE, pt_entry_none());
		frames_free(stage.pfn[i]);
	}
}

static void print_line(const char *text)
{
	printk(PRINTK_OUTPUT, "%s\n", text);
}

static bool has_word(unsigned int argc, char **argv, const char *word)
{
	for (unsigned int i = 1; i < argc; i++) {
		if (strcmp(argv[i], word) == 0)
			return true;
	}
	return false;
}

static void play(uint64_t first, uint64_t count)
{
	for (uint64_t seed = first; seed < first + count; seed++) {
		struct sequence_result result = sequence_play(&stage, seed);

		printk(PRINTK_OUTPUT, "sequence %lu: %u operations, %u refused, digest %016lx\n",
		       seed, result.operations, result.refused, result.digest);
	}
	printk(PRINTK_OUTPUT, "sequence: done\n");
}

COMMAND(sequence, "FIRST COUNT [verbose] [leaks] | leak",
	"random page-table operations, for comparing with the model")
{
	bool leak = argc == 2 && strcmp(argv[1], "leak") == 0;
	uint64_t first = 0, count = 0;

	if (!monitor_has_xen_tables(argv[0]))
		return;
	if (!leak &&
	    (argc < 3 || !text_to_number(argv[1], &first) || !text_to_number(argv[2], &count))) {
		printk(PRINTK_OUTPUT, "sequence: which seeds? For example: sequence 1 10\n");
		return;
	}
	if (!set_up()) {
		printk(PRINTK_OUTPUT, "sequence: out of memory\n");
		return;
	}
	stage.line = has_word(argc, argv, "verbose") ? print_line : NULL;
	stage.leaks = has_word(argc, argv, "leaks");
	if (leak)
		printk(PRINTK_OUTPUT,
		       "sequence: Xen refused a root (%ld) and lost a frame of this domain, which "
		       "stays when it is destroyed\n",
		       sequence_leak(&stage));
	else
		play(first, count);
	put_away();
}

TEST(sequence, leaves_no_trace)
{
	uint64_t free = frames_free_count();

	REQUIRE(set_up());
	EXPECT(mfn_valid(stage.foreign));
	stage.line = NULL;
	stage.leaks = false;
	for (uint64_t seed = 0; seed < 5; seed++)
		EXPECT_EQ(sequence_play(&stage, seed).left_over, 0);
	put_away();
	/* The tables that lead to the alias stay. */
	EXPECT_GE(frames_free_count() + 4, free);
	EXPECT(!frames_check());
}
