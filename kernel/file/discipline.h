/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line discipline (termios(3)): from the bytes of the console to those that a program reads
 * from the tty.
 *
 * In canonical mode it collects a line in the line editor; the line is readable once it is ended.
 * In any other mode bytes are readable at once. In both it echoes, and turns keys like Ctrl-C into
 * signals. It neither sleeps nor wakes anyone: kernel/file/tty.c does, for the one terminal.
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

/* Most bytes that can be typed ahead, with the line being typed. */
#define DISCIPLINE_BYTES 4096u

/* Sets the functions that show the echo and that deliver signals. Once. */
void discipline_init(void (*write)(const char *text, size_t length),
		     void (*signal)(enum tty_signal signal));

/* Return and set the modes. In canonical mode the line being typed stays as it is. */
const struct termios *discipline_modes(void);
void discipline_set_modes(const struct termios *modes);

/* The default modes of a terminal; and those of the kernel's prompt, which reads every byte. */
extern const struct termios discipline_usual, discipline_raw;

/* Returns true if one of these modes of "local" is set. */
bool discipline_has(uint32_t local);

/*
 * Processes one byte from the console. If there is no room, it is dropped with a bell, unless it is
 * the key of a signal.
 */
void discipline_feed(char c);

/* Returns true if there is no room for another byte until something is read. */
bool discipline_is_full(void);

/* Discards what was typed and not read. */
void discipline_flush(void);

/*
 * Returns how many bytes can be read: in canonical mode those of ended lines, else all. An end of
 * file counts as one.
 */
uint64_t discipline_count(void);

/*
 * Reads at most "most" bytes, in canonical mode of one line. Returns how many; 0 at an end of file,
 * or if there are none.
 */
uint64_t discipline_read(char *bytes, uint64_t most);

#endif
