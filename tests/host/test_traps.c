// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a PV guest tells Xen about its exceptions. Xen never shows the table again, so a mistake in
 * it is seen when the exception comes: for a machine check, on a machine that is breaking.
 */
#include "host.h"

#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <xen/callback.h>

const char trap_stubs[256 * 16], event_entry[1], failsafe_entry[1], syscall_entry[1];

static struct trap_info given[257];
static unsigned int traps, callbacks;

long hypercall_set_trap_table(const struct trap_info *table)
{
	for (traps = 0; table[traps].address; traps++)
		given[traps] = table[traps];
	return 0;
}

long hypercall_callback_op(int command, const void *argument)
{
	const struct callback_register *callback = argument;

	assert_int_equal(command, CALLBACKOP_register);
	assert_true(callback->flags & CALLBACKF_mask_events);
	callbacks++;
	return 0;
}

void trap_set_handler(uint64_t vector, void (*handler)(void))
{
	(void)handler;
	assert_int_equal(vector, TRAP_EVENT);
}

void evtchn_upcall(void)
{
}

static const struct trap_info *find(unsigned int vector)
{
	for (unsigned int i = 0; i < traps; i++) {
		if (given[i].vector == vector)
			return &given[i];
	}
	return NULL;
}

static void the_table(void **state)
{
	(void)state;
	xen_traps_init();
	assert_int_equal(traps, 255);
	assert_int_equal(callbacks, 3);
	xen_accept_nmi();
	assert_int_equal(callbacks, 4);
	for (unsigned int vector = 0; vector < 256; vector++) {
		const struct trap_info *trap = find(vector);

		if (vector == 18) {
			assert_null(trap);
			continue;
		}
		assert_non_null(trap);
		assert_int_equal(trap->address, (uintptr_t)trap_stubs + vector * 16);
		assert_int_equal(trap->cs, FLAT_KERNEL_CS);
		assert_true(TI_GET_IF(trap));
		assert_int_equal(TI_GET_DPL(trap),
				 vector == 3 || vector == 4 || vector == 0x80 ? 3 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
