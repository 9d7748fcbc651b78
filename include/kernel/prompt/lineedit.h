/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Editing one line on a terminal, with history and completion.
 *
 * A state machine: bytes from the terminal go in one at a time, bytes for the terminal come out. It
 * knows nothing of consoles, so it is tested on a workstation. The terminal understands the ANSI
 * sequences "erase to the end of the line" and "cursor left"; a line that is longer than the screen
 * is wide scrolls sideways.
 *
 * Keys: Left Right Home End Delete Backspace, Up Down for history, Tab to complete; Ctrl-A and -E
 * for the ends, -B -F one step, -K -U erase to the end, to the start, -W a word, -L the screen, -P
 * -N history, -C gives the line up, -D on an empty line ends input.
 */
#ifndef KERNEL_PROMPT_LINEEDIT_H
#define KERNEL_PROMPT_LINEEDIT_H

#include <kernel/lib/compiler.h>

#define LINEEDIT_LENGTH  256 /* bytes of a line, with its final 0 */
#define LINEEDIT_HISTORY 32  /* lines remembered */
#define LINEEDIT_COLUMNS 79  /* columns used of the screen's 80: a full line would wrap */

enum lineedit_result {
	LINEEDIT_MORE,      /* the line is not finished */
	LINEEDIT_DONE,      /* it is in "line" */
	LINEEDIT_CANCELLED, /* Ctrl-C */
	LINEEDIT_END,       /* Ctrl-D on an empty line */
};

struct lineedit {
	const char *prompt;
	void (*write)(const char *text, size_t length);
	/* The n-th word (from 0) that may complete the first word of a line; NULL past the last. */
	const char *(*word)(unsigned int n);

	char line[LINEEDIT_LENGTH];
	unsigned int length, cursor;
	unsigned int scrolled; /* characters of the line that are left of the screen */
	enum { KEY_PLAIN, KEY_ESCAPE, KEY_BRACKET } state;
	unsigned int number; /* parameter of an escape sequence */
	bool after_return;   /* "\n" right after "\r" is the same key */

	char history[LINEEDIT_HISTORY][LINEEDIT_LENGTH];
	unsigned int entries;        /* ever made; the last LINEEDIT_HISTORY are kept */
	unsigned int browsing;       /* how far back the line shown is; 0: it is being typed */
	char typed[LINEEDIT_LENGTH]; /* what was being typed when browsing began */
};

/* Starts a new line: shows the prompt. History stays. */
void lineedit_begin(struct lineedit *edit);

/* Takes one byte from the terminal. After anything but LINEEDIT_MORE, begin again. */
enum lineedit_result lineedit_feed(struct lineedit *edit, char c);

#endif
