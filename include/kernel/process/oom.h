/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When memory is out: which process has to go, and what is told to those that may stay.
 *
 * Programs leave a reserve to the kernel (frames_reserve, mm/frame/frames.h), so "out" means that
 * only the reserve is left. Then:
 *  - a page fault, or a system call's copy to or from the program, ends the process that holds
 *    most memory and goes on with what that gives back;
 *  - any other request of a system call is refused with ENOMEM, unless one process holds an eighth
 *    of the machine, and more than the caller: that one is ended, and the call made again;
 *  - files may not even take the last sixteenth (objects_are_full(), mm/user/object.h), for they
 * outlive every process. A process is charged with all that depends on it: its pages, page tables,
 * regions, kernel stacks, pipes, open files that no directory names, and children that it has not
 * waited for. What it shares with others, since a fork for example, each of them is charged with in
 * full. Number 1 is ended only if there is no other; the kernel's own tasks, the prompt's among
 * them, are no processes and may use the reserve.
 *
 * All of this runs in tasks of programs; see kernel/process/process.h for what guards it.
 */
#ifndef KERNEL_PROCESS_OOM_H
#define KERNEL_PROCESS_OOM_H

#include <kernel/process/process.h>

/* What the end of a process would give back, in pages, by purpose. */
struct oom_use {
	uint64_t pages;    /* of its memory */
	uint64_t tables;   /* page tables, and descriptions of regions */
	uint64_t stacks;   /* kernel stacks of its threads */
	uint64_t files;    /* pipes, and contents that only open files refer to */
	uint64_t children; /* ended ones that it has not waited for */
};

/* Counts it, by going through tables, regions and descriptors. */
struct oom_use oom_use_of(const struct process *process);

/* The sum. */
uint64_t oom_use_total(const struct oom_use *use);

/*
 * Makes room after FAULT_NO_MEMORY for the running thread, which then tries again; called as often
 * as that fails. Returns false if the running process itself is ending, or has been chosen.
 * "may_sleep": it may let others run; if not, it may let the thread take from the reserve, until
 * the caller does task_spend_reserve(task_current(), false).
 */
bool oom_make_room(bool may_sleep);

/*
 * After a system call of the running thread that was refused and has done nothing: returns true if
 * it is to be made again, since it was for want of memory, and a larger process was made to give
 * way. May sleep.
 */
bool oom_try_again(void);

#endif
