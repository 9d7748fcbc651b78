// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The suites that are linked into this kernel, and which of them this machine can run.
 */
#include <arch/ipi.h>
#include <arch/machine.h>
#include <kernel/selftest/selftest.h>
#include <mm/table/entry.h>

LINKER_SET_BOUNDS(suite);
LINKER_SET_BOUNDS(selftest);

static bool machine_has(enum suite_needs needs)
{
	switch (needs) {
	case NEEDS_XEN:
		return machine->xen;
	case NEEDS_XEN_TABLES:
		return machine->xen_tables;
	case NEEDS_OWN_TABLES:
		return !machine->xen_tables;
	case NEEDS_FIVE_LEVELS:
		return pt_geometry.levels == 5;
	case NEEDS_SEVERAL_CPUS:
		return cpu_set_count(cpus_online) > 1;
	default:
		return true;
	}
}

const struct selftest_set *selftest_builtin(void)
{
	static struct selftest_set set;

	set = (struct selftest_set){__start_set_suite, __stop_set_suite, __start_set_selftest,
				    __stop_set_selftest, machine_has};
	return &set;
}
