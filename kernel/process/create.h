/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of making a process or thread, in the order in which they are taken; for kernel/process
 * alone.
 */
#ifndef KERNEL_PROCESS_CREATE_H
#define KERNEL_PROCESS_CREATE_H

#include <kernel/process/process.h>

/* Returns true if there are as many processes as there can be, so that the next one is EAGAIN. */
bool processes_are_full(void);

/*
 * Returns a new process in the group and session of its parent, with the parent's umask and loop,
 * and without number, space, files, directory and threads. NULL: out of memory.
 */
struct process *process_create(struct process *parent);

/* Frees a process that was never published, and drops its space, files and directory. */
void process_discard(struct process *process);

/*
 * Returns a new thread of a process that has its space; it runs as soon as the caller sleeps or
 * yields. NULL: out of memory.
 */
struct thread *thread_create(struct process *process);

/* Enters a process that has its number, group and session into the list and the trees of pids. */
void process_publish(struct process *process);

/*
 * Drops a reference to an address space that the running thread has left. Releases the kernel lock
 * meanwhile: if it was the last reference nobody else has the space, and freeing it takes long.
 */
void process_put_space(struct space *space);

/* Ends a process whose last thread is ending: only its status is left. Called by that thread. */
void process_end(struct process *process);

#endif
