// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding the ramdisk in memory and judging it as a whole: it is used entirely or not at all.
 */
#include <kernel/initramfs.h>
#include <kernel/printk.h>
#include <mm/direct_map.h>

static const void *archive;
static uint64_t size;

void initramfs_init(const struct boot_info *boot)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	uint64_t files = 0, bytes = 0;

	if (boot->ramdisk_bytes == 0)
		return;
	archive = pfn_to_virt(boot->ramdisk.start);
	size = boot->ramdisk_bytes;

	initramfs_open(&reader);
	while (cpio_next(&reader, &entry)) {
		files++;
		bytes += entry.size;
	}
	if (reader.error) {
		printk(PRINTK_ERROR, "initramfs: ignored: %s (byte %lu of %lu)\n", reader.error,
		       reader.offset, size);
		size = 0;
	} else if (files == 0) {
		printk(PRINTK_WARNING, "initramfs: the ramdisk is empty\n");
	} else {
		printk(PRINTK_INFO, "initramfs: %lu entries, %lu bytes of data\n", files, bytes);
	}
}

void initramfs_open(struct cpio_reader *reader)
{
	cpio_open(reader, archive, size);
}
