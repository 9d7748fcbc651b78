// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parsing the command line, a word at a time.
 *
 * A word with a value is recognized by its prefix. The words themselves are listed in
 * kernel/cmdline.h.
 */
#include <kernel/cmdline.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Returns the part of a word after "prefix", or NULL if it does not begin with that. */
static const char *value_after(const char *word, size_t length, const char *prefix, size_t *rest)
{
	size_t prefix_length = strlen(prefix);

	if (length < prefix_length || memcmp(word, prefix, prefix_length) != 0)
		return NULL;
	*rest = length - prefix_length;
	return word + prefix_length;
}

/* Parses one word. Returns what is wrong with it, or NULL. */
static const char *parse_word(const char *word, size_t length, struct cmdline *result)
{
	const char *value;
	size_t rest;

	if (text_equals(word, length, "quiet")) {
		result->loglevel = PRINTK_WARNING;
		return NULL;
	}
	if (text_equals(word, length, "bench")) {
		result->bench = true;
		return NULL;
	}
	if (text_equals(word, length, "selftest")) {
		result->selftest = true;
		result->suites[0] = '\0';
		return NULL;
	}
	value = value_after(word, length, "selftest=", &rest);
	if (value) {
		if (rest == 0 || rest >= sizeof(result->suites))
			return "needs the names of suites, as in selftest=a,b";
		result->selftest = true;
		memcpy(result->suites, value, rest);
		result->suites[rest] = '\0';
		return NULL;
	}
	value = value_after(word, length, "init=", &rest);
	if (value) {
		if (rest == 0 || rest >= sizeof(result->init) || *value != '/')
			return "needs an absolute path, as in init=/bin/sh";
		memcpy(result->init, value, rest);
		result->init[rest] = '\0';
		return NULL;
	}
	value = value_after(word, length, "loglevel=", &rest);
	if (value) {
		if (rest != 1 || *value < '0' || *value > '0' + PRINTK_DEBUG)
			return "needs a level from 0 to 4, as in loglevel=3";
		result->loglevel = *value - '0';
		return NULL;
	}
	if (text_equals(word, length, "la57") || text_equals(word, length, "nola57")) {
		result->levels = *word == 'l' ? 5 : 4;
		return NULL;
	}
	value = value_after(word, length, "p2m=", &rest);
	if (value) {
		if (!text_equals(value, rest, "copy") && !text_equals(value, rest, "remap"))
			return "needs \"copy\" or \"remap\", as in p2m=copy";
		result->p2m = text_equals(value, rest, "copy") ? P2M_COPY : P2M_REMAP;
		return NULL;
	}
	return "is not a word that this kernel knows";
}

void cmdline_parse(const char *text, struct cmdline *result,
		   void (*problem)(const char *word, size_t length, const char *what))
{
	*result = (struct cmdline){.loglevel = -1, .arguments = ""};
	for (;;) {
		size_t length = 0;
		const char *what;

		while (is_blank(*text))
			text++;
		while (text[length] && !is_blank(text[length]))
			length++;
		if (text_equals(text, length, "--"))
			result->arguments = text + length;
		if (length == 0 || text_equals(text, length, "--"))
			return;
		what = parse_word(text, length, result);
		if (what)
			problem(text, length, what);
		text += length;
	}
}
