// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt about CPUs: what each does, taking one down and up.
 */
#include <arch/ipi.h>
#include <arch/kernel_lock.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>
#include <kernel/process/process.h>
#include <kernel/prompt/monitor.h>
#include <kernel/task/cpus.h>

static void print_task(const struct cpu *cpu)
{
	const struct thread *thread = cpu->task->argument;

	if (cpu->task == cpu->idle)
		printk(PRINTK_OUTPUT, "idle");
	else if (cpu->task->space)
		printk(PRINTK_OUTPUT, "runs thread %u of %s", thread->tid, thread->process->name);
	else
		printk(PRINTK_OUTPUT, "runs the kernel");
}

/* Prints what a CPU runs. An idle one keeps the last program's tables loaded. */
static void print_cpu(const struct cpu *cpu)
{
	printk(PRINTK_OUTPUT, "CPU %-2u  ", cpu->number);
	if (!cpu_is_online(cpu)) {
		printk(PRINTK_OUTPUT, "down\n");
		return;
	}
	print_task(cpu);
	printk(PRINTK_OUTPUT, ", root pfn %lx\n", cpu->loaded_mm->root.pfn);
}

COMMAND(cpus, "", "the CPUs: what each runs, and how often they have asked each other")
{
	struct kernel_lock_counters lock = kernel_lock_counters();
	struct ipi_counters ipi = ipi_counters();

	for (unsigned int i = 0; i < cpu_count; i++)
		print_cpu(cpus[i]);
	printk(PRINTK_OUTPUT,
	       "%lu requests, to %lu CPUs; %lu interrupted; the kernel lock was taken %lu times, "
	       "%lu times after waiting\n",
	       ipi.calls, ipi.asked, ipi.kicks, lock.taken, lock.waited);
}

COMMAND(cpu, "NUMBER up|down", "take a CPU down, or up again")
{
	const char *error;
	uint64_t number;

	if (argc != 3 || !text_to_number(argv[1], &number) ||
	    (strcmp(argv[2], "up") != 0 && strcmp(argv[2], "down") != 0)) {
		printk(PRINTK_OUTPUT, "cpu: which one, and up or down? For example: cpu 1 down\n");
		return;
	}
	number = MIN(number, CPU_MAX);
	error = argv[2][0] == 'u' ? cpu_take_up((unsigned int)number)
				  : cpu_take_down((unsigned int)number);
	if (error)
		printk(PRINTK_OUTPUT, "cpu: %s\n", error);
}
