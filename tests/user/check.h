/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user programs have in common: a table of tests, and checks that say what was wrong.
 *
 * These are ordinary Linux programs, linked statically, which say the same on Linux and on
 * Pinwheel. Each test runs in a process of its own, in a process group of its own: what it changes
 * (handlers, masks, descriptors, the working directory) is gone with it, a failed check ends it and
 * no other, and what takes too long is killed with all its children. The last line is the verdict.
 */
#ifndef TESTS_USER_CHECK_H
#define TESTS_USER_CHECK_H

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For one test: what hangs. Where the processor is emulated and shared, a test may take a minute.
 */
#define CHECK_SECONDS 300

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct check_test {
	const char *name;
	void (*run)(void);
};

#define CHECK_TEST(function) ((struct check_test){.name = #function, .run = (function)})

/* One line, in one write: whole even if several processes talk, and never in two buffers. */
__attribute__((format(printf, 1, 2))) static inline void check_say(const char *format, ...)
{
	char line[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(line))
		length = (int)sizeof(line) - 1;
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		_exit(1);
}

__attribute__((noreturn)) static inline void check_failed(const char *function, int line,
							  const char *text, long value)
{
	int error = errno;

	check_say("FAILED: %s, line %d: %s: %ld (errno %d)\n", function, line, text, value, error);
	_exit(1);
}

/* A condition; a number that must be another one; a call that must fail for a given reason. */
#define CHECK(condition) \
	((condition) ? (void)0 : check_failed(__func__, __LINE__, #condition " is false", 0))
#define CHECK_IS(value, expected)                                                     \
	do {                                                                          \
		long check_value = (long)(value);                                     \
		if (check_value != (long)(expected))                                  \
			check_failed(__func__, __LINE__, #value " is not " #expected, \
				     check_value);                                    \
	} while (0)
#define CHECK_ERROR(call, error)                                                              \
	do {                                                                                  \
		long check_value;                                                             \
		errno = 0;                                                                    \
		check_value = (long)(call);                                                   \
		if (check_value != -1 || errno != (error))                                    \
			check_failed(__func__, __LINE__, #call " does not fail with " #error, \
				     check_value);                                            \
	} while (0)

static inline void nap(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static inline long milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A child, which ends with what body() returns. */
static inline pid_t start_child(int (*body)(void))
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		_exit(body());
	return pid;
}

static inline int wait_status(pid_t pid)
{
	int status = 0;
	pid_t result;

	do
		result = waitpid(pid, &status, 0);
	while (result < 0 && errno == EINTR); /* by a signal of the test */
	CHECK_IS(result, pid);
	return status;
}

static inline void check_exit(pid_t pid, int expected)
{
	int status = wait_status(pid);

	CHECK(WIFEXITED(status));
	CHECK_IS(WEXITSTATUS(status), expected);
}

static inline void check_killed(pid_t pid, int signal)
{
	int status = wait_status(pid);

	CHECK(WIFSIGNALED(status));
	CHECK_IS(WTERMSIG(status), signal);
}

/* The path of this program, good in any directory. Call it once before leaving the first one. */
static inline const char *self_path(void)
{
	static char path[2 * PATH_MAX];
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (path[0])
		return path;
	CHECK(name);
	if (name[0] != '/') {
		CHECK(getcwd(path, PATH_MAX));
		strcat(path, "/");
	}
	strncat(path, name, PATH_MAX);
	return path;
}

/* A new directory to work in, made the working directory. leave_workplace() takes it away. */
static char workplace[64];

static inline void enter_workplace(void)
{
	self_path();
	snprintf(workplace, sizeof(workplace), "/tmp/user-test.%d", (int)getpid());
	mkdir("/tmp", 0777); /* there need not be one */
	CHECK_IS(mkdir(workplace, 0777), 0);
	CHECK_IS(chdir(workplace), 0);
}

static inline void leave_workplace(void)
{
	CHECK_IS(chdir("/"), 0);
	CHECK_IS(rmdir(workplace), 0); /* a test leaves nothing in it */
}

/* What to do around every test, in its process. */
static void (*check_before)(void), (*check_after)(void);

static inline void check_body(const struct check_test *test)
{
	if (check_before)
		check_before();
	test->run();
	if (check_after)
		check_after();
}

/* The wait status of one test; one that takes too long is killed. */
static inline int check_one(const struct check_test *test)
{
	long end = milliseconds_now() + CHECK_SECONDS * 1000;
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid) {
		setpgid(0, 0);
		check_body(test);
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		if (milliseconds_now() > end) {
			check_say("FAILED: %s takes too long\n", test->name);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		nap(2);
	}
	kill(-pid, SIGKILL); /* whatever it has left behind */
	return status;
}

/* Runs all tests, or, right here, the one that the first argument names. */
static inline int check_run(const char *name, const struct check_test *tests, size_t count,
			    const char *only)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < count; i++) {
		int status;

		if (only) {
			if (!strcmp(only, tests[i].name))
				check_body(&tests[i]);
			continue;
		}
		status = check_one(&tests[i]);
		if (status)
			failed++;
		if (WIFSIGNALED(status))
			check_say("FAILED: %s died of signal %d\n", tests[i].name,
				  WTERMSIG(status));
		check_say("%s: %s %s\n", name, tests[i].name, status ? "is wrong" : "is right");
	}
	if (failed)
		check_say("%s: %u of %zu tests failed\n", name, failed, count);
	else
		check_say("%s: passed\n", name);
	return failed != 0;
}

#endif
