// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking the ramdisk into files. The archive is checked as a whole before any of it is used.
 */
#include <kernel/file/fs.h>
#include <kernel/file/initramfs.h>
#include <kernel/lib/cpio.h>
#include <kernel/lib/gunzip.h>
#include <kernel/lib/printk.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

#define BLOCK_BYTES ((uint64_t)PAGE_SIZE << FRAMES_MAX_ORDER)

/* An archive in memory, in one piece. */
struct archive {
	const void *bytes;
	uint64_t size;
	pfn_t blocks; /* what it was unpacked into; INVALID_PFN: it is the ramdisk itself */
	uint64_t count;
};

static void ignore(const char *what)
{
	printk(PRINTK_ERROR, "initramfs: ignored: %s\n", what);
}

/* Unpacks gzip into newly allocated memory. Returns false, after a message, if that fails. */
static bool unpack_gzip(struct archive *archive)
{
	uint64_t room = gunzip_length(archive->bytes, archive->size), length;
	const char *error;

	archive->count = ROUND_UP(room, BLOCK_BYTES) / BLOCK_BYTES;
	archive->blocks = archive->count ? frames_alloc_run(archive->count) : INVALID_PFN;
	if (!pfn_valid(archive->blocks)) {
		printk(PRINTK_ERROR,
		       "initramfs: ignored: %lu KiB to unpack it to are not free in one piece; "
		       "give the domain more memory, or an archive that is not packed\n",
		       room / 1024);
		return false;
	}
	error = gunzip(archive->bytes, archive->size, pfn_to_virt(archive->blocks),
		       archive->count * BLOCK_BYTES, &length);
	if (error)
		ignore(error);
	archive->bytes = pfn_to_virt(archive->blocks);
	archive->size = length;
	return !error;
}

/*
 * Checks the archive to its end, and reports what it holds or what is wrong. Returns true if it is
 * sound.
 */
static bool judge(const struct archive *archive)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	uint64_t files = 0, bytes = 0;

	cpio_open(&reader, archive->bytes, archive->size);
	while (cpio_next(&reader, &entry)) {
		files++;
		bytes += entry.size;
	}
	if (reader.error)
		printk(PRINTK_ERROR, "initramfs: ignored: %s (byte %lu of %lu)\n", reader.error,
		       reader.offset, archive->size);
	else if (files == 0)
		printk(PRINTK_WARNING, "initramfs: the ramdisk is empty\n");
	else
		printk(PRINTK_INFO, "initramfs: %lu entries, %lu bytes of data\n", files, bytes);
	return !reader.error;
}

static void give_back(const struct archive *archive, const struct boot_info *boot)
{
	for (uint64_t i = 0; pfn_valid(archive->blocks) && i < archive->count; i++)
		frames_free(pfn(archive->blocks.pfn + (i << FRAMES_MAX_ORDER)));
	for (uint64_t i = 0; i < boot->ramdisk.count; i++)
		frames_release(pfn(boot->ramdisk.start.pfn + i));
}

void initramfs_unpack(const struct boot_info *boot)
{
	struct archive archive = {.size = boot->ramdisk_bytes, .blocks = INVALID_PFN};
	struct cpio_reader reader;
	const char *error;

	if (!archive.size)
		return;
	archive.bytes = pfn_to_virt(boot->ramdisk.start);
	if ((!gunzip_is(archive.bytes, archive.size) || unpack_gzip(&archive)) && judge(&archive)) {
		cpio_open(&reader, archive.bytes, archive.size);
		error = unpack_archive(&reader);
		if (error)
			printk(PRINTK_ERROR, "initramfs: some of it is missing: %s\n", error);
	}
	give_back(&archive, boot);
}
