// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The self-test runner and its KTAP, on suites of this file's own: what a failing, a skipped and a
 * passing test look like, to the letter, for programs read it.
 */
#include "host.h"

#include <arch/kernel_lock.h>
#include <kernel/selftest/selftest.h>

static int runs_after_require;

static void passes(void)
{
	EXPECT(1 + 1 == 2);
	EXPECT_EQ(4, 2 + 2);
	EXPECT_STREQ("same", "same");
}

static void fails_twice(void)
{
	EXPECT(1 > 2);
	EXPECT_EQ(0x10, 17);
}

static void stops(void)
{
	REQUIRE_EQ(1, 2);
	runs_after_require++;
}

static void wrong_text(void)
{
	EXPECT_STREQ("left", "right");
}

static void is_skipped(void)
{
	SKIP("no such hardware");
}

static const struct suite suites[] = {{.name = "good", .about = "all is well"},
				      {.name = "bad", .about = "nothing is"}};
static const struct selftest tests[] = {
	{"bad", "fails_twice", fails_twice},
	{"good", "passes", passes},
	{"bad", "stops", stops},
	{"good", "is_skipped", is_skipped},
	{"bad", "wrong_text", wrong_text},
	{"bad", "passes_too", passes},
};
static const struct selftest_set set = {suites, suites + 2, tests, tests + 6, NULL};

static struct selftest_result run_of(const struct selftest_set *from, const char *names)
{
	struct selftest_result result;

	/* It lets other CPUs have the kernel lock after each test, so it must really hold it. */
	this_cpu()->holds_kernel = false;
	events_mask();
	kernel_enter();
	result = selftest_run(from, names);
	kernel_leave();
	this_cpu()->holds_kernel = true;
	events_restore(true);
	return result;
}

static struct selftest_result run(const char *names)
{
	host_clear_output();
	return run_of(&set, names);
}

static void a_good_suite(void **state)
{
	struct selftest_result result = run("good");

	(void)state;
	assert_int_equal(result.passed, 1);
	assert_int_equal(result.failed, 0);
	assert_int_equal(result.skipped, 1);
	assert_string_equal(host_output(), "KTAP version 1\n"
					   "1..1\n"
					   "    KTAP version 1\n"
					   "    # Subtest: good\n"
					   "    1..2\n"
					   "    ok 1 passes\n"
					   "    ok 2 is_skipped # SKIP no such hardware\n"
					   "ok 1 good\n"
					   "1 passed, 0 failed, 1 skipped\n");
}

static void a_bad_suite(void **state)
{
	struct selftest_result result = run("bad");
	const char *out = host_output();

	(void)state;
	assert_int_equal(result.passed, 1);
	assert_int_equal(result.failed, 3);
	assert_int_equal(runs_after_require, 0);
	assert_non_null(strstr(out, "    # test_selftest.c:"));
	assert_non_null(strstr(out, ": expected: 1 > 2\n"));
	assert_non_null(strstr(out, ": expected: 0x10 == 17\n"
				    "    #   left:  16 (0x10)\n"
				    "    #   right: 17 (0x11)\n"
				    "    not ok 1 fails_twice\n"));
	assert_non_null(strstr(out, "    not ok 2 stops\n"));
	assert_non_null(strstr(out, "    #   left:  \"left\"\n    #   right: \"right\"\n"
				    "    not ok 3 wrong_text\n"
				    "    ok 4 passes_too\n"
				    "not ok 1 bad\n"
				    "1 passed, 3 failed\n"));
}

static void all_and_some(void **state)
{
	static const char *const both[] = {"", " ", "good,bad", "bad good", ",good,,bad,"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		assert_int_equal(run(both[i]).failed, 3);
		assert_non_null(strstr(host_output(), "1..2\n"));
		assert_non_null(strstr(host_output(), "\nok 1 good\n"));
		assert_non_null(strstr(host_output(), "\nnot ok 2 bad\n"));
		assert_non_null(strstr(host_output(), "\n2 passed, 3 failed, 1 skipped\n"));
	}
}

static void an_unknown_suite_is_a_failure(void **state)
{
	struct selftest_result result = run("goo,good,nosuch");

	(void)state;
	assert_int_equal(result.failed, 2);
	assert_non_null(strstr(host_output(), "1..3\n"));
	assert_non_null(strstr(host_output(), "there is no suite \"goo\""));
	assert_non_null(strstr(host_output(), "not ok 2 goo\n"));
	assert_non_null(strstr(host_output(), "not ok 3 nosuch\n"));
	assert_non_null(strstr(host_output(), "1 passed, 2 failed, 1 skipped\n"));
}

static bool has(enum suite_needs needs)
{
	return needs != NEEDS_XEN;
}

/* No part of "all"; asked for by name, it has failed: nobody may take it for passed. */
static void a_suite_about_another_machine(void **state)
{
	static const struct suite some[] = {{"good", "all is well", NEEDS_OWN_TABLES},
					    {"bad", "nothing is", NEEDS_XEN}};
	const struct selftest_set machine = {some, some + 2, tests, tests + 6, has};
	struct selftest_result result;

	(void)state;
	host_clear_output();
	result = run_of(&machine, "");
	assert_int_equal(result.passed, 1);
	assert_int_equal(result.failed, 0);
	assert_non_null(strstr(host_output(), "\n1..1\n"));
	result = run_of(&machine, "good bad");
	assert_int_equal(result.failed, 1);
	assert_non_null(strstr(host_output(), "the suite \"bad\" is about another machine"));
	assert_non_null(strstr(host_output(), "not ok 2 bad\n"));
	host_clear_output();
	selftest_list(&machine);
	assert_string_equal(host_output(),
			    "good          2 tests  all is well\n"
			    "bad           4 tests  nothing is (not on this machine)\n");
}

static void the_list(void **state)
{
	(void)state;
	host_clear_output();
	selftest_list(&set);
	assert_string_equal(host_output(), "good          2 tests  all is well\n"
					   "bad           4 tests  nothing is\n");
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_good_suite),
		cmocka_unit_test(a_bad_suite),
		cmocka_unit_test(all_and_some),
		cmocka_unit_test(an_unknown_suite_is_a_failure),
		cmocka_unit_test(a_suite_about_another_machine),
		cmocka_unit_test(the_list),
	};

	return cmocka_run_group_tests_name("selftest", all, NULL, NULL);
}
