// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tty; see the header. Input goes from the console's queue, by a task of its own, through the
 * line discipline into a queue of what can be read; nothing of this happens in event handlers.
 */
#include <arch/time.h>
#include <drivers/console.h>
#include <kernel/file/file.h>
#include <kernel/file/tty.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>

/* Modes of struct termios, and places in its array of characters, with Linux's values. */
enum {
	ICRNL = 0400,
	INLCR = 0100,
	IGNCR = 0200,
	OPOST = 1,
	ONLCR = 4,
	ISIG = 1,
	ICANON = 2,
	ECHO = 010,
	ECHOE = 020,
	ECHOK = 040,
	ECHONL = 0100,
	NOFLSH = 0200,
	ECHOCTL = 01000,
	ECHOKE = 04000,
	IEXTEN = 0100000,

	VINTR = 0,
	VQUIT = 1,
	VERASE = 2,
	VKILL = 3,
	VEOF = 4,
	VTIME = 5,
	VMIN = 6,
	VSUSP = 10,
	VEOL = 11,
	VWERASE = 14,
	CHARACTERS = 19,
};

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

struct termios {
	uint32_t input, output, control, local;
	uint8_t line, character[CHARACTERS];
};

static const struct termios usual = {
	.input = ICRNL,
	.output = OPOST | ONLCR,
	.control = 0277, /* 38400 baud, eight bits, receiver on */
	.local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.character = {[VINTR] = 3,
		      [VQUIT] = 034,
		      [VERASE] = 0177,
		      [VKILL] = 025,
		      [VEOF] = 4,
		      [VMIN] = 1,
		      [VSUSP] = 032,
		      [VWERASE] = 027},
};

/* What is in the queue: bytes, and the end of a file, which is typed in the middle of it. */
#define QUEUE_SIZE  4096u
#define END_OF_FILE 0x100

static struct termios modes;
static uint16_t window[4] = {24, 80, 0, 0};
static uint32_t foreground, session; /* the group and session that have it; 0: none */
static bool is_kernels;              /* the prompt has it: nobody else reads, or changes modes */
static const struct job_control *jobs;

/*
 * Positions in the queue, counted without end: read up to "out"; whole lines up to "lines"; and the
 * line that is being typed up to "in".
 */
static uint16_t queue[QUEUE_SIZE];
static uint64_t out, lines, in;
static WAIT_QUEUE(readable);
static WAIT_QUEUE(room);    /* in the queue */
static WAIT_QUEUE(arrived); /* something, at the console */

static bool is_mode(uint32_t mode)
{
	return modes.local & mode;
}

static uint16_t *slot(uint64_t position)
{
	return &queue[position % QUEUE_SIZE];
}

/* ---- echo ---- */

static void show(const char *text)
{
	console_write(text, strlen(text));
}

static bool is_control(int c)
{
	return (c < ' ' && c != '\n' && c != '\t') || c == 0177;
}

static void echo(int c)
{
	const char control[] = {'^', (char)(c ^ 0x40), '\0'}, plain[] = {(char)c, '\0'};

	if (!is_mode(ECHO) && !(c == '\n' && is_mode(ECHONL)))
		return;
	show(is_control(c) && is_mode(ECHOCTL) ? control : plain);
}

/* Takes the last character of the line that is being typed away again. */
static void erase(void)
{
	int c = *slot(--in);

	if (is_mode(ECHO) && is_mode(ECHOE))
		show(is_control(c) && is_mode(ECHOCTL) ? "\b\b  \b\b" : "\b \b");
}

/* ---- input ---- */

static void tell_readers(void)
{
	task_wake(&readable);
	task_wake(&files_ready);
}

/* Forgets what was typed and not read. */
static void flush_input(void)
{
	out = lines = in;
	task_wake(&room);
}

static void put(int c)
{
	*slot(in++) = (uint16_t)c;
}

static void end_line(void)
{
	lines = in;
	tell_readers();
}

static bool is_key(int c, unsigned int which)
{
	return c && c == modes.character[which];
}

static bool feed_signal(int c)
{
	static const struct {
		uint8_t key;
		enum tty_signal signal;
	} keys[] = {{VINTR, TTY_INTERRUPT}, {VQUIT, TTY_QUIT}, {VSUSP, TTY_SUSPEND}};

	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is_key(c, keys[i].key))
			continue;
		if (!is_mode(NOFLSH))
			flush_input();
		echo(c);
		if (is_mode(ECHO))
			show("\n");
		jobs->send(foreground, keys[i].signal);
		return true;
	}
	return false;
}

/* A key that edits the line; whether it was one. */
static bool feed_editing(int c)
{
	if (is_key(c, VERASE) || c == '\b') {
		if (in > lines)
			erase();
	} else if (is_key(c, VKILL)) {
		while (in > lines)
			erase();
	} else if (is_key(c, VWERASE)) {
		while (in > lines && *slot(in - 1) == ' ')
			erase();
		while (in > lines && *slot(in - 1) != ' ')
			erase();
	} else if (is_key(c, VEOF)) {
		put(END_OF_FILE);
		end_line();
	} else {
		return false;
	}
	return true;
}

/* One byte through the line discipline. There is room for it. */
static void feed(int c)
{
	if (c == '\r' && (modes.input & IGNCR))
		return;
	if (c == '\r' && (modes.input & ICRNL))
		c = '\n';
	else if (c == '\n' && (modes.input & INLCR))
		c = '\r';
	if (is_mode(ISIG) && feed_signal(c))
		return;
	if (!is_mode(ICANON)) {
		put(c);
		echo(c);
		end_line();
		return;
	}
	if (feed_editing(c))
		return;
	/* The last place is for the key that ends the line. */
	if (c != '\n' && in - out >= QUEUE_SIZE - 1) {
		show("\a");
		return;
	}
	put(c);
	echo(c);
	if (c == '\n' || is_key(c, VEOL))
		end_line();
}

/* Whether nothing more can be taken: only reading helps. */
static bool is_full(void)
{
	return in - out == QUEUE_SIZE || (lines > out && in - out >= QUEUE_SIZE - 1);
}

static void take_input(void *unused)
{
	(void)unused;
	events_mask();
	for (;;) {
		int c;

		/* If nobody reads, there is still Ctrl-C to look for. */
		while (is_full() && !is_mode(ISIG))
			task_sleep(&room);
		while ((c = console_try_getc()) < 0)
			task_sleep(&arrived);
		events_restore(true);
		if (!is_full())
			feed(c);
		else if (!feed_signal(c))
			show("\a");
		events_mask();
	}
}

static void note_arrival(void)
{
	task_wake(&arrived);
}

void tty_set_job_control(const struct job_control *hooks)
{
	jobs = hooks;
}

bool tty_init(void)
{
	modes = usual;
	console_listen(note_arrival);
	return task_create(take_input, NULL, NULL);
}

/* ---- the kernel's own use ---- */

static void set_modes(const struct termios *new)
{
	modes = *new;
	/* What was typed of a line can be read if lines do not count. */
	if (!is_mode(ICANON))
		end_line();
}

void tty_take(void)
{
	static const struct termios raw = {.character = {[VMIN] = 1}};

	foreground = session = 0;
	is_kernels = true;
	set_modes(&raw);
}

int tty_getc(void)
{
	bool events = events_mask();
	int c;

	do {
		while (out == in)
			task_sleep(&readable);
		c = *slot(out++);
	} while (c == END_OF_FILE);
	events_restore(events);
	task_wake(&room);
	return c;
}

void tty_set_foreground(uint32_t new_session, uint32_t group)
{
	foreground = group;
	session = new_session;
	is_kernels = false;
	set_modes(&usual);
}

void tty_leave(uint32_t old_session)
{
	if (!session || old_session != session)
		return;
	jobs->send(foreground, TTY_HANGUP);
	foreground = session = 0;
}

/* ---- reading and writing ---- */

/* How much can be read now: whole lines, or whatever there is. */
static uint64_t waiting_bytes(void)
{
	return (is_mode(ICANON) ? lines : in) - out;
}

/* Takes at most so many bytes out of the queue, of one line if lines count. */
static uint64_t take_bytes(char *bytes, uint64_t most)
{
	uint64_t count = 0;

	while (count < most && waiting_bytes()) {
		int c = *slot(out++);

		/* It ends a line; where lines do not count it is nothing. */
		if (c == END_OF_FILE && is_mode(ICANON))
			break;
		if (c == END_OF_FILE)
			continue;
		bytes[count++] = (char)c;
		if (is_mode(ICANON) && c == '\n')
			break;
	}
	task_wake(&room);
	return count;
}

/* Who is not in the foreground waits until it is. */
static long check_foreground(void)
{
	struct job job;

	if (is_kernels)
		return -EIO;
	job = jobs->running_job();
	/* Without a tty of its own, there is nothing to be in the foreground of. */
	if (job.session != session || job.group == foreground)
		return 0;
	return jobs->stop_reader();
}

/* Whether as much has come as a read waits for: a line, or so many bytes as the modes say. */
static bool has_enough(uint64_t bytes)
{
	uint64_t least = is_mode(ICANON) ? 1 : MIN(bytes, MAX(modes.character[VMIN], 1));

	return waiting_bytes() >= least;
}

/* Sleeps until something can be read: 1; 0: the time that the modes give was up; or an error. */
static long wait_for_input(const struct file *file, uint64_t bytes)
{
	bool timed = !is_mode(ICANON) && !modes.character[VMIN];
	uint64_t deadline =
		timed ? time_system() + modes.character[VTIME] * (NS_PER_S / 10) : TASK_FOR_EVER;
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
	count = take_bytes(buffer, MIN(bytes, sizeof(buffer)));
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
		/* A console may be slow. */
		if (task_pause() && done < bytes)
			break;
	}
	return (long)done;
}

static unsigned int tty_ready(struct file *file)
{
	(void)file;
	return READY_OUT | (waiting_bytes() ? READY_IN : 0u);
}

/* ---- control ---- */

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

/* The leader of a session without a tty takes this one, if nobody has it or it is to be stolen. */
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
	int waiting = (int)waiting_bytes();

	(void)file;
	if (is_kernels && request != TCGETS && request != TIOCGWINSZ)
		return -EIO;
	switch (request) {
	case TCGETS:
		return get(argument, &modes, sizeof(modes));
	case TCSETS:
	case TCSETSW:
		return change_modes(argument, false);
	case TCSETSF:
		return change_modes(argument, true);
	case TCSBRK:
		return 0; /* a write is over when the console has taken it */
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
