// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measuring the rates of the time-stamp counter and the APIC's timer, where nothing tells them:
 * both are counted while the PC's 1.19 MHz timer (Intel 8254 data sheet) measures 5 ms, several
 * times.
 *
 * Its channel 0 is used, and polled with the read-back command: this works also on machines, such
 * as QEMU's microvm, that lack the port that controls channel 2. Its interrupt is not delivered,
 * since the interrupt controllers are masked.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/rates.h>

#define PIT_HZ      1193182
#define PIT_TICKS   (PIT_HZ / 200)
#define PIT_CHANNEL 0x40
#define PIT_COMMAND 0x43
#define ONE_SHOT    0x30 /* channel 0, both bytes, mode 0: its output rises at the end */
#define READ_BACK   0xe2 /* the status of channel 0 */
#define OUTPUT      0x80

/*
 * Fewer ticks mean a processor below 10 MHz, and more a wait of many seconds: either is an error.
 */
#define LEAST_TICKS  50000
#define MOST_LOOKS   50000000
#define MOST_SAMPLES 20

static bool is_through(void)
{
	port_write8(PIT_COMMAND, READ_BACK);
	return port_read8(PIT_CHANNEL) & OUTPUT;
}

/*
 * Takes a sample. Starting late and stopping late both make it too long: the counters start before
 * the timer and stop after it.
 */
static bool sample(struct calibration *tsc, struct calibration *apic)
{
	uint64_t looked = 0, start, ticks;

	port_write8(PIT_COMMAND, ONE_SHOT);
	port_write8(PIT_CHANNEL, PIT_TICKS & 0xff);
	native_apic_count_down();
	start = rdtsc();
	port_write8(PIT_CHANNEL, PIT_TICKS >> 8);
	while (!is_through()) {
		if (++looked == MOST_LOOKS)
			return false;
	}
	ticks = rdtsc() - start;
	calibration_add(apic, native_apic_counted());
	calibration_add(tsc, ticks);
	return ticks >= LEAST_TICKS; /* otherwise there is no timer, and the port reads as ones */
}

bool native_rates_from_pit(struct rates *rates)
{
	struct calibration tsc = {0}, apic = {0};

	for (unsigned int i = 0; i < MOST_SAMPLES && !calibration_agrees(&tsc); i++) {
		if (!sample(&tsc, &apic))
			return false;
	}
	*rates = (struct rates){tsc.least * PIT_HZ / PIT_TICKS,
				apic.least * APIC_DIVISOR * PIT_HZ / PIT_TICKS};
	return true;
}
