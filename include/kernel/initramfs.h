/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ramdisk that the kernel was given.
 */
#ifndef KERNEL_INITRAMFS_H
#define KERNEL_INITRAMFS_H

#include <boot/boot_info.h>
#include <kernel/cpio.h>

/*
 * Reads the ramdisk through once. One that is not a sound archive is reported, with what is wrong
 * and where, and then counts as absent; the boot goes on. Needs the direct map.
 */
void initramfs_init(const struct boot_info *boot);

/* Starts reading the archive; one without entries if there is none. */
void initramfs_open(struct cpio_reader *reader);

#endif
