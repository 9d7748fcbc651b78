/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why Xen refuses: what the kernel knows that Xen does not say.
 *
 * Xen answers a bad request with an error number. The rule behind it can nearly always be told from
 * the kernel's own books and tables: the frame is mapped writable somewhere, it is a page table, it
 * is not ours, a flag is not allowed. Rules: tests/model/types.c; public/xen.h.
 */
#ifndef KERNEL_REPORT_EXPLAIN_H
#define KERNEL_REPORT_EXPLAIN_H

#include <kernel/lib/compiler.h>
#include <mm/table/entry.h>

/*
 * Prints, a line each, what speaks against an entry with this value in a table of that level;
 * returns how many lines. Knows the kernel's tables and all address spaces'. Takes no lock: usable
 * in a panic.
 */
unsigned int explain_entry(enum pt_level level, pt_entry_t value);

/* The same for a frame that is to become a table of that level. */
unsigned int explain_table(pfn_t table, enum pt_level level);

/* Prints what the kernel takes a frame for: kind, level, pinned, who maps it. */
void explain_frame(mfn_t frame);

/* "EINVAL" for -22, and so on; "error" for one without a name. */
const char *xen_error_name(long error);

#endif
