// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A suite whose tests fail in every way there is; not part of the kernel, see xen-failures.sh.
 */
#include <kernel/selftest.h>

SUITE(failing, "fails on purpose");

TEST(failing, an_assertion)
{
	volatile int one = 1, three = 3;

	EXPECT_EQ(one + one, three);
}

static NOINLINE void write_to_page_zero(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

TEST(failing, a_fault)
{
	write_to_page_zero();
}

TEST(failing, an_invalid_instruction)
{
	__asm__ volatile("ud2");
}

TEST(failing, the_next_test_runs)
{
	EXPECT(true);
}
