// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev, and the files of /proc whose contents are made when they are opened.
 */
#include <arch/kernel_lock.h>
#include <arch/time.h>
#include <kernel/file/file.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/process/proc.h>
#include <kernel/process/process.h>
#include <mm/user/region.h>
#include <mm/xen/batch.h>

/* Appends text to an object. */
struct writer {
	struct object *object;
	bool failed;
};

static void write_text(void *argument, const char *text)
{
	struct writer *writer = argument;
	uint64_t length = strlen(text);

	if (object_write(writer->object, writer->object->bytes, text, length) < length)
		writer->failed = true;
}

/*
 * Returns the label of a region, stack or heap. A mapped file has none: only its number is known.
 */
static const char *purpose(const struct space *space, const struct region *region)
{
	if (region->stack)
		return "                          [stack]";
	if (!region->object && region->start < space->break_now && region->end > space->break_start)
		return "                          [heap]";
	return "";
}

void proc_print_maps(struct space *space, void (*print)(void *argument, const char *text),
		     void *argument)
{
	char line[160];

	for_each_region (region, space) {
		const struct object *object = region->object;

		snprintf(line, sizeof(line), "%08lx-%08lx %c%c%c%c %08lx 00:%02x %lu %s\n",
			 region->start, region->end, region->rights & SPACE_READ ? 'r' : '-',
			 region->rights & SPACE_WRITE ? 'w' : '-',
			 region->rights & SPACE_EXECUTE ? 'x' : '-', region->shared ? 's' : 'p',
			 object ? region->offset : 0, object ? 1 : 0, object ? object->number : 0,
			 purpose(space, region));
		print(argument, line);
	}
}

/* Returns the current contents of a file of /proc as an object. NULL: out of memory. */
static struct object *make_text(uint32_t device)
{
	struct writer writer = {object_create(0), false};
	struct kernel_lock_counters lock = kernel_lock_counters();
	char number[64];

	if (!writer.object)
		return NULL;
	switch (device) {
	case PROC_MAPS:
		proc_print_maps(task_current()->space, write_text, &writer);
		break;
	case PROC_HYPERCALLS:
		snprintf(number, sizeof(number), "%lu\n", batch_counters().calls);
		write_text(&writer, number);
		break;
	case PROC_KERNEL_LOCK:
		snprintf(number, sizeof(number), "%lu %lu\n", lock.taken, lock.waited);
		write_text(&writer, number);
		break;
	default:
		break;
	}
	if (!writer.failed)
		return writer.object;
	object_put(writer.object);
	return NULL;
}

/* Returns the contents of one of PROC_... for the running program: inode_contents(). */
static struct object *contents(uint32_t device)
{
	/* The kernel's own tasks, which unpack the initramfs, run no program. */
	if (!task_current()->space)
		return NULL;
	if (device == PROC_EXE)
		return object_get(process_current()->executable);
	return make_text(device);
}

static uint64_t seconds_now(void)
{
	return time_wall() / NS_PER_S;
}

bool proc_init(void)
{
	static const struct {
		const char *path;
		uint32_t mode, device;
	} inodes[] = {
		{"/dev", FS_DIRECTORY | 0755, 0},
		{"/dev/null", FS_DEVICE | 0666, DEVICE_NULL},
		{"/dev/zero", FS_DEVICE | 0666, DEVICE_ZERO},
		{"/dev/tty", FS_DEVICE | 0666, DEVICE_TTY},
		{"/dev/console", FS_DEVICE | 0600, DEVICE_TTY},
		{"/proc", FS_DIRECTORY | 0555, 0},
		{"/proc/hypercalls", FS_FILE | 0444, PROC_HYPERCALLS},
		{"/proc/kernel_lock", FS_FILE | 0444, PROC_KERNEL_LOCK},
		{"/proc/self", FS_DIRECTORY | 0555, 0},
		{"/proc/self/maps", FS_FILE | 0444, PROC_MAPS},
		{"/proc/self/exe", FS_SYMLINK | 0777, PROC_EXE},
	};

	inode_contents = contents;
	inode_now = seconds_now;
	for (unsigned int i = 0; i < ARRAY_SIZE(inodes); i++) {
		struct inode *inode;
		long error;

		/* A file of the initramfs at that path is replaced, unless it is a directory. */
		if (inodes[i].device)
			name_unlink(fs_root(), inodes[i].path, false);
		error = name_create(fs_root(), inodes[i].path, inodes[i].mode, NULL, &inode);
		if (error == -EEXIST && !inodes[i].device)
			continue;
		if (error)
			return false;
		inode->device = inodes[i].device;
		inode_put(inode);
	}
	return true;
}
