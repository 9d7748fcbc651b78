// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The other CPUs of a machine that the kernel owns: starting, stopping and interrupting them.
 *
 * ACPI names the CPUs by the numbers of their APICs. One that has not started waits for two
 * messages (Intel SDM volume 3, "Multiple-processor management"): INIT resets it, and a startup
 * IPI names the page below 1 MiB at which it begins. start.S is the way from there to here.
 *
 * A CPU that stops goes on waiting in the kernel, with its timer off, until it is started again.
 */
#include "control.h"
#include "start.h"

#include <arch/acpi.h>
#include <arch/io.h>
#include <arch/ipi.h>
#include <arch/native.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <arch/wait.h>
#include <kernel/lib/layout.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>

#define ROOT_SLOTS 512
#define TABLE      3 /* an entry that points to a table: present, writable */

/* How long a CPU needs for INIT, and until the startup IPI is repeated. */
#define INIT_TIME    (10 * NS_PER_MS)
#define STARTUP_TIME (NS_PER_MS / 5)

/* How long a CPU that is no longer online may take to stop. */
#define STOP_TIME (100 * NS_PER_MS)

/* In start.S and head.S. */
extern const char native_trampoline[], native_trampoline_end[];
extern uint64_t boot_pgd[ROOT_SLOTS];
extern struct start_request native_start_request;

struct start_request native_start_request = {.wanted = REQUEST_NOBODY};

/* The boot's tables again, as the lowest and the highest part of a fifth level. */
static uint64_t five_level_root[ROOT_SLOTS] __attribute__((aligned(PAGE_SIZE)));

static struct acpi_cpus cpus_found;
static pfn_t trampoline; /* the frame with its copy; 0: there is none */

static uint64_t physical_of(const void *symbol)
{
	return (uintptr_t)symbol - KERNEL_VIRT_BASE;
}

static uint64_t read_cr4(void)
{
	uint64_t cr4;

	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	return cr4;
}

void native_cpus_init(const struct acpi_cpus *found, pfn_t low_frame, paddr_t root)
{
	bool five_levels = read_cr4() & CR4_LA57;

	cpus_found = *found;
	trampoline = low_frame;
	five_level_root[0] = five_level_root[ROOT_SLOTS - 1] = physical_of(boot_pgd) | TABLE;
	native_start_request.cr4 = CR4_PAE | (five_levels ? CR4_LA57 : 0);
	native_start_request.first_root =
		(uint32_t)physical_of(five_levels ? five_level_root : boot_pgd);
	native_start_request.root = root.pa;
	if (trampoline.pfn)
		memcpy((void *)(KERNEL_VIRT_BASE + (trampoline.pfn << PAGE_SHIFT)),
		       native_trampoline, (size_t)(native_trampoline_end - native_trampoline));
}

/* Removes the CPUs that messages do not reach. */
static void drop_unreachable(void)
{
	unsigned int count = 1;

	for (unsigned int i = 1; i < cpus_found.count; i++) {
		if (native_apic_reaches(cpus_found.apic_id[i]))
			cpus_found.apic_id[count++] = cpus_found.apic_id[i];
	}
	if (count < cpus_found.count)
		printk(PRINTK_WARNING, "%u CPUs have numbers that the APIC cannot reach\n",
		       cpus_found.count - count);
	cpus_found.count = count;
}

unsigned int native_count_cpus(void)
{
	if (cpus_found.count <= 1)
		return 1;
	if (cpus_found.left_out)
		printk(PRINTK_WARNING, "%u CPUs are left out: the kernel has room for %u\n",
		       cpus_found.left_out, CPU_MAX);
	drop_unreachable();
	if (cpus_found.count > 1 && !trampoline.pfn) {
		printk(PRINTK_WARNING,
		       "only one of %u CPUs is used: there is no memory below 640 KiB at which "
		       "the others could start\n",
		       cpus_found.count);
		return 1;
	}
	return cpus_found.count;
}

static enum native_state state_of(const struct cpu *cpu)
{
	const struct native_cpu *native = cpu->machine_part;

	return __atomic_load_n(&native->state, __ATOMIC_ACQUIRE);
}

static void set_state(struct cpu *cpu, enum native_state state)
{
	struct native_cpu *native = cpu->machine_part;

	__atomic_store_n(&native->state, state, __ATOMIC_RELEASE);
}

void native_cpu_begin(struct cpu *cpu, void (*entry)(void))
{
	native_load_descriptors(cpu->machine_part);
	msr_write(MSR_GS_BASE, (uint64_t)cpu);
	native_clock_begin(); /* it may have to wait for a lock, and looks at the time */
	set_state(cpu, NATIVE_RUNS);
	entry();
	panic("a CPU returned from its idle loop");
}

/* Waits for a time in nanoseconds. */
static void delay(uint64_t time)
{
	struct waiting waiting = {.for_what = "a CPU that starts"};
	uint64_t end = time_system() + time;

	while (time_system() < end)
		wait_a_moment(&waiting);
}

/* Continues a CPU that is in native_stop_cpu(), or about to be there. */
static bool wake(struct cpu *cpu)
{
	struct waiting waiting = {.for_what = "a CPU that stops"};
	uint64_t end = time_system() + STOP_TIME;

	while (state_of(cpu) != NATIVE_STOPPED && time_system() < end)
		wait_a_moment(&waiting);
	/* One that still runs was started before, and is only slow to come online. */
	if (state_of(cpu) == NATIVE_STOPPED) {
		set_state(cpu, NATIVE_RUNS);
		native_send_ipi(cpu_set_of(cpu));
	}
	return true;
}

/*
 * Makes the request free for another CPU: the last one has started, or will find that it is not
 * wanted. Returns false if that one is reading it now.
 */
static bool take_request(void)
{
	struct start_request *request = &native_start_request;

	if (__atomic_exchange_n(&request->wanted, REQUEST_NOBODY, __ATOMIC_SEQ_CST) !=
	    REQUEST_NOBODY)
		return true;
	return !request->cpu || state_of(request->cpu) != NATIVE_NEVER_RAN;
}

bool native_start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void))
{
	struct start_request *request = &native_start_request;
	uint32_t id = cpus_found.apic_id[cpu->number];

	if (state_of(cpu) != NATIVE_NEVER_RAN)
		return wake(cpu);
	if (!take_request())
		return false;
	request->stack = stack_top;
	request->cpu = cpu;
	request->entry = entry;
	__atomic_store_n(&request->wanted, id, __ATOMIC_SEQ_CST);
	native_apic_send(id, APIC_INIT);
	delay(INIT_TIME);
	native_apic_send(id, APIC_STARTUP((uint32_t)trampoline.pfn));
	delay(STARTUP_TIME);
	/* One that runs already ignores this. */
	native_apic_send(id, APIC_STARTUP((uint32_t)trampoline.pfn));
	return true;
}

static void handle_ipi(void)
{
	native_end_of_interrupt();
	ipi_received();
}

void native_ready_cpu(void)
{
	trap_set_handler(VECTOR_IPI, handle_ipi);
	native_apic_begin();
}

void native_stop_cpu(void)
{
	native_apic_enable_timer(false);
	set_state(this_cpu(), NATIVE_STOPPED);
	while (state_of(this_cpu()) == NATIVE_STOPPED) {
		native_block(); /* for the interrupt that native_start_cpu() sends */
		events_mask();
	}
	native_apic_enable_timer(true);
}

static void send(cpu_set_t set, uint32_t message)
{
	struct cpu *cpu;

	while ((cpu = cpu_set_take(&set)))
		native_apic_send(cpus_found.apic_id[cpu->number], message);
}

void native_send_ipi(cpu_set_t set)
{
	send(set, VECTOR_IPI);
}

void native_send_nmi(cpu_set_t set)
{
	send(set, APIC_NMI);
}
