// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Converting between seconds since 1970 and dates. Years begin in March here, so that the leap day
 * is their last.
 */
#include <kernel/lib/date.h>

struct date date_from_seconds(uint64_t seconds)
{
	uint64_t of_day = seconds % 86400;
	/* Days since 0000-03-01: with the leap day last, every era of 400 years looks the same. */
	uint64_t days = seconds / 86400 + 719468;
	uint64_t era = days / 146097;
	uint64_t day_of_era = days % 146097;
	uint64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t month_from_march = (5 * day_of_year + 2) / 153;
	struct date date;

	date.day = (unsigned int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	date.month =
		(unsigned int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	date.year = (unsigned int)(era * 400 + year_of_era + (date.month <= 2));
	date.hour = (unsigned int)(of_day / 3600);
	date.minute = (unsigned int)(of_day / 60 % 60);
	date.second = (unsigned int)(of_day % 60);
	return date;
}

uint64_t date_to_seconds(struct date date)
{
	/* Counted from March: January and February belong to the year before. */
	uint64_t year = date.year - (date.month <= 2);
	uint64_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
	uint64_t days = year * 365 + year / 4 - year / 100 + year / 400 +
			(153 * month_from_march + 2) / 5 + date.day - 1;

	return (days - 719468) * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
}
