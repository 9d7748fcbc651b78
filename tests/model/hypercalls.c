// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypercalls, under the names by which mm/ calls them (arch/hypercall.h): counters, failures on
 * request, multicall and memory_op.
 */
#include "internal.h"

#include "../host/host.h"

#include <arch/hypercall.h>
#include <arch/traps.h>
#include <string.h>
#include <xen/errno.h>
#include <xen/memory.h>

struct model_counters model_counters(void)
{
	return xen.counters;
}

void model_reset_counters(void)
{
	xen.counters = (struct model_counters){
		.tables = xen.counters.tables,
		.writable = xen.counters.writable,
	};
}

void model_fail_operation(uint64_t n, int error)
{
	xen.fail_at = n;
	xen.fail_error = error;
}

static bool begin(void)
{
	xen.counters.operations++;
	forget_refusal();
	return xen.fail_at && --xen.fail_at == 0;
}

static long end(long result)
{
	finish_operation();
	if (result < 0)
		xen.counters.refused++;
	return result;
}

static long injected(void)
{
	return end(refuse(xen.fail_error, CAUSE_INJECTED, 0, 0, 0));
}

static long run(uint64_t op, const uint64_t *args)
{
	if (begin())
		return injected();
	switch (op) {
	case __HYPERVISOR_mmu_update:
		return end(do_mmu_update((const void *)args[0], (unsigned int)args[1],
					 (unsigned int *)args[2]));
	case __HYPERVISOR_mmuext_op:
		return end(do_mmuext_op((const void *)args[0], (unsigned int)args[1],
					(unsigned int *)args[2]));
	case __HYPERVISOR_update_va_mapping:
		return end(do_update_va_mapping(args[0], args[1], args[2]));
	case __HYPERVISOR_memory_op:
		return end(do_memory_op((unsigned int)args[0], (void *)args[1]));
	case __HYPERVISOR_xen_version:
		return 0;
	case __HYPERVISOR_multicall: /* not inside another one */
		return end(refuse(-XEN_EINVAL, CAUSE_COMMAND, 0, 0, op));
	default:
		return end(refuse(-XEN_ENOSYS, CAUSE_COMMAND, 0, 0, op));
	}
}

static long call(uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t args[] = {a, b, c, DOMID_SELF};

	host_yield("a hypercall");
	xen.counters.hypercalls++;
	return run(op, args);
}

long hypercall_mmu_update(const struct mmu_update *requests, unsigned int count, unsigned int *done)
{
	return call(__HYPERVISOR_mmu_update, (uint64_t)requests, count, (uint64_t)done);
}

long hypercall_mmuext_op(const struct mmuext_op *operations, unsigned int count, unsigned int *done)
{
	return call(__HYPERVISOR_mmuext_op, (uint64_t)operations, count, (uint64_t)done);
}

long hypercall_update_va_mapping(uintptr_t address, uint64_t entry, unsigned long flags)
{
	return call(__HYPERVISOR_update_va_mapping, address, entry, flags);
}

long hypercall_memory_op(unsigned int command, void *argument)
{
	return call(__HYPERVISOR_memory_op, command, (uint64_t)argument, 0);
}

long hypercall_xen_version(int command, void *argument)
{
	(void)argument;
	return call(__HYPERVISOR_xen_version, (uint64_t)command, 0, 0);
}

static int multicall_error;

void model_fail_multicall(int error)
{
	multicall_error = error;
}

/* The result of each element goes into it; the whole succeeds whatever they say. */
long hypercall_multicall(struct multicall_entry *calls, unsigned int count)
{
	host_yield("a multicall");
	xen.counters.hypercalls++;
	if (count && !guest_pointer(calls))
		return refuse(-XEN_EFAULT, CAUSE_POINTER, 0, 0, (uintptr_t)calls);
	if (multicall_error)
		return refuse(multicall_error, CAUSE_INJECTED, 0, 0, 0);
	for (unsigned int i = 0; i < count; i++)
		calls[i].result = (xen_ulong_t)run(calls[i].op, (const uint64_t *)calls[i].args);
	return 0;
}

/* Gives a frame back to Xen. The domain loses it at once if nothing refers to it any more. */
static bool decrease(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return false;
	frame->pfn = UINT64_MAX;
	/* Given back twice, it is only kept by what still maps it: Xen's _PGC_allocated. */
	if (frame->allocated && --frame->references == 0)
		frame->owner = OWNED_BY_NOBODY;
	frame->allocated = false;
	return true;
}

static bool populate(uint64_t pfn, uint64_t *mfn)
{
	struct frame *frame;

	if (xen.spare_used == xen.config.spare)
		return false;
	*mfn = frame_of_spare(xen.spare_used++);
	frame = frame_of_mfn(*mfn);
	*frame = (struct frame){.pfn = pfn,
				.slot = pfn,
				.references = 1,
				.allocated = true,
				.owner = OWNED_BY_DOMAIN};
	memset(table_of(*mfn), 0, PAGE_BYTES);
	return true;
}

static long reservation(unsigned int command, struct xen_memory_reservation *request)
{
	uint64_t *list;
	uint64_t i;

	if (!guest_pointer(request))
		return refuse(-XEN_EFAULT, CAUSE_POINTER, 0, 0, (uintptr_t)request);
	list = request->extent_start.p;
	if (request->extent_order)
		return 0; /* single frames are all that the model deals in */
	for (i = 0; i < request->nr_extents; i++) {
		if (command == XENMEM_decrease_reservation ? !decrease(list[i])
							   : !populate(list[i], &list[i]))
			break;
	}
	return (long)i; /* how many were done: fewer is not an error */
}

static int frames_owned(void)
{
	int owned = 0;

	for (uint64_t n = 0; n < xen.config.pages; n++)
		owned += frame_of_mfn(model_mfn(n))->owner == OWNED_BY_DOMAIN;
	for (uint64_t n = 0; n < xen.spare_used; n++)
		owned += frame_of_mfn(frame_of_spare(n))->owner == OWNED_BY_DOMAIN;
	return owned;
}

int do_memory_op(unsigned int command, void *argument)
{
	switch (command) {
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return (int)reservation(command, argument);
	case XENMEM_current_reservation:
		return frames_owned();
	case XENMEM_maximum_reservation:
		return (int)(xen.config.pages + xen.config.spare);
	default:
		return refuse(-XEN_ENOSYS, CAUSE_COMMAND, 0, 0, command);
	}
}

/* The M2P is memory that the guest reads; probe_read() is how mm/ does that. */
bool probe_read(uintptr_t address, uint64_t *value)
{
	if (address - MACH2PHYS_VIRT_START < MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) {
		*value = model_pfn((address - MACH2PHYS_VIRT_START) / sizeof(uint64_t));
		return true;
	}
	if (!guest_pointer((const void *)address))
		return false;
	*value = *(const uint64_t *)address;
	return true;
}
