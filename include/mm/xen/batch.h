/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batching: each CPU queues its requests to Xen, and issues the queue with one hypercall.
 *
 * Entering the hypervisor costs some 340 instructions before it does anything. So the queue is
 * issued as one multicall (public/xen.h, multicall_entry). Adjacent page-table updates share one
 * element of it, as do adjacent mmuext operations: 512 updates are one hypercall with one argument
 * list.
 *
 * A request is issued at once, unless the CPU is in *lazy mode*. Then it is queued until that mode
 * ends, the queue is full, or somebody needs the effect. A queued request has not happened: flush
 * before reading an entry back or relying on the TLB. A refused request stops the kernel with all
 * that is known about it (mm/xen/refused.h), so what a user could provoke must be checked before.
 *
 * The queue belongs to its CPU and is accessed with events masked, so it needs no lock. The
 * commonest case, adding an update to a run of updates, leaves events unmasked and sets a flag
 * instead, which makes an event handler leave the queue alone. A handler is never lazy: its
 * requests are issued before it continues. If the queue is consistent, the requests of the
 * interrupted code are issued before them.
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
	BATCH_FLUSH_UNBATCHED, /* not in lazy mode */
	BATCH_FLUSH_LEAVE,     /* lazy mode has ended */
	BATCH_FLUSH_FULL,      /* no room for a request or a callback */
	BATCH_FLUSH_READ,      /* batch_flush() */
	BATCH_FLUSH_REASONS
};

struct batch_counters {
	uint64_t calls;      /* hypercalls made; a multicall is one */
	uint64_t elements;   /* hypercalls, counting those in multicalls one by one */
	uint64_t updates;    /* page-table entries written by mmu_update */
	uint64_t mappings;   /* page-table entries written by update_va_mapping */
	uint64_t operations; /* mmuext operations */
	uint64_t flushes[BATCH_FLUSH_REASONS]; /* by the reason why the queue was issued */
	uint64_t largest;                      /* most requests in one hypercall */
};

/* Number of requests that bypassed the queue, each in a hypercall of its own. */
struct batch_alone {
	uint64_t updates, pairs, mappings, operations, others;
};

/* What a multicall element's arguments do not tell. */
struct batch_element {
	unsigned int done;  /* requests of its run that Xen carried out */
	const void *caller; /* of a request with an element of its own */
};

struct batch_callback {
	void (*function)(void *argument);
	void *argument;
};

struct batch {
	unsigned int lazy;  /* nesting depth of batch_enter() */
	unsigned int limit; /* while "updates" is below it, an update needs no other check */
	bool busy;          /* an append without masked events is in progress */
	unsigned int calls, updates, operations, mappings, callbacks;
	struct multicall_entry call[BATCH_CALLS];
	struct batch_element element[BATCH_CALLS];
	struct mmu_update update[BATCH_UPDATES];
	const void *caller[BATCH_UPDATES]; /* where it was requested: a return address */
	struct mmuext_op operation[BATCH_OPS];
	cpu_set_t set[BATCH_OPS]; /* of a flush that names its CPUs */
	const void *operation_caller[BATCH_OPS];
	struct batch_callback callback[BATCH_CALLBACKS];
	struct batch_counters counters; /* requests issued from the queue */
	struct batch_alone alone;       /* requests that bypassed it */
};

/*
 * Makes *batch the empty queue of the running CPU. Called once for a CPU, before any other function
 * here.
 */
void batch_init(struct batch *batch);

/*
 * Enter and leave lazy mode. They nest: requests are queued from the first enter to the last leave,
 * which issues them. In an event handler both do nothing.
 */
void batch_enter(void);
void batch_leave(void);

/*
 * Issues all queued requests, in lazy mode or not, and then runs their callbacks. Does nothing in a
 * handler that interrupted an append.
 */
void batch_flush(void);

/* Returns true if requests are queued. */
bool batch_pending(void);

/* Returns true if a request would be queued: in lazy mode, outside of event handlers. */
bool batch_is_lazy(void);

/*
 * Writes one page-table entry at its machine address, which is 8-byte aligned, by mmu_update.
 * "command" is MMU_NORMAL_PT_UPDATE or MMU_PT_UPDATE_PRESERVE_AD. "caller" is the return address
 * that a report names: __builtin_return_address(0).
 */
void batch_mmu_update(maddr_t entry, unsigned int command, uint64_t value, const void *caller);

/*
 * Writes the same value to two page-table entries in one hypercall, so that nobody sees one written
 * without the other. Addresses and "caller" as for batch_mmu_update().
 */
void batch_mmu_update_pair(maddr_t first, maddr_t second, uint64_t value, const void *caller);

/*
 * Handles the commonest case of batch_mmu_update() in the fewest instructions: the update joins the
 * run of updates at the end of the queue. Returns false, and does nothing, in any other case.
 */
static inline bool batch_append_update(maddr_t entry, unsigned int command, uint64_t value,
				       const void *caller)
{
	struct cpu *cpu = this_cpu();
	struct batch *batch = cpu->batch;
	unsigned int last;
	bool fits;

	/* In a handler the flag may be that of the interrupted code, so it is left alone. */
	if (unlikely(cpu->event_depth))
		return false;
	/* From here on no handler issues the queue, so the values read below stay valid. */
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

/*
 * Requests one mmuext operation: a pin, a new root, a TLB flush. The mask of a flush of several
 * CPUs is a cpu_set_t, and is copied. "caller" as for batch_mmu_update().
 */
void batch_mmuext_op(const struct mmuext_op *operation, const void *caller);

/*
 * Writes the pte of an address in the loaded tables, by update_va_mapping with UVMF_ flags.
 * "caller" as for batch_mmu_update().
 */
void batch_update_va_mapping(uintptr_t address, uint64_t value, uint64_t flags, const void *caller);

/*
 * Requests any other hypercall of two arguments that returns 0 and may be queued with the rest,
 * such as those that set the kernel stack or a segment base. A refusal is a panic that names the
 * hypercall.
 */
void batch_hypercall(uint64_t number, uint64_t first, uint64_t second);

/*
 * Calls the function as soon as all requests made so far were issued: at once if none is queued. It
 * is called with events masked, and must not make requests.
 */
void batch_callback(void (*function)(void *argument), void *argument);

/*
 * Return what the running CPU has requested since batch_init() or the last reset, and reset that.
 */
struct batch_counters batch_counters(void);
void batch_reset_counters(void);

#endif
