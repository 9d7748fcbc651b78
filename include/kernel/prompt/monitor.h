/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prompt, and how a command gets there.
 *
 *     COMMAND(mem, "", "who has how much memory")
 *     {
 *             memory_print();
 *     }
 *
 * in any file adds one. Its body sees argc and argv, argv[0] being the command itself, and returns
 * nothing: what it has to say it prints with PRINTK_OUTPUT.
 */
#ifndef KERNEL_PROMPT_MONITOR_H
#define KERNEL_PROMPT_MONITOR_H

#include <kernel/lib/compiler.h>

struct command {
	const char *name;
	const char *arguments; /* "ADDRESS|SYMBOL", for the help text */
	const char *help;      /* one line */
	void (*run)(unsigned int argc, char **argv);
};

#define COMMAND(name, arguments, help)                                        \
	static void command_##name(unsigned int argc, char **argv);           \
	LINKER_SET(command, entry_##name)                                     \
	= {#name, arguments, help, command_##name};                           \
	static void command_##name(unsigned int argc __attribute__((unused)), \
				   char **argv __attribute__((unused)))

/* Reads and runs commands forever. */
void monitor_run(void) NORETURN;

/* Runs one line, which is split into words in place. */
void monitor_execute(char *line);

/* Returns true if Xen validates the page tables; if not, prints that the command needs it. */
bool monitor_has_xen_tables(const char *command);

#endif
