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

#include <kernel/lib/compiler.h>

/* What the tty tells a group of processes. */
enum tty_signal { TTY_INTERRUPT, TTY_QUIT, TTY_SUSPEND, TTY_HANGUP };

/* Where the running process belongs: the numbers of its group and session. */
struct job {
	uint32_t group, session;
	bool leads; /* it is the leader of its session */
};

/* The hooks by which the tty acts on processes, of which it knows nothing else. */
struct job_control {
	struct job (*running_job)(void);
	/* Returns true if the session has a group of that number. */
	bool (*group_exists)(uint32_t group, uint32_t session);
	void (*send)(uint32_t group, enum tty_signal signal);
	/*
	 * Stops the running process's group, which reads in the background. Returns -ERESTART; or
	 * -EIO if SIGTTIN would not stop it.
	 */
	long (*stop_reader)(void);
};

/* Sets the hooks. Once, before tty_init(). */
void tty_set_job_control(const struct job_control *hooks);

/* Starts the task that takes what the console receives. Once; false: out of memory. */
bool tty_init(void);

/* For the kernel's own use: raw, and no process in the foreground; what was typed ahead stays. */
void tty_take(void);

/* The next byte, 0 .. 255; sleeps until there is one. */
int tty_getc(void);

/* Gives the tty to a session, with that group in the foreground, and resets its modes. */
void tty_set_foreground(uint32_t session, uint32_t group);

/*
 * Takes the tty from a session whose leader ends or gives it up: its foreground hangs up. Does
 * nothing if another session has the tty.
 */
void tty_leave(uint32_t session);

#endif
