// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tty: a task that feeds the line discipline, and the readers that wait for it.
 *
 * The task passes input from the console's queue to the line discipline; event handlers only wake
 * it.
 */
#include "discipline.h"
#include <arch/time.h>
#include <drivers/console.h>
#include <kernel/file/file.h>
#include <kernel/file/tty.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>

/* Requests of ioctl(2), with Linux's values. */
enum {
	TCGETS = 0x5401,
	TCSETS = 0x5402,
	TCSETSW = 0x5403,
	TCSETSF = 0x5404,
	TCSBRK = 0x5409,
	TCFLSH = 0x540b,
	TIOCSCTTY = 0x540e,
	TIOCGPGRP = 0x540f,
	TIOCSPGRP = 0x5410,
	TIOCGWINSZ = 0x5413,
	TIOCSWINSZ = 0x5414,
	TIOCNOTTY = 0x5422,
	TIOCGSID = 0x5429,
};

static uint16_t window[4] = {24, 80, 0, 0};
static uint32_t foreground, session; /* the group and session that have it; 0: none */
static bool is_kernels;              /* the prompt has it: no program reads, or changes modes */
static const struct job_control *jobs;

static WAIT_QUEUE(readable);
static WAIT_QUEUE(room);    /* for room in the discipline's queue */
static WAIT_QUEUE(arrived); /* for input at the console */

/* ---- input ---- */

static void signal_foreground(enum tty_signal signal)
{
	jobs->send(foreground, signal);
}

static void tell_readers(void)
{
	task_wake_all(&readable);
	task_wake_all(&files_ready);
}

static void feed(char c)
{
	uint64_t before = discipline_count();

	discipline_feed(c);
	if (discipline_count() > before)
		tell_readers();
	else if (discipline_count() < before)
		task_wake_all(&room);
}

static void take_input(void *unused)
{
	(void)unused;
	events_mask();
	for (;;) {
		int c;

		/* Even if nobody reads, Ctrl-C must work. */
		while (discipline_is_full() && !discipline_has(ISIG))
			task_sleep(&room);
		while ((c = console_try_getc()) < 0)
			task_sleep(&arrived);
		events_restore(true);
		feed((char)c);
		events_mask();
	}
}

static void note_arrival(void)
{
	task_wake_all(&arrived);
}

void tty_set_job_control(const struct job_control *hooks)
{
	jobs = hooks;
}

bool tty_init(void)
{
	discipline_init(console_write, signal_foreground);
	console_listen(note_arrival);
	return task_create(take_input, NULL, NULL);
}

/* ---- the kernel's own use ---- */

static void set_modes(const struct termios *modes)
{
	discipline_set_modes(modes);
	tell_readers();
}

void tty_take(void)
{
	foreground = session = 0;
	is_kernels = true;
	set_modes(&discipline_raw);
}

int tty_getc(void)
{
	bool events = events_mask();
	char c;

	while (!discipline_read(&c, 1)) {
		task_sleep(&readable);
	}
	events_restore(events);
	task_wake_all(&room);
	return (uint8_t)c;
}

void tty_set_foreground(uint32_t new_session, uint32_t group)
{
	foreground = group;
	session = new_session;
	is_kernels = false;
	set_modes(&discipline_usual);
}

void tty_leave(uint32_t old_session)
{
	if (!session || old_session != session)
		return;
	jobs->send(foreground, TTY_HANGUP);
	foreground = session = 0;
}

/* ---- reading and writing ---- */

/* Stops a process that reads in the background. Returns 0, or an error for the read. */
static long check_foreground(void)
{
	struct job job;

	if (is_kernels)
		return -EIO;
	job = jobs->running_job();
	/* A process of another session is not in the background of this tty. */
	if (job.session != session || job.group == foreground)
		return 0;
	return jobs->stop_reader();
}

/* Returns true if a read need not wait: there is a line, or as many bytes as the modes demand. */
static bool has_enough(uint64_t bytes)
{
	const struct termios *modes = discipline_modes();
	uint64_t least = discipline_has(ICANON) ? 1 : MIN(bytes, MAX(modes->character[VMIN], 1));

	return discipline_count() >= least;
}

/* Sleeps until something can be read. Returns 1; 0 if the modes' time is over; or an error. */
static long wait_for_input(const struct file *file, uint64_t bytes)
{
	const uint8_t *character = discipline_modes()->character;
	bool timed = !discipline_has(ICANON) && !character[VMIN];
	uint64_t deadline =
		timed ? time_system() + character[VTIME] * (NS_PER_S / 10) : TASK_FOR_EVER;
	bool events = events_mask();
	long result = 0;

	while (!result) {
		result = check_foreground();
		if (result)
			break;
		if (has_enough(bytes))
			result = 1;
		else if (file->flags & O_NONBLOCK)
			result = -EAGAIN;
		else if (task_interrupted())
			result = -ERESTART;
		else if (timed && time_system() >= deadline)
			break;
		else
			task_sleep_until(&readable, deadline);
	}
	events_restore(events);
	return result;
}

static long tty_read(struct file *file, uint64_t *position, uintptr_t to, uint64_t bytes)
{
	char buffer[256];
	uint64_t count;
	long result;

	(void)position;
	if (!bytes)
		return 0;
	result = wait_for_input(file, MIN(bytes, sizeof(buffer)));
	if (result <= 0)
		return result;
	count = discipline_read(buffer, MIN(bytes, sizeof(buffer)));
	task_wake_all(&room);
	return user_write(to, buffer, count) ? -EFAULT : (long)count;
}

static long tty_write(struct file *file, uint64_t *position, uintptr_t from, uint64_t bytes)
{
	char buffer[256];
	uint64_t done = 0;

	(void)file, (void)position;
	while (done < bytes) {
		uint64_t piece = MIN(bytes - done, sizeof(buffer));
		uint64_t copied = user_read_some(from + done, buffer, piece);

		console_write(buffer, copied);
		done += copied;
		if (copied < piece)
			return done ? (long)done : -EFAULT;
		/* The console may be slow: let others run, and stop for a signal. */
		if (task_pause() && done < bytes)
			break;
	}
	return (long)done;
}

static unsigned int tty_ready(struct file *file)
{
	(void)file;
	return READY_OUT | (discipline_count() ? READY_IN : 0u);
}

/* ---- control ---- */

static void flush_input(void)
{
	discipline_flush();
	task_wake_all(&room);
}

static long get(uintptr_t argument, const void *what, uint64_t bytes)
{
	return user_write(argument, what, bytes);
}

static long change_modes(uintptr_t argument, bool flush)
{
	struct termios new;

	if (user_read(argument, &new, sizeof(new)))
		return -EFAULT;
	if (flush)
		flush_input();
	set_modes(&new);
	return 0;
}

static long set_foreground_group(uintptr_t argument)
{
	int32_t group;

	if (jobs->running_job().session != session)
		return -ENOTTY;
	if (user_read(argument, &group, sizeof(group)))
		return -EFAULT;
	if (group <= 0)
		return -EINVAL;
	if (!jobs->group_exists((uint32_t)group, session))
		return -EPERM;
	foreground = (uint32_t)group;
	return 0;
}

/*
 * Gives the tty to the running process's session, if it leads one without a tty, and if nobody has
 * the tty or it may be stolen.
 */
static long take_tty(bool steal)
{
	struct job job = jobs->running_job();

	if (job.session == session)
		return 0;
	if (!job.leads || (session && !steal))
		return -EPERM;
	session = job.session;
	foreground = job.group;
	return 0;
}

static long give_tty_up(void)
{
	struct job job = jobs->running_job();

	if (job.session != session)
		return -ENOTTY;
	if (job.leads)
		tty_leave(session);
	return 0;
}

static long tty_control(struct file *file, uint32_t request, uintptr_t argument)
{
	int waiting = (int)discipline_count();

	(void)file;
	if (is_kernels && request != TCGETS && request != TIOCGWINSZ)
		return -EIO;
	switch (request) {
	case TCGETS:
		return get(argument, discipline_modes(), sizeof(struct termios));
	case TCSETS:
	case TCSETSW:
		return change_modes(argument, false);
	case TCSETSF:
		return change_modes(argument, true);
	case TCSBRK:
		return 0; /* a write ends once the console has taken it */
	case TCFLSH:
		if (argument != 1)
			flush_input();
		return 0;
	case TIOCSCTTY:
		return take_tty(argument == 1);
	case TIOCNOTTY:
		return give_tty_up();
	case TIOCGPGRP:
		return jobs->running_job().session == session
			       ? get(argument, &foreground, sizeof(foreground))
			       : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground_group(argument);
	case TIOCGSID:
		return jobs->running_job().session == session
			       ? get(argument, &session, sizeof(session))
			       : -ENOTTY;
	case TIOCGWINSZ:
		return get(argument, window, sizeof(window));
	case TIOCSWINSZ:
		return user_read(argument, window, sizeof(window));
	case IOCTL_BYTES:
		return get(argument, &waiting, sizeof(waiting));
	default:
		return -ENOTTY;
	}
}

const struct file_type tty_file = {
	.read = tty_read, .write = tty_write, .control = tty_control, .ready = tty_ready};
