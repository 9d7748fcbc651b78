/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells of itself, for the boot log, for the prompt and for a panic.
 *
 * Rooms below this one keep data and print nothing; the functions here read that data and put it
 * into words. The first part of a name is the file in kernel/report that defines the function.
 */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/types.h>

/* Remembers how the kernel was booted. *boot must stay as it is for good. Called once, at boot. */
void boot_info_set(const struct boot_info *boot);

/* Returns what boot_info_set() was given. */
const struct boot_info *boot_info_get(void);

/* Prints every field of boot_info_get(), for the prompt's "bootinfo". */
void boot_info_print(void);

/*
 * Writes what a frame is, for example "pmd table, pinned", "kernel text" or "not this domain's",
 * and returns "buffer". The text is empty as long as there is no frame database.
 */
char *frame_text(pfn_t frame, char *buffer, size_t size);

#define FRAME_TEXT_SIZE 40 /* bytes that hold the longest text of frame_text() */

/*
 * Prints the walk of an address, a line a level, with pfn and mfn. For the prompt and for panics:
 * takes no lock, and any address will do.
 */
void walk_print(uintptr_t address);

/* Logs what bringing up memory took. Called once, after memory_init(). */
void memory_print_boot(void);

/* Prints how many pages each use takes and what the direct map consists of, for "mem". */
void memory_print(void);

/* Prints what the running CPU's batch has done since the last reset, for "batches". */
void batches_print(void);

#endif
