// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two-level event-channel bitmap.
 *
 * Xen sets a bit in evtchn_pending[], then the bit of that word in this CPU's selector, then the
 * byte evtchn_upcall_pending. The kernel reads them in the opposite order: it clears the byte,
 * takes the whole selector, then the words that it names. An event that arrives in between sets all
 * three again, so none is lost.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#define BITS_PER_WORD (8 * sizeof(xen_ulong_t))

/* Most ports that can have a handler: this kernel binds a handful. */
#define BOUND_PORTS 32

/*
 * Most rounds of one upcall, each for the events that came during the last. If there are more, a
 * handler causes its own next event, and this would never end.
 */
#define MOST_ROUNDS 100000

struct binding {
	evtchn_t port;
	const char *name;
	evtchn_handler *handler;
	void *argument;
	uint64_t count;
};

static struct binding bindings[BOUND_PORTS];
static uint64_t unexpected;
static evtchn_t last_port; /* the port of the last event handled */

static struct binding *find_binding(evtchn_t port)
{
	for (unsigned int i = 0; i < BOUND_PORTS; i++) {
		if (bindings[i].port == port)
			return &bindings[i];
	}
	return NULL;
}

static xen_ulong_t bit_of(evtchn_t port)
{
	return (xen_ulong_t)1 << port % BITS_PER_WORD;
}

static void mask_port(evtchn_t port)
{
	__atomic_fetch_or(&shared_info->evtchn_mask[port / BITS_PER_WORD], bit_of(port),
			  __ATOMIC_SEQ_CST);
}

void evtchn_init(void)
{
	for (evtchn_t port = 0; port < EVTCHN_PORTS; port++)
		mask_port(port);
}

void evtchn_bind(evtchn_t port, const char *name, evtchn_handler *handler, void *argument)
{
	struct evtchn_unmask unmask = {.port = port};
	struct binding *binding = find_binding(0);

	if (port == 0 || port >= EVTCHN_PORTS)
		panic("event channel %u of %s is outside 1..%u", port, name, EVTCHN_PORTS - 1);
	if (find_binding(port))
		panic("event channel %u of %s already belongs to %s", port, name,
		      find_binding(port)->name);
	if (!binding)
		panic("no room for event channel %u of %s: all %u handlers in use", port, name,
		      BOUND_PORTS);
	*binding = (struct binding){port, name, handler, argument, 0};
	/*
	 * This must be a hypercall: it also raises the upcall if the port became pending while
	 * masked.
	 */
	if (hypercall_event_channel_op(EVTCHNOP_unmask, &unmask))
		panic("Xen does not know event channel %u of %s", port, name);
}

evtchn_t evtchn_bind_virq(unsigned int virq, const char *name, evtchn_handler *handler,
			  void *argument)
{
	struct evtchn_bind_virq bind = {.virq = virq, .vcpu = 0};
	long error = hypercall_event_channel_op(EVTCHNOP_bind_virq, &bind);

	if (error) {
		printk(PRINTK_WARNING, "evtchn: Xen refused virtual interrupt %u (%s): error %ld\n",
		       virq, name, error);
		return 0;
	}
	evtchn_bind(bind.port, name, handler, argument);
	return bind.port;
}

void evtchn_notify(evtchn_t port)
{
	struct evtchn_send send = {.port = port};

	hypercall_event_channel_op(EVTCHNOP_send, &send);
}

void evtchn_clear(evtchn_t port)
{
	__atomic_fetch_and(&shared_info->evtchn_pending[port / BITS_PER_WORD], ~bit_of(port),
			   __ATOMIC_SEQ_CST);
}

void evtchn_poll(evtchn_t port, uint64_t deadline)
{
	struct sched_poll poll = {.nr_ports = 1, .timeout = deadline};

	set_xen_guest_handle(poll.ports, &port);
	hypercall_sched_op(SCHEDOP_poll, &poll);
}

static const char *name_of(evtchn_t port)
{
	const struct binding *binding = find_binding(port);

	return binding ? binding->name : "bound by nobody";
}

static void handle(evtchn_t port)
{
	struct binding *binding = find_binding(port);

	last_port = port;
	evtchn_clear(port);
	if (!binding) {
		/* The port is not bound: keep it masked from now on. */
		unexpected++;
		mask_port(port);
		return;
	}
	binding->count++;
	binding->handler(binding->argument);
}

void evtchn_upcall(void)
{
	struct cpu *cpu = this_cpu();
	struct vcpu_info *vcpu = cpu->vcpu;
	unsigned int rounds = 0;

	while (__atomic_exchange_n(&vcpu->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
		xen_ulong_t words =
			__atomic_exchange_n(&vcpu->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

		if (++rounds > MOST_ROUNDS)
			panic("events do not end: each of %u rounds of one upcall found another "
			      "(the last on port %u, %s)",
			      MOST_ROUNDS, last_port, name_of(last_port));
		for (; words; words &= words - 1) {
			unsigned int word = (unsigned int)__builtin_ctzl(words);
			xen_ulong_t ports =
				shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word];

			for (; ports; ports &= ports - 1)
				handle(word * BITS_PER_WORD + (evtchn_t)__builtin_ctzl(ports));
		}
	}
}

void evtchn_print(void)
{
	printk(PRINTK_OUTPUT, "port  events      for\n");
	for (unsigned int i = 0; i < BOUND_PORTS; i++) {
		if (bindings[i].port)
			printk(PRINTK_OUTPUT, "%4u  %-10lu  %s\n", bindings[i].port,
			       bindings[i].count, bindings[i].name);
	}
	if (unexpected)
		printk(PRINTK_OUTPUT, "%lu events on ports that nobody bound\n", unexpected);
}

uint64_t evtchn_count(evtchn_t port)
{
	struct binding *binding = port ? find_binding(port) : NULL;

	return binding ? binding->count : 0;
}
