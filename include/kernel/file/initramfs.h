/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initramfs: the ramdisk that the kernel was given becomes the first contents of the file
 * system.
 */
#ifndef KERNEL_FILE_INITRAMFS_H
#define KERNEL_FILE_INITRAMFS_H

#include <kernel/lib/boot_info.h>

/*
 * Unpacks the ramdisk, a cpio archive, plain or compressed with gzip, into the file system, and
 * frees its memory. An archive with an error is reported, with the error and its offset, and
 * ignored as a whole; the boot continues. Once; needs fs_init() and the page allocator.
 */
void initramfs_unpack(const struct boot_info *boot);

#endif
