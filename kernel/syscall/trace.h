/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a system call and printing it.
 */
#ifndef KERNEL_SYSCALL_TRACE_H
#define KERNEL_SYSCALL_TRACE_H

#include <kernel/process/process.h>

/*
 * Like syscall_make() and syscall_make_32(), and print the call as soon as it returns, with the
 * number of the thread. A call that does not return is not printed: exit(), and whatever the thread
 * waits in when it is killed.
 */
void trace_make(struct thread *thread, struct regs *regs);
void trace_make_32(struct thread *thread, struct regs *regs);

#endif
