// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast the counters tick: from what processors and hypervisors say, and from measurements of
 * which some are bad.
 */
#include "host.h"

#include <arch/rates.h>

static struct {
	uint32_t leaf;
	struct cpuid values;
} leaves[8];
static unsigned int count;

static struct cpuid read_leaf(uint32_t leaf)
{
	for (unsigned int i = 0; i < count; i++) {
		if (leaves[i].leaf == leaf)
			return leaves[i].values;
	}
	return (struct cpuid){0};
}

static void has(uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx)
{
	leaves[count].leaf = leaf;
	leaves[count++].values = (struct cpuid){eax, ebx, ecx, 0};
}

static int nothing(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static void nobody_tells(void **state)
{
	struct rates rates;

	(void)state;
	has(0, 0xd, 0, 0);
	has(1, 0, 0, 1u << 31);
	has(0x40000000, 0x40000001, 0, 0); /* QEMU's own emulation */
	assert_false(rates_from_cpuid(read_leaf, &rates));
	leaves[0].values.eax = 0x16; /* leaves that say nothing */
	leaves[2].values.eax = 0x40000010;
	assert_false(rates_from_cpuid(read_leaf, &rates));
}

static void a_hypervisor_tells(void **state)
{
	struct rates rates;

	(void)state;
	has(0, 0x16, 0, 0);
	has(0x15, 2, 200, 24000000);
	has(0x40000000, 0x40000010, 0, 0);
	has(0x40000010, 2900000, 1000000, 0);
	/* These leaves mean nothing unless the processor says that there is a hypervisor. */
	assert_true(rates_from_cpuid(read_leaf, &rates));
	assert_int_equal(rates.tsc, 2400000000);
	has(1, 0, 0, 1u << 31);
	assert_true(rates_from_cpuid(read_leaf, &rates));
	assert_int_equal(rates.tsc, 2900000000);
	assert_int_equal(rates.apic, 1000000000);
}

static void a_crystal_tells(void **state)
{
	struct rates rates;

	(void)state;
	has(0, 0x16, 0, 0);
	has(0x15, 2, 216, 0); /* the crystal is left out: the processor is a 2.6 GHz one */
	has(0x16, 2600, 3500, 100);
	assert_true(rates_from_cpuid(read_leaf, &rates));
	assert_int_equal(rates.tsc, 2600000000);
	assert_int_equal(rates.apic, 2600000000ull * 2 / 216);
	leaves[1].values.ecx = 25000000;
	assert_true(rates_from_cpuid(read_leaf, &rates));
	assert_int_equal(rates.tsc, 25000000ull * 108);
	assert_int_equal(rates.apic, 25000000);
	leaves[0].values.eax = 0x15;
	leaves[1].values.ecx = 0;
	assert_false(rates_from_cpuid(read_leaf, &rates));
}

static struct calibration measure(const uint64_t *samples, size_t most)
{
	struct calibration calibration = {0};

	for (size_t i = 0; i < most && !calibration_agrees(&calibration); i++)
		calibration_add(&calibration, samples[i]);
	return calibration;
}

/* Somebody else had the processor for a while, at the end of a sample or of most of them. */
static void bad_samples(void **state)
{
	static const uint64_t first[] = {160000000, 10000300, 10000100, 9999999};
	static const uint64_t most[] = {40000000, 10000000, 90000000, 25000000, 88888888, 10015000};
	static const uint64_t quiet[] = {10000000, 10000001, 10000002, 1};
	static const uint64_t alike[] = {40000000, 40000001, 10000000, 10000005};

	(void)state;
	assert_int_equal(measure(first, 4).least, 10000100);
	assert_int_equal(measure(most, 6).least, 10000000);
	assert_int_equal(measure(most, 6).samples, 6);
	assert_int_equal(measure(quiet, 4).least, 10000000);
	assert_int_equal(measure(quiet, 4).samples, 3);
	/* Two bad ones may look like each other: a third is always asked for. */
	assert_int_equal(measure(alike, 4).least, 10000000);
	/* None agrees with another: the smallest is still the best. */
	assert_int_equal(measure((const uint64_t[]){70, 30, 50}, 3).least, 30);
	assert_false(calibration_agrees(&(struct calibration){3, 512, 514}));
	assert_true(calibration_agrees(&(struct calibration){3, 512, 513}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_tells, nothing),
		cmocka_unit_test_setup(a_hypervisor_tells, nothing),
		cmocka_unit_test_setup(a_crystal_tells, nothing),
		cmocka_unit_test(bad_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
