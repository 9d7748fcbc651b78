/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calendar: seconds since 1970 as a date, and back. Pure functions, correct for the whole
 * proleptic Gregorian calendar from 1970 on; all times are UTC.
 */
#ifndef KERNEL_LIB_DATE_H
#define KERNEL_LIB_DATE_H

#include <kernel/lib/compiler.h>

/* A calendar date and time of day, UTC. */
struct date {
	unsigned int year, month, day, hour, minute, second; /* month and day count from 1 */
};

/* Returns the date of a number of seconds since 1970-01-01 00:00. */
struct date date_from_seconds(uint64_t seconds);

/* Returns the seconds since 1970-01-01 00:00. The date must exist; its year is 1970 or later. */
uint64_t date_to_seconds(struct date date);

#endif
