// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt that run a program: "run", and "trace", which also prints its system
 * calls.
 */
#include <kernel/file/lineedit.h>
#include <kernel/file/tty.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/process/process.h>
#include <kernel/prompt/monitor.h>
#include <kernel/syscall/run.h>

/* Returns why a program could not be started, in words. */
static const char *why_not(long error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return "there is no such file; \"files /bin\" lists programs";
	case -EACCES:
		return "it is no file that may be executed";
	case -ENOEXEC:
		return "it is no static x86-64 Linux program";
	case -ENOMEM:
		return "memory is out";
	default:
		return "it cannot be loaded";
	}
}

/* A name without a slash is looked for in /bin. */
static void program_path(const char *name, char *result, size_t size)
{
	snprintf(result, size, "%s%s", strchr(name, '/') ? "" : "/bin/", name);
}

/* Starts the program that argv[1] names, with its arguments. If it cannot, says why: NULL. */
static struct process *start(unsigned int argc, char **argv, bool background)
{
	static char text[LINEEDIT_LENGTH], program[LINEEDIT_LENGTH + 8];
	struct strings words = {0, text, 0};
	struct process *process;
	long error;

	if (argc < 2) {
		printk(PRINTK_OUTPUT, "%s: which program? For example: %s sh, %s ls -l /bin\n",
		       argv[0], argv[0], argv[0]);
		return NULL;
	}
	for (unsigned int i = 1; i < argc; i++, words.count++) {
		size_t length = strlen(argv[i]) + 1;

		memcpy(text + words.bytes, argv[i], length);
		words.bytes += length;
	}
	program_path(argv[1], program, sizeof(program));
	error = process_start(program, &words, background, &process);
	if (!error)
		return process;
	printk(PRINTK_OUTPUT, "%s: %s: %s (error %ld)\n", argv[0], program, why_not(error), -error);
	return NULL;
}

/* Waits for a program in the foreground to end or stop, and says so unless all went well. */
static void wait(struct process *process, const char *name)
{
	int status;

	if (!process_wait_unless_stopped(process, &status)) {
		tty_take();
		printk(PRINTK_OUTPUT, "process %u is stopped; \"kill %u 18\" lets it go on\n",
		       process->pid, process->pid);
		return;
	}
	tty_take();
	if (status)
		process_print_end(name, status);
}

COMMAND(run, "PROGRAM [WORD...] [&]", "run a program of /bin; with \"&\" beside the prompt")
{
	bool background = argc > 2 && strcmp(argv[argc - 1], "&") == 0;
	struct process *process = start(argc - background, argv, background);

	if (process && background)
		printk(PRINTK_OUTPUT, "process %u\n", process->pid);
	else if (process)
		wait(process, argv[1]);
}

COMMAND(trace, "PROGRAM [WORD...]", "run a program and print its system calls as they return")
{
	struct process *process = start(argc, argv, false);

	if (!process)
		return;
	/* It has not run yet: that needs this task to sleep. */
	process->run = run_thread_traced;
	wait(process, argv[1]);
}
