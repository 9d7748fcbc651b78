/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a thread: a loop that lets its program run until the program needs the kernel, does
 * what it needs, and lets it run again.
 */
#ifndef KERNEL_SYSCALL_RUN_H
#define KERNEL_SYSCALL_RUN_H

#include <kernel/process/process.h>

/* Runs the thread's program until thread_exit(); does not return. Called by its own task. */
void run_thread(struct thread *thread);

/*
 * Does what run_thread() does, and prints each system call as it returns. For a process that is
 * traced: set its "run" before its first thread runs; its children inherit it.
 */
void run_thread_traced(struct thread *thread);

#endif
