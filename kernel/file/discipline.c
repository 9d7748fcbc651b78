// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line discipline of the tty: what the bytes typed do, and the queue of bytes that a program
 * can read.
 *
 * A byte is translated first, then it may be a signal, and otherwise it belongs to a line
 * (canonical mode) or goes into the queue.
 */
#include "discipline.h"
#include <kernel/file/lineedit.h>

const struct termios discipline_usual = {
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
const struct termios discipline_raw = {.character = {[VMIN] = 1}};

static struct termios modes;
static void (*signal_foreground)(enum tty_signal signal);

/*
 * What can be read: bytes, with an end of file wherever its key was typed. Positions in the queue
 * only grow: read up to "out", filled up to "in".
 */
#define END_OF_FILE 0x100
static uint16_t queue[DISCIPLINE_BYTES];
static uint64_t out, in;

/* The line being typed, in canonical mode; otherwise it is empty. */
static char line[DISCIPLINE_BYTES + 1];
static struct lineedit edit = {.line = line, .size = DISCIPLINE_BYTES};

void discipline_init(void (*write)(const char *text, size_t length),
		     void (*signal)(enum tty_signal signal))
{
	edit.write = write;
	signal_foreground = signal;
	discipline_set_modes(&discipline_usual);
}

/* ---- the queue ---- */

static void put(int c)
{
	queue[in++ % DISCIPLINE_BYTES] = (uint16_t)c;
}

/* Makes what was typed of a line readable. */
static void put_line(void)
{
	for (unsigned int i = 0; i < edit.length; i++)
		put((uint8_t)line[i]);
	lineedit_begin(&edit);
}

bool discipline_is_full(void)
{
	uint64_t used = in - out + edit.length;

	/*
	 * The last place is kept for the byte that ends a line, unless a line is readable already.
	 */
	return used == DISCIPLINE_BYTES || (in != out && used == DISCIPLINE_BYTES - 1);
}

void discipline_flush(void)
{
	out = in;
	lineedit_begin(&edit);
}

uint64_t discipline_count(void)
{
	return in - out;
}

uint64_t discipline_read(char *bytes, uint64_t most)
{
	bool canonical = discipline_has(ICANON);
	uint64_t count = 0;

	while (count < most && in != out) {
		int c = queue[out++ % DISCIPLINE_BYTES];

		/* It ends a line; it has no meaning where lines do not count. */
		if (c == END_OF_FILE && canonical)
			break;
		if (c == END_OF_FILE)
			continue;
		bytes[count++] = (char)c;
		if (canonical && c == '\n')
			break;
	}
	return count;
}

/* ---- modes ---- */

const struct termios *discipline_modes(void)
{
	return &modes;
}

bool discipline_has(uint32_t local)
{
	return modes.local & local;
}

void discipline_set_modes(const struct termios *new)
{
	const uint8_t *character = new->character;

	modes = *new;
	edit.keys = (struct lineedit_keys){
		.erase = character[VERASE],
		.erase_word = character[VWERASE],
		.erase_line = character[VKILL],
		.end = character[VEOF],
		.newline = character[VEOL],
	};
	edit.echo = (struct lineedit_echo){
		.bytes = discipline_has(ECHO),
		.newline = discipline_has(ECHONL),
		.erasing = discipline_has(ECHOE),
		.control = discipline_has(ECHOCTL),
	};
	/* Without canonical mode what was typed of a line is readable. */
	if (!discipline_has(ICANON))
		put_line();
}

/* ---- input ---- */

static bool feed_signal(char c)
{
	static const struct {
		uint8_t key;
		enum tty_signal signal;
	} keys[] = {{VINTR, TTY_INTERRUPT}, {VQUIT, TTY_QUIT}, {VSUSP, TTY_SUSPEND}};

	for (unsigned int i = 0; discipline_has(ISIG) && i < ARRAY_SIZE(keys); i++) {
		if (!c || (uint8_t)c != modes.character[keys[i].key])
			continue;
		if (!discipline_has(NOFLSH))
			discipline_flush();
		lineedit_echo(&edit, c);
		if (discipline_has(ECHO))
			edit.write("\n", 1);
		signal_foreground(keys[i].signal);
		return true;
	}
	return false;
}

static void feed_line(char c)
{
	enum lineedit_result result = lineedit_feed(&edit, c);

	if (result != LINEEDIT_MORE)
		put_line();
	if (result == LINEEDIT_END)
		put(END_OF_FILE);
}

/*
 * Translates a carriage return or newline as the modes say. Returns false if they ignore the byte.
 */
static bool translate(char *c)
{
	if (*c == '\r' && (modes.input & IGNCR))
		return false;
	if (*c == '\r' && (modes.input & ICRNL))
		*c = '\n';
	else if (*c == '\n' && (modes.input & INLCR))
		*c = '\r';
	return true;
}

void discipline_feed(char c)
{
	if (discipline_is_full()) {
		if (!feed_signal(c))
			edit.write("\a", 1);
		return;
	}
	if (!translate(&c) || feed_signal(c))
		return;
	if (discipline_has(ICANON)) {
		feed_line(c);
	} else {
		put((uint8_t)c);
		lineedit_echo(&edit, c);
	}
}
