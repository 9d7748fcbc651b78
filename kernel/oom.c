// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Out of memory: who holds what, who is ended, and how its memory comes back at once. See the
 * header for the rules.
 *
 * A process that was ended gives its memory back when its threads have run to their ends. Those who
 * wait for memory may be where no other task can run, so its pages and tables are *reaped* for it:
 * dropped by whoever needs them. That is safe, for no thread of it returns to the program, and in
 * the kernel a thread that sleeps keeps no pointer to a page of its space.
 */
#include <kernel/oom.h>
#include <kernel/printf.h>
#include <kernel/printk.h>
#include <mm/frames.h>
#include <mm/object.h>

/* A call of a system call that failed had asked for no more than this: pages, a pipe's. */
#define LARGEST_REQUEST 16u

uint64_t memory_use_total(const struct memory_use *use)
{
	return use->pages + use->tables + use->stacks + use->files + use->children;
}

/* Pages that the open files of a process hold, each file once. */
static uint64_t pages_of_files(const struct files *files)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; files && i < files->end; i++) {
		const struct file *file = files->file[i];
		unsigned int first = 0;

		while (files->file[first] != file)
			first++;
		if (!file || first < i)
			continue;
		if (file->pipe)
			pages += pipe_pages(file->pipe);
		else if (file->object && !file->object->named)
			pages += object_frames(file->object);
	}
	return pages;
}

struct memory_use memory_use_of(const struct process *process)
{
	struct memory_use use = {
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

/* The living process that holds most; number 1 if there is no other. */
static struct process *find_largest(struct memory_use *largest_use)
{
	struct process *largest = NULL;

	for_each_process(process)
	{
		struct memory_use use;

		if (list_empty(&process->threads) || process->dying ||
		    (process->pid == 1 && largest))
			continue;
		use = memory_use_of(process);
		if (largest && largest->pid != 1 &&
		    memory_use_total(&use) <= memory_use_total(largest_use))
			continue;
		largest = process;
		*largest_use = use;
	}
	return largest;
}

/* Returns true if a process that was ended has yet to run to its end. */
static bool is_any_dying(void)
{
	for_each_process(process)
	{
		if (process->dying && !list_empty(&process->threads))
			return true;
	}
	return false;
}

/* Takes pages and tables from a process that was ended. Returns false if there is none to take. */
static bool reap_dying(void)
{
	for_each_process(process)
	{
		uint64_t before = frames_free_count();

		/* A space that is lent to a child of vfork(), or by a parent, is not its alone. */
		if (!process->dying || process->reaped || !process->space ||
		    process->space->references > 1)
			continue;
		process->reaped = true;
		space_reap(process->space);
		if (frames_free_count() > before)
			return true;
	}
	return false;
}

static void end_for_room(struct process *process, const struct memory_use *use)
{
	const struct process *self = process_current();
	char reason[64] = "for it asks for more";

	if (process != self)
		snprintf(reason, sizeof(reason), "to make room for process %u (%s)", self->pid,
			 self->name);
	printk(PRINTK_WARNING, "memory is out: process %u (%s), which has %lu pages, is ended %s\n",
	       process->pid, process->name, memory_use_total(use), reason);
	printk(PRINTK_WARNING,
	       "  memory %lu, page tables and regions %lu, kernel stacks %lu, open files %lu, "
	       "children not waited for %lu\n",
	       use->pages, use->tables, use->stacks, use->files, use->children);
	process_die(process, SIGKILL);
}

bool oom_make_room(bool may_sleep)
{
	struct process *self = process_current();
	struct memory_use use;

	if (self->dying)
		return false;
	if (reap_dying())
		return true;
	if (is_any_dying()) {
		if (may_sleep) {
			task_yield();
			return !self->dying;
		}
		if (frames_free_count()) {
			task_spend_reserve(task_current(), true);
			return true;
		}
	}
	end_for_room(find_largest(&use), &use);
	return !self->dying;
}

bool oom_try_again(void)
{
	struct process *self = process_current(), *largest;
	struct memory_use use;

	if (self->dying || frames_free_count() >= frames_reserve + LARGEST_REQUEST)
		return false;
	if (reap_dying())
		return true;
	if (is_any_dying()) {
		task_yield();
		return !self->dying;
	}
	largest = find_largest(&use);
	if (largest == self || memory_use_total(&use) < frame_count / 8)
		return false;
	end_for_room(largest, &use);
	return true;
}
