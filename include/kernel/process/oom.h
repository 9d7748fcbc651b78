/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Out of memory: which process is ended, and what the others are told.
 *
 * Programs leave a reserve to the kernel (frames_reserve, mm/frame/frames.h). Memory is "out" when
 * only the reserve is left. Then:
 *
 * - a page fault, or a system call's copy to or from the program, ends the process that holds most
 *   memory, and continues with what that frees;
 * - any other request of a system call fails with ENOMEM, unless one process holds an eighth of the
 *   machine and more than the caller: that process is ended, and the call is made again;
 * - files may not use the last sixteenth of memory (objects_are_full(), mm/user/object.h), since
 * they outlive every process.
 *
 * A process is charged with its pages, page tables, regions, kernel stacks, pipes, open files that
 * have no name in any directory, and zombie children. Each process that shares a page is charged
 * for all of it. Process 1 is ended only if there is no other. The kernel's own tasks, such as the
 * prompt, are no processes and may use the reserve.
 *
 * All of this runs in tasks of programs. kernel/process/process.h says what protects it.
 */
#ifndef KERNEL_PROCESS_OOM_H
#define KERNEL_PROCESS_OOM_H

#include <kernel/process/process.h>

/* The memory that the end of a process would free, in pages, by purpose. */
struct oom_use {
	uint64_t pages;    /* of its address space */
	uint64_t tables;   /* page tables and regions */
	uint64_t stacks;   /* kernel stacks of its threads */
	uint64_t files;    /* pipes, and contents that only open files refer to */
	uint64_t children; /* zombie children */
};

/* Returns the memory of a process. Goes through its page tables, regions and descriptors. */
struct oom_use oom_use_of(const struct process *process);

/* Returns the sum of all purposes, in pages. */
uint64_t oom_use_total(const struct oom_use *use);

/*
 * Makes room after FAULT_NO_MEMORY. The running thread then tries again, and calls this as often as
 * it fails. Returns false if the running process must end. "may_sleep": it may yield to other
 * tasks; otherwise it may let the thread use the reserve until the caller forbids that with
 * task_spend_reserve().
 */
bool oom_make_room(bool may_sleep);

/*
 * Returns true if a system call that failed, and has changed nothing, should be made again: it
 * failed for lack of memory, and a larger process was ended. May sleep.
 */
bool oom_try_again(void);

/* Does the same without the kernel lock, which it takes; events are masked. */
bool oom_try_again_unlocked(void);

#endif
