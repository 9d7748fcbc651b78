// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of one CPU to others: who is asked, when the caller goes on, and that two CPUs that ask
 * each other both come to an end. A request that is lost is a TLB that is not flushed.
 */
#include "../model/schedule.h"
#include "host.h"

#include <arch/cpu.h>
#include <arch/ipi.h>
#include <arch/lock.h>
#include <arch/machine.h>

static struct answer {
	cpu_set_t by; /* CPUs that have run it */
	unsigned int count, depth;
	bool masked;
} answers;

static void answer(void *argument)
{
	struct answer *to = argument;

	to->by |= cpu_set_of(this_cpu());
	to->count++;
	to->depth += this_cpu()->event_depth;
	to->masked = to->masked && !events_enabled();
}

static void call(cpu_set_t set)
{
	answers = (struct answer){.masked = true};
	cpu_call(set, answer, &answers);
}

static void those_that_are_asked_answer_once(void **state)
{
	struct ipi_counters before = ipi_counters(), after;

	(void)state;
	call(0);
	assert_int_equal(answers.count, 0);
	call(1 << 0);
	assert_int_equal(answers.by, 1 << 0);
	assert_int_equal(answers.depth, 0);
	after = ipi_counters();
	assert_int_equal(after.calls, before.calls);
	call(1 << 1 | 1 << 3);
	assert_int_equal(answers.by, 1 << 1 | 1 << 3);
	assert_int_equal(answers.count, 2);
	assert_int_equal(answers.depth, 2);
	assert_true(answers.masked);
	host_use_cpu(2);
	call(~(cpu_set_t)0);
	assert_int_equal(answers.by, 0xf);
	assert_int_equal(answers.count, 4);
	assert_int_equal(answers.depth, 3);
	host_use_cpu(0);
	after = ipi_counters();
	assert_int_equal(after.calls - before.calls, 2);
	assert_int_equal(after.asked - before.asked, 5);
	for (unsigned int i = 0; i < HOST_CPUS; i++)
		assert_int_equal(cpus[i]->event_depth, 0);
}

/* A CPU that is down has no TLB, and would never answer. */
static void one_that_is_down_is_not_asked(void **state)
{
	(void)state;
	cpus_online &= ~(1ul << 2);
	call(1 << 1 | 1 << 2);
	cpus_online |= 1ul << 2;
	assert_int_equal(answers.by, 1 << 1);
	assert_int_equal(cpus[2]->callers, 0);
}

/* ---- kicks ---- */

static cpu_set_t kicked;

static void note_kick(cpu_set_t set)
{
	kicked |= set;
}

static void a_kick_interrupts_others(void **state)
{
	static const struct machine noting = {.send_ipi = note_kick};
	const struct machine *before = machine;
	struct ipi_counters counters = ipi_counters();

	(void)state;
	machine = &noting;
	cpus_online &= ~(1ul << 3);
	cpu_kick(1 << 0);
	assert_int_equal(kicked, 0);
	cpu_kick(0xf);
	assert_int_equal(kicked, 1 << 1 | 1 << 2);
	cpus_online |= 1ul << 3;
	machine = before;
	assert_int_equal(ipi_counters().kicks - counters.kicks, 2);
}

/* ---- two at once ---- */

static struct spinlock lock = SPINLOCK(LOCK_FRAMES);
static struct answer of[2];

static const char *nothing_to_see(unsigned int cpu)
{
	(void)cpu;
	return NULL;
}

/* With events masked, so that neither can be interrupted: they answer while they wait. */
static void ask_the_others(void)
{
	struct answer *mine = &of[this_cpu()->number];
	bool events = events_mask();

	cpu_call(0xf, answer, mine);
	events_restore(events);
}

/* The other may want the lock: it answers while it spins. */
static void ask_with_a_lock(void)
{
	struct answer *mine = &of[this_cpu()->number];
	bool events = spin_lock(&lock);

	cpu_call(0xf, answer, mine);
	spin_unlock(&lock, events);
}

static void in_every_order(void (*first)(void), void (*second)(void))
{
	void (*const functions[2])(void) = {first, second};
	struct schedule schedule = {.leave = 1, .back = 1};
	struct schedule_end end;

	do {
		memset(of, 0, sizeof(of));
		end = schedule_run(&schedule, functions, nothing_to_see);
		if (end.error) {
			schedule_print();
			fail_msg("%s", end.error);
		}
		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(of[i].by, 0xf);
			assert_int_equal(of[i].count, 4);
		}
		schedule.leave += !end.came_back;
		schedule.back = end.came_back ? schedule.back + 1 : 1;
	} while (end.left);
}

static void two_that_ask_each_other_both_end(void **state)
{
	(void)state;
	in_every_order(ask_the_others, ask_the_others);
	in_every_order(ask_with_a_lock, ask_with_a_lock);
	in_every_order(ask_the_others, ask_with_a_lock);
}

static void never_let_go(void)
{
	spin_lock(&lock);
}

/* The schedule says so, when all wait. */
static void a_deadlock_is_seen(void **state)
{
	static void (*const functions[2])(void) = {never_let_go, never_let_go};
	const struct schedule schedule = {.first = 1};
	struct schedule_end end = schedule_run(&schedule, functions, nothing_to_see);

	(void)state;
	assert_string_equal(end.error, "all CPUs wait");
	/* One holds the lock, and the other still wants it. */
	for (unsigned int i = 0; i < 2; i++) {
		host_use_cpu(i);
		if (i == 1)
			spin_unlock(&lock, true);
		else
			events_restore(true);
	}
	host_use_cpu(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_are_asked_answer_once),
		cmocka_unit_test(one_that_is_down_is_not_asked),
		cmocka_unit_test(a_kick_interrupts_others),
		cmocka_unit_test(two_that_ask_each_other_both_end),
		cmocka_unit_test(a_deadlock_is_seen),
	};

	return cmocka_run_group_tests_name("ipi", tests, NULL, NULL);
}
