/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tty: the console as a terminal (termios(3)).
 *
 * Between the console and whoever reads lies the line discipline. Usually it collects a line, with
 * Backspace, Ctrl-U and Ctrl-W, echoes it, and makes Ctrl-C a signal for the processes in the
 * foreground; "raw" it hands on what comes. The kernel's own prompt is one more reader, a raw one.
 */
#ifndef KERNEL_FILE_TTY_H
#define KERNEL_FILE_TTY_H

#include <kernel/process/process.h>

/* Starts the task that takes what the console receives. Once; false: out of memory. */
bool tty_init(void);

/* For the kernel's own use: raw, and no process in the foreground; what was typed ahead stays. */
void tty_take(void);

/* The next byte, 0 .. 255; sleeps until there is one. */
int tty_getc(void);

/* A process and its session have the tty, which is as usual again. */
void tty_set_foreground(struct process *process);

/* A process ends: if the tty was its session's, it is nobody's, and the foreground hangs up. */
void tty_leave(struct process *process);

#endif
