// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Telling Xen where exceptions, events and system calls of a PV guest go. Before that, a fault ends
 * the domain with only Xen's own message; so it comes very early.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/panic.h>
#include <xen/callback.h>

extern const char trap_stubs[], event_entry[], failsafe_entry[], syscall_entry[];

#define STUB_SIZE 16

static void register_callback(unsigned int type, const void *entry)
{
	struct callback_register callback = {
		.type = (uint16_t)type,
		.flags = CALLBACKF_mask_events,
		.address = (unsigned long)entry,
	};
	long error = hypercall_callback_op(CALLBACKOP_register, &callback);

	if (error)
		panic("Xen refused callback %u: error %ld", type, error);
}

void xen_traps_init(void)
{
	static struct trap_info table[256 + 1];
	long error;

	for (unsigned int vector = 0; vector < 256; vector++) {
		struct trap_info *trap = &table[vector];

		trap->vector = (uint8_t)vector;
		trap->cs = FLAT_KERNEL_CS;
		trap->address = (unsigned long)trap_stubs + vector * STUB_SIZE;
		TI_SET_IF(trap, 1);
	}
	/* What a program in ring 3 may raise with an instruction made for it: int3, into. */
	TI_SET_DPL(&table[3], 3);
	TI_SET_DPL(&table[4], 3);
	TI_SET_DPL(&table[TRAP_SYSCALL_32], 3);

	trap_set_handler(TRAP_EVENT, evtchn_upcall);
	error = hypercall_set_trap_table(table);
	if (error)
		panic("Xen refused the trap table: error %ld", error);

	register_callback(CALLBACKTYPE_event, event_entry);
	register_callback(CALLBACKTYPE_failsafe, failsafe_entry);
	register_callback(CALLBACKTYPE_syscall, syscall_entry);
	register_callback(CALLBACKTYPE_nmi, trap_stubs + TRAP_NMI * STUB_SIZE);
}
