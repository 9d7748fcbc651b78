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

#define PIT_HZ      1193182
#define PIT_TICKS   (PIT_HZ / 100)
#define PIT_CHANNEL 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE    0x61 /* bit 0: counts; bit 1: the loudspeaker; bit 5: has counted down */

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

static unsigned int rtc_number(uint8_t reg)
{
	uint8_t value = rtc_read(reg);
	bool binary = rtc_read(0x0b) & 4;

	return binary ? value : (value >> 4) * 10u + (value & 15);
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
			.hour = rtc_number(4),
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
	while (!(port_read8(PIT_GATE) & 0x20))
		cpu_relax();
	ticks = rdtsc() - start;
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
