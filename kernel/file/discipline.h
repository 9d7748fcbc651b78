/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line discipline (termios(3)): what lies between the console's bytes and those that a program
 * reads from the tty.
 *
 * In canonical mode it collects a line in the line editor; the line can be read once it is ended.
 * In any other mode what comes can be read at once. In both it echoes, and turns keys like Ctrl-C
 * into signals. It does not sleep and wakes nobody: that is kernel/file/tty.c, for the one terminal
 * that there is.
 */
#ifndef KERNEL_FILE_DISCIPLINE_H
#define KERNEL_FILE_DISCIPLINE_H

#include <kernel/file/tty.h>

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

struct termios {
	uint32_t input, output, control, local;
	uint8_t line, character[CHARACTERS];
};

/* Bytes that can be typed ahead of being read, the line that is being typed among them. */
#define DISCIPLINE_BYTES 4096u

/* Sets where the echo goes, and what is told of the keys that are signals. Once. */
void discipline_init(void (*write)(const char *text, size_t length),
		     void (*signal)(enum tty_signal signal));

/* The modes; the ones set last. In canonical mode what has been typed of a line stays as it is. */
const struct termios *discipline_modes(void);
void discipline_set_modes(const struct termios *modes);

/* The usual modes of a terminal, and those of the kernel's prompt, which hands on every byte. */
extern const struct termios discipline_usual, discipline_raw;

/* Returns true if one of these modes of "local" is set. */
bool discipline_has(uint32_t local);

/*
 * Takes one byte from the console. If there is no room for it, it is dropped with a bell, unless it
 * is the key of a signal.
 */
void discipline_feed(char c);

/* Returns true if there is no room for another byte: only reading makes some. */
bool discipline_is_full(void);

/* Forgets what was typed and not read. */
void discipline_flush(void);

/* How many bytes can be read now: ended lines, or whatever there is. An end of file counts as one.
 */
uint64_t discipline_count(void);

/*
 * Reads at most so many bytes: in canonical mode of one line. Returns how many: 0 at an end of
 * file, or if there is nothing.
 */
uint64_t discipline_read(char *bytes, uint64_t most);

#endif
