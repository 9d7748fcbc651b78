// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two-level event-channel bitmap.
 *
 * Xen sets a bit in evtchn_pending[], then the bit of that word in this CPU's selector, then the
 * byte evtchn_upcall_pending. The kernel reads them in the opposite order: it clears the byte,
 * takes the whole selector, then the words that it names. An event that arrives in between sets all
 * three again, so none is lost. A word may have ports of several CPUs: each CPU handles its own.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/kernel_lock.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#define BITS_PER_WORD (8 * sizeof(xen_ulong_t))

/* Most ports that can have a handler: two for each CPU, and a handful. */
#define BOUND_PORTS (2 * CPU_MAX + 32)

/*
 * Most rounds of one upcall, each for the events that came during the last. If there are more, a
 * handler causes its own next event, and this would never end.
 */
#define MOST_ROUNDS 100000

struct binding {
	evtchn_t port; /* 0: not in use */
	const char *name;
	evtchn_handler *handler;
	void *argument;
	unsigned int cpu; /* its number; others leave the port alone */
	bool unlocked;    /* the handler runs without the kernel lock */
	uint64_t count;
};

/* Changed under the kernel lock, read without it: "port" is written last. */
static struct binding bindings[BOUND_PORTS];
static uint16_t binding_of[EVTCHN_PORTS]; /* a port's place in bindings[], plus 1; 0: none */
static uint64_t unexpected;
static evtchn_t last_port; /* the port of the last event handled */

static struct binding *find_binding(evtchn_t port)
{
	uint16_t place =
		port < EVTCHN_PORTS ? __atomic_load_n(&binding_of[port], __ATOMIC_ACQUIRE) : 0;

	return place ? &bindings[place - 1] : NULL;
}

static struct binding *find_unused(void)
{
	for (unsigned int i = 0; i < BOUND_PORTS; i++) {
		if (!bindings[i].port)
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

static void bind(struct binding new)
{
	struct evtchn_unmask unmask = {.port = new.port};
	struct binding *binding = find_unused();

	if (new.port == 0 || new.port >= EVTCHN_PORTS)
		panic("event channel %u of %s is outside 1..%u", new.port, new.name,
		      EVTCHN_PORTS - 1);
	if (find_binding(new.port))
		panic("event channel %u of %s already belongs to %s", new.port, new.name,
		      find_binding(new.port)->name);
	if (!binding)
		panic("no room for event channel %u of %s: all %u handlers in use", new.port,
		      new.name, BOUND_PORTS);
	*binding = new;
	__atomic_store_n(&binding_of[new.port], (uint16_t)(binding - bindings + 1),
			 __ATOMIC_RELEASE);
	/*
	 * This must be a hypercall: it also raises the upcall if the port became pending while
	 * masked.
	 */
	if (hypercall_event_channel_op(EVTCHNOP_unmask, &unmask))
		panic("Xen does not know event channel %u of %s", new.port, new.name);
}

void evtchn_bind(evtchn_t port, const char *name, evtchn_handler *handler, void *argument)
{
	bind((struct binding){
		.port = port, .name = name, .handler = handler, .argument = argument});
}

evtchn_t evtchn_bind_virq(unsigned int virq, const char *name, evtchn_handler *handler,
			  void *argument)
{
	struct evtchn_bind_virq made = {.virq = virq, .vcpu = this_cpu()->number};
	long error = hypercall_event_channel_op(EVTCHNOP_bind_virq, &made);

	if (error) {
		printk(PRINTK_WARNING, "evtchn: Xen refused virtual interrupt %u (%s): error %ld\n",
		       virq, name, error);
		return 0;
	}
	bind((struct binding){.port = made.port,
			      .name = name,
			      .handler = handler,
			      .argument = argument,
			      .cpu = made.vcpu});
	return made.port;
}

evtchn_t evtchn_bind_ipi(const char *name, evtchn_handler *handler)
{
	struct evtchn_bind_ipi made = {.vcpu = this_cpu()->number};
	long error = hypercall_event_channel_op(EVTCHNOP_bind_ipi, &made);

	if (error) {
		printk(PRINTK_WARNING,
		       "evtchn: Xen refused a port to interrupt CPU %u: error %ld\n", made.vcpu,
		       error);
		return 0;
	}
	bind((struct binding){.port = made.port,
			      .name = name,
			      .handler = handler,
			      .cpu = made.vcpu,
			      .unlocked = true});
	return made.port;
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
	bool locked;

	if (binding && binding->cpu != this_cpu()->number)
		return;
	last_port = port;
	evtchn_clear(port);
	if (!binding) {
		/* The port is not bound: keep it masked from now on. */
		unexpected++;
		mask_port(port);
		return;
	}
	locked = !binding->unlocked && kernel_lock_event();
	binding->count++;
	binding->handler(binding->argument);
	kernel_unlock_event(locked);
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
	printk(PRINTK_OUTPUT, "port  CPU  events      for\n");
	for (unsigned int i = 0; i < BOUND_PORTS; i++) {
		if (bindings[i].port)
			printk(PRINTK_OUTPUT, "%4u  %3u  %-10lu  %s\n", bindings[i].port,
			       bindings[i].cpu, bindings[i].count, bindings[i].name);
	}
	if (unexpected)
		printk(PRINTK_OUTPUT, "%lu events on ports that nobody bound\n", unexpected);
}

uint64_t evtchn_count(evtchn_t port)
{
	struct binding *binding = port ? find_binding(port) : NULL;

	return binding ? binding->count : 0;
}
