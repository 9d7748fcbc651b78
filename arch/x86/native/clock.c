// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks of a PC: the time-stamp counter since boot, the battery-backed clock (MC146818) for the
 * date. How fast the counter and the APIC's timer run nobody says, so both are counted while the
 * 1.19 MHz timer (i8254, channel 2) measures 10 ms.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/time.h>
#include <kernel/panic.h>

#define PIT_HZ      1193182
#define PIT_TICKS   (PIT_HZ / 100)
#define PIT_CHANNEL 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE    0x61 /* bit 0: counts; bit 1: the loudspeaker; bit 5: has counted down */

/* A processor slower than 10 MHz, or a wait of many seconds: something is wrong. */
#define LEAST_TICKS 100000
#define MOST_LOOKS  50000000

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

static uint64_t first_tick, date_at_boot; /* nanoseconds since 1970 */
static uint32_t multiplier;
static int8_t shift;

/* What time_scale() takes to turn ticks of that frequency into nanoseconds. */
static void set_factor(uint64_t hz)
{
	while (hz <= NS_PER_S) {
		hz *= 2;
		shift++;
	}
	multiplier = (uint32_t)((NS_PER_S << 32) / hz);
}

static uint8_t rtc_read(uint8_t reg)
{
	port_write8(RTC_INDEX, reg);
	return port_read8(RTC_DATA);
}

static unsigned int rtc_value(uint8_t value, uint8_t mode)
{
	return mode & 4 ? value : (value >> 4) * 10u + (value & 15);
}

static unsigned int rtc_number(uint8_t reg)
{
	return rtc_value(rtc_read(reg), rtc_read(0x0b));
}

/* In 12-hour mode the highest bit says "afternoon", and midnight is 12. */
static unsigned int rtc_hour(void)
{
	uint8_t mode = rtc_read(0x0b), hour = rtc_read(4);
	unsigned int number = rtc_value(hour & 0x7f, mode);

	if (mode & 2)
		return number;
	return number % 12 + (hour & 0x80 ? 12 : 0);
}

/* Read until two readings agree: it may have been updating itself. */
static struct date rtc_date(void)
{
	struct date date, again = {0};

	do {
		date = again;
		again = (struct date){
			.year = 2000 + rtc_number(9),
			.month = rtc_number(8),
			.day = rtc_number(7),
			.hour = rtc_hour(),
			.minute = rtc_number(2),
			.second = rtc_number(0),
		};
	} while (date.second != again.second || date.minute != again.minute ||
		 date.hour != again.hour || date.day != again.day);
	return date;
}

void native_clock_init(void)
{
	uint64_t start, ticks;

	port_write8(PIT_GATE, (uint8_t)((port_read8(PIT_GATE) & ~2) | 1));
	port_write8(PIT_COMMAND, 0xb0); /* channel 2, both bytes, one shot */
	port_write8(PIT_CHANNEL, PIT_TICKS & 0xff);
	port_write8(PIT_CHANNEL, PIT_TICKS >> 8);
	start = rdtsc();
	native_apic_count_down();
	for (uint64_t looked = 0; !(port_read8(PIT_GATE) & 0x20); looked++) {
		if (looked == MOST_LOOKS)
			fatal("the timer of the PC (i8254) does not count: no way to tell the "
			      "time");
	}
	ticks = rdtsc() - start;
	if (ticks < LEAST_TICKS)
		fatal("the timer of the PC (i8254) counted 10 ms in %lu ticks: there is none",
		      ticks);
	native_apic_set_frequency((uint64_t)native_apic_counted() * PIT_HZ / PIT_TICKS);
	set_factor(ticks * PIT_HZ / PIT_TICKS);
	first_tick = start;
	date_at_boot = time_from_date(rtc_date()) * NS_PER_S;
}

uint64_t native_system_time(void)
{
	return time_scale(rdtsc() - first_tick, multiplier, shift);
}

uint64_t native_wall_time(void)
{
	return date_at_boot + native_system_time();
}
