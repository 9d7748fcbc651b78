/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pids: the numbers of processes, threads, groups and sessions; and which process is whose child.
 *
 * Each kind of number has a balanced tree, so finding one, or finding that it is free, takes
 * logarithmic time. Members of a group and children of a process are found without looking at
 * others.
 */
#ifndef KERNEL_PROCESS_PIDS_H
#define KERNEL_PROCESS_PIDS_H

#include <kernel/process/process.h>

/*
 * The first number that is not given out, as on Linux. After the last one they start again at 2;
 * process 1 is never made again.
 */
#define PID_MOST 32768

/* Initializes the numbers. The first one is 1 with "has_init", otherwise 2. */
void pids_init(bool has_init);

/* Gives a thread a free number, by which it is found from now on, and returns it. */
uint32_t pids_add_thread(struct thread *thread);

/* Changes the number of a thread to one that no other thread has. */
void pids_renumber_thread(struct thread *thread, uint32_t tid);

/*
 * Removes a thread that is ending. Its number becomes free unless a process, group or session has
 * it.
 */
void pids_remove_thread(struct thread *thread);

/* Add a process that has its number, group, session and parent, or remove it. */
void pids_add(struct process *process);
void pids_remove(struct process *process);

/*
 * Return the process of a pid, which may be a zombie, or the thread of a tid. NULL: there is none.
 */
struct process *pids_find(uint32_t pid);
struct thread *pids_find_thread(uint32_t tid);

/* Change the group and session, or the parent, of a process that was added. */
void pids_set_group(struct process *process, uint32_t group, uint32_t session);
void pids_set_parent(struct process *process, struct process *parent);

/* Iterates over the members of a group. None of them may leave it meanwhile. */
struct process *pids_group_first(uint32_t group);
struct process *pids_group_next(struct process *process);

#define for_each_in_group(each, number) \
	for (struct process *each = pids_group_first(number); each; each = pids_group_next(each))

#endif
