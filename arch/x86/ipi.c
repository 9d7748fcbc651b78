// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of one CPU to others.
 *
 * Each CPU has one request of its own at a time, and a set of those whose requests wait for it. So
 * a request needs no memory and no lock: the caller writes it, adds itself to the set of each CPU
 * that it asks, interrupts them, and waits until each has removed itself from the request. What it
 * is asked meanwhile it does, or two CPUs that ask each other would wait for ever.
 */
#include <arch/ipi.h>
#include <arch/machine.h>
#include <arch/wait.h>

static struct ipi_counters counters;

static void count(uint64_t *counter, uint64_t by)
{
	__atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

struct ipi_counters ipi_counters(void)
{
	return counters;
}

void cpu_serve(void)
{
	struct cpu *cpu = this_cpu(), *caller;
	cpu_set_t callers;

	if (likely(!__atomic_load_n(&cpu->callers, __ATOMIC_RELAXED)))
		return;
	callers = __atomic_exchange_n(&cpu->callers, 0, __ATOMIC_ACQUIRE);
	cpu->event_depth++;
	while ((caller = cpu_set_take(&callers))) {
		caller->call.function(caller->call.argument);
		__atomic_fetch_and(&caller->call.pending, ~cpu_set_of(cpu), __ATOMIC_RELEASE);
	}
	cpu->event_depth--;
}

void cpu_call(cpu_set_t set, void (*function)(void *argument), void *argument)
{
	bool events = events_mask();
	struct waiting waiting = {.for_what = "answers to a request"};
	struct cpu *cpu = this_cpu(), *other;
	cpu_set_t others = set & __atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE), asked;

	others &= ~cpu_set_of(cpu);
	if (set & cpu_set_of(cpu))
		function(argument);
	if (others) {
		cpu->call.function = function;
		cpu->call.argument = argument;
		__atomic_store_n(&cpu->call.pending, others, __ATOMIC_RELEASE);
		asked = others;
		while ((other = cpu_set_take(&asked)))
			__atomic_fetch_or(&other->callers, cpu_set_of(cpu), __ATOMIC_ACQ_REL);
		machine->send_ipi(others);
		count(&counters.calls, 1);
		count(&counters.asked, cpu_set_count(others));
		/* One that goes down meanwhile has flushed its TLB and left every address space. */
		while (__atomic_load_n(&cpu->call.pending, __ATOMIC_ACQUIRE) &
		       __atomic_load_n(&cpus_online, __ATOMIC_RELAXED))
			wait_a_moment(&waiting);
	}
	events_restore(events);
}

void cpu_kick(cpu_set_t set)
{
	bool events = events_mask();

	set &= __atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE) & ~cpu_set_of(this_cpu());
	if (set) {
		machine->send_ipi(set);
		count(&counters.kicks, cpu_set_count(set));
	}
	events_restore(events);
}

void ipi_received(void)
{
	cpu_serve();
}
