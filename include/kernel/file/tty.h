/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tty: the console as a terminal (termios(3)).
 *
 * The line discipline (kernel/file/discipline.h) lies between the console and its readers. By
 * default it collects a line, echoes it, and makes Ctrl-C a signal for the processes in the
 * foreground. In raw mode it passes on every byte; the kernel's own prompt is a raw reader.
 */
#ifndef KERNEL_FILE_TTY_H
#define KERNEL_FILE_TTY_H

#include <kernel/lib/compiler.h>

/* The signals that the tty sends to a group of processes. */
enum tty_signal { TTY_INTERRUPT, TTY_QUIT, TTY_SUSPEND, TTY_HANGUP };

/* The place of a process in job control: the numbers of its group and session. */
struct job {
	uint32_t group, session;
	bool leads; /* it leads its session */
};

/* The hooks by which the tty acts on processes, of which it knows nothing else. */
struct job_control {
	struct job (*running_job)(void);
	/* Returns true if the session has a group of that number. */
	bool (*group_exists)(uint32_t group, uint32_t session);
	void (*send)(uint32_t group, enum tty_signal signal);
	/*
	 * Stops the group of the running process, which reads in the background. Returns -ERESTART;
	 * or -EIO if SIGTTIN would not stop it.
	 */
	long (*stop_reader)(void);
};

/* Sets the hooks. Once, before tty_init(). */
void tty_set_job_control(const struct job_control *hooks);

/* Starts the task that reads the console. Once. Returns false if out of memory. */
bool tty_init(void);

/*
 * Takes the tty for the kernel's prompt: raw mode, and no process in the foreground. What was typed
 * ahead stays.
 */
void tty_take(void);

/* Returns the next byte, 0 to 255; sleeps until there is one. */
int tty_getc(void);

/* Gives the tty to a session, with that group in the foreground, and resets its modes. */
void tty_set_foreground(uint32_t session, uint32_t group);

/*
 * Takes the tty from a session whose leader ends or gives it up: its foreground hangs up. Does
 * nothing if another session has the tty.
 */
void tty_leave(uint32_t session);

#endif
