// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a CPU.
 *
 * Its memory is allocated once and kept: its struct, its queue of requests to Xen, the machine's
 * part, and an idle task, on whose stack it starts. From then on it is a CPU like any other: it
 * idles until there is a task. To go down it leaves its idle loop, and says so last, when nothing
 * may be asked of it any more.
 */
#include <arch/ipi.h>
#include <arch/kernel_lock.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <kernel/lib/message.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/task/cpus.h>
#include <kernel/task/task.h>
#include <mm/frame/frames.h>
#include <mm/kernel/stacks.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>

/* How long a CPU may take to start, or to go down. */
#define PATIENCE (5 * NS_PER_S)

static WAIT_QUEUE(changed); /* woken when a CPU comes up or goes down */

struct cpu_memory {
	struct cpu cpu;
	struct batch batch;
	_Alignas(64) char machine_part[];
};

/* Returns a new CPU's struct; NULL when out of memory. */
static struct cpu *cpu_create(unsigned int number)
{
	uint64_t bytes = sizeof(struct cpu_memory) + machine->cpu_part_bytes;
	unsigned int order = 0;
	struct cpu_memory *memory;
	pfn_t frame;

	while ((uint64_t)PAGE_SIZE << order < bytes)
		order++;
	frame = frames_alloc(order);
	if (!pfn_valid(frame))
		return NULL;
	memory = pfn_to_virt(frame);
	memset(memory, 0, bytes);
	memory->cpu.batch = &memory->batch;
	memory->cpu.machine_part = memory->machine_part;
	memory->cpu.mm = memory->cpu.loaded_mm = &kernel_mm;
	if (!task_prepare_idle(&memory->cpu)) {
		frames_free(frame);
		return NULL;
	}
	cpu_init(&memory->cpu, number, memory->cpu.idle->stack - KERNEL_STACK_SIZE);
	return &memory->cpu;
}

/* Goes down, and returns when it is started again. */
static void go_down(struct cpu *cpu)
{
	mm_load(&kernel_mm);
	lazy_flush();
	__atomic_fetch_and(&cpus_online, ~cpu_set_of(cpu), __ATOMIC_SEQ_CST);
	task_wake_all(&changed);
	kernel_unlock();
	machine->stop_cpu();
	kernel_lock();
}

/* Runs on a CPU from its first line of C on, on the stack of its idle task. */
static void run_cpu(void)
{
	struct cpu *cpu = this_cpu();

	kernel_lock();
	cpu->task = cpu->idle;
	cpu->idle->cpu = cpu;
	batch_init(cpu->batch);
	machine->ready_cpu();
	for (;;) {
		cpu->leaving = false;
		/* What it was asked while it was down no longer waits for an answer. */
		__atomic_store_n(&cpu->callers, 0, __ATOMIC_RELAXED);
		__atomic_fetch_or(&cpus_online, cpu_set_of(cpu), __ATOMIC_SEQ_CST);
		/* Before that nobody told it which of the kernel's translations are old. */
		paravirt.flush_all(cpu_set_of(cpu));
		lazy_flush();
		task_wake_all(&changed);
		task_idle();
		go_down(cpu);
	}
}

/* Waits until a CPU is online, or is not. Returns false if it takes too long. */
static bool wait_until(const struct cpu *cpu, bool online)
{
	uint64_t deadline = time_system() + PATIENCE;
	bool events = events_mask();

	while (cpu_is_online(cpu) != online && time_system() < deadline)
		task_sleep_until(&changed, deadline);
	events_restore(events);
	return cpu_is_online(cpu) == online;
}

/* Starts a CPU. Returns NULL or a message. */
static const char *start(struct cpu *cpu)
{
	if (!machine->start_cpu(cpu, cpu->idle->stack, run_cpu))
		return message_make("CPU %u cannot be started", cpu->number);
	if (!wait_until(cpu, true))
		return message_make("CPU %u was started %lu s ago and does not answer", cpu->number,
				    PATIENCE / NS_PER_S);
	return NULL;
}

void cpus_start(void)
{
	unsigned int count = MIN(machine->count_cpus(), CPU_MAX);

	cpus_online = cpu_set_of(this_cpu());
	for (unsigned int number = 1; number < count; number++) {
		struct cpu *cpu = cpu_create(number);
		const char *error = cpu ? start(cpu) : "too little memory for another CPU";

		if (error)
			printk(PRINTK_WARNING, "%s; it is left out\n", error);
		if (!cpu)
			return;
	}
	if (count > 1)
		printk(PRINTK_INFO, "%u CPUs\n", cpu_set_count(cpus_online));
}

const char *cpu_take_down(unsigned int number)
{
	struct cpu *cpu = number < cpu_count ? cpus[number] : NULL;

	if (!cpu)
		return message_make("there is no CPU %u; the last is %u", number, cpu_count - 1);
	if (!cpu_is_online(cpu))
		return message_make("CPU %u is down already", number);
	if (number == 0)
		return "CPU 0 stays: it has the console and the domain's own events";
	cpu->leaving = cpu->due = true;
	cpu_kick(cpu_set_of(cpu));
	task_yield_if_due(); /* if it is this one, the rest runs on another */
	if (!wait_until(cpu, false)) {
		cpu->leaving = false;
		return message_make("CPU %u does not go down: its program does not come back to "
				    "the kernel",
				    number);
	}
	timers_move(cpu);
	return NULL;
}

const char *cpu_take_up(unsigned int number)
{
	struct cpu *cpu = number < cpu_count ? cpus[number] : NULL;

	if (!cpu)
		return message_make("there is no CPU %u; the last is %u", number, cpu_count - 1);
	if (cpu_is_online(cpu))
		return message_make("CPU %u is up already", number);
	return start(cpu);
}
