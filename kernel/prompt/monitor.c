// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The prompt: reads a line, finds its command, runs it.
 */
#include <arch/machine.h>
#include <drivers/console.h>
#include <kernel/file/lineedit.h>
#include <kernel/file/tty.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/prompt/monitor.h>

LINKER_SET_BOUNDS(command);

#define MAX_WORDS 16

static const struct command *find_command(const char *name)
{
	linker_set_for_each (command, command) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/*
 * Returns the command after "after" in alphabetical order, the first one for NULL; NULL after the
 * last.
 */
static const struct command *next_command(const char *after)
{
	const struct command *next = NULL;

	linker_set_for_each (command, command) {
		if (after && strcmp(command->name, after) <= 0)
			continue;
		if (!next || strcmp(command->name, next->name) < 0)
			next = command;
	}
	return next;
}

static const char *nth_command(unsigned int n)
{
	const struct command *command = next_command(NULL);

	while (command && n--)
		command = next_command(command->name);
	return command ? command->name : NULL;
}

COMMAND(help, "[COMMAND]", "this list, or what one command does")
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : next_command(NULL);
	char usage[48];

	if (!command) {
		printk(PRINTK_OUTPUT, "help: there is no command \"%s\"\n", argv[1]);
		return;
	}
	do {
		snprintf(usage, sizeof(usage), "%s %s", command->name, command->arguments);
		printk(PRINTK_OUTPUT, "  %-24s %s\n", usage, command->help);
		command = next_command(command->name);
	} while (argc == 1 && command);
	if (argc == 1)
		printk(PRINTK_OUTPUT, "\nTab completes, Up and Down recall earlier lines, Ctrl-C "
				      "gives a line up.\n");
}

static unsigned int split(char *line, char **words, unsigned int max)
{
	unsigned int count = 0;

	for (;;) {
		while (*line == ' ')
			*line++ = '\0';
		if (!*line)
			return count;
		if (count == max)
			return max + 1;
		words[count++] = line;
		while (*line && *line != ' ')
			line++;
	}
}

bool monitor_has_xen_tables(const char *command)
{
	if (!machine->xen_tables)
		printk(PRINTK_OUTPUT,
		       "%s: only where Xen validates the page tables, in a PV guest\n", command);
	return machine->xen_tables;
}

void monitor_execute(char *line)
{
	char *words[MAX_WORDS + 1];
	unsigned int count = split(line, words, MAX_WORDS);
	const struct command *command;

	if (count == 0)
		return;
	if (count > MAX_WORDS) {
		printk(PRINTK_OUTPUT, "%s: more than %u words\n", words[0], MAX_WORDS);
		return;
	}
	words[count] = NULL;
	command = find_command(words[0]);
	if (command)
		command->run(count, words);
	else
		printk(PRINTK_OUTPUT, "%s: no such command; \"help\" lists them\n", words[0]);
}

void monitor_run(void)
{
	static char line[LINEEDIT_LENGTH];
	static struct lineedit_history history;
	static struct lineedit edit = {
		.line = line,
		.size = sizeof(line),
		.write = console_write,
		.prompt = "pinwheel> ",
		.history = &history,
		.word = nth_command,
	};

	edit.keys = lineedit_usual_keys;
	tty_take();
	printk(PRINTK_OUTPUT, "\nType \"help\" for a list of commands.\n");
	for (;;) {
		enum lineedit_result result;

		lineedit_begin(&edit);
		do {
			result = lineedit_feed(&edit, (char)tty_getc());
		} while (result == LINEEDIT_MORE);
		if (result == LINEEDIT_DONE)
			monitor_execute(edit.line);
		else if (result == LINEEDIT_END)
			printk(PRINTK_OUTPUT, "\"poweroff\" ends the domain.\n");
	}
}
