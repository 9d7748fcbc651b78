// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calendar dates against the C library's, and the scaling of ticks against exact arithmetic.
 */
#include "host.h"

#include <arch/time.h>
#include <time.h>

static void expect_same_date(uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm *expected = gmtime(&when);
	struct date date = time_date(seconds);

	assert_int_equal(date.year, expected->tm_year + 1900);
	assert_int_equal(date.month, expected->tm_mon + 1);
	assert_int_equal(date.day, expected->tm_mday);
	assert_int_equal(date.hour, expected->tm_hour);
	assert_int_equal(date.minute, expected->tm_min);
	assert_int_equal(date.second, expected->tm_sec);
	assert_int_equal(time_from_date(date), seconds);
}

static void every_day_of_five_centuries(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 500 * 366; day++) {
		expect_same_date(day * 86400);
		expect_same_date(day * 86400 + 86399);
	}
}

static void scattered_times(void **state)
{
	(void)state;
	host_seed(7);
	for (unsigned int i = 0; i < 10000; i++)
		expect_same_date(host_random_below(200000000000ull));
}

static void ticks_are_scaled(void **state)
{
	(void)state;
	/* 1 GHz: a tick is a nanosecond, as Xen writes it: half, shifted left by one. */
	assert_int_equal(time_scale(12345, 0x80000000, 1), 12345);
	assert_int_equal(time_scale(UINT64_MAX / 2, 0x80000000, 0), UINT64_MAX / 4);
	assert_int_equal(time_scale(1000, 0x80000000, -2), 125);
	assert_int_equal(time_scale(0, 0xffffffff, 5), 0);
	host_seed(8);
	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t ticks = host_random() >> 20;
		uint32_t multiplier = (uint32_t)host_random();
		int8_t shift = (int8_t)(host_random_below(16) - 8);
		unsigned __int128 shifted = shift < 0 ? (unsigned __int128)ticks >> -shift
						      : (unsigned __int128)ticks << shift;

		assert_int_equal(time_scale(ticks, multiplier, shift),
				 (uint64_t)(shifted * multiplier >> 32));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_five_centuries),
		cmocka_unit_test(scattered_times),
		cmocka_unit_test(ticks_are_scaled),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
