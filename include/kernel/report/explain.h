/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why Xen refuses a request.
 *
 * Xen answers a bad request with an error number and no reason. The kernel knows
 * its frames and its page tables, so it looks for the rule that was broken: the frame is mapped
 * writable somewhere, or is a page table, or is not this domain's, or a flag is not allowed. The
 * rules are explained in mm/README.md; they come from public/xen.h, mmu_update.
 */
#ifndef KERNEL_REPORT_EXPLAIN_H
#define KERNEL_REPORT_EXPLAIN_H

#include <kernel/lib/compiler.h>
#include <mm/table/entry.h>

/*
 * Prints every reason why Xen would refuse an entry with this value in a table of that level, a
 * line each. Returns the number of reasons. Searches the kernel's tables and those of all address
 * spaces. Takes no lock, so it can be used in a panic.
 */
unsigned int explain_entry(enum pt_level level, pt_entry_t value);

/*
 * Prints every reason why Xen would refuse a frame as a table of that level, a line each. Returns
 * the number of reasons. Takes no lock.
 */
unsigned int explain_table(pfn_t table, enum pt_level level);

/* Prints what the kernel takes a frame for, and the addresses at which it is mapped writable. */
void explain_frame(mfn_t frame);

/* Returns the name of an error of public/errno.h, "EINVAL" for -22; "error" if it has none here. */
const char *xen_error_name(long error);

#endif
