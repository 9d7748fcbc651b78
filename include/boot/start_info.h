/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what Xen's domain builder passes to a PV guest.
 */
#ifndef BOOT_START_INFO_H
#define BOOT_START_INFO_H

#include <kernel/lib/boot_info.h>

struct start_info;

/*
 * Checks "start" and describes it in *boot. "address" is start's own virtual address, in the
 * builder's initial mapping. Returns NULL; or a message, see kernel/lib/message.h, that names the
 * wrong field, its value, and what would be right: then *boot is unusable. A pure function of the
 * structure's bytes. Fields: public/xen.h, struct start_info.
 */
const char *boot_info_from_start_info(const struct start_info *start, uintptr_t address,
				      struct boot_info *boot);

/* Prints every field; for the prompt's "bootinfo". */
void boot_info_print(const struct boot_info *boot);

#endif
