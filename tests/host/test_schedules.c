// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two CPUs at once: every pair of operations on a program's memory, in every order with at most two
 * switches, on Xen and on a bare machine.
 *
 * Two more CPUs have the same address spaces loaded, and look at everything at every moment
 * (tests/model/translations.h). An operation must not return while one of them remembers what is
 * not true any more, and no page may be free while one can reach it. At the end of each schedule
 * the books are compared.
 *
 * A failure prints its schedule, which SCHEDULE=... in the environment plays again.
 */
#include "../model/both.h"
#include "../model/scene.h"
#include "../model/schedule.h"
#include "../model/translations.h"
#include "host.h"

#include <arch/cpu.h>
#include <mm/frame/frames.h>

#define PAGES 1024

/* With five levels not all is played: that would take long, and it is the same code. */
#define STRIDE_5 4

/* Of each pair, schedules with more switches. */
#define RANDOM 8

/* ---- one schedule ---- */

static const struct both *machine_kind;
static const struct operation *pair[2];
static const char *wrong;
static char wrong_text[200];

static void PRINTF_LIKE(1, 2) see_wrong(const char *format, ...)
{
	va_list arguments;

	if (wrong)
		return;
	va_start(arguments, format);
	vsnprintf(wrong_text, sizeof(wrong_text), format, arguments);
	va_end(arguments);
	wrong = wrong_text;
}

static void tear_down(uint64_t free)
{
	const char *error = scene_tear_down(pair);

	if (!error && frames_free_count() != free)
		see_wrong("%ld frames are lost", (long)(free - frames_free_count()));
	if (error || (error = frames_check()) || (error = machine_kind->check()))
		see_wrong("%s", error);
}

static bool is_free(uint64_t frame)
{
	return frame_of(frames_block(pfn(machine_kind->pfn_of(frame))))->kind == FRAME_FREE;
}

static const char *look(unsigned int cpu)
{
	struct translations_known known;

	translations_look(cpu);
	if (translations_find(is_free, &known))
		see_wrong("CPU %u can reach frame %lx by %s %lx, and it is free", known.cpu,
			  known.frame, known.address ? "address" : "a table, not", known.address);
	return wrong;
}

/* Runs an operation as the kernel would for a program: without the kernel lock, events masked. */
static void run_operation(unsigned int cpu)
{
	struct translations_known known;
	const char *error;

	events_mask();
	pair[cpu]->run();
	look(cpu);
	if (translations_owed(cpu, &known))
		see_wrong("\"%s\" returns, and CPU %u remembers address %lx as it was (%lx)",
			  pair[cpu]->name, known.cpu, known.address, known.frame);
	if (pair[cpu]->check && (error = pair[cpu]->check()))
		see_wrong("%s", error);
	events_restore(true);
}

static void run_first(void)
{
	run_operation(0);
}

static void run_second(void)
{
	run_operation(1);
}

static struct schedule playing;

static void print_schedule(void)
{
	fprintf(stderr, "SCHEDULE=%s:%s:%s:%u:%u:%u:%u\n", machine_kind->name, pair[0]->name,
		pair[1]->name, playing.first, playing.leave, playing.back, playing.seed);
	schedule_print();
}

static struct schedule_end play(const struct schedule *schedule)
{
	static void (*const functions[2])(void) = {run_first, run_second};
	uint64_t free = frames_free_count();
	struct schedule_end end;

	playing = *schedule;
	wrong = NULL;
	scene_set_up(pair);
	end = schedule_run(schedule, functions, look);
	if (!end.error)
		tear_down(free);
	if (!end.error)
		end.error = wrong;
	if (end.error) {
		print_schedule();
		fail_msg("%s", end.error);
	}
	return end;
}

/* ---- all of them ---- */

static unsigned long played;

/*
 * Plays the schedules of a pair that begin on one CPU. The other one gives way at each of its
 * points whose number is a multiple of the stride.
 */
static void play_all_from(unsigned int first, unsigned int stride)
{
	struct schedule schedule = {.first = first};
	struct schedule_end end = {.left = true};

	while (end.left) {
		schedule.leave++;
		schedule.back = 0;
		do {
			schedule.back += stride;
			end = play(&schedule);
			played++;
		} while (end.left && end.came_back);
	}
}

/* Plays some schedules of a pair with any number of switches. */
static void play_random(unsigned int count)
{
	for (unsigned int seed = 1; seed <= count; seed++) {
		const struct schedule schedule = {.first = seed % 2, .seed = seed};

		play(&schedule);
		played++;
	}
}

static void start(const struct both *kind)
{
	machine_kind = kind;
	kind->start(kind->levels, PAGES);
	scene_start();
	kind->keep_tables();
}

static void stop(const struct both *kind)
{
	scene_stop();
	kind->stop();
}

static void play_pairs(const struct both *kind, unsigned int stride)
{
	start(kind);
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		for (unsigned int j = i; j < OPERATIONS; j++) {
			pair[0] = &operations[i];
			pair[1] = &operations[j];
			if (!operations_make_sense(pair[0], pair[1]))
				continue;
			play_all_from(0, stride);
			if (i != j)
				play_all_from(1, stride);
			play_random(RANDOM);
		}
	}
	stop(kind);
}

static void two_cpus_on_xen(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_XEN], 1);
}

static void two_cpus_on_a_bare_machine(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_NATIVE], 1);
}

static void five_levels_on_xen(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_XEN_5], STRIDE_5);
}

static void five_levels_on_a_bare_machine(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_NATIVE_5], STRIDE_5);
}

static const struct operation *operation_named(const char *name)
{
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	}
	fail_msg("no operation \"%s\"", name);
	return NULL;
}

/* Plays the schedule of a failure, as it was printed, and prints its points. */
static void the_one_that_is_wanted(void **state)
{
	char kind[16], first[16], second[16];
	struct schedule schedule;

	(void)state;
	assert_int_equal(sscanf(getenv("SCHEDULE"), "%15[^:]:%15[^:]:%15[^:]:%u:%u:%u:%u", kind,
				first, second, &schedule.first, &schedule.leave, &schedule.back,
				&schedule.seed),
			 7);
	pair[0] = operation_named(first);
	pair[1] = operation_named(second);
	for (unsigned int i = 0; i < BOTH_COUNT; i++) {
		if (strcmp(both[i].name, kind))
			continue;
		start(&both[i]);
		play(&schedule);
		print_schedule();
		stop(&both[i]);
		return;
	}
	fail_msg("no machine \"%s\"", kind);
}

int main(void)
{
	const struct CMUnitTest one[] = {
		cmocka_unit_test(the_one_that_is_wanted),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_cpus_on_xen),
		cmocka_unit_test(two_cpus_on_a_bare_machine),
		cmocka_unit_test(five_levels_on_xen),
		cmocka_unit_test(five_levels_on_a_bare_machine),
	};
	int failed;

	host_dying = print_schedule;
	if (getenv("SCHEDULE"))
		return cmocka_run_group_tests_name("schedules", one, NULL, NULL);
	failed = cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
	print_message("%lu schedules\n", played);
	return failed;
}
