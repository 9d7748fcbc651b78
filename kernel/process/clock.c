// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls about clocks and sleeping, and reading deadlines for other calls that wait.
 *
 * Times of programs are pairs of seconds and a fraction. The kernel counts nanoseconds since it
 * booted.
 */
#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/process/process.h>

/* CLOCK_TAI, alarms and later clocks do not exist here. */
#define CLOCKS 8

static bool is_of_day(uint32_t clock)
{
	return clock == CLOCK_REALTIME || clock == 5; /* CLOCK_REALTIME_COARSE */
}

static uint64_t now(uint32_t clock)
{
	return is_of_day(clock) ? time_wall() : time_system();
}

static struct clock_time split(uint64_t nanoseconds)
{
	return (struct clock_time){(int64_t)(nanoseconds / NS_PER_S),
				   (int64_t)(nanoseconds % NS_PER_S)};
}

long sys_clock_gettime(uint32_t clock, uintptr_t address)
{
	struct clock_time time = split(now(clock));

	return clock < CLOCKS ? user_write(address, &time, sizeof(time)) : -EINVAL;
}

long sys_clock_getres(uint32_t clock, uintptr_t address)
{
	const struct clock_time time = {0, 1};

	if (clock >= CLOCKS)
		return -EINVAL;
	return address ? user_write(address, &time, sizeof(time)) : 0;
}

long sys_gettimeofday(uintptr_t address)
{
	struct clock_time time = split(time_wall());

	time.nanoseconds /= 1000;
	return address ? user_write(address, &time, sizeof(time)) : 0;
}

long sys_time(uintptr_t address)
{
	int64_t seconds = (int64_t)(time_wall() / NS_PER_S);

	if (address && user_write(address, &seconds, sizeof(seconds)))
		return -EFAULT;
	return seconds;
}

/*
 * Converts a duration, or a point in time of a clock that reads "passed" now, to a system time. A
 * time centuries ahead becomes TASK_FOR_EVER, since Xen takes 2^63 nanoseconds and more for a time
 * in the past.
 */
static long deadline_of(struct clock_time time, uint64_t passed, uint64_t *deadline)
{
	const int64_t centuries = 1ll << 33;
	uint64_t nanoseconds;

	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)NS_PER_S)
		return -EINVAL;
	*deadline = TASK_FOR_EVER;
	if (time.seconds >= centuries)
		return 0;
	nanoseconds = (uint64_t)time.seconds * NS_PER_S + (uint64_t)time.nanoseconds;
	*deadline = time_system() + (nanoseconds > passed ? nanoseconds - passed : 0);
	return 0;
}

long clock_read_deadline(uintptr_t address, uint32_t clock, bool absolute, uint64_t *deadline)
{
	struct clock_time time;

	if (user_read(address, &time, sizeof(time)))
		return -EFAULT;
	return deadline_of(time, absolute ? now(clock) : 0, deadline);
}

long clock_read_timeval(uintptr_t address, uint64_t *deadline)
{
	struct clock_time time; /* the microseconds may be a million or more */
	int64_t seconds;

	if (user_read(address, &time, sizeof(time)))
		return -EFAULT;
	if (__builtin_add_overflow(time.seconds, time.nanoseconds / 1000000, &seconds))
		seconds = -1; /* the error is found below, as on Linux */
	time = (struct clock_time){seconds, time.nanoseconds % 1000000 * 1000};
	return deadline_of(time, 0, deadline);
}

long sys_nanosleep(uint32_t clock, bool absolute, uintptr_t time, uintptr_t rest)
{
	static WAIT_QUEUE(nothing);
	struct thread *thread = thread_current();
	struct clock_time left;
	uint64_t deadline = thread->sleep_until, late;
	bool events, interrupted = false;
	long error;

	if (clock >= CLOCKS)
		return -EINVAL;
	error = deadline ? 0 : clock_read_deadline(time, clock, absolute, &deadline);
	if (error)
		return error;
	events = events_mask();
	while (time_system() < deadline && !(interrupted = thread_interrupted()))
		task_sleep_until(&nothing, deadline);
	events_restore(events);
	thread->sleep_until = interrupted ? deadline : 0;
	if (!interrupted)
		return 0;
	late = time_system();
	left = split(deadline > late ? deadline - late : 0);
	if (rest && !absolute && user_write(rest, &left, sizeof(left)))
		return -EFAULT;
	return -ERESTART_UNLESS_HANDLED;
}
