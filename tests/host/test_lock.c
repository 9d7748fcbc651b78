// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Spin locks, and what the hosted tests' checks of them find (LOCK_CHECKS): every other hosted test
 * relies on these to notice a lock that is forgotten.
 */
#include "host.h"

#include <arch/cpu.h>
#include <arch/lock.h>

static struct spinlock one, other;

static void events_are_masked_while_a_lock_is_held(void **state)
{
	bool outer, inner;

	(void)state;
	outer = spin_lock(&one);
	assert_true(one.held);
	assert_false(events_enabled());
	inner = spin_lock(&other);
	spin_unlock(&other, inner);
	assert_false(other.held);
	assert_false(events_enabled());
	spin_unlock(&one, outer);
	assert_false(one.held);
	assert_true(events_enabled());
	spin_acquire(&one);
	assert_true(one.held && events_enabled());
	spin_release(&one);
	assert_false(one.held);
}

static void take_twice(void)
{
	spin_lock(&one);
	spin_acquire(&one);
}

static void take_twice_with_events_masked(void)
{
	spin_acquire(&one);
	spin_lock(&one);
}

static void release_what_is_free(void)
{
	spin_release(&one);
}

static void unlock_twice(void)
{
	bool events = spin_lock(&one);

	spin_unlock(&one, events);
	spin_unlock(&one, events);
}

static void a_wrong_use_panics(void **state)
{
	(void)state;
	host_expect_panic(take_twice, "a lock is taken that is held already");
	host_expect_panic(take_twice_with_events_masked, "a lock is taken that is held already");
	host_expect_panic(release_what_is_free, "a lock is released that is not held");
	host_expect_panic(unlock_twice, "a lock is released that is not held");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_masked_while_a_lock_is_held),
		cmocka_unit_test(a_wrong_use_panics),
	};

	return cmocka_run_group_tests_name("spinlock", tests, NULL, NULL);
}
