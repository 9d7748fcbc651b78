// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock shared with a hypervisor: it never goes back, whatever processor the virtual CPU finds
 * itself on; no reading is a mixture of two; and ticks are scaled as exact arithmetic does.
 */
#include "host.h"

#include <arch/cpu.h>
#include <arch/pvclock.h>

/* A counter that stands still: the time is what was written. */
static struct vcpu_time_info at(uint64_t time, uint8_t flags)
{
	return (struct vcpu_time_info){.system_time = time, .flags = flags};
}

static void it_never_goes_back(void **state)
{
	struct vcpu_time_info fast = at(1000, 0), slow = at(900, 0), later = at(1001, 0);

	(void)state;
	assert_int_equal(pvclock_read(&slow), 900);
	assert_int_equal(pvclock_read(&fast), 1000);
	assert_int_equal(pvclock_read(&slow), 1000); /* moved to a processor that is behind */
	assert_int_equal(pvclock_read(&slow), 1000);
	assert_int_equal(pvclock_read(&later), 1001);
}

static void what_the_hypervisor_vouches_for_is_taken_as_it_is(void **state)
{
	struct vcpu_time_info first = at(5000, 0);
	struct vcpu_time_info stable = at(4000, XEN_PVCLOCK_TSC_STABLE_BIT), unstable = at(4000, 0);

	(void)state;
	assert_int_equal(pvclock_read(&first), 5000);
	assert_int_equal(pvclock_read(&stable), 4000);
	assert_int_equal(pvclock_read(&unstable), 5000);
}

static void a_counter_that_is_behind(void **state)
{
	struct vcpu_time_info info = at(6000, 0);

	(void)state;
	info.tsc_timestamp = rdtsc() + (1ull << 40);
	info.tsc_to_system_mul = 1u << 31;
	assert_int_equal(pvclock_read(&info), 6000);
	info.tsc_timestamp -= 1ull << 41;
	assert_true(pvclock_read(&info) >= 6000 + (1ull << 39));
}

static void versions(void **state)
{
	uint32_t version = 4;

	(void)state;
	assert_false(pvclock_changed(&version, 4));
	assert_true(pvclock_changed(&version, 2));
	version = 5;
	assert_true(pvclock_changed(&version, 5));
}

static void ticks_are_scaled(void **state)
{
	(void)state;
	/* 1 GHz: a tick is a nanosecond, as Xen writes it: half, shifted left by one. */
	assert_int_equal(pvclock_scale(12345, 0x80000000, 1), 12345);
	assert_int_equal(pvclock_scale(UINT64_MAX / 2, 0x80000000, 0), UINT64_MAX / 4);
	assert_int_equal(pvclock_scale(1000, 0x80000000, -2), 125);
	assert_int_equal(pvclock_scale(0, 0xffffffff, 5), 0);
	host_seed(8);
	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t ticks = host_random() >> 20;
		uint32_t multiplier = (uint32_t)host_random();
		int8_t shift = (int8_t)(host_random_below(16) - 8);
		unsigned __int128 shifted = shift < 0 ? (unsigned __int128)ticks >> -shift
						      : (unsigned __int128)ticks << shift;

		assert_int_equal(pvclock_scale(ticks, multiplier, shift),
				 (uint64_t)(shifted * multiplier >> 32));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_never_goes_back),
		cmocka_unit_test(what_the_hypervisor_vouches_for_is_taken_as_it_is),
		cmocka_unit_test(a_counter_that_is_behind),
		cmocka_unit_test(versions),
		cmocka_unit_test(ticks_are_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
