// SPDX-License-Identifier: GPL-2.0-or-later
/* Running the measurements that BENCH() defines, and printing a row for each result. */
#include <kernel/lib/printk.h>
#include <kernel/prompt/bench.h>
#include <kernel/prompt/monitor.h>

LINKER_SET_BOUNDS(bench);

void bench_report(const char *what, uint64_t ticks, uint64_t times)
{
	uint64_t hundredths = times ? ticks * 100 / times : 0;

	printk(PRINTK_OUTPUT, "bench: %s: %lu ticks, %lu times: %lu.%02lu each\n", what, ticks,
	       times, hundredths / 100, hundredths % 100);
}

bool bench_run(void)
{
	if (!monitor_has_xen_tables("bench"))
		return false;
	linker_set_for_each (bench, bench)
		bench->run();
	return true;
}

COMMAND(bench, "", "measurements; of use when instructions are counted (--icount)")
{
	bench_run();
}
