/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-tests: written in C, run inside the kernel, reported as KTAP.
 *
 * A file in tests/guest/ names a suite and its tests; that is all there is to adding one:
 *
 *     SUITE(example, "what is tested, and why it matters");
 *
 *     TEST(example, sum)
 *     {
 *             EXPECT_EQ(1 + 1, 2);
 *     }
 *
 * EXPECT... reports a failure and goes on; REQUIRE... ends the test. A test that faults has failed,
 * and the next one runs. The output is KTAP version 1 (Linux, Documentation/dev-tools/ktap.rst):
 * suites are its top-level tests, and the last line of a run is "N passed, N failed".
 */
#ifndef KERNEL_SELFTEST_SELFTEST_H
#define KERNEL_SELFTEST_SELFTEST_H

#include <kernel/lib/compiler.h>

/* What a suite needs to run. On a machine without it the suite is left out. */
enum suite_needs {
	NEEDS_NOTHING,      /* any machine */
	NEEDS_XEN,          /* hypercalls, event channels */
	NEEDS_XEN_TABLES,   /* Xen validating the page tables: a PV guest */
	NEEDS_OWN_TABLES,   /* page tables that Xen does not validate */
	NEEDS_FIVE_LEVELS,  /* five levels of page tables */
	NEEDS_SEVERAL_CPUS, /* more than one that runs */
};

struct suite {
	const char *name;
	const char *about; /* one line */
	enum suite_needs needs;
};

struct selftest {
	const char *suite;
	const char *name;
	void (*run)(void);
};

#define SUITE(name, about) SUITE_THAT(NEEDS_NOTHING, name, about)

#define SUITE_THAT(needs, name, about)  \
	LINKER_SET(suite, suite_##name) \
	= {#name, about, needs}

#define TEST(suite, name)                     \
	static void test_##name(void);        \
	LINKER_SET(selftest, selftest_##name) \
	= {#suite, #name, test_##name};       \
	static void test_##name(void)

/* All suites and tests of a run: the linker sets, or those of a hosted test. */
struct selftest_set {
	const struct suite *suites, *suites_end;
	const struct selftest *tests, *tests_end;
	bool (*has)(enum suite_needs needs); /* returns true if the machine has it; NULL: it has
						everything */
};

struct selftest_result {
	unsigned int passed, failed, skipped; /* tests; an unknown suite counts as a failed test */
};

/*
 * Runs suites in the order of the set and prints the report. "names" lists them, separated by
 * commas or blanks; if it is empty, all that can run on this machine do. A listed name that cannot
 * run is a failure. Not reentrant.
 */
struct selftest_result selftest_run(const struct selftest_set *set, const char *names);

/* Returns the suites that are linked into this kernel. */
const struct selftest_set *selftest_builtin(void);

/* Prints a line for each suite: name, number of tests, subject. */
void selftest_list(const struct selftest_set *set);

/* For the macros below. "file" is printed without its directories. */
void selftest_failed(const char *file, int line, const char *expression);
void selftest_failed_values(const char *file, int line, const char *expression, uint64_t left,
			    uint64_t right);
void selftest_failed_strings(const char *file, int line, const char *expression, const char *left,
			     const char *right);
void selftest_stop(void) NORETURN;
void selftest_skip(const char *reason) NORETURN;

#define EXPECT(expression)                                                \
	({                                                                \
		bool holds_ = (expression);                               \
		if (!holds_)                                              \
			selftest_failed(__FILE__, __LINE__, #expression); \
		holds_;                                                   \
	})

/* Compares both sides as 64-bit numbers, unsigned for < and >=, and prints them. */
#define EXPECT_COMPARED(left, operator, right)                                                    \
	({                                                                                        \
		uint64_t left_ = (uint64_t)(left), right_ = (uint64_t)(right);                    \
		bool holds_ = left_ operator right_;                                              \
		if (!holds_)                                                                      \
			selftest_failed_values(__FILE__, __LINE__, #left " " #operator" " #right, \
					       left_, right_);                                    \
		holds_;                                                                           \
	})

#define EXPECT_EQ(left, right) EXPECT_COMPARED(left, ==, right)
#define EXPECT_NE(left, right) EXPECT_COMPARED(left, !=, right)
#define EXPECT_LT(left, right) EXPECT_COMPARED(left, <, right)
#define EXPECT_GE(left, right) EXPECT_COMPARED(left, >=, right)

#define EXPECT_STREQ(left, right)                                                               \
	({                                                                                      \
		const char *left_ = (left), *right_ = (right);                                  \
		bool holds_ = strcmp(left_, right_) == 0;                                       \
		if (!holds_)                                                                    \
			selftest_failed_strings(__FILE__, __LINE__, #left " is " #right, left_, \
						right_);                                        \
		holds_;                                                                         \
	})

#define REQUIRE(expression)              \
	do {                             \
		if (!EXPECT(expression)) \
			selftest_stop(); \
	} while (0)

#define REQUIRE_EQ(left, right)              \
	do {                                 \
		if (!EXPECT_EQ(left, right)) \
			selftest_stop();     \
	} while (0)

/* Ends a test that cannot run here; it counts as neither passed nor failed. */
#define SKIP(reason) selftest_skip(reason)

#endif
