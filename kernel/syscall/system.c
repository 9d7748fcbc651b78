// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls about the system as a whole, and those that return little more than a number.
 */
#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/random.h>
#include <kernel/report/shutdown.h>
#include <kernel/syscall/table.h>
#include <mm/frame/frames.h>

#define UNAME_FIELD 65

/* Programs ask for the system that they were made for, and for a version that is new enough. */
long sys_set_tid_address(uintptr_t word)
{
	thread_current()->clear_child_tid = word;
	return thread_current()->tid;
}

long sys_uname(uintptr_t to)
{
	static const char *const fields[] = {"Linux",    "pinwheel", "6.1.0",
					     "Pinwheel", "x86_64",   "(none)"};
	char name[ARRAY_SIZE(fields)][UNAME_FIELD] = {{0}};

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		memcpy(name[i], fields[i], strlen(fields[i]));
	return user_write(to, name, sizeof(name));
}

long sys_sysinfo(uintptr_t to)
{
	struct {
		int64_t uptime;
		uint64_t loads[3], memory, free, shared, buffers, swap, free_swap;
		uint16_t processes, padding[3];
		uint64_t high, free_high;
		uint32_t unit;
		uint32_t end;
	} info = {
		.uptime = (int64_t)(time_system() / NS_PER_S),
		.memory = frame_count * PAGE_SIZE,
		.free = frames_free_count() * PAGE_SIZE,
		.unit = 1,
	};

	for_each_process(process) info.processes++;
	return user_write(to, &info, sizeof(info));
}

/* Reads and sets limits. Those of the address space are enforced; most others cannot be changed. */
long sys_getrlimit(uint32_t resource, uintptr_t new_limit, uintptr_t old)
{
	enum { STACK = 3, FILES = 7, SPACE = 9, RESOURCES = 16 };
	struct space *space = process_current()->space;
	struct {
		uint64_t soft, hard;
	} limit = {UINT64_MAX, UINT64_MAX}, wanted;

	if (resource >= RESOURCES)
		return -EINVAL;
	if (resource == STACK)
		limit.soft = SPACE_STACK_MOST;
	else if (resource == FILES)
		limit.soft = limit.hard = FILES_MOST;
	else if (resource == SPACE && space->limit < pt_user_limit())
		limit.soft = space->limit;
	if (new_limit) {
		if (user_read(new_limit, &wanted, sizeof(wanted)))
			return -EFAULT;
		if (wanted.soft > wanted.hard)
			return -EINVAL;
		if (resource == SPACE)
			space->limit = MIN(wanted.soft, pt_user_limit());
		else if (wanted.soft != limit.soft && resource <= FILES && resource != 4)
			return -EPERM;
	}
	return old ? user_write(old, &limit, sizeof(limit)) : 0;
}

/* Writes a struct rusage of zeros: no use of resources is counted. */
long sys_getrusage(uintptr_t to)
{
	return user_write(to, NULL, 144);
}

/* Returns the time since boot in hundredths of a second. No process's own time is counted. */
long sys_times(uintptr_t to)
{
	if (to && user_write(to, NULL, 32))
		return -EFAULT;
	return (long)(time_system() / (NS_PER_S / 100));
}

long sys_getrandom(uintptr_t to, uint64_t bytes)
{
	const uint64_t most = 64ul << 10; /* filled again and again until the request is met */
	unsigned char random[64];
	uint64_t done = 0;

	bytes = MIN(bytes, most);
	while (done < bytes) {
		uint64_t piece = MIN(bytes - done, sizeof(random)), copied;

		random_bytes(random, piece);
		copied = user_write_some(to + done, random, piece);
		done += copied;
		if (copied < piece)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

long sys_arch_prctl(uint32_t what, uintptr_t argument)
{
	enum { SET_FS = 0x1002, GET_FS = 0x1003 };
	struct task *task = task_current();

	if (what == GET_FS)
		return user_write(argument, &task->thread_pointer, sizeof(task->thread_pointer));
	if (what != SET_FS)
		return -EINVAL;
	if (argument > pt_user_limit())
		return -EPERM;
	task_set_space(task->space, argument);
	return 0;
}

long sys_prctl(uint32_t what, uintptr_t argument)
{
	enum { SET_NAME = 15, GET_NAME = 16 };
	char *name = process_current()->name;
	char new[PROCESS_NAME] = "";
	size_t length;

	if (what == GET_NAME)
		return user_write(argument, name, PROCESS_NAME);
	if (what != SET_NAME)
		return -EINVAL;
	if (user_read_string(argument, new, sizeof(new)) == -EFAULT)
		return -EFAULT;
	/* The bytes after the string were read as well. */
	length = strnlen(new, sizeof(new) - 1);
	memset(name, 0, PROCESS_NAME);
	memcpy(name, new, length);
	return 0;
}

/* A program may run on all CPUs that are online. */
long sys_sched_getaffinity(uint64_t size, uintptr_t to)
{
	const cpu_set_t set = cpus_online;

	if (size < sizeof(set) || size % sizeof(set))
		return -EINVAL;
	return user_write(to, &set, sizeof(set)) ? -EFAULT : (long)sizeof(set);
}

long sys_reboot(uint32_t command)
{
	enum { RESTART = 0x01234567, HALT = 0xcdef0123, POWER_OFF = 0x4321fedc };

	if (command == RESTART)
		shutdown(SHUTDOWN_IS_REBOOT);
	if (command == HALT || command == POWER_OFF)
		shutdown(SHUTDOWN_IS_POWEROFF);
	return -EINVAL;
}
