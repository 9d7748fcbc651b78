// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading an address space on a CPU, and making every CPU leave one.
 *
 * Under Xen a load may be a request that is still queued. So a CPU has two pointers: "mm" is the
 * address space that it wants, "loaded_mm" the one that Xen was told of.
 */
#include <arch/cpu.h>
#include <mm/table/mm.h>

static bool is_wanted_or_loaded(const struct cpu *cpu, const struct mm *mm)
{
	/* Either is enough: the queued load will happen, or the old root is still in use. */
	return cpu && (cpu->mm == mm || cpu->loaded_mm == mm);
}

/*
 * A CPU that has mm loaded may have cached its entries. Of a pinned address space any CPU may have
 * cached that its tables are read-only in the direct map.
 */
bool mm_may_be_in_tlb(const struct mm *mm)
{
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		if (is_wanted_or_loaded(cpus[i], mm))
			return true;
	}
	return mm->pinned;
}

/*
 * Returns true if the CPU's queue holds a load. Events are masked from the one store to the other,
 * so the answer is right also in a handler, wherever it interrupted the CPU.
 */
static bool load_waits(const struct cpu *cpu)
{
	return cpu->mm != cpu->loaded_mm;
}

void mm_load(struct mm *mm)
{
	bool events = events_mask();

	/*
	 * With two loads in the queue, cpu->mm and cpu->loaded_mm could not name all address spaces
	 * in use.
	 */
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
	/* If so, this interrupted the CPU while it wrote to its queue. It will be asked again. */
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
