/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line editor: what a person types becomes a line, the prompt's or a program's.
 *
 * It is a state machine: bytes from the terminal go in one at a time, bytes for the terminal come
 * out. It knows nothing of consoles, so it is tested on a workstation. It has two ways to show a
 * line:
 *
 *  - With a prompt of its own it knows the column where the line begins, and can redraw it. The
 *    cursor moves in the line, earlier lines can be recalled, Tab completes a word. A line longer
 *    than the screen is wide scrolls sideways. The terminal understands the ANSI sequences "erase
 *    to the end of the line" and "cursor left".
 *  - Without one, it edits for a program whose prompt it does not know: the tty in canonical mode
 *    (termios(3)). The line is edited at its end, and rubbed out with backspaces. Bytes that are no
 *    keys belong to the line, whatever they are.
 *
 * The keys that erase, end and cancel are the same in both ways (struct lineedit_keys). With a
 * prompt there are also: Left Right Home End Delete; Up Down for history; Tab to complete; Ctrl-A
 * and -E for start and end, -B -F one step, -K to erase to the end, -L to redraw the screen, -P -N
 * for history.
 */
#ifndef KERNEL_FILE_LINEEDIT_H
#define KERNEL_FILE_LINEEDIT_H

#include <kernel/lib/compiler.h>

#define LINEEDIT_LENGTH  256 /* bytes of a line at the prompt, with its NUL */
#define LINEEDIT_HISTORY 32  /* lines remembered */
#define LINEEDIT_COLUMNS 79  /* columns used of the screen's 80: a full line would wrap */

enum lineedit_result {
	LINEEDIT_MORE,      /* the line is not finished */
	LINEEDIT_DONE,      /* it is in "line"; a program's with the byte that ended it */
	LINEEDIT_CANCELLED, /* the cancel key, at a prompt */
	LINEEDIT_END,       /* the end key: at a prompt on an empty line only */
};

/* The keys that can be chosen; 0: no key does it. Backspace (Ctrl-H) always erases. */
struct lineedit_keys {
	uint8_t erase;      /* one character */
	uint8_t erase_word; /* the word before the cursor, with the blanks after it */
	uint8_t erase_line; /* everything before the cursor */
	uint8_t end;        /* of input; at a prompt it deletes a character if there are any */
	uint8_t cancel;     /* the line: at a prompt only, for the tty makes it a signal */
	uint8_t newline;    /* ends a program's line, as "\n" does */
};

/* The usual keys: Delete, Ctrl-W, Ctrl-U, Ctrl-D and Ctrl-C. */
extern const struct lineedit_keys lineedit_usual_keys;

/* What a program's terminal shows of the bytes typed. */
struct lineedit_echo {
	bool bytes;   /* they are shown */
	bool newline; /* "\n" is shown, even if bytes are not */
	bool erasing; /* erased ones vanish from the screen */
	bool control; /* control characters are shown as "^C" */
};

/* The lines entered before, for a prompt. */
struct lineedit_history {
	char line[LINEEDIT_HISTORY][LINEEDIT_LENGTH];
	unsigned int entries;        /* ever made; the last LINEEDIT_HISTORY are kept */
	unsigned int browsing;       /* how far back the line shown is; 0: it is being typed */
	char typed[LINEEDIT_LENGTH]; /* what was being typed when browsing began */
};

struct lineedit {
	char *line;        /* NUL-terminated; a program's may have other NULs in it */
	unsigned int size; /* bytes of a line, with its NUL or the byte that ends it */
	struct lineedit_keys keys;
	void (*write)(const char *text, size_t length);

	/* NULL: a program's line, shown as "echo" says. */
	const char *prompt;
	struct lineedit_echo echo;

	/* At a prompt, whose lines have LINEEDIT_LENGTH bytes: */
	struct lineedit_history *history;
	/* Returns the n-th word, from 0, that may complete a line's first word; NULL: no more. */
	const char *(*word)(unsigned int n);

	unsigned int length, cursor;
	unsigned int scrolled; /* characters of the line that are left of the screen */
	enum { KEY_PLAIN, KEY_ESCAPE, KEY_BRACKET } state;
	unsigned int number; /* parameter of an escape sequence */
	bool after_return;   /* "\n" right after "\r" is the same key */
};

/* Starts a new line, and shows the prompt if there is one. History stays. */
void lineedit_begin(struct lineedit *edit);

/* Takes one byte from the terminal. After anything but LINEEDIT_MORE, begin again. */
enum lineedit_result lineedit_feed(struct lineedit *edit, char c);

/* Shows a byte as "echo" says. For bytes that are not part of a program's line. */
void lineedit_echo(struct lineedit *edit, char c);

#endif
