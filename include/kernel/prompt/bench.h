/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measurements, taken inside the kernel and printed for scripts/bench to compare.
 *
 *     BENCH(null_hypercall)
 *     {
 *             ...
 *             bench_report("null hypercall", ticks, calls);
 *     }
 *
 * A tick is one of the TSC; under "scripts/run --icount" that is one instruction, Xen's included,
 * and two runs agree within about 1 %. Without it the figures mean little. The command line's word
 * "bench" runs them all and ends.
 */
#ifndef KERNEL_PROMPT_BENCH_H
#define KERNEL_PROMPT_BENCH_H

#include <kernel/lib/compiler.h>

struct bench {
	const char *name;
	void (*run)(void);
};

#define BENCH(name)                           \
	static void bench_##name(void);       \
	LINKER_SET(bench, bench_entry_##name) \
	= {#name, bench_##name};              \
	static void bench_##name(void)

/* Prints one line, "bench: WHAT: TICKS ticks, N times: X.XX each". */
void bench_report(const char *what, uint64_t ticks, uint64_t times);

/* Runs all measurements. Returns false if they are not for this machine. */
bool bench_run(void);

#endif
