// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Out of memory: what each process holds, which one is ended, and how its memory is freed at once.
 *
 * A process that was ended frees its memory when its threads have run to their ends. A task that
 * needs memory may be unable to let them run. So it *reaps* the process: it frees the pages and
 * page tables itself. That is safe, since no thread of an ended process returns to the program, and
 * a thread that sleeps in the kernel keeps no pointer to a page of its space.
 */
#include <arch/cpu.h>
#include <arch/kernel_lock.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/process/oom.h>
#include <mm/frame/frames.h>
#include <mm/user/object.h>

uint64_t oom_use_total(const struct oom_use *use)
{
	return use->pages + use->tables + use->stacks + use->files + use->children;
}

/*
 * Returns what an open file keeps from being freed: a pipe, an object that has no name in any
 * directory, or NULL.
 */
static const void *kept_by(const struct file *file)
{
	if (!file)
		return NULL;
	if (file->pipe)
		return file->pipe;
	return file->object && !file->object->named ? file->object : NULL;
}

/*
 * Returns the number of pages that the open files of a process keep in use. Each pipe and each
 * object counts once.
 */
static uint64_t pages_of_files(const struct files *files)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; files && i < files->end; i++) {
		const struct file *file = files->file[i];
		const void *kept = kept_by(file);
		unsigned int first = 0;

		if (!kept)
			continue;
		while (kept_by(files->file[first]) != kept)
			first++;
		if (first == i)
			pages += file->pipe ? pipe_pages(file->pipe) : file->object->frames;
	}
	return pages;
}

struct oom_use oom_use_of(const struct process *process)
{
	struct oom_use use = {
		.stacks = process->thread_count * (KERNEL_STACK_SIZE / PAGE_SIZE),
		.files = pages_of_files(process->files),
	};

	if (process->space) {
		struct space_use space = space_count_use(process->space);

		use.pages = space.pages;
		use.tables = space.tables + space.regions;
	}
	for_each_child(child, process) use.children += list_empty(&child->threads);
	return use;
}

/*
 * Returns the process that holds most memory and was not ended yet; process 1 if there is no other.
 */
static struct process *find_largest(struct oom_use *largest_use)
{
	struct process *largest = NULL;

	for_each_process(process)
	{
		struct oom_use use;

		if (list_empty(&process->threads) || process->dying ||
		    (process->pid == 1 && largest))
			continue;
		use = oom_use_of(process);
		if (largest && largest->pid != 1 &&
		    oom_use_total(&use) <= oom_use_total(largest_use))
			continue;
		largest = process;
		*largest_use = use;
	}
	return largest;
}

/* Returns true if a process that was ended still has threads. */
static bool is_any_dying(void)
{
	for_each_process(process)
	{
		if (process->dying && !list_empty(&process->threads))
			return true;
	}
	return false;
}

/*
 * Returns true if all processes that use a space were ended. A child of vfork() shares its parent's
 * space.
 */
static bool is_abandoned(const struct space *space)
{
	uint32_t dying = 0;

	for_each_process(process) dying += process->space == space && process->dying;
	return dying == space->references;
}

/*
 * Frees the pages and page tables of a process that was ended. Returns false if there is no such
 * process.
 */
static bool reap_dying(void)
{
	for_each_process(process)
	{
		uint64_t before = frames_free_count();

		if (!process->dying || process->reaped || !process->space ||
		    !is_abandoned(process->space))
			continue;
		process->reaped = true;
		space_reap(process->space);
		if (frames_free_count() > before)
			return true;
	}
	return false;
}

/* Lets processes that were ended free their memory. Returns false if there are none. */
static bool wait_for_ended(void)
{
	if (reap_dying())
		return true;
	if (!is_any_dying())
		return false;
	task_yield();
	return true;
}

static void end_for_room(struct process *process, const struct oom_use *use)
{
	const struct process *self = process_current();
	char reason[64] = "since it asks for more";

	if (process != self)
		snprintf(reason, sizeof(reason), "to make room for process %u (%s)", self->pid,
			 self->name);
	printk(PRINTK_WARNING, "memory is out: process %u (%s), which has %lu pages, is ended %s\n",
	       process->pid, process->name, oom_use_total(use), reason);
	printk(PRINTK_WARNING,
	       "  memory %lu, page tables and regions %lu, kernel stacks %lu, open files %lu, "
	       "children not waited for %lu\n",
	       use->pages, use->tables, use->stacks, use->files, use->children);
	process_die(process, SIGKILL);
}

bool oom_make_room(bool may_sleep)
{
	struct process *self = process_current();
	struct oom_use use;

	if (self->dying)
		return false;
	if (may_sleep ? wait_for_ended() : reap_dying())
		return !self->dying;
	/* If it may use the reserve already, the reserve is too small for it. */
	if (!may_sleep && is_any_dying() && !task_current()->spends_reserve) {
		task_spend_reserve(task_current(), true);
		return true;
	}
	end_for_room(find_largest(&use), &use);
	return !self->dying;
}

bool oom_try_again(void)
{
	struct process *self = process_current(), *largest;
	struct oom_use use;

	if (!this_cpu()->memory_refused)
		return false;
	this_cpu()->memory_refused = false;
	if (self->dying)
		return false;
	if (wait_for_ended())
		return !self->dying;
	largest = find_largest(&use);
	if (largest == self || oom_use_total(&use) < frame_count / 8)
		return false;
	end_for_room(largest, &use);
	return true;
}

bool oom_try_again_unlocked(void)
{
	bool again;

	kernel_enter();
	again = oom_try_again();
	kernel_leave();
	return again;
}
