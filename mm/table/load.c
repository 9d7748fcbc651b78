// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading an address space on a CPU, and making every CPU leave one.
 *
 * Under Xen a load may be a request that is still queued. So a CPU has two pointers: "mm" is the
 * address space that it wants, "loaded_mm" the one that Xen was told of.
 */
#include <arch/ipi.h>
#include <mm/table/mm.h>

cpu_set_t mm_cpus(const struct mm *mm)
{
	unsigned int count = __atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE);
	cpu_set_t set = 0;

	/* Every root has the kernel's half. */
	if (mm == &kernel_mm)
		return ALL_CPUS;
	/*
	 * Entries are written before this reads what CPUs have loaded; a CPU stores what it loads
	 * before it reads entries. So one that is not found here sees the entries as they are.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < count; i++) {
		/* Either is enough: the queued load will happen, or the old root is in use. */
		if (__atomic_load_n(&cpus[i]->mm, __ATOMIC_RELAXED) == mm ||
		    __atomic_load_n(&cpus[i]->loaded_mm, __ATOMIC_RELAXED) == mm)
			set |= cpu_set_of(cpus[i]);
	}
	return set;
}

/* Flushes one address, or everything if there is none. */
static void flush(const struct mm *mm, const uintptr_t *address)
{
	cpu_set_t done = 0, set;

	/*
	 * A CPU may load mm while the writes of its entries are still queued, and read the old
	 * ones. So this looks again when they have been issued.
	 */
	do {
		set = mm_cpus(mm) & ~done;
		if (set && address)
			paravirt.flush_address(*address, set);
		else if (set)
			paravirt.flush_all(set);
		lazy_flush();
		done |= set;
	} while (mm_cpus(mm) & ~done);
}

void mm_flush(const struct mm *mm)
{
	flush(mm, NULL);
}

void mm_flush_address(const struct mm *mm, uintptr_t address)
{
	flush(mm, &address);
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
	cpu_set_t set;

	while ((set = mm_cpus(mm)))
		cpu_call(set, leave, mm);
}
