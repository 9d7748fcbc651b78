/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who goes by which number: processes, threads, groups, sessions; and whose child a process is.
 *
 * Each kind of number has a balanced tree, so that finding one, or finding out that it is free,
 * takes time proportional to the logarithm of how many there are; members of a group and children
 * of a process are found without looking at any others.
 */
#ifndef KERNEL_PROCESS_PIDS_H
#define KERNEL_PROCESS_PIDS_H

#include <kernel/process/process.h>

/* Numbers start again at 2 after this one less 1, as on Linux; number 1 comes once. */
#define PID_MOST 32768

/* Makes 1 the first number that is given, or (false) 2. */
void pids_init(bool has_init);

/* Gives a thread a number that nothing goes by, and returns it. From now on it is found. */
uint32_t pids_add_thread(struct thread *thread);

/* Gives a thread another number, which no other thread has. */
void pids_renumber_thread(struct thread *thread, uint32_t tid);

/* The thread ends: its number is free, unless something else goes by it. */
void pids_remove_thread(struct thread *thread);

/* Enters a process that has its number, group, session and parent; and takes it out again. */
void pids_add(struct process *process);
void pids_remove(struct process *process);

/* Returns the process of that number, a zombie included, or the thread; NULL: there is none. */
struct process *pids_find(uint32_t pid);
struct thread *pids_find_thread(uint32_t tid);

/* Change the group and session, or the parent, of a process that was entered. */
void pids_set_group(struct process *process, uint32_t group, uint32_t session);
void pids_set_parent(struct process *process, struct process *parent);

/* Goes through the members of a group, none of which may leave it meanwhile. */
struct process *pids_group_first(uint32_t group);
struct process *pids_group_next(struct process *process);

#define for_each_in_group(each, number) \
	for (struct process *each = pids_group_first(number); each; each = pids_group_next(each))

#endif
