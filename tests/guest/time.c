// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks and timers against themselves: order, not duration.
 *
 * Under emulation on a busy machine time may pass at any speed, so nothing here expects something
 * to happen *soon*, only never too early, in the right order, and at all.
 */
#include <arch/cpu.h>
#include <arch/time.h>
#include <kernel/lib/date.h>
#include <kernel/selftest/selftest.h>

SUITE(time, "system time, wall clock, one-shot timers");

TEST(time, never_goes_back)
{
	uint64_t last = time_system();

	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t now = time_system();

		if (!EXPECT_GE(now, last))
			return;
		last = now;
	}
}

TEST(time, moves_on)
{
	uint64_t start = time_system();

	time_sleep_until(start + NS_PER_MS);
	EXPECT_GE(time_system() - start, NS_PER_MS);
}

TEST(time, wall_clock_is_in_this_century)
{
	struct date date = date_from_seconds(time_wall() / NS_PER_S);

	EXPECT_GE(date.year, 2024);
	EXPECT_LT(date.year, 2100);
}

TEST(time, wall_clock_and_system_time_run_alike)
{
	uint64_t offset = time_wall() - time_system();
	uint64_t start = time_system();

	time_sleep_until(start + 2 * NS_PER_MS);
	/* One is computed from the other, a moment apart. */
	EXPECT_LT(time_wall() - time_system() - offset + NS_PER_S, 2 * NS_PER_S);
}

static unsigned int order[8];
static volatile unsigned int fired;

struct numbered {
	struct timer timer;
	unsigned int number;
	uint64_t when;
};

static void note_order(struct timer *timer)
{
	struct numbered *numbered = container_of(timer, struct numbered, timer);

	numbered->when = time_system();
	if (fired < ARRAY_SIZE(order))
		order[fired] = numbered->number;
	fired++;
}

static volatile unsigned int many_fired;
static uint64_t last_deadline;

static void note_deadline(struct timer *timer)
{
	EXPECT_GE(timer->deadline, last_deadline);
	last_deadline = timer->deadline;
	many_fired++;
}

static void wait_for(unsigned int count)
{
	while (fired < count)
		time_sleep_until(time_system() + NS_PER_MS);
}

TEST(time, timers_fire_in_order_and_not_early)
{
	static struct numbered timers[4];
	static const unsigned int ms[4] = {6, 2, 4, 2}; /* equal deadlines: as they were armed */
	static const unsigned int expected[4] = {1, 3, 2, 0};
	uint64_t deadlines[4];
	uint64_t start = time_system();
	bool events = events_mask(); /* arming may take longer than they run: none fires before */

	fired = 0;
	for (unsigned int i = 0; i < 4; i++) {
		timers[i].number = i;
		deadlines[i] = start + ms[i] * NS_PER_MS;
		timer_arm(&timers[i].timer, deadlines[i], note_order);
	}
	events_restore(events);
	wait_for(4);
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_EQ(order[i], expected[i]);
		EXPECT_GE(timers[i].when, deadlines[i]);
		EXPECT(!timers[i].timer.armed);
	}
}

/* Armed in any order, every third one cancelled again. */
TEST(time, many_timers_fire_in_order)
{
	enum { TIMERS = 60 };
	static struct timer timers[TIMERS];
	uint64_t start = time_system() + NS_PER_MS;
	bool events = events_mask();

	many_fired = 0;
	last_deadline = 0;
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_arm(&timers[i], start + i * 37 % TIMERS * (NS_PER_MS / 10), note_deadline);
	for (unsigned int i = 0; i < TIMERS; i += 3)
		timer_cancel(&timers[i]);
	events_restore(events);
	while (many_fired < TIMERS - TIMERS / 3)
		time_sleep_until(time_system() + NS_PER_MS);
	for (unsigned int i = 0; i < TIMERS; i++)
		EXPECT(!timers[i].armed);
	time_sleep_until(start + TIMERS * (NS_PER_MS / 10));
	EXPECT_EQ(many_fired, TIMERS - TIMERS / 3);
}

TEST(time, a_deadline_in_the_past_fires_at_once)
{
	static struct numbered timer;

	fired = 0;
	timer_arm(&timer.timer, 1, note_order);
	wait_for(1);
	EXPECT_EQ(fired, 1);
}

/* Xen's times are signed: taken as they are, these two would be due at once, and for ever. */
TEST(time, a_deadline_beyond_all_time_does_not_fire)
{
	static struct numbered far[2];
	uint64_t start = time_system();

	fired = 0;
	timer_arm(&far[0].timer, 1ull << 63, note_order);
	timer_arm(&far[1].timer, UINT64_MAX - 1, note_order);
	while (time_system() < start + NS_PER_MS)
		cpu_relax();
	time_sleep_until(start + 2 * NS_PER_MS);
	EXPECT_EQ(fired, 0);
	EXPECT(far[0].timer.armed && far[1].timer.armed);
	timer_cancel(&far[0].timer);
	timer_cancel(&far[1].timer);
}

TEST(time, a_cancelled_timer_stays_silent)
{
	static struct numbered cancelled, other;
	uint64_t start = time_system();
	bool events;

	fired = 0;
	cancelled.number = 1;
	other.number = 2;
	events = events_mask();
	timer_arm(&cancelled.timer, start + 2 * NS_PER_MS, note_order);
	timer_arm(&other.timer, start + 3 * NS_PER_MS, note_order);
	timer_cancel(&cancelled.timer);
	timer_cancel(&cancelled.timer); /* a second time does no harm */
	events_restore(events);
	wait_for(1);
	EXPECT_EQ(fired, 1);
	EXPECT_EQ(order[0], 2);
}

TEST(time, arming_again_moves_a_timer)
{
	static struct numbered timer;
	uint64_t later = time_system() + 4 * NS_PER_MS;
	bool events;

	fired = 0;
	events = events_mask(); /* however slow this is, the first deadline must not be noticed */
	timer_arm(&timer.timer, time_system(), note_order);
	timer_arm(&timer.timer, later, note_order);
	events_restore(events);
	wait_for(1);
	EXPECT_EQ(fired, 1);
	EXPECT_GE(timer.when, later);
}
