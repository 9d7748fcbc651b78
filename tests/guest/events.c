// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event channels and the mask that holds them back.
 *
 * A port to oneself (an "inter-processor interrupt" to the only processor there is) makes every
 * case reproducible: an event lost between two of the three bits it sets would hang a wait, one
 * delivered while masked would corrupt whatever the mask protects.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/xen.h>
#include <kernel/report/report.h>
#include <kernel/selftest/selftest.h>
#include <mm/table/entry.h>
#include <mm/table/find.h>
#include <xen/event_channel.h>

SUITE_THAT(NEEDS_XEN, events, "event channels and the event mask");

static volatile unsigned int handled;

static void count_event(void *argument)
{
	handled += (unsigned int)(uintptr_t)argument;
}

/* A port whose events come to this CPU; made once, kept for all tests. */
static evtchn_t own_port(void)
{
	static evtchn_t port;
	struct evtchn_bind_ipi bind = {.vcpu = 0};

	if (!port) {
		REQUIRE_EQ(hypercall_event_channel_op(EVTCHNOP_bind_ipi, &bind), 0);
		port = bind.port;
		evtchn_bind(port, "self-test", count_event, (void *)1);
	}
	return port;
}

TEST(events, delivered_when_let_through)
{
	evtchn_t port = own_port();
	uint64_t before = evtchn_count(port);

	REQUIRE(events_enabled());
	handled = 0;
	evtchn_notify(port);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(evtchn_count(port), before + 1);
}

TEST(events, held_back_while_masked)
{
	evtchn_t port = own_port();
	bool events = events_mask();

	handled = 0;
	evtchn_notify(port);
	EXPECT_EQ(handled, 0);
	EXPECT(!events_enabled());
	events_restore(events);
	EXPECT_EQ(handled, 1);
}

TEST(events, masks_nest)
{
	evtchn_t port = own_port();
	bool outer = events_mask();
	bool inner = events_mask();

	EXPECT(outer);
	EXPECT(!inner);
	handled = 0;
	evtchn_notify(port);
	events_restore(inner);
	EXPECT_EQ(handled, 0);
	events_restore(outer);
	EXPECT_EQ(handled, 1);
}

TEST(events, handlers_run_masked)
{
	/* count_event() cannot ask for itself; the depth is back at 0 outside of it. */
	own_port();
	EXPECT_EQ(this_cpu()->event_depth, 0);
	EXPECT(events_enabled());
}

TEST(events, many_in_a_row_are_all_handled)
{
	evtchn_t port = own_port();

	handled = 0;
	for (unsigned int i = 0; i < 1000; i++)
		evtchn_notify(port);
	EXPECT_EQ(handled, 1000);
}

TEST(events, several_while_masked_are_one)
{
	evtchn_t port = own_port();
	bool events = events_mask();

	handled = 0;
	for (unsigned int i = 0; i < 5; i++)
		evtchn_notify(port);
	events_restore(events);
	EXPECT_EQ(handled, 1); /* a port is a bit, not a counter */
}

TEST(events, poll_returns_for_a_pending_port)
{
	evtchn_t port = own_port();
	bool events = events_mask();
	uint64_t start = time_system();

	evtchn_notify(port);
	evtchn_poll(port, start + 60 * NS_PER_S);
	EXPECT_LT(time_system() - start, 30 * NS_PER_S);
	evtchn_clear(port);
	handled = 0;
	events_restore(events);
	EXPECT_EQ(handled, 0); /* taken by the poll */
}

TEST(events, poll_ends_at_its_deadline)
{
	evtchn_t port = own_port();
	uint64_t deadline = time_system() + 5 * NS_PER_MS;

	/*
	 * No event comes on the port. Other events may end a poll early; the deadline ends the
	 * last.
	 */
	while (time_system() < deadline)
		evtchn_poll(port, deadline);
	EXPECT_EQ(shared_info->evtchn_pending[port / 64] >> port % 64 & 1, 0);
}

TEST(events, block_returns_when_something_happens)
{
	evtchn_t port = own_port();
	bool events = events_mask();

	/* Pending already: blocking must notice, or it would sleep for ever. */
	handled = 0;
	evtchn_notify(port);
	machine->block();
	EXPECT_EQ(handled, 1);
	events_mask();
	events_restore(events);
}

TEST(events, shared_info_is_mapped)
{
	struct pt_path walk = pt_lookup((uintptr_t)shared_info);

	REQUIRE(walk.mapped);
	EXPECT_EQ(mfn_to_maddr(pt_entry_mfn(walk.step[walk.steps - 1].entry)).ma,
		  boot_info_get()->shared_info.ma);
	EXPECT_NE(shared_info->wc_sec, 0);
	EXPECT_EQ((uintptr_t)this_cpu()->vcpu, (uintptr_t)xen_vcpu_infos());
}
