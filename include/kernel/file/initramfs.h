/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ramdisk that the kernel was given, which becomes what is in the file system at first.
 */
#ifndef KERNEL_FILE_INITRAMFS_H
#define KERNEL_FILE_INITRAMFS_H

#include <kernel/lib/boot_info.h>

/*
 * Unpacks the ramdisk, a cpio archive, plain or packed with gzip, into the file system, and gives
 * its memory back. One that is not a sound archive is reported, with what is wrong and where, and
 * left out as a whole; the boot goes on. Once; needs fs_init() and the page allocator.
 */
void initramfs_unpack(const struct boot_info *boot);

#endif
