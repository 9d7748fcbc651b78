// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counters of the running CPU's batch (mm/xen/batch.h), in words.
 */
#include <kernel/lib/printk.h>
#include <kernel/report/report.h>
#include <mm/xen/batch.h>

void batches_print(void)
{
	static const char *const reasons[BATCH_FLUSH_REASONS] = {
		[BATCH_FLUSH_UNBATCHED] = "at once, outside of lazy mode",
		[BATCH_FLUSH_LEAVE] = "at the end of lazy mode",
		[BATCH_FLUSH_FULL] = "because the queue was full",
		[BATCH_FLUSH_READ] = "because the effect was needed",
	};
	struct batch_counters c = batch_counters();
	uint64_t requests = c.updates + c.operations + c.mappings;
	uint64_t tenths = c.calls ? requests * 10 / c.calls : 0;

	printk(PRINTK_OUTPUT, "%10lu entries into Xen, with %lu hypercalls in them\n", c.calls,
	       c.elements);
	printk(PRINTK_OUTPUT,
	       "%10lu page-table updates, %lu by address, %lu operations: %lu.%lu an entry\n",
	       c.updates, c.mappings, c.operations, tenths / 10, tenths % 10);
	printk(PRINTK_OUTPUT, "%10lu at most in one entry\n", c.largest);
	for (unsigned int i = 0; i < BATCH_FLUSH_REASONS; i++)
		printk(PRINTK_OUTPUT, "%10lu issued %s\n", c.flushes[i], reasons[i]);
}
