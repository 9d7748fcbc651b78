// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which address space a CPU runs on: loading one, and getting every CPU off one.
 *
 * A load may be a request that waits in the batch. So a CPU keeps two pointers: "mm" is the address
 * space that it wants, "loaded_mm" the one that Xen was told.
 */
#include <arch/cpu.h>
#include <mm/table/mm.h>

static bool is_wanted_or_loaded(const struct cpu *cpu, const struct mm *mm)
{
	/* "mm" is what it wants, "loaded_mm" what Xen was told: either is enough. */
	return cpu && (cpu->mm == mm || cpu->loaded_mm == mm);
}

/*
 * Whether a processor may remember the way through a table of it, or that the table was read-only
 * in the direct map.
 */
bool mm_may_be_remembered(const struct mm *mm)
{
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		if (is_wanted_or_loaded(cpus[i], mm))
			return true;
	}
	return mm->pinned;
}

/*
 * Whether the CPU's queue holds a load. As events are masked from the one store to the other, this
 * is true also for a handler that has interrupted the CPU anywhere.
 */
static bool load_waits(const struct cpu *cpu)
{
	return cpu->mm != cpu->loaded_mm;
}

void mm_load(struct mm *mm)
{
	bool events = events_mask();

	/* Two that wait would hide the first from whoever looks at cpu->mm. */
	if (load_waits(this_cpu()))
		lazy_flush();
	this_cpu()->mm = mm;
	paravirt.load_mm(mm);
	events_restore(events);
}

static void leave(void *mm)
{
	struct cpu *cpu = this_cpu();

	lazy_flush();
	/* Still? Then this has interrupted the CPU writing to its queue; it will be asked again. */
	if (load_waits(cpu) || cpu->loaded_mm != mm)
		return;
	mm_load(&kernel_mm);
	lazy_flush();
}

void mm_unload_everywhere(struct mm *mm)
{
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		while (is_wanted_or_loaded(cpus[i], mm))
			cpu_run_on(cpus[i], leave, mm);
	}
}
