// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line editor: what each key does, and what the terminal shows of it.
 *
 * At a prompt every change ends in redraw(), which rewrites the visible part of the line. The one
 * exception is what happens most: a character typed at the end is simply echoed. A program's line
 * changes at its end only, by echo and rub_out().
 */
#include <kernel/file/lineedit.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>

#define CTRL(letter) (0x1f & (letter))
#define DELETE       0x7f
#define ESCAPE       0x1b

const struct lineedit_keys lineedit_usual_keys = {
	.erase = DELETE,
	.erase_word = CTRL('w'),
	.erase_line = CTRL('u'),
	.end = CTRL('d'),
	.cancel = CTRL('c'),
};

static void show(struct lineedit *edit, const char *text)
{
	edit->write(text, strlen(text));
}

/* Returns the number of columns left for the line itself. */
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

static bool is_key(char c, uint8_t key)
{
	return c && (uint8_t)c == key;
}

/* Returns true if a byte is shown as two characters, "^" and a letter. */
static bool is_shown_as_control(const struct lineedit *edit, char c)
{
	return (((uint8_t)c < ' ' && c != '\n' && c != '\t') || c == DELETE) && edit->echo.control;
}

void lineedit_echo(struct lineedit *edit, char c)
{
	const char control[] = {'^', (char)(c ^ 0x40)};

	if (!edit->echo.bytes && !(c == '\n' && edit->echo.newline))
		return;
	if (is_shown_as_control(edit, c))
		edit->write(control, sizeof(control));
	else if (c)
		edit->write(&c, 1);
}

/* Makes a byte that was echoed vanish from the screen. */
static void rub_out(struct lineedit *edit, char c)
{
	if (edit->echo.bytes && edit->echo.erasing)
		show(edit, is_shown_as_control(edit, c) ? "\b\b  \b\b" : "\b \b");
}

void lineedit_begin(struct lineedit *edit)
{
	edit->length = edit->cursor = edit->scrolled = 0;
	edit->line[0] = '\0';
	edit->state = KEY_PLAIN;
	if (edit->history)
		edit->history->browsing = 0;
	if (edit->prompt)
		show(edit, edit->prompt);
}

/* Returns true if only the last place is left, for the NUL or the byte that ends the line. */
static bool is_full(const struct lineedit *edit)
{
	return edit->length + 1 >= edit->size;
}

static void insert(struct lineedit *edit, char c)
{
	if (is_full(edit)) {
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

/* Appends a byte to a program's line, which has room for it. */
static void append(struct lineedit *edit, char c)
{
	edit->line[edit->length++] = c;
	edit->line[edit->length] = '\0';
	edit->cursor = edit->length;
	lineedit_echo(edit, c);
}

/* Removes the characters from "from" up to "to", and leaves the cursor there. */
static void erase(struct lineedit *edit, unsigned int from, unsigned int to)
{
	if (!edit->prompt) {
		for (unsigned int i = to; i > from; i--)
			rub_out(edit, edit->line[i - 1]);
	}
	memmove(edit->line + from, edit->line + to, edit->length - to + 1);
	edit->length -= to - from;
	edit->cursor = from;
	if (edit->prompt)
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

/* Returns the line entered "back" lines ago; 1 is the newest. */
static char *history_entry(struct lineedit *edit, unsigned int back)
{
	return edit->history->line[(edit->history->entries - back) % LINEEDIT_HISTORY];
}

static void browse(struct lineedit *edit, unsigned int back)
{
	struct lineedit_history *history = edit->history;

	if (back > MIN(history->entries, LINEEDIT_HISTORY)) {
		bell(edit);
		return;
	}
	if (history->browsing == 0)
		memcpy(history->typed, edit->line, sizeof(history->typed));
	history->browsing = back;
	replace_line(edit, back ? history_entry(edit, back) : history->typed);
}

static void browse_newer(struct lineedit *edit)
{
	if (edit->history->browsing)
		browse(edit, edit->history->browsing - 1);
	else
		bell(edit);
}

static void remember(struct lineedit *edit)
{
	struct lineedit_history *history = edit->history;

	if (edit->length == 0)
		return;
	if (history->entries && strcmp(history_entry(edit, 1), edit->line) == 0)
		return;
	memcpy(history->line[history->entries++ % LINEEDIT_HISTORY], edit->line, edit->length + 1);
}

static bool matches(const struct lineedit *edit, const char *word)
{
	return strncmp(word, edit->line, edit->cursor) == 0;
}

/* Completes the first word as far as all candidates agree; if that adds nothing, lists them. */
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

/* Handles the last byte of an escape sequence: ESC [ letter, or ESC [ number ~. */
static void escape_key(struct lineedit *edit, char c)
{
	edit->state = KEY_PLAIN;
	switch (c) {
	case 'A':
		browse(edit, edit->history->browsing + 1);
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

/* Handles a byte within an escape sequence. */
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

/* Handles the keys that erase, in both kinds of line. Returns false if the byte is none of them. */
static bool erasing_key(struct lineedit *edit, char c)
{
	if (is_key(c, edit->keys.erase) || c == '\b') {
		if (edit->cursor)
			erase(edit, edit->cursor - 1, edit->cursor);
	} else if (is_key(c, edit->keys.erase_line)) {
		erase(edit, 0, edit->cursor);
	} else if (is_key(c, edit->keys.erase_word)) {
		erase(edit, word_start(edit), edit->cursor);
	} else {
		return false;
	}
	return true;
}

/*
 * Handles the keys that end a line at a prompt, and those that erase. *known: it was one of them.
 */
static enum lineedit_result chosen_key(struct lineedit *edit, char c, bool *known)
{
	*known = true;
	if (c == '\r' || c == '\n')
		return finish(edit, "\n", LINEEDIT_DONE);
	if (is_key(c, edit->keys.cancel))
		return finish(edit, "^C\n", LINEEDIT_CANCELLED);
	if (is_key(c, edit->keys.end)) {
		if (edit->length == 0)
			return finish(edit, "\n", LINEEDIT_END);
		delete_here(edit);
	} else {
		*known = erasing_key(edit, c);
	}
	return LINEEDIT_MORE;
}

/* Handles the keys that only a prompt has. */
static void prompt_key(struct lineedit *edit, char c)
{
	switch (c) {
	case ESCAPE:
		edit->state = KEY_ESCAPE;
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
	case CTRL('l'):
		show(edit, "\x1b[H\x1b[2J");
		redraw(edit);
		break;
	case CTRL('p'):
		browse(edit, edit->history->browsing + 1);
		break;
	case CTRL('n'):
		browse_newer(edit);
		break;
	default:
		bell(edit);
		break;
	}
}

/* Handles one byte of a program's line. */
static enum lineedit_result feed_program(struct lineedit *edit, char c)
{
	bool ends = c == '\n' || is_key(c, edit->keys.newline);

	if (erasing_key(edit, c))
		return LINEEDIT_MORE;
	if (is_key(c, edit->keys.end))
		return LINEEDIT_END;
	if (!ends && is_full(edit)) {
		bell(edit);
		return LINEEDIT_MORE;
	}
	append(edit, c);
	return ends ? LINEEDIT_DONE : LINEEDIT_MORE;
}

/* Handles one byte at a prompt. */
static enum lineedit_result feed_prompt(struct lineedit *edit, char c)
{
	bool second_half = c == '\n' && edit->after_return, known;
	enum lineedit_result result;

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
	result = chosen_key(edit, c, &known);
	if (!known)
		prompt_key(edit, c);
	return result;
}

enum lineedit_result lineedit_feed(struct lineedit *edit, char c)
{
	return edit->prompt ? feed_prompt(edit, c) : feed_program(edit, c);
}
