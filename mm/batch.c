// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queue of hypercalls; see the header.
 *
 * Updates and operations are kept in arrays of their own, in the order in which they came, and an
 * element of the multicall is a run of one of them. So extending the last element is adding to an
 * array, and all that decides whether it can be extended is which hypercall it makes.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/compiler.h>
#include <kernel/printk.h>
#include <mm/batch.h>
#include <mm/explain.h>

static struct batch *this_batch(void)
{
	return this_cpu()->batch;
}

void batch_init(struct batch *batch)
{
	batch->lazy = 0;
	batch->calls = batch->updates = batch->operations = batch->callbacks = 0;
	batch->counters = (struct batch_counters){0};
	this_cpu()->batch = batch;
}

bool batch_is_lazy(void)
{
	return this_batch()->lazy && !this_cpu()->event_depth;
}

bool batch_pending(void)
{
	return this_batch()->calls != 0;
}

/* Names the first request that was refused, and stops. */
static void NORETURN report(struct batch *batch, unsigned int which, long error)
{
	const struct batch_element *element = &batch->element[which];
	const struct multicall_entry *call = &batch->call[which];
	unsigned int culprit = element->first + element->done;

	switch (call->op) {
	case __HYPERVISOR_mmu_update:
		explain_refused_update(&batch->update[culprit], error, batch->caller[culprit],
				       culprit - element->first, element->count);
	case __HYPERVISOR_mmuext_op:
		explain_refused_operation(&batch->operation[culprit], error);
	default:
		explain_refused_mapping(call->args[0], call->args[1], error);
	}
}

static long issue_one(struct batch *batch)
{
	struct batch_element *element = &batch->element[0];
	const struct multicall_entry *call = &batch->call[0];

	switch (call->op) {
	case __HYPERVISOR_mmu_update:
		return hypercall_mmu_update(&batch->update[0], element->count, &element->done);
	case __HYPERVISOR_mmuext_op:
		return hypercall_mmuext_op(&batch->operation[0], element->count, &element->done);
	default:
		return hypercall_update_va_mapping(call->args[0], call->args[1], call->args[2]);
	}
}

/* The arguments are known only now that the element is complete. */
static void complete(struct batch *batch, unsigned int which)
{
	struct batch_element *element = &batch->element[which];
	struct multicall_entry *call = &batch->call[which];

	element->done = 0;
	if (call->op == __HYPERVISOR_mmu_update)
		call->args[0] = (uint64_t)&batch->update[element->first];
	else if (call->op == __HYPERVISOR_mmuext_op)
		call->args[0] = (uint64_t)&batch->operation[element->first];
	else
		return;
	call->args[1] = element->count;
	call->args[2] = (uint64_t)&element->done;
	call->args[3] = DOMID_SELF;
}

static void issue(struct batch *batch)
{
	long error;

	for (unsigned int i = 0; i < batch->calls; i++)
		complete(batch, i);
	if (batch->calls == 1) {
		error = issue_one(batch);
		if (error < 0)
			report(batch, 0, error);
		return;
	}
	error = hypercall_multicall(batch->call, batch->calls);
	/* The multicall itself fails only if Xen cannot read it; its elements fail one by one. */
	if (error)
		explain_refused_multicall(batch->calls, error);
	for (unsigned int i = 0; i < batch->calls; i++) {
		if ((long)batch->call[i].result < 0)
			report(batch, i, (long)batch->call[i].result);
	}
}

static void count_flush(struct batch *batch, enum batch_flush_reason reason)
{
	struct batch_counters *counters = &batch->counters;
	uint64_t requests = batch->updates + batch->operations;

	counters->calls++;
	counters->elements += batch->calls;
	counters->updates += batch->updates;
	counters->operations += batch->operations;
	counters->flushes[reason]++;
	counters->largest = MAX(counters->largest, requests);
}

/* Events are masked. */
static void flush(struct batch *batch, enum batch_flush_reason reason)
{
	if (batch->calls) {
		issue(batch);
		count_flush(batch, reason);
		batch->calls = batch->updates = batch->operations = 0;
	}
	for (unsigned int i = 0; i < batch->callbacks; i++)
		batch->callback[i].function(batch->callback[i].argument);
	batch->callbacks = 0;
}

void batch_flush(void)
{
	struct batch *batch = this_batch();
	bool events;

	if (!batch->calls && !batch->callbacks)
		return;
	events = events_mask();
	flush(batch, BATCH_FLUSH_READ);
	events_restore(events);
}

void batch_enter(void)
{
	if (!this_cpu()->event_depth)
		this_batch()->lazy++;
}

void batch_leave(void)
{
	struct batch *batch = this_batch();
	bool events;

	if (this_cpu()->event_depth || --batch->lazy)
		return;
	events = events_mask();
	flush(batch, BATCH_FLUSH_LEAVE);
	events_restore(events);
}

/* The last element if it makes this hypercall, or a new one. There is room. */
static struct batch_element *element_for(struct batch *batch, uint64_t op, unsigned int first)
{
	struct batch_element *element = &batch->element[batch->calls];

	if (batch->calls && batch->call[batch->calls - 1].op == op)
		return element - 1;
	batch->call[batch->calls++].op = op;
	element->first = first;
	element->count = 0;
	return element;
}

static void issue_unless_lazy(struct batch *batch)
{
	if (!batch->lazy || this_cpu()->event_depth)
		flush(batch, BATCH_FLUSH_UNBATCHED);
}

void batch_mmu_update(maddr_t entry, unsigned int command, uint64_t value, const void *caller)
{
	struct batch *batch = this_batch();
	bool events = events_mask();

	if (batch->updates == BATCH_UPDATES || batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	element_for(batch, __HYPERVISOR_mmu_update, batch->updates)->count++;
	batch->update[batch->updates] = (struct mmu_update){entry.n | command, value};
	batch->caller[batch->updates++] = caller;
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_mmuext_op(const struct mmuext_op *operation)
{
	struct batch *batch = this_batch();
	bool events = events_mask();

	if (batch->operations == BATCH_OPS || batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	element_for(batch, __HYPERVISOR_mmuext_op, batch->operations)->count++;
	batch->operation[batch->operations++] = *operation;
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_update_va_mapping(uintptr_t address, uint64_t value, uint64_t flags)
{
	struct batch *batch = this_batch();
	bool events = events_mask();
	struct multicall_entry *call;

	if (batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	call = &batch->call[batch->calls];
	batch->element[batch->calls++] = (struct batch_element){0};
	*call = (struct multicall_entry){
		.op = __HYPERVISOR_update_va_mapping,
		.args = {address, value, flags},
	};
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_callback(void (*function)(void *argument), void *argument)
{
	struct batch *batch = this_batch();
	bool events = events_mask();

	/* Full: what waits goes out now, and the callbacks so far with it. */
	if (batch->callbacks == BATCH_CALLBACKS)
		flush(batch, BATCH_FLUSH_FULL);
	if (batch->calls)
		batch->callback[batch->callbacks++] = (struct batch_callback){function, argument};
	else
		function(argument);
	events_restore(events);
}

struct batch_counters batch_counters(void)
{
	return this_batch()->counters;
}

void batch_reset_counters(void)
{
	this_batch()->counters = (struct batch_counters){0};
}

void batch_print(void)
{
	static const char *const reasons[BATCH_FLUSH_REASONS] = {
		[BATCH_FLUSH_UNBATCHED] = "at once, outside of lazy mode",
		[BATCH_FLUSH_LEAVE] = "at the end of lazy mode",
		[BATCH_FLUSH_FULL] = "because the queue was full",
		[BATCH_FLUSH_READ] = "because the effect was needed",
	};
	struct batch_counters c = batch_counters();
	uint64_t tenths = c.calls ? (c.updates + c.operations) * 10 / c.calls : 0;

	printk(PRINTK_OUTPUT, "%10lu entries into Xen, with %lu hypercalls in them\n", c.calls,
	       c.elements);
	printk(PRINTK_OUTPUT,
	       "%10lu page-table updates and %lu mmuext operations: %lu.%lu an entry\n", c.updates,
	       c.operations, tenths / 10, tenths % 10);
	printk(PRINTK_OUTPUT, "%10lu at most in one entry\n", c.largest);
	for (unsigned int i = 0; i < BATCH_FLUSH_REASONS; i++)
		printk(PRINTK_OUTPUT, "%10lu issued %s\n", c.flushes[i], reasons[i]);
}
