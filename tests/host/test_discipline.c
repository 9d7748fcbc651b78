// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line discipline as a program and a person meet it: what can be read, and when; what is shown;
 * and which keys become signals.
 *
 * It is judged by termios(3). A failure here is a terminal on which editing, Ctrl-C or typing ahead
 * goes wrong for every program.
 */
#include "../../kernel/file/discipline.h"
#include "host.h"

static char screen[3 * DISCIPLINE_BYTES];
static size_t shown;
static unsigned int signals;
static enum tty_signal last_signal;

static void show(const char *text, size_t length)
{
	memcpy(screen + shown, text, length);
	shown += length;
	screen[shown] = '\0';
}

static void note_signal(enum tty_signal signal)
{
	signals++;
	last_signal = signal;
}

static void start(const struct termios *modes)
{
	discipline_init(show, note_signal);
	discipline_flush();
	discipline_set_modes(modes);
	shown = signals = 0;
	screen[0] = '\0';
}

static void type(const char *keys)
{
	while (*keys)
		discipline_feed(*keys++);
}

static void expect_read(const char *text)
{
	char bytes[DISCIPLINE_BYTES];
	uint64_t count = discipline_read(bytes, sizeof(bytes));

	assert_int_equal(count, strlen(text));
	assert_memory_equal(bytes, text, count);
}

static void a_line_is_read_once_it_is_ended(void **state)
{
	(void)state;
	start(&discipline_usual);
	type("hallo");
	assert_int_equal(discipline_count(), 0);
	type("\x7f\x7f\x7f\x7f"
	     "ello\rnext\n");
	assert_int_equal(discipline_count(), 11);
	assert_string_equal(screen, "hallo\b \b\b \b\b \b\b \bello\nnext\n");
	expect_read("hello\n");
	expect_read("next\n");
	expect_read("");
}

static void words_and_lines_are_erased(void **state)
{
	(void)state;
	start(&discipline_usual);
	type("one two \x17three\x15");
	assert_int_equal(discipline_count(), 0);
	/* The line's start is as far as it goes. */
	type("\x7f\b\x15\x17ok\n");
	expect_read("ok\n");
}

static void control_characters_are_rubbed_out_whole(void **state)
{
	(void)state;
	start(&discipline_usual);
	type("\x01\xe9\x7f\x7f\n");
	assert_string_equal(screen, "^A\xe9\b \b\b\b  \b\b\n");
	expect_read("\n");
}

static void an_end_of_file(void **state)
{
	char byte;

	(void)state;
	start(&discipline_usual);
	type("ab\x04\x04"
	     "c\n");
	expect_read("ab");
	assert_int_equal(discipline_read(&byte, 1), 0);
	expect_read("c\n");
	assert_string_equal(screen, "abc\n");
	/* It means nothing to one who reads no lines. */
	type("\x04x\n");
	discipline_set_modes(&discipline_raw);
	expect_read("x\n");
}

static void other_keys_can_be_chosen(void **state)
{
	struct termios modes = discipline_usual;

	(void)state;
	modes.character[VERASE] = '#';
	modes.character[VEOL] = ';';
	modes.character[VKILL] = 0;
	modes.local &= ~(uint32_t)ECHOCTL;
	start(&modes);
	type("ax#\x15;");
	expect_read("a\x15;");
}

static void silence(void **state)
{
	struct termios modes = discipline_usual;

	(void)state;
	modes.local &= ~(uint32_t)ECHO;
	start(&modes);
	type("secret\x7f\n");
	assert_string_equal(screen, "");
	expect_read("secre\n");
	modes.local |= ECHONL;
	discipline_set_modes(&modes);
	type("x\n");
	assert_string_equal(screen, "\n");
}

static void keys_that_are_signals(void **state)
{
	struct termios modes = discipline_usual;

	(void)state;
	start(&modes);
	type("read\nforgotten\x03");
	assert_int_equal(signals, 1);
	assert_int_equal(last_signal, TTY_INTERRUPT);
	assert_int_equal(discipline_count(), 0);
	assert_string_equal(screen, "read\nforgotten^C\n");
	type("\x1c");
	assert_int_equal(last_signal, TTY_QUIT);
	type("\x1a");
	assert_int_equal(last_signal, TTY_SUSPEND);
	modes.local |= NOFLSH;
	discipline_set_modes(&modes);
	type("kept\x03\n");
	assert_int_equal(signals, 4);
	expect_read("kept\n");
	modes.local &= ~(uint32_t)ISIG;
	discipline_set_modes(&modes);
	type("\x03\n");
	expect_read("\x03\n");
	assert_int_equal(signals, 4);
}

static void without_lines_every_byte_counts(void **state)
{
	struct termios modes = discipline_raw;

	(void)state;
	modes.local = ECHO;
	modes.input = INLCR;
	start(&modes);
	type("a\x7f\n");
	expect_read("a\x7f\r");
	assert_string_equal(screen, "a\x7f\r");
	modes.input = IGNCR;
	discipline_set_modes(&modes);
	type("b\rc");
	expect_read("bc");
}

static void half_a_line_is_read_when_lines_end_to_count(void **state)
{
	(void)state;
	start(&discipline_usual);
	type("half");
	discipline_set_modes(&discipline_usual);
	assert_int_equal(discipline_count(), 0);
	discipline_set_modes(&discipline_raw);
	expect_read("half");
}

/* There is always room for the key that ends a line, so that one who waits for lines gets on. */
static void too_much_is_refused_with_a_bell(void **state)
{
	char bytes[DISCIPLINE_BYTES];

	(void)state;
	start(&discipline_usual);
	for (unsigned int i = 0; i < DISCIPLINE_BYTES - 1; i++)
		discipline_feed('a');
	assert_false(discipline_is_full());
	assert_int_equal(shown, DISCIPLINE_BYTES - 1);
	type("b");
	assert_string_equal(screen + shown - 1, "\a");
	type("\x7f"
	     "c\n");
	assert_true(discipline_is_full());
	type("d");
	assert_string_equal(screen + shown - 1, "\a");
	assert_int_equal(discipline_read(bytes, sizeof(bytes)), DISCIPLINE_BYTES);
	assert_int_equal(bytes[DISCIPLINE_BYTES - 2], 'c');
	assert_int_equal(bytes[DISCIPLINE_BYTES - 1], '\n');
	/* With a line to be read, the last place need not be kept. */
	type("line\n");
	for (unsigned int i = 0; i < DISCIPLINE_BYTES - 6; i++)
		discipline_feed('a');
	assert_true(discipline_is_full());
	type("\x03");
	assert_int_equal(signals, 1);
	assert_false(discipline_is_full());
}

/* Whatever comes: what is read is what was accepted, and nothing is out of bounds. */
static void anything_typed(void **state)
{
	static const char keys[] = "ab \n\r\x7f\b\x15\x17\x04\x03";
	uint64_t most = 0;
	struct termios lines = discipline_usual;
	char bytes[97];

	(void)state;
	lines.local |= NOFLSH;
	start(&lines);
	host_seed(21);
	for (unsigned int i = 0; i < 300000; i++) {
		shown = 0;
		discipline_feed(host_random_below(9) ? keys[host_random_below(sizeof(keys) - 2)]
						     : (char)host_random());
		assert_true(discipline_count() <= DISCIPLINE_BYTES);
		most = MAX(most, discipline_count());
		if (host_random_below(256) == 0)
			assert_true(discipline_read(bytes, sizeof(bytes)) <= sizeof(bytes));
		if (host_random_below(5000) == 0)
			discipline_set_modes(host_random_below(2) ? &discipline_raw : &lines);
	}
	/* The last place is kept for one who reads lines. */
	assert_int_equal(most, DISCIPLINE_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_once_it_is_ended),
		cmocka_unit_test(words_and_lines_are_erased),
		cmocka_unit_test(control_characters_are_rubbed_out_whole),
		cmocka_unit_test(an_end_of_file),
		cmocka_unit_test(other_keys_can_be_chosen),
		cmocka_unit_test(silence),
		cmocka_unit_test(keys_that_are_signals),
		cmocka_unit_test(without_lines_every_byte_counts),
		cmocka_unit_test(half_a_line_is_read_when_lines_end_to_count),
		cmocka_unit_test(too_much_is_refused_with_a_bell),
		cmocka_unit_test(anything_typed),
	};

	return cmocka_run_group_tests_name("discipline", tests, NULL, NULL);
}
