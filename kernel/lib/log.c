// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log ring: adding lines, and reading them back.
 *
 * A line in it is its level as a digit, the text, and a newline. Positions count all bytes ever
 * written, so they never wrap; their lowest bits are the index into the ring.
 */
#include <kernel/lib/log.h>

static char at(const struct log *log, uint64_t position)
{
	return log->text[position % LOG_SIZE];
}

static void append_byte(struct log *log, char c)
{
	log->text[log->end++ % LOG_SIZE] = c;
}

void log_append(struct log *log, unsigned int level, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!log->inside_line)
			append_byte(log, (char)('0' + level));
		append_byte(log, text[i]);
		log->inside_line = text[i] != '\n';
	}
}

static uint64_t next_line(const struct log *log, uint64_t position)
{
	while (position < log->end && at(log, position) != '\n')
		position++;
	return position < log->end ? position + 1 : log->end;
}

/* Returns the first byte of the oldest line that is still whole. */
static uint64_t first_line(const struct log *log)
{
	return log->end > LOG_SIZE ? next_line(log, log->end - LOG_SIZE) : 0;
}

static bool passes(const struct log *log, const struct log_filter *filter, uint64_t line)
{
	unsigned int level = (unsigned int)(at(log, line) - '0');

	return level >= filter->first && level <= filter->last && line < filter->before;
}

/* Passes on the line that begins at the position, without its level. */
static void show_line(const struct log *log, uint64_t position,
		      void (*line)(const char *text, void *argument), void *argument)
{
	char text[256];
	size_t length = 0;

	for (uint64_t i = position + 1; i < log->end && at(log, i) != '\n'; i++) {
		if (length < sizeof(text) - 1)
			text[length++] = at(log, i);
	}
	text[length] = '\0';
	line(text, argument);
}

void log_for_each(const struct log *log, const struct log_filter *filter,
		  void (*line)(const char *text, void *argument), void *argument)
{
	uint64_t start = first_line(log);
	uint64_t left = 0;

	for (uint64_t p = start; p < log->end; p = next_line(log, p))
		left += passes(log, filter, p);
	for (uint64_t p = start; p < log->end; p = next_line(log, p)) {
		if (passes(log, filter, p) && left-- <= filter->count)
			show_line(log, p, line, argument);
	}
}
