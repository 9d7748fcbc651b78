// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program may do to the machine under it, and what must come of it: deadlines beyond the end
 * of time.
 */
#define _GNU_SOURCE
#include "check.h"

#include <linux/futex.h>
#include <sys/syscall.h>

/* ---- deadlines ---- */

enum call { SELECT, PSELECT, PPOLL, NANOSLEEP, CLOCK_NANOSLEEP, FUTEX, SIGTIMEDWAIT, CALLS };

/* Waits for nothing at all, until that time is over: the error, or 0. */
static int wait_for_nothing(enum call call, const long time[2])
{
	static int word;
	uint64_t set = 0;
	long result;

	errno = 0;
	switch (call) {
	case SELECT:
		result = syscall(SYS_select, 0, 0, 0, 0, time);
		break;
	case PSELECT:
		result = syscall(SYS_pselect6, 0, 0, 0, 0, time, 0);
		break;
	case PPOLL:
		result = syscall(SYS_ppoll, 0, 0, time, 0, 8);
		break;
	case NANOSLEEP:
		result = syscall(SYS_nanosleep, time, 0);
		break;
	case CLOCK_NANOSLEEP:
		result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, time, 0);
		break;
	case FUTEX:
		result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, time, 0, 0);
		break;
	default:
		result = syscall(SYS_rt_sigtimedwait, &set, 0, time, 8);
	}
	return result < 0 ? errno : 0;
}

/* A child waits for that long, and everybody else has the machine meanwhile. */
static void must_wait(enum call call, long seconds, long rest)
{
	const long time[2] = {seconds, rest};
	int pipes[2], status;
	char byte = 0;
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK_IS(write(pipes[1], &byte, 1), 1);
		_exit(wait_for_nothing(call, time) ?: 200);
	}
	CHECK_IS(read(pipes[0], &byte, 1), 1);
	nap(5);
	CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	check_killed(pid, SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
}

static void far_deadlines(void)
{
	/* Around 2^63 and 2^64 nanoseconds, and where the sum of both parts is beyond them. */
	static const long seconds[] = {
		1l << 32,    (1l << 33) - 1, 1l << 33,    9223372036l,
		9223372037l, 18446744073l,   18446744074, LONG_MAX,
	};

	for (enum call call = 0; call < CALLS; call++) {
		for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
			must_wait(call, seconds[i], call == SELECT ? 999999 : 999999999);
	}
	/* A select() may name more microseconds than a second has. */
	must_wait(SELECT, 0, LONG_MAX);
	must_wait(SELECT, 1, 9223372036854776l);
	must_wait(SELECT, 9223372036l, 854776);
}

static void impossible_deadlines(void)
{
	for (enum call call = 0; call < CALLS; call++) {
		CHECK_IS(wait_for_nothing(call, (long[]){-1, 0}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, -1}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){LONG_MIN, LONG_MIN}), EINVAL);
		if (call == SELECT)
			continue;
		CHECK_IS(wait_for_nothing(call, (long[]){0, 1000000000}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, LONG_MAX}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, LONG_MAX / 1000 * 1000}), EINVAL);
	}
	CHECK_IS(wait_for_nothing(SELECT, (long[]){LONG_MAX, LONG_MAX}), EINVAL);
	CHECK_IS(wait_for_nothing(SELECT, (long[]){0, 1000001}), 0);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(far_deadlines),
		CHECK_TEST(impossible_deadlines),
	};

	return check_run("machine", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
