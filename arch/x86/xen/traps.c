// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registers the handlers of exceptions, events and system calls of a PV guest with Xen. For the
 * first CPU it comes very early: before it a fault ends the domain with only Xen's own message. The
 * others start with theirs.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
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

/* Fills in the handler of one vector. */
static void describe(struct trap_info *trap, unsigned int vector)
{
	trap->vector = (uint8_t)vector;
	trap->cs = FLAT_KERNEL_CS;
	trap->address = (unsigned long)trap_stubs + vector * STUB_SIZE;
	TI_SET_IF(trap, 1);
	/* Programs may raise these by an instruction. */
	if (vector == TRAP_BREAKPOINT || vector == 4 || vector == TRAP_SYSCALL_32)
		TI_SET_DPL(trap, 3);
}

/*
 * Xen passes a machine check to a guest that has a handler, and does nothing more. This kernel
 * could do nothing either; without a handler Xen deals with it.
 */
static bool has_handler(unsigned int vector)
{
	return vector != TRAP_MACHINE_CHECK;
}

void xen_describe_handlers(struct vcpu_guest_context *context)
{
	for (unsigned int vector = 0; vector < 256; vector++) {
		if (has_handler(vector))
			describe(&context->trap_ctxt[vector], vector);
	}
	context->event_callback_eip = (unsigned long)event_entry;
	context->failsafe_callback_eip = (unsigned long)failsafe_entry;
	context->syscall_callback_eip = (unsigned long)syscall_entry;
}

void xen_accept_nmi(void)
{
	register_callback(CALLBACKTYPE_nmi, trap_stubs + TRAP_NMI * STUB_SIZE);
}

void xen_traps_init(void)
{
	static struct trap_info table[256]; /* one vector is left out, and the last ends it */
	struct trap_info *trap = table;
	long error;

	for (unsigned int vector = 0; vector < 256; vector++) {
		if (has_handler(vector))
			describe(trap++, vector);
	}
	trap_set_handler(TRAP_EVENT, evtchn_upcall);
	error = hypercall_set_trap_table(table);
	if (error)
		panic("Xen refused the trap table: error %ld", error);
	register_callback(CALLBACKTYPE_event, event_entry);
	register_callback(CALLBACKTYPE_failsafe, failsafe_entry);
	register_callback(CALLBACKTYPE_syscall, syscall_entry);
}
