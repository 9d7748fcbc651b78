// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line editor; see the header for its keys.
 *
 * Every change ends in redraw(), which rewrites the visible part of the line. The one exception is
 * what happens most: a character typed at the end is simply echoed.
 */
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/prompt/lineedit.h>

#define CTRL(letter) (0x1f & (letter))
#define DELETE       0x7f
#define ESCAPE       0x1b

static void show(struct lineedit *edit, const char *text)
{
	edit->write(text, strlen(text));
}

/* Columns that are left for the line itself. */
static unsigned int room(const struct lineedit *edit)
{
	return LINEEDIT_COLUMNS - (unsigned int)strlen(edit->prompt);
}

static void redraw(struct lineedit *edit)
{
	unsigned int visible;
	char back[16];

	if (edit->cursor < edit->scrolled)
		edit->scrolled = edit->cursor;
	if (edit->cursor > edit->scrolled + room(edit))
		edit->scrolled = edit->cursor - room(edit);
	visible = MIN(edit->length - edit->scrolled, room(edit));

	show(edit, "\r");
	show(edit, edit->prompt);
	edit->write(edit->line + edit->scrolled, visible);
	show(edit, "\x1b[K");
	if (edit->scrolled + visible > edit->cursor) {
		snprintf(back, sizeof(back), "\x1b[%uD", edit->scrolled + visible - edit->cursor);
		show(edit, back);
	}
}

static void bell(struct lineedit *edit)
{
	show(edit, "\a");
}

void lineedit_begin(struct lineedit *edit)
{
	edit->length = edit->cursor = edit->scrolled = 0;
	edit->line[0] = '\0';
	edit->browsing = 0;
	edit->state = KEY_PLAIN;
	show(edit, edit->prompt);
}

static void insert(struct lineedit *edit, char c)
{
	if (edit->length == LINEEDIT_LENGTH - 1) {
		bell(edit);
		return;
	}
	memmove(edit->line + edit->cursor + 1, edit->line + edit->cursor,
		edit->length - edit->cursor + 1);
	edit->line[edit->cursor++] = c;
	edit->length++;
	if (edit->cursor == edit->length && edit->length - edit->scrolled <= room(edit))
		edit->write(&c, 1);
	else
		redraw(edit);
}

/* Removes the characters from "from" up to "to", and leaves the cursor there. */
static void erase(struct lineedit *edit, unsigned int from, unsigned int to)
{
	memmove(edit->line + from, edit->line + to, edit->length - to + 1);
	edit->length -= to - from;
	edit->cursor = from;
	redraw(edit);
}

static void move(struct lineedit *edit, unsigned int cursor)
{
	edit->cursor = cursor;
	redraw(edit);
}

static unsigned int word_start(const struct lineedit *edit)
{
	unsigned int at = edit->cursor;

	while (at && edit->line[at - 1] == ' ')
		at--;
	while (at && edit->line[at - 1] != ' ')
		at--;
	return at;
}

static void replace_line(struct lineedit *edit, const char *text)
{
	edit->length = edit->cursor = (unsigned int)strlen(text);
	memcpy(edit->line, text, edit->length + 1);
	redraw(edit);
}

/* The line "back" entries ago, 1 the newest. */
static char *history_entry(struct lineedit *edit, unsigned int back)
{
	return edit->history[(edit->entries - back) % LINEEDIT_HISTORY];
}

static void browse(struct lineedit *edit, unsigned int back)
{
	if (back > MIN(edit->entries, LINEEDIT_HISTORY)) {
		bell(edit);
		return;
	}
	if (edit->browsing == 0)
		memcpy(edit->typed, edit->line, sizeof(edit->typed));
	edit->browsing = back;
	replace_line(edit, back ? history_entry(edit, back) : edit->typed);
}

static void browse_newer(struct lineedit *edit)
{
	if (edit->browsing)
		browse(edit, edit->browsing - 1);
	else
		bell(edit);
}

static void remember(struct lineedit *edit)
{
	if (edit->length == 0)
		return;
	if (edit->entries && strcmp(history_entry(edit, 1), edit->line) == 0)
		return;
	memcpy(edit->history[edit->entries++ % LINEEDIT_HISTORY], edit->line, sizeof(edit->line));
}

static bool matches(const struct lineedit *edit, const char *word)
{
	return strncmp(word, edit->line, edit->cursor) == 0;
}

/* Completes the first word as far as all candidates agree; shows them if that is no further. */
static void complete(struct lineedit *edit)
{
	const char *first = NULL;
	size_t common = 0;
	unsigned int candidates = 0;
	const char *word;

	for (unsigned int n = 0; (word = edit->word(n)); n++) {
		size_t length = 0;

		if (!matches(edit, word))
			continue;
		if (!candidates++) {
			first = word;
			common = strlen(word);
			continue;
		}
		while (length < common && word[length] == first[length])
			length++;
		common = length;
	}
	if (!candidates || strchr(edit->line, ' ')) {
		bell(edit);
	} else if (candidates == 1 || common > edit->cursor) {
		for (size_t i = edit->cursor; i < common; i++)
			insert(edit, first[i]);
		if (candidates == 1)
			insert(edit, ' ');
	} else {
		show(edit, "\n");
		for (unsigned int n = 0; (word = edit->word(n)); n++) {
			if (matches(edit, word)) {
				show(edit, word);
				show(edit, "  ");
			}
		}
		show(edit, "\n");
		redraw(edit);
	}
}

static void left(struct lineedit *edit)
{
	if (edit->cursor)
		move(edit, edit->cursor - 1);
}

static void right(struct lineedit *edit)
{
	if (edit->cursor < edit->length)
		move(edit, edit->cursor + 1);
}

static void delete_here(struct lineedit *edit)
{
	if (edit->cursor < edit->length)
		erase(edit, edit->cursor, edit->cursor + 1);
}

/* The last byte of an escape sequence: ESC [ letter, or ESC [ number ~. */
static void escape_key(struct lineedit *edit, char c)
{
	edit->state = KEY_PLAIN;
	switch (c) {
	case 'A':
		browse(edit, edit->browsing + 1);
		break;
	case 'B':
		browse_newer(edit);
		break;
	case 'C':
		right(edit);
		break;
	case 'D':
		left(edit);
		break;
	case 'H':
		move(edit, 0);
		break;
	case 'F':
		move(edit, edit->length);
		break;
	case '~':
		if (edit->number == 1 || edit->number == 7)
			move(edit, 0);
		else if (edit->number == 4 || edit->number == 8)
			move(edit, edit->length);
		else if (edit->number == 3)
			delete_here(edit);
		break;
	default:
		break;
	}
}

/* A byte inside an escape sequence. */
static void escape_byte(struct lineedit *edit, char c)
{
	if (edit->state == KEY_ESCAPE) {
		edit->state = c == '[' || c == 'O' ? KEY_BRACKET : KEY_PLAIN;
		edit->number = 0;
	} else if (c >= '0' && c <= '9') {
		edit->number = (edit->number * 10 + (unsigned int)(c - '0')) % 1000;
	} else if (c >= 0x40 && c <= 0x7e) {
		escape_key(edit, c);
	}
}

static enum lineedit_result finish(struct lineedit *edit, const char *echo,
				   enum lineedit_result result)
{
	show(edit, echo);
	if (result == LINEEDIT_DONE)
		remember(edit);
	return result;
}

static enum lineedit_result control_key(struct lineedit *edit, char c)
{
	switch (c) {
	case '\r':
	case '\n':
		return finish(edit, "\n", LINEEDIT_DONE);
	case CTRL('c'):
		return finish(edit, "^C\n", LINEEDIT_CANCELLED);
	case CTRL('d'):
		if (edit->length == 0)
			return finish(edit, "\n", LINEEDIT_END);
		delete_here(edit);
		break;
	case ESCAPE:
		edit->state = KEY_ESCAPE;
		break;
	case DELETE:
	case '\b':
		if (edit->cursor)
			erase(edit, edit->cursor - 1, edit->cursor);
		break;
	case '\t':
		complete(edit);
		break;
	case CTRL('a'):
		move(edit, 0);
		break;
	case CTRL('e'):
		move(edit, edit->length);
		break;
	case CTRL('b'):
		left(edit);
		break;
	case CTRL('f'):
		right(edit);
		break;
	case CTRL('k'):
		erase(edit, edit->cursor, edit->length);
		break;
	case CTRL('u'):
		erase(edit, 0, edit->cursor);
		break;
	case CTRL('w'):
		erase(edit, word_start(edit), edit->cursor);
		break;
	case CTRL('l'):
		show(edit, "\x1b[H\x1b[2J");
		redraw(edit);
		break;
	case CTRL('p'):
		browse(edit, edit->browsing + 1);
		break;
	case CTRL('n'):
		browse_newer(edit);
		break;
	default:
		bell(edit);
		break;
	}
	return LINEEDIT_MORE;
}

enum lineedit_result lineedit_feed(struct lineedit *edit, char c)
{
	bool second_half = c == '\n' && edit->after_return;

	edit->after_return = c == '\r';
	if (second_half)
		return LINEEDIT_MORE;
	if (edit->state != KEY_PLAIN) {
		escape_byte(edit, c);
		return LINEEDIT_MORE;
	}
	if (c >= ' ' && c < DELETE) {
		insert(edit, c);
		return LINEEDIT_MORE;
	}
	return control_key(edit, c);
}
