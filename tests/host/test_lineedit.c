// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line editor, driven by keys and watched on a small terminal that understands what it writes:
 * what counts is what a person would see.
 */
#include "host.h"

#include <kernel/file/lineedit.h>

#define UP    "\x1b[A"
#define DOWN  "\x1b[B"
#define RIGHT "\x1b[C"
#define LEFT  "\x1b[D"

#define CTRL_D '\x04'

/* One line of a terminal. */
static char screen[256];
static unsigned int column;
static unsigned int bells;

static void clear_line(unsigned int from)
{
	memset(screen + from, 0, sizeof(screen) - from);
}

static void terminal_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '\r') {
			column = 0;
		} else if (c == '\n') {
			column = 0;
			clear_line(0);
		} else if (c == '\a') {
			bells++;
		} else if (c == '\x1b') {
			unsigned int number = 0;

			assert_int_equal(text[++i], '[');
			while (text[++i] >= '0' && text[i] <= '9')
				number = number * 10 + (unsigned int)(text[i] - '0');
			switch (text[i]) {
			case 'K':
				clear_line(column);
				break;
			case 'D':
				assert_true(number <= column);
				column -= number;
				break;
			case 'H':
			case 'J':
				break;
			default:
				fail_msg("unknown sequence ESC [ %c", text[i]);
			}
		} else {
			assert_true(c >= ' ' && c < 0x7f);
			assert_true(column < 80); /* the 80th column would wrap */
			screen[column++] = c;
		}
	}
}

static const char *word(unsigned int n)
{
	static const char *const words[] = {"help", "mem", "poweroff", "panic", "pt"};

	return n < ARRAY_SIZE(words) ? words[n] : NULL;
}

static char buffer[LINEEDIT_LENGTH];
static struct lineedit_history earlier;
static struct lineedit edit;

static void start(void)
{
	memset(&earlier, 0, sizeof(earlier));
	edit = (struct lineedit){
		.line = buffer,
		.size = sizeof(buffer),
		.keys = lineedit_usual_keys,
		.write = terminal_write,
		.prompt = "> ",
		.history = &earlier,
		.word = word,
	};
	clear_line(0);
	column = bells = 0;
	lineedit_begin(&edit);
}

static enum lineedit_result keys(const char *text)
{
	enum lineedit_result result = LINEEDIT_MORE;

	for (; *text; text++) {
		if (result != LINEEDIT_MORE)
			lineedit_begin(&edit);
		result = lineedit_feed(&edit, *text);
	}
	return result;
}

/* What is on the screen, and where the cursor is. */
static void expect_shown(const char *line, unsigned int cursor)
{
	assert_string_equal(screen, line);
	assert_int_equal(column, cursor);
}

static void typing(void **state)
{
	(void)state;
	start();
	expect_shown("> ", 2);
	assert_int_equal(keys("hello"), LINEEDIT_MORE);
	expect_shown("> hello", 7);
	assert_int_equal(keys("\r"), LINEEDIT_DONE);
	assert_string_equal(edit.line, "hello");
}

static void moving_and_inserting(void **state)
{
	(void)state;
	start();
	keys("hllo" LEFT LEFT LEFT "e");
	expect_shown("> hello", 4);
	keys("\x01X");
	expect_shown("> Xhello", 3);
	keys("\x05Y");
	expect_shown("> XhelloY", 9);
	keys("\x1b[H\x1b[C" RIGHT "\x1b[F" LEFT "-");
	expect_shown("> Xhello-Y", 9);
	keys("\x1b[1~1\x1b[4~2\x1bOH0\x1bOF3");
	expect_shown("> 01Xhello-Y23", 14);
	keys("\x02\x02|\x06|");
	expect_shown("> 01Xhello-Y|2|3", 15);
}

static void erasing(void **state)
{
	(void)state;
	start();
	keys("abcdef\x7f\b");
	expect_shown("> abcd", 6);
	keys(LEFT LEFT "\x7f");
	expect_shown("> acd", 3);
	keys("\x1b[3~");
	expect_shown("> ad", 3);
	keys("\x04");
	expect_shown("> a", 3);
	keys("\x7f\x7f\x7f");
	expect_shown("> ", 2);
	keys("one two  three\x17");
	expect_shown("> one two  ", 11);
	keys("\x17");
	expect_shown("> one ", 6);
	keys("two" LEFT LEFT "\x0b");
	expect_shown("> one t", 7);
	keys(LEFT "\x15");
	expect_shown("> t", 2);
}

static void ends_of_a_line(void **state)
{
	(void)state;
	start();
	assert_int_equal(keys("abc\x03"), LINEEDIT_CANCELLED);
	start();
	assert_int_equal(keys("\x04"), LINEEDIT_END);
	start();
	assert_int_equal(keys("\n"), LINEEDIT_DONE);
	assert_string_equal(edit.line, "");
	/* Carriage return and newline together are one key. */
	start();
	assert_int_equal(keys("a\r"), LINEEDIT_DONE);
	lineedit_begin(&edit);
	assert_int_equal(lineedit_feed(&edit, '\n'), LINEEDIT_MORE);
	assert_int_equal(lineedit_feed(&edit, '\n'), LINEEDIT_DONE);
}

static void history(void **state)
{
	(void)state;
	start();
	keys("first\rsecond\rsecond\r");
	lineedit_begin(&edit);
	keys("typ" UP);
	expect_shown("> second", 8);
	keys(UP);
	expect_shown("> first", 7); /* a line twice in a row is remembered once */
	keys(UP);
	expect_shown("> first", 7);
	assert_int_equal(bells, 1);
	keys(DOWN DOWN);
	expect_shown("> typ", 5); /* what was being typed is not lost */
	keys(DOWN);
	assert_int_equal(bells, 2);
	keys("\x10\x10 edited\r");
	assert_string_equal(edit.line, "first edited");
	lineedit_begin(&edit);
	keys("\x10");
	expect_shown("> first edited", 14);
	keys("\x0e");
	expect_shown("> ", 2);
}

static void history_is_bounded(void **state)
{
	char line[16];

	(void)state;
	start();
	for (unsigned int i = 0; i < 3 * LINEEDIT_HISTORY; i++) {
		snprintf(line, sizeof(line), "line %u\r", i);
		keys(line);
		lineedit_begin(&edit);
	}
	for (unsigned int i = 0; i < LINEEDIT_HISTORY; i++)
		keys(UP);
	expect_shown("> line 64", 9);
	assert_int_equal(bells, 0);
	keys(UP);
	assert_int_equal(bells, 1);
}

static void completion(void **state)
{
	(void)state;
	start();
	keys("h\t");
	expect_shown("> help ", 7);
	start();
	keys("po\t\r");
	assert_string_equal(edit.line, "poweroff ");
	start();
	keys("p\t"); /* three begin so: they are shown, then the line again */
	expect_shown("> p", 3);
	start();
	keys("x\t");
	assert_int_equal(bells, 1);
	expect_shown("> x", 3);
	start();
	keys("mem \t"); /* only the first word is completed */
	assert_int_equal(bells, 1);
}

static void long_lines_scroll(void **state)
{
	char text[LINEEDIT_LENGTH + 20];

	(void)state;
	start();
	for (unsigned int i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 26);
	text[sizeof(text) - 1] = '\0';
	keys(text);
	assert_int_equal(edit.length, LINEEDIT_LENGTH - 1);
	assert_true(bells > 0);
	assert_int_equal(column, LINEEDIT_COLUMNS);
	keys("\x01");
	assert_int_equal(column, 2);
	assert_memory_equal(screen, "> abcdef", 8);
	keys("\r");
	assert_int_equal(strlen(edit.line), LINEEDIT_LENGTH - 1);
}

static void odd_bytes(void **state)
{
	(void)state;
	start();
	keys("a\x1b[99zb\x1b[200~c\x1b"
	     "xd");
	expect_shown("> abcd", 6);
	keys("\x1b[1;5Ce");
	assert_int_equal(keys("\xc3\xa9\r"), LINEEDIT_DONE);
	assert_string_equal(edit.line, "abcde");
}

/* Without a prompt of its own: how the tty edits for a program. tests/host/test_discipline.c goes
 * on from here. */
static void a_programs_line(void **state)
{
	struct lineedit program = {
		.line = buffer,
		.size = 8,
		.keys = lineedit_usual_keys,
		.write = terminal_write,
	};

	(void)state;
	program.keys.newline = ';';
	bells = 0;
	lineedit_begin(&program);
	for (const char *c = "ab \x1b[A\x03"; *c; c++)
		assert_int_equal(lineedit_feed(&program, *c), LINEEDIT_MORE);
	/* The last place is for the end. */
	assert_memory_equal(buffer, "ab \x1b[A\x03", 8);
	lineedit_feed(&program, 'x');
	assert_int_equal(bells, 1);
	assert_int_equal(lineedit_feed(&program, ';'), LINEEDIT_DONE);
	assert_int_equal(program.length, 8);
	lineedit_begin(&program);
	assert_int_equal(lineedit_feed(&program, 'y'), LINEEDIT_MORE);
	assert_int_equal(lineedit_feed(&program, CTRL_D), LINEEDIT_END);
	assert_string_equal(buffer, "y");
}

static void anything_typed_keeps_it_sound(void **state)
{
	static const char interesting[] =
		"ab \t\x1b[ABCDHF3~O\x01\x02\x03\x04\x05\x06\x0b\x0c\x0e\x10"
		"\x15\x17\x7f\b\r";

	(void)state;
	start();
	host_seed(6);
	for (unsigned int i = 0; i < 200000; i++) {
		char c = host_random_below(8)
				 ? interesting[host_random_below(sizeof(interesting) - 1)]
				 : (char)host_random();

		if (lineedit_feed(&edit, c) != LINEEDIT_MORE)
			lineedit_begin(&edit);
		assert_true(edit.length < LINEEDIT_LENGTH);
		assert_true(edit.cursor <= edit.length);
		assert_true(edit.scrolled <= edit.cursor);
		assert_int_equal(strlen(edit.line), edit.length);
		assert_int_equal(column, 2 + edit.cursor - edit.scrolled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing),
		cmocka_unit_test(moving_and_inserting),
		cmocka_unit_test(erasing),
		cmocka_unit_test(ends_of_a_line),
		cmocka_unit_test(history),
		cmocka_unit_test(history_is_bounded),
		cmocka_unit_test(completion),
		cmocka_unit_test(long_lines_scroll),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(a_programs_line),
		cmocka_unit_test(anything_typed_keeps_it_sound),
	};

	return cmocka_run_group_tests_name("lineedit", tests, NULL, NULL);
}
