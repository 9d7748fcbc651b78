// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The four CPUs of the hosted tests: what each masks, its interrupts, and its TLB.
 *
 * One thread plays them all. Without a scheduler (tests/model/schedule.h) only the test switches,
 * and a CPU that is interrupted answers at once.
 */
#include "host.h"

#include <arch/cpu.h>
#include <arch/ipi.h>
#include <arch/lock.h>
#include <arch/machine.h>
#include <arch/tlb.h>
#include <kernel/lib/panic.h>
#include <mm/xen/batch.h>

/* As if each held the kernel lock: what mm/ does without it masks events, and tests call it
 * plainly. */
#define CPU(n)                                      \
	{                                           \
		.number = (n), .holds_kernel = true \
	}
static struct cpu cpu[HOST_CPUS] = {CPU(0), CPU(1), CPU(2), CPU(3)};
static bool masked[HOST_CPUS];
static unsigned int current;

struct cpu *cpus[CPU_MAX] = {&cpu[0], &cpu[1], &cpu[2], &cpu[3]};
unsigned int cpu_count = HOST_CPUS;
cpu_set_t cpus_online = (1 << HOST_CPUS) - 1;

const struct host_scheduler *host_scheduler;

struct cpu *this_cpu(void)
{
	return &cpu[current];
}

void host_use_cpu(unsigned int number)
{
	assert_true(number < ARRAY_SIZE(cpu));
	current = number;
}

/* ---- interrupts ---- */

bool host_masks_events(unsigned int number)
{
	return masked[number];
}

void host_yield(const char *where)
{
	if (host_scheduler)
		host_scheduler->yield(where);
}

void host_look(void)
{
	if (host_scheduler)
		host_scheduler->look();
}

void host_interrupt(unsigned int number)
{
	unsigned int before = current;
	bool were_masked = masked[number];

	host_use_cpu(number);
	masked[number] = true;
	ipi_received();
	masked[number] = were_masked;
	current = before;
}

static void send_ipi(cpu_set_t set)
{
	struct cpu *to;

	host_yield("an interrupt");
	while ((to = cpu_set_take(&set))) {
		if (host_scheduler)
			host_scheduler->interrupt(to->number);
		else
			host_interrupt(to->number);
	}
}

static const struct machine host_machine = {.send_ipi = send_ipi};
const struct machine *machine = &host_machine;

void host_relax(void)
{
	if (!host_scheduler)
		panic("CPU %u would wait for ever: one thread runs here", current);
	host_scheduler->relax();
}

/* ---- the TLB ---- */

/* The native backend's instructions: counted, since nobody may execute them here. */
struct host_tlb host_tlb;
const struct host_processor *host_processor;

void native_flush_address(uintptr_t address)
{
	host_yield("a flush of one address");
	host_tlb.address = address;
	host_tlb.addresses++;
	if (host_processor && host_processor->flush_address)
		host_processor->flush_address(address);
}

void native_flush_all(void)
{
	host_yield("a flush");
	host_tlb.all++;
	if (host_processor && host_processor->flush_all)
		host_processor->flush_all();
}

void native_load_root(paddr_t root)
{
	host_yield("a load");
	host_tlb.root = root.pa;
	if (host_processor && host_processor->load_root)
		host_processor->load_root(root.pa);
}

/* ---- interference ---- */

static unsigned int interfere_at;
static void (*interference)(void);
static const struct spinlock *not_while;

void host_interfere(unsigned int nth, void (*function)(void), const struct spinlock *unless)
{
	not_while = unless;
	interfere_at = nth;
	interference = function;
}

bool host_interfered(void)
{
	return !interference;
}

/* Runs the function as another CPU does, which holds no lock. */
static void run_as_another(void (*function)(void))
{
	struct held_locks held[LOCK_RANKS];

	memcpy(held, this_cpu()->locks, sizeof(held));
	memset(this_cpu()->locks, 0, sizeof(held));
	function();
	memcpy(this_cpu()->locks, held, sizeof(held));
}

static void interfere(void)
{
	void (*function)(void) = interference;

	if (!function || masked[current] || (not_while && not_while->held) || --interfere_at)
		return;
	interference = NULL;
	run_as_another(function);
}

static const struct spinlock *taken_next;
static void (*before_taken)(void);

void host_interfere_before(const struct spinlock *lock, void (*function)(void))
{
	taken_next = lock;
	before_taken = function;
}

void host_lock_taking(const struct spinlock *lock)
{
	host_yield(lock_name(lock));
	if (lock != taken_next)
		return;
	taken_next = NULL;
	run_as_another(before_taken);
}

/* ---- events ---- */

bool events_mask(void)
{
	bool were_enabled = !masked[current];

	interfere();
	masked[current] = true;
	return were_enabled;
}

void events_restore(bool were_enabled)
{
	assert_true(masked[current]);
	masked[current] = !were_enabled;
	if (were_enabled && host_scheduler)
		host_scheduler->unmasked();
}

bool events_enabled(void)
{
	return !masked[current];
}

int host_teardown(void **state_of_test)
{
	unsigned int left_held = 0;

	(void)state_of_test;
	for (unsigned int i = 0; i < ARRAY_SIZE(cpu); i++) {
		for (unsigned int rank = 0; rank < LOCK_RANKS; rank++) {
			left_held += cpu[i].locks[rank].count;
			cpu[i].locks[rank].count = 0;
		}
	}
	assert_int_equal(left_held, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(cpu); i++) {
		const struct batch *batch = cpu[i].batch;

		assert_false(masked[i]);
		assert_int_equal(cpu[i].event_depth, 0);
		assert_int_equal(cpu[i].callers, 0);
		if (batch)
			assert_false(batch->lazy || batch->busy || batch->calls ||
				     batch->callbacks);
	}
	return 0;
}
