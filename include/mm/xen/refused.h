/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel stops when Xen refuses a request.
 *
 * Declared here, where requests are made, and defined in kernel/report/explain.c, which can put
 * into words what the kernel knows. These functions are one of the four families of upcalls that
 * kernel/lib/panic.h lists. Each decodes the request, names the code that made it, prints which
 * rule of Xen it breaks, and panics. "error" is what Xen returned, a negative number of
 * public/errno.h. "caller" is the return address of the function that made the request. "position",
 * counted from 0, is the request's place among the "count" of its hypercall. They take no lock and
 * may be called with events masked.
 */
#ifndef MM_XEN_REFUSED_H
#define MM_XEN_REFUSED_H

#include <kernel/lib/compiler.h>

struct mmu_update;
struct mmuext_op;

/* Panics for a page-table update by machine address: public/xen.h, HYPERVISOR_mmu_update. */
void xen_refused_update(const struct mmu_update *update, long error, const void *caller,
			unsigned int position, unsigned int count) NORETURN;

/* Panics for a pin, an unpin, the load of a root, or a flush: HYPERVISOR_mmuext_op. */
void xen_refused_operation(const struct mmuext_op *operation, long error, const void *caller,
			   unsigned int position, unsigned int count) NORETURN;

/* Panics for an update of the entry that maps "address": HYPERVISOR_update_va_mapping. */
void xen_refused_mapping(uintptr_t address, uint64_t value, long error,
			 const void *caller) NORETURN;

/* Panics for a multicall of "count" elements that Xen could not even read. */
void xen_refused_multicall(unsigned int count, long error) NORETURN;

#endif
