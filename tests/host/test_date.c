// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calendar dates against the C library's.
 */
#include "host.h"

#include <kernel/lib/date.h>
#include <time.h>

static void expect_same_date(uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm *expected = gmtime(&when);
	struct date date = date_from_seconds(seconds);

	assert_int_equal(date.year, expected->tm_year + 1900);
	assert_int_equal(date.month, expected->tm_mon + 1);
	assert_int_equal(date.day, expected->tm_mday);
	assert_int_equal(date.hour, expected->tm_hour);
	assert_int_equal(date.minute, expected->tm_min);
	assert_int_equal(date.second, expected->tm_sec);
	assert_int_equal(date_to_seconds(date), seconds);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_five_centuries),
		cmocka_unit_test(scattered_times),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
