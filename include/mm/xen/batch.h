/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches: many requests to Xen, one entry into it.
 *
 * Entering the hypervisor costs some 340 instructions before it does anything. So each CPU has a
 * queue of requests that goes out as one multicall (public/xen.h, multicall_entry). Neighbouring
 * page-table updates share one element, as do neighbouring mmuext operations: 512 updates are one
 * hypercall with one argument list.
 *
 * A request goes out at once, unless the CPU is in *lazy mode*: then it waits for the end of that
 * mode, for a full queue, or for somebody who needs its effect. What waits has not happened: before
 * reading an entry back, or relying on the TLB, flush. A refused request stops the kernel with all
 * that is known about it (mm/xen/refused.h); what a user could provoke must be checked
 * before.
 *
 * The queue belongs to the CPU and is touched with events masked, but for the commonest case, one
 * more update behind another: there a flag tells an event handler to leave the queue alone. A
 * handler is never lazy: what it asks for is issued before it goes on, and before that, if the
 * queue is in order, what the interrupted code had queued.
 */
#ifndef MM_XEN_BATCH_H
#define MM_XEN_BATCH_H

#include <arch/cpu.h>
#include <kernel/lib/types.h>
#include <xen/xen.h>

#define BATCH_CALLS     32   /* elements of a multicall */
#define BATCH_UPDATES   1024 /* mmu_update requests */
#define BATCH_OPS       64   /* mmuext_op requests */
#define BATCH_CALLBACKS 64

enum batch_flush_reason {
	BATCH_FLUSH_UNBATCHED, /* not in lazy mode: at once */
	BATCH_FLUSH_LEAVE,     /* lazy mode has ended */
	BATCH_FLUSH_FULL,      /* something did not fit */
	BATCH_FLUSH_READ,      /* somebody needs the effect: batch_flush() */
	BATCH_FLUSH_REASONS
};

struct batch_counters {
	uint64_t calls;                        /* entries into Xen */
	uint64_t elements;                     /* hypercalls, those in multicalls counted singly */
	uint64_t updates;                      /* page-table entries written by mmu_update ... */
	uint64_t mappings;                     /* ... and by update_va_mapping */
	uint64_t operations;                   /* mmuext operations */
	uint64_t flushes[BATCH_FLUSH_REASONS]; /* why the queue went out */
	uint64_t largest;                      /* most requests in one entry */
};

/* Requests that went past the queue, each in a hypercall of its own. */
struct batch_alone {
	uint64_t updates, pairs, mappings, operations, others;
};

/* What is behind one element of the multicall. */
struct batch_element {
	unsigned int first, count; /* its run of updates, or of operations; count: once complete */
	unsigned int done;         /* how many Xen carried out */
	const void *caller;        /* of an update by address, which is an element of its own */
};

struct batch_callback {
	void (*function)(void *argument);
	void *argument;
};

struct batch {
	unsigned int lazy;  /* depth of batch_enter() */
	unsigned int limit; /* below it, "updates" can grow without a look at anything else */
	bool busy;          /* that is happening just now */
	unsigned int calls, updates, operations, mappings, callbacks;
	struct multicall_entry call[BATCH_CALLS];
	struct batch_element element[BATCH_CALLS];
	struct mmu_update update[BATCH_UPDATES];
	const void *caller[BATCH_UPDATES]; /* who asked for it */
	struct mmuext_op operation[BATCH_OPS];
	const void *operation_caller[BATCH_OPS];
	struct batch_callback callback[BATCH_CALLBACKS];
	struct batch_counters counters; /* of the queue; batch_counters() adds ... */
	struct batch_alone alone;       /* ... these */
};

/* Gives the running CPU its queue, empty. Once, before anything else here. */
void batch_init(struct batch *batch);

/*
 * Lazy mode: requests wait from the first enter to the last leave, which issues them. Nests. In an
 * event handler both do nothing.
 */
void batch_enter(void);
void batch_leave(void);

/* Issues what waits, in lazy mode or not; then its callbacks run. */
void batch_flush(void);

/* Whether something waits. */
bool batch_pending(void);

/* Whether requests wait now: in lazy mode, and not in an event handler. */
bool batch_is_lazy(void);

/*
 * Writes one page-table entry (MMU_NORMAL_PT_UPDATE or MMU_PT_UPDATE_PRESERVE_AD) at its machine
 * address, 8-byte aligned. "caller" is who the report names: __builtin_return_address(0).
 */
void batch_mmu_update(maddr_t entry, unsigned int command, uint64_t value, const void *caller);

/* The same value for two entries in one hypercall, so that nobody sees the one without the other.
 */
void batch_mmu_update_pair(maddr_t first, maddr_t second, uint64_t value, const void *caller);

/*
 * The commonest case of batch_mmu_update(), in the fewest instructions: one more behind another.
 * False: it is not that case, and nothing has happened.
 */
static inline bool batch_append_update(maddr_t entry, unsigned int command, uint64_t value,
				       const void *caller)
{
	struct cpu *cpu = this_cpu();
	struct batch *batch = cpu->batch;
	unsigned int last;
	bool fits;

	/* In a handler the flag may be that of the code it has interrupted: hands off. */
	if (unlikely(cpu->event_depth))
		return false;
	/* From here on no handler issues the queue, so what is read now stays true. */
	batch->busy = true;
	barrier();
	last = batch->updates;
	fits = likely(last < batch->limit);
	if (fits) {
		batch->update[last].ptr = entry.ma | command;
		batch->update[last].val = value;
		batch->caller[last] = caller;
		batch->updates = last + 1;
	}
	barrier();
	batch->busy = false;
	return fits;
}

/* One mmuext operation: pins, roots, flushes. "caller" as above. */
void batch_mmuext_op(const struct mmuext_op *operation, const void *caller);

/* The entry that maps an address in the current tables, with UVMF_ flags. "caller" as above. */
void batch_update_va_mapping(uintptr_t address, uint64_t value, uint64_t flags, const void *caller);

/*
 * Any other hypercall of two arguments that returns 0 and may wait with the rest: the kernel stack,
 * a segment base. Refused, it is a panic that names it.
 */
void batch_hypercall(uint64_t number, uint64_t first, uint64_t second);

/*
 * Calls the function right after the batch that holds the requests made so far was issued; at once
 * if none waits. Events are masked then, and the function must not make requests.
 */
void batch_callback(void (*function)(void *argument), void *argument);

/* What the running CPU's queue has done since batch_init() or the last reset. */
struct batch_counters batch_counters(void);
void batch_reset_counters(void);

#endif
