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
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/report/explain.h>
#include <mm/xen/batch.h>

static struct batch *this_batch(void)
{
	return this_cpu()->batch;
}

void batch_init(struct batch *batch)
{
	batch->lazy = batch->limit = 0;
	batch->busy = false;
	batch->calls = batch->updates = batch->operations = batch->mappings = batch->callbacks = 0;
	this_cpu()->batch = batch;
	batch_reset_counters();
}

bool batch_is_lazy(void)
{
	return this_batch()->lazy && !this_cpu()->event_depth;
}

bool batch_pending(void)
{
	return this_batch()->calls != 0;
}

/* Whether requests must go out by themselves: the queue is being written to by what we interrupted.
 */
static bool queue_is_taken(const struct batch *batch)
{
	return batch->busy && this_cpu()->event_depth;
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
		explain_refused_operation(&batch->operation[culprit], error,
					  batch->operation_caller[culprit],
					  culprit - element->first, element->count);
	case __HYPERVISOR_update_va_mapping:
		explain_refused_mapping(call->args[0], call->args[1], error, element->caller);
	default:
		panic("Xen refused hypercall %lu with %lx, %lx: %ld", (uint64_t)call->op,
		      (uint64_t)call->args[0], (uint64_t)call->args[1], error);
	}
}

static long issue_one(struct batch *batch)
{
	struct batch_element *element = &batch->element[0];
	struct multicall_entry *call = &batch->call[0];
	long error;

	switch (call->op) {
	case __HYPERVISOR_mmu_update:
		return hypercall_mmu_update(&batch->update[0], element->count, &element->done);
	case __HYPERVISOR_mmuext_op:
		return hypercall_mmuext_op(&batch->operation[0], element->count, &element->done);
	case __HYPERVISOR_update_va_mapping:
		return hypercall_update_va_mapping(call->args[0], call->args[1], call->args[2]);
	default:
		error = hypercall_multicall(call, 1);
		return error ? error : (long)call->result;
	}
}

/* The element that is being filled gets its length. */
static void close_element(struct batch *batch)
{
	unsigned int last = batch->calls - 1;
	struct batch_element *element;

	batch->limit = 0;
	if (!batch->calls)
		return;
	element = &batch->element[last];
	if (batch->call[last].op == __HYPERVISOR_mmu_update)
		element->count = batch->updates - element->first;
	else if (batch->call[last].op == __HYPERVISOR_mmuext_op)
		element->count = batch->operations - element->first;
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

	close_element(batch);
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
	uint64_t requests = batch->updates + batch->operations + batch->mappings;

	counters->calls++;
	counters->elements += batch->calls;
	counters->updates += batch->updates;
	counters->operations += batch->operations;
	counters->mappings += batch->mappings;
	counters->flushes[reason]++;
	counters->largest = MAX(counters->largest, requests);
}

/* Events are masked. */
static void flush(struct batch *batch, enum batch_flush_reason reason)
{
	if (batch->calls) {
		issue(batch);
		count_flush(batch, reason);
		batch->calls = batch->updates = batch->operations = batch->mappings = 0;
	}
	for (unsigned int i = 0; i < batch->callbacks; i++)
		batch->callback[i].function(batch->callback[i].argument);
	batch->callbacks = 0;
}

void batch_flush(void)
{
	struct batch *batch = this_batch();
	bool events;

	if ((!batch->calls && !batch->callbacks) || queue_is_taken(batch))
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
	batch->limit = 0;
	flush(batch, BATCH_FLUSH_LEAVE);
	events_restore(events);
}

/* Makes the last element one that makes this hypercall: the one there is, or a new one. */
static void extend_or_begin(struct batch *batch, uint64_t op, unsigned int first)
{
	if (batch->calls && batch->call[batch->calls - 1].op == op)
		return;
	close_element(batch);
	batch->call[batch->calls].op = op;
	batch->element[batch->calls++].first = first;
}

/* Alone, without the queue. Counted in instructions: scripts/bench. */
static inline void update_now(struct batch *batch, maddr_t entry, uint64_t value,
			      const void *caller)
{
	struct mmu_update update = {entry.ma, value};
	long error;

	batch->single.updates++;
	error = hypercall_mmu_update(&update, 1, NULL);
	if (unlikely(error < 0))
		explain_refused_update(&update, error, caller, 0, 1);
}

static void issue_unless_lazy(struct batch *batch)
{
	if (!batch_is_lazy())
		flush(batch, BATCH_FLUSH_UNBATCHED);
}

static NOINLINE void queue_update(struct batch *batch, maddr_t entry, uint64_t value,
				  const void *caller)
{
	bool events = events_mask();

	if (batch->updates == BATCH_UPDATES || batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	extend_or_begin(batch, __HYPERVISOR_mmu_update, batch->updates);
	batch->update[batch->updates] = (struct mmu_update){entry.ma, value};
	batch->caller[batch->updates++] = caller;
	if (batch_is_lazy())
		batch->limit = BATCH_UPDATES;
	else
		flush(batch, BATCH_FLUSH_UNBATCHED);
	events_restore(events);
}

void batch_mmu_update(maddr_t entry, unsigned int command, uint64_t value, const void *caller)
{
	struct batch *batch = this_batch();

	entry.ma |= command;
	if (likely(!batch->lazy && !batch->calls) || queue_is_taken(batch))
		update_now(batch, entry, value, caller);
	else
		queue_update(batch, entry, value, caller);
}

void batch_mmu_update_pair(maddr_t first, maddr_t second, uint64_t value, const void *caller)
{
	struct mmu_update updates[] = {{first.ma, value}, {second.ma, value}};
	struct batch *batch = this_batch();
	bool events = events_mask();
	unsigned int done = 0;
	long error;

	if (batch_is_lazy()) {
		/* Room for both, and for an element after the one that the first may open. */
		if (batch->updates + ARRAY_SIZE(updates) > BATCH_UPDATES ||
		    batch->calls + 1 >= BATCH_CALLS)
			flush(batch, BATCH_FLUSH_FULL);
		queue_update(batch, first, value, caller);
		queue_update(batch, second, value, caller);
	} else {
		/* First what the code waits for that an event handler has interrupted. */
		batch_flush();
		batch->single.updates += ARRAY_SIZE(updates);
		batch->single.pairs++;
		error = hypercall_mmu_update(updates, ARRAY_SIZE(updates), &done);
		if (error < 0)
			explain_refused_update(&updates[done], error, caller, done,
					       ARRAY_SIZE(updates));
	}
	events_restore(events);
}

void batch_mmuext_op(const struct mmuext_op *operation, const void *caller)
{
	struct batch *batch = this_batch();
	bool events;

	if (queue_is_taken(batch)) {
		long error = hypercall_mmuext_op(operation, 1, NULL);

		if (error < 0)
			explain_refused_operation(operation, error, caller, 0, 1);
		batch->single.operations++;
		return;
	}
	events = events_mask();
	if (batch->operations == BATCH_OPS || batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	extend_or_begin(batch, __HYPERVISOR_mmuext_op, batch->operations);
	batch->operation_caller[batch->operations] = caller;
	batch->operation[batch->operations++] = *operation;
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_update_va_mapping(uintptr_t address, uint64_t value, uint64_t flags, const void *caller)
{
	struct batch *batch = this_batch();
	bool events;

	if ((!batch->lazy && !batch->calls) || queue_is_taken(batch)) {
		long error = hypercall_update_va_mapping(address, value, flags);

		if (error < 0)
			explain_refused_mapping(address, value, error, caller);
		batch->single.mappings++;
		return;
	}
	events = events_mask();
	if (batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	close_element(batch);
	batch->element[batch->calls].caller = caller;
	batch->call[batch->calls++] = (struct multicall_entry){
		.op = __HYPERVISOR_update_va_mapping,
		.args = {address, value, flags},
	};
	batch->mappings++;
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_hypercall(uint64_t number, uint64_t first, uint64_t second)
{
	struct batch *batch = this_batch();
	struct multicall_entry alone = {.op = number, .args = {first, second}};
	bool events;

	if (queue_is_taken(batch)) {
		if (hypercall_multicall(&alone, 1) || alone.result)
			panic("Xen refused hypercall %lu in an event handler", number);
		return;
	}
	events = events_mask();
	if (batch->calls == BATCH_CALLS)
		flush(batch, BATCH_FLUSH_FULL);
	close_element(batch);
	batch->call[batch->calls++] = alone;
	issue_unless_lazy(batch);
	events_restore(events);
}

void batch_callback(void (*function)(void *argument), void *argument)
{
	struct batch *batch = this_batch();
	bool events;

	/* Then what the handler asked for is out already. */
	if (queue_is_taken(batch)) {
		function(argument);
		return;
	}
	events = events_mask();
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
	const struct batch *batch = this_batch();
	struct batch_counters counters = batch->counters;
	uint64_t singles = batch->single.updates - batch->single.pairs + batch->single.mappings +
			   batch->single.operations;

	counters.calls += singles;
	counters.elements += singles;
	counters.updates += batch->single.updates;
	counters.mappings += batch->single.mappings;
	counters.operations += batch->single.operations;
	counters.flushes[BATCH_FLUSH_UNBATCHED] += singles;
	counters.largest = MAX(counters.largest, batch->single.pairs ? 2u : singles != 0);
	return counters;
}

void batch_reset_counters(void)
{
	struct batch *batch = this_batch();

	batch->counters = (struct batch_counters){0};
	batch->single = (struct batch_singles){0};
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
	uint64_t requests = c.updates + c.operations + c.mappings;
	uint64_t tenths = c.calls ? requests * 10 / c.calls : 0;

	printk(PRINTK_OUTPUT, "%10lu entries into Xen, with %lu hypercalls in them\n", c.calls,
	       c.elements);
	printk(PRINTK_OUTPUT,
	       "%10lu page-table updates, %lu by address, %lu operations: %lu.%lu an entry\n",
	       c.updates, c.mappings, c.operations, tenths / 10, tenths % 10);
	printk(PRINTK_OUTPUT, "%10lu at most in one entry\n", c.largest);
	for (unsigned int i = 0; i < BATCH_FLUSH_REASONS; i++)
		printk(PRINTK_OUTPUT, "%10lu issued %s\n", c.flushes[i], reasons[i]);
}
