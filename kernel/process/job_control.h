/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Job control for the tty (struct job_control, kernel/file/tty.h): which process reads, and what
 * its keys do to the groups of processes.
 */
#ifndef KERNEL_PROCESS_JOB_CONTROL_H
#define KERNEL_PROCESS_JOB_CONTROL_H

/* Gives the tty its hooks. Once, before it has a process in the foreground. */
void job_control_init(void);

#endif
