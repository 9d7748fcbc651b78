// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queue of requests to Xen, and the choice for each: into the queue, or issued alone.
 *
 * Updates and operations are stored in two arrays in the order in which they came, and an element
 * of the multicall is a run of one of them. To extend the last element is to append to an array,
 * and it can be extended if it makes the same hypercall. The length of a run of updates is written
 * when the element ends, since batch_append_update() counts the queue's updates only.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <mm/xen/batch.h>
#include <mm/xen/refused.h>

/* Updates of batch_mmu_update_pair(), which must be in one hypercall. */
#define PAIR 2u

static struct batch *this_batch(void)
{
	return this_cpu()->batch;
}

void batch_init(struct batch *batch)
{
	memset(batch, 0, sizeof(*batch));
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

/* True in an event handler that interrupted an append: the queue is inconsistent, so bypass it. */
static bool append_interrupted(const struct batch *batch)
{
	return batch->busy && this_cpu()->event_depth;
}

/* ---- requests ---- */

/*
 * One hypercall: for mmu_update and mmuext_op a run of requests, for any other its arguments.
 * Passed by value: most requests are issued at once, and then it is never stored in memory.
 */
struct request {
	uint64_t op;
	union {
		uint64_t args[3];
		struct {
			union {
				const struct mmu_update *update;
				const struct mmuext_op *operation;
			};
			uint64_t count; /* of updates or operations */
		};
	};
};

/* Makes the hypercall and returns its result. *done: updates or operations carried out. */
static ALWAYS_INLINE long perform(struct request request, unsigned int *done)
{
	struct multicall_entry call;
	long error;

	switch (request.op) {
	case __HYPERVISOR_mmu_update:
		return hypercall_mmu_update(request.update, request.count, done);
	case __HYPERVISOR_mmuext_op:
		return hypercall_mmuext_op(request.operation, request.count, done);
	case __HYPERVISOR_update_va_mapping:
		return hypercall_update_va_mapping(request.args[0], request.args[1],
						   request.args[2]);
	default:
		call = (struct multicall_entry){.op = request.op,
						.args = {request.args[0], request.args[1]}};
		error = hypercall_multicall(&call, 1);
		return error ? error : (long)call.result;
	}
}

/* Panics: Xen refused the update or operation that follows the first "done" ones. */
static void NORETURN refused(struct request request, unsigned int done, long error,
			     const void *caller)
{
	switch (request.op) {
	case __HYPERVISOR_mmu_update:
		xen_refused_update(request.update + done, error, caller, done, request.count);
	case __HYPERVISOR_mmuext_op:
		xen_refused_operation(request.operation + done, error, caller, done, request.count);
	case __HYPERVISOR_update_va_mapping:
		xen_refused_mapping(request.args[0], request.args[1], error, caller);
	default:
		panic("Xen refused hypercall %lu with %lx, %lx: %ld", request.op, request.args[0],
		      request.args[1], error);
	}
}

/* Returns the requests of a complete element of the queue. */
static struct request request_of(const struct multicall_entry *call)
{
	return (struct request){call->op, .args = {call->args[0], call->args[1], call->args[2]}};
}

/* Panics, naming the first request of an element that was refused. */
static void NORETURN report(struct batch *batch, unsigned int which)
{
	const struct batch_element *element = &batch->element[which];
	const struct request request = request_of(&batch->call[which]);
	const void *caller = element->caller;

	if (request.op == __HYPERVISOR_mmu_update)
		caller = batch->caller[request.update - batch->update + element->done];
	else if (request.op == __HYPERVISOR_mmuext_op)
		caller = batch->operation_caller[request.operation - batch->operation +
						 element->done];
	refused(request, element->done, (long)batch->call[which].result, caller);
}

/* ---- the queue ---- */

/* Ends the last element: if it is a run of updates, sets their number. */
static void close_element(struct batch *batch)
{
	struct multicall_entry *last;

	batch->limit = 0;
	if (!batch->calls)
		return;
	last = &batch->call[batch->calls - 1];
	if (last->op == __HYPERVISOR_mmu_update)
		last->args[1] =
			(uint64_t)(&batch->update[batch->updates] - request_of(last).update);
}

static void issue(struct batch *batch)
{
	struct multicall_entry *call = batch->call;
	long error;

	close_element(batch);
	if (batch->calls == 1) {
		error = perform(request_of(call), &batch->element[0].done);
		call->result = (uint64_t)error;
	} else if ((error = hypercall_multicall(call, batch->calls))) {
		/* It fails only if Xen cannot read it. Its elements fail one by one. */
		xen_refused_multicall(batch->calls, error);
	}
	for (unsigned int i = 0; i < batch->calls; i++) {
		if ((long)call[i].result < 0)
			report(batch, i);
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

/* Issues the queue and runs the callbacks, which wait for requests. Events are masked. */
static void flush(struct batch *batch, enum batch_flush_reason reason)
{
	if (!batch->calls)
		return;
	issue(batch);
	count_flush(batch, reason);
	batch->calls = batch->updates = batch->operations = batch->mappings = 0;
	for (unsigned int i = 0; i < batch->callbacks; i++)
		batch->callback[i].function(batch->callback[i].argument);
	batch->callbacks = 0;
}

void batch_flush(void)
{
	struct batch *batch = this_batch();
	bool events;

	if (!batch->calls || append_interrupted(batch))
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

/* Begins an element, which ends the one before it. Only a run has a fourth argument. */
static void begin_element(struct batch *batch, struct request request, const void *caller)
{
	struct multicall_entry *call = &batch->call[batch->calls];

	close_element(batch);
	call->op = request.op;
	for (unsigned int i = 0; i < ARRAY_SIZE(request.args); i++)
		call->args[i] = request.args[i];
	call->args[3] = DOMID_SELF;
	batch->element[batch->calls++] = (struct batch_element){.caller = caller};
}

/* Ensures that the last element is a run for this hypercall; begins one that starts at "run". */
static void extend_or_begin(struct batch *batch, uint64_t op, const void *run)
{
	uint64_t done = (uint64_t)&batch->element[batch->calls].done;

	if (!batch->calls || batch->call[batch->calls - 1].op != op)
		begin_element(batch, (struct request){op, .args = {(uint64_t)run, 0, done}}, NULL);
}

/* Adds an operation to the run, with the mask of CPUs that it may point to. */
static void append_operation(struct batch *batch, const struct mmuext_op *operation,
			     const void *caller)
{
	unsigned int at = batch->operations++;

	batch->operation[at] = *operation;
	batch->operation_caller[at] = caller;
	if (operation->cmd == MMUEXT_TLB_FLUSH_MULTI || operation->cmd == MMUEXT_INVLPG_MULTI) {
		batch->set[at] = *(const cpu_set_t *)operation->arg2.vcpumask.p;
		set_xen_guest_handle(batch->operation[at].arg2.vcpumask, &batch->set[at]);
	}
}

/* Adds a request to the queue, which has room for it. */
static ALWAYS_INLINE void append(struct batch *batch, struct request request, const void *caller)
{
	switch (request.op) {
	case __HYPERVISOR_mmu_update:
		extend_or_begin(batch, request.op, &batch->update[batch->updates]);
		for (unsigned int i = 0; i < request.count; i++) {
			batch->update[batch->updates] = request.update[i];
			batch->caller[batch->updates++] = caller;
		}
		if (batch_is_lazy())
			batch->limit = BATCH_UPDATES;
		break;
	case __HYPERVISOR_mmuext_op:
		extend_or_begin(batch, request.op, &batch->operation[batch->operations]);
		append_operation(batch, request.operation, caller);
		batch->call[batch->calls - 1].args[1]++;
		break;
	default:
		begin_element(batch, request, caller);
		batch->mappings += request.op == __HYPERVISOR_update_va_mapping;
	}
}

static bool has_room(const struct batch *batch, struct request request)
{
	if (batch->calls == BATCH_CALLS)
		return false;
	if (request.op == __HYPERVISOR_mmu_update)
		return batch->updates + request.count <= BATCH_UPDATES;
	return request.op != __HYPERVISOR_mmuext_op || batch->operations < BATCH_OPS;
}

/* Adds a request to the queue, and issues it at once unless the CPU is in lazy mode. */
static NOINLINE void queue(struct batch *batch, struct request request, const void *caller)
{
	bool events = events_mask();

	if (!has_room(batch, request))
		flush(batch, BATCH_FLUSH_FULL);
	append(batch, request, caller);
	if (!batch_is_lazy())
		flush(batch, BATCH_FLUSH_UNBATCHED);
	events_restore(events);
}

/* Issues a request without the queue. Counted in instructions: scripts/bench. */
static ALWAYS_INLINE void issue_alone(struct batch *batch, struct request request,
				      const void *caller)
{
	const bool pair = request.op == __HYPERVISOR_mmu_update && request.count == PAIR;
	unsigned int done = 0;
	long error;

	if (pair)
		batch->alone.pairs++;
	else if (request.op == __HYPERVISOR_mmu_update)
		batch->alone.updates++;
	else if (request.op == __HYPERVISOR_mmuext_op)
		batch->alone.operations++;
	else if (request.op == __HYPERVISOR_update_va_mapping)
		batch->alone.mappings++;
	else
		batch->alone.others++;
	error = perform(request, pair ? &done : NULL);
	if (unlikely(error < 0))
		refused(request, done, error, caller);
}

/*
 * Takes every request to Xen. It is issued alone if nothing is queued and the CPU is not in lazy
 * mode, or if this is an event handler that interrupted an append; otherwise it is queued.
 */
static ALWAYS_INLINE void submit(struct request request, const void *caller)
{
	struct batch *batch = this_batch();

	if (likely(!batch->lazy && !batch->calls) || append_interrupted(batch))
		issue_alone(batch, request, caller);
	else
		queue(batch, request, caller);
}

void batch_mmu_update(maddr_t entry, unsigned int command, uint64_t value, const void *caller)
{
	const struct mmu_update update = {entry.ma | command, value};

	submit((struct request){__HYPERVISOR_mmu_update, .update = &update, .count = 1}, caller);
}

void batch_mmu_update_pair(maddr_t first, maddr_t second, uint64_t value, const void *caller)
{
	const struct mmu_update pair[PAIR] = {{first.ma, value}, {second.ma, value}};

	submit((struct request){__HYPERVISOR_mmu_update, .update = pair, .count = PAIR}, caller);
}

void batch_mmuext_op(const struct mmuext_op *operation, const void *caller)
{
	submit((struct request){__HYPERVISOR_mmuext_op, .operation = operation, .count = 1},
	       caller);
}

void batch_update_va_mapping(uintptr_t address, uint64_t value, uint64_t flags, const void *caller)
{
	submit((struct request){__HYPERVISOR_update_va_mapping, .args = {address, value, flags}},
	       caller);
}

void batch_hypercall(uint64_t number, uint64_t first, uint64_t second)
{
	submit((struct request){number, .args = {first, second}}, __builtin_return_address(0));
}

void batch_callback(void (*function)(void *argument), void *argument)
{
	struct batch *batch = this_batch();
	bool events = events_mask();
	/* Requests of a handler that bypasses the queue were all issued. */
	const bool bypass = append_interrupted(batch);

	/* No room: issue the queue now, and run the callbacks that it has. */
	if (!bypass && batch->callbacks == BATCH_CALLBACKS)
		flush(batch, BATCH_FLUSH_FULL);
	if (!bypass && batch->calls)
		batch->callback[batch->callbacks++] = (struct batch_callback){function, argument};
	else
		function(argument);
	events_restore(events);
}

struct batch_counters batch_counters(void)
{
	const struct batch *batch = this_batch();
	const struct batch_alone *alone = &batch->alone;
	struct batch_counters counters = batch->counters;
	uint64_t requests = alone->updates + alone->pairs + alone->mappings + alone->operations;
	uint64_t calls = requests + alone->others;

	counters.calls += calls;
	counters.elements += calls;
	counters.updates += alone->updates + PAIR * alone->pairs;
	counters.mappings += alone->mappings;
	counters.operations += alone->operations;
	counters.flushes[BATCH_FLUSH_UNBATCHED] += calls;
	counters.largest = MAX(counters.largest, alone->pairs ? PAIR : requests != 0);
	return counters;
}

void batch_reset_counters(void)
{
	struct batch *batch = this_batch();

	batch->counters = (struct batch_counters){0};
	batch->alone = (struct batch_alone){0};
}
