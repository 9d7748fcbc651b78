// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exceptions of programs: each is told to them as Linux tells it, and none is passed over, for then
 * the program would meet it again and again, without an end.
 */
#include "host.h"

#include <arch/traps.h>
#include <kernel/process/exception.h>
#include <kernel/process/signal.h>

static void those_that_have_a_signal_of_their_own(void **state)
{
	/* Linux, arch/x86/kernel/traps.c: vectors 0, 1, 3, 6, 11, 12, 16, 17, 19. */
	static const struct {
		unsigned int vector, number;
	} known[] = {{0, 8}, {1, 5}, {3, 5}, {6, 4}, {11, 7}, {12, 7}, {16, 8}, {17, 7}, {19, 8}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(exception_signal(known[i].vector).number, known[i].number);
	assert_int_equal(exception_signal(13).number, SIGSEGV);
	assert_int_equal(exception_signal(13).code, SIGNAL_BY_KERNEL);
}

static void none_is_passed_over(void **state)
{
	(void)state;
	for (unsigned int vector = 0; vector < 32; vector++) {
		if (vector != TRAP_NMI && !exception_signal(vector).number)
			fail_msg("exception %u would be met for ever", vector);
	}
	/* #NM, #TS, #CP, and what Xen could not return to. */
	assert_int_equal(exception_signal(7).number, SIGSEGV);
	assert_int_equal(exception_signal(10).number, SIGSEGV);
	assert_int_equal(exception_signal(21).number, SIGSEGV);
	assert_int_equal(exception_signal(TRAP_FAILSAFE).number, SIGSEGV);
}

static void interrupts_are_no_mistakes(void **state)
{
	(void)state;
	assert_int_equal(exception_signal(TRAP_NMI).number, 0);
	for (unsigned int vector = 32; vector <= TRAP_EVENT; vector++)
		assert_int_equal(exception_signal(vector).number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_have_a_signal_of_their_own),
		cmocka_unit_test(none_is_passed_over),
		cmocka_unit_test(interrupts_are_no_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
