// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running self-tests and reporting them.
 *
 * Each test runs under fault_catch(). A trap, REQUIRE and SKIP all return there, with the stack as
 * it was, and the run continues.
 */
#include <arch/cpu.h>
#include <arch/kernel_lock.h>
#include <arch/traps.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/symbols.h>
#include <kernel/lib/text.h>
#include <kernel/selftest/selftest.h>

#define INDENT "    " /* KTAP's indent of a subtest */

/* The state of the running test. */
static struct {
	struct recovery recovery;
	unsigned int failures;
	const char *skipped;
} current;

static const char *base_name(const char *path)
{
	const char *name = path;

	for (; *path; path++) {
		if (*path == '/')
			name = path + 1;
	}
	return name;
}

void selftest_failed(const char *file, int line, const char *expression)
{
	current.failures++;
	printk(PRINTK_OUTPUT, INDENT "# %s:%d: expected: %s\n", base_name(file), line, expression);
}

void selftest_failed_values(const char *file, int line, const char *expression, uint64_t left,
			    uint64_t right)
{
	selftest_failed(file, line, expression);
	printk(PRINTK_OUTPUT, INDENT "#   left:  %ld (0x%lx)\n", (int64_t)left, left);
	printk(PRINTK_OUTPUT, INDENT "#   right: %ld (0x%lx)\n", (int64_t)right, right);
}

void selftest_failed_strings(const char *file, int line, const char *expression, const char *left,
			     const char *right)
{
	selftest_failed(file, line, expression);
	printk(PRINTK_OUTPUT, INDENT "#   left:  \"%s\"\n", left);
	printk(PRINTK_OUTPUT, INDENT "#   right: \"%s\"\n", right);
}

void selftest_stop(void)
{
	recovery_jump(&current.recovery);
}

void selftest_skip(const char *reason)
{
	current.skipped = reason;
	selftest_stop();
}

static void report_fault(const struct recovery *recovery)
{
	const struct regs *regs = &recovery->fault;
	char text[SYMBOL_TEXT];

	current.failures++;
	printk(PRINTK_OUTPUT, INDENT "# unexpected %s at %016lx (%s)\n", trap_name(regs->vector),
	       regs->rip, symbol_text(regs->rip, text, sizeof(text)));
	if (regs->vector == TRAP_PAGE_FAULT)
		printk(PRINTK_OUTPUT, INDENT "#   address %016lx, error code %lx\n",
		       recovery->fault_address, regs->error);
}

static void run_test(const struct selftest *test)
{
	struct cpu *cpu = this_cpu();
	struct recovery *outer = cpu->on_fault;
	bool events = events_enabled();
	int how;

	current.failures = 0;
	current.skipped = NULL;
	how = fault_catch(&current.recovery);
	if (how == 0) {
		cpu->on_fault = &current.recovery;
		test->run();
	} else if (how == 2) {
		report_fault(&current.recovery);
	}
	cpu->on_fault = outer;
	/* A test that was aborted may have left events masked. */
	if (events && !events_enabled())
		events_restore(true);
}

static void report_test(unsigned int number, const char *name, struct selftest_result *result)
{
	if (current.failures) {
		printk(PRINTK_OUTPUT, INDENT "not ok %u %s\n", number, name);
		result->failed++;
	} else if (current.skipped) {
		printk(PRINTK_OUTPUT, INDENT "ok %u %s # SKIP %s\n", number, name, current.skipped);
		result->skipped++;
	} else {
		printk(PRINTK_OUTPUT, INDENT "ok %u %s\n", number, name);
		result->passed++;
	}
}

static unsigned int count_tests(const struct selftest_set *set, const char *suite)
{
	unsigned int count = 0;

	for (const struct selftest *test = set->tests; test < set->tests_end; test++)
		count += strcmp(test->suite, suite) == 0;
	return count;
}

static struct selftest_result run_suite(const struct selftest_set *set, const struct suite *suite)
{
	struct selftest_result result = {0, 0, 0};
	unsigned int number = 0;

	printk(PRINTK_OUTPUT, INDENT "KTAP version 1\n" INDENT "# Subtest: %s\n", suite->name);
	printk(PRINTK_OUTPUT, INDENT "1..%u\n", count_tests(set, suite->name));
	for (const struct selftest *test = set->tests; test < set->tests_end; test++) {
		if (strcmp(test->suite, suite->name) != 0)
			continue;
		run_test(test);
		report_test(++number, test->name, &result);
		/* Other CPUs may have waited for the kernel lock all this time. */
		kernel_let_others();
	}
	return result;
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ';
}

/*
 * Returns the next name of a list and its length, and moves *list past it. Returns NULL at the end.
 */
static const char *next_name(const char **list, size_t *length)
{
	const char *name = *list;

	while (is_separator(*name))
		name++;
	*length = 0;
	while (name[*length] && !is_separator(name[*length]))
		++*length;
	*list = name + *length;
	return *length ? name : NULL;
}

static bool is_listed(const char *list, const char *suite)
{
	const char *name;
	size_t length;

	while ((name = next_name(&list, &length))) {
		if (text_equals(name, length, suite))
			return true;
	}
	return false;
}

static bool can_run(const struct selftest_set *set, const struct suite *suite)
{
	return !set->has || set->has(suite->needs);
}

static const struct suite *find_suite(const struct selftest_set *set, const char *name,
				      size_t length)
{
	for (const struct suite *suite = set->suites; suite < set->suites_end; suite++) {
		if (text_equals(name, length, suite->name))
			return suite;
	}
	return NULL;
}

/* Returns true if a listed name is that of a suite that runs. */
static bool name_runs(const struct selftest_set *set, const char *name, size_t length)
{
	const struct suite *suite = find_suite(set, name, length);

	return suite && can_run(set, suite);
}

/* Returns true if the list has a name in it. An empty list means all suites. */
static bool names_any(const char *list)
{
	size_t length;

	return next_name(&list, &length);
}

static bool is_chosen(const struct selftest_set *set, const struct suite *suite, const char *names)
{
	return can_run(set, suite) && (!names_any(names) || is_listed(names, suite->name));
}

static unsigned int count_unknown(const struct selftest_set *set, const char *names)
{
	unsigned int count = 0;
	const char *name;
	size_t length;

	while ((name = next_name(&names, &length)))
		count += !name_runs(set, name, length);
	return count;
}

/* Reports each unknown name as a failed test, so that a wrong name does not look like success. */
static void report_unknown(const struct selftest_set *set, const char *names, unsigned int number)
{
	const char *name;
	size_t length;

	while ((name = next_name(&names, &length))) {
		if (name_runs(set, name, length))
			continue;
		if (find_suite(set, name, length))
			printk(PRINTK_OUTPUT, "# the suite \"%.*s\" is about another machine\n",
			       (int)length, name);
		else
			printk(PRINTK_OUTPUT,
			       "# there is no suite \"%.*s\"; \"selftest list\" at the prompt "
			       "lists them\n",
			       (int)length, name);
		printk(PRINTK_OUTPUT, "not ok %u %.*s\n", number++, (int)length, name);
	}
}

struct selftest_result selftest_run(const struct selftest_set *set, const char *names)
{
	struct selftest_result total = {0, 0, 0};
	unsigned int unknown = count_unknown(set, names);
	unsigned int planned = unknown;
	unsigned int number = 0;

	for (const struct suite *suite = set->suites; suite < set->suites_end; suite++)
		planned += is_chosen(set, suite, names);
	printk(PRINTK_OUTPUT, "KTAP version 1\n1..%u\n", planned);

	for (const struct suite *suite = set->suites; suite < set->suites_end; suite++) {
		struct selftest_result result;

		if (!is_chosen(set, suite, names))
			continue;
		result = run_suite(set, suite);
		printk(PRINTK_OUTPUT, "%s %u %s\n", result.failed ? "not ok" : "ok", ++number,
		       suite->name);
		total.passed += result.passed;
		total.failed += result.failed;
		total.skipped += result.skipped;
	}
	report_unknown(set, names, number + 1);
	total.failed += unknown;

	printk(PRINTK_OUTPUT, "%u passed, %u failed", total.passed, total.failed);
	if (total.skipped)
		printk(PRINTK_OUTPUT, ", %u skipped", total.skipped);
	printk(PRINTK_OUTPUT, "\n");
	return total;
}

void selftest_list(const struct selftest_set *set)
{
	for (const struct suite *suite = set->suites; suite < set->suites_end; suite++)
		printk(PRINTK_OUTPUT, "%-12s %2u tests  %s%s\n", suite->name,
		       count_tests(set, suite->name), suite->about,
		       can_run(set, suite) ? "" : " (not on this machine)");
}
