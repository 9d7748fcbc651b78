// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt about files and processes: looking at what they are made of. Programs
 * are run by kernel/prompt/run_commands.c.
 */
#include <kernel/file/lineedit.h>
#include <kernel/file/tty.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>
#include <kernel/process/pids.h>
#include <kernel/process/proc.h>
#include <kernel/process/process.h>
#include <kernel/prompt/monitor.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

/* ---- files ---- */

static char path[FS_PATH_MAX]; /* the directory that is being listed */

static bool print_file(const char *name, struct inode *inode, uint64_t next, void *unused)
{
	(void)next, (void)unused;
	if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		printk(PRINTK_OUTPUT, "%06o %10lu  %s%s%s\n", inode->mode,
		       inode->data ? inode->data->bytes : 0, path, path[1] ? "/" : "", name);
	return true;
}

COMMAND(files, "[PATH]", "what is in a directory; / if none is given")
{
	const char *what = argc > 1 ? argv[1] : "/";
	struct inode *inode;
	uint64_t cursor = 0;

	if (path_lookup(fs_root(), what, true, &inode)) {
		printk(PRINTK_OUTPUT, "files: there is no %s\n", what);
		return;
	}
	if (inode_is(inode, FS_DIRECTORY) && path_of_directory(inode, path, sizeof(path)))
		fs_list(inode, &cursor, print_file, NULL);
	else
		printk(PRINTK_OUTPUT, "%06o %10lu  %s\n", inode->mode,
		       inode->data ? inode->data->bytes : 0, what);
	inode_put(inode);
}

/* ---- looking ---- */

static const char *state_of(const struct process *process)
{
	const struct thread *first;

	if (list_empty(&process->threads))
		return "zombie";
	if (process->stopped)
		return "stopped";
	first = container_of(process->threads.next, struct thread, link);
	return first->task->asleep ? "sleeps" : "runs";
}

/* Writes the numbers of the CPUs that run threads of a process: "0,3"; "-" if there are none. */
static const char *cpus_of(const struct process *process, char *text, size_t size)
{
	size_t length = 0;

	snprintf(text, size, "-");
	for_each_thread(thread, process)
	{
		const struct cpu *cpu = thread->task->cpu;

		if (cpu && length + 4 < size)
			length += (size_t)snprintf(text + length, size - length, "%s%u",
						   length ? "," : "", cpu->number);
	}
	return text;
}

COMMAND(ps, "", "the processes: number, parent, threads, CPUs, memory, root of the page tables")
{
	char on[24];

	printk(PRINTK_OUTPUT,
	       "  pid  parent  threads  state    cpu    pages  mapped KiB  root pfn  name\n");
	for_each_process(process)
	{
		printk(PRINTK_OUTPUT, "%5u  %6u  %7u  %-7s  %-3s  %7lu  %10lu  %8lx  %s\n",
		       process->pid, process->parent->pid, process->thread_count, state_of(process),
		       cpus_of(process, on, sizeof(on)),
		       process->space ? space_resident(process->space) : 0,
		       process->space ? process->space->bytes / 1024 : 0,
		       process->space ? process->space->mm.root.pfn : 0, process->name);
	}
}

/* Returns the process that a command names. NULL, after a message: there is none. */
static struct process *named(const char *command, unsigned int argc, char **argv)
{
	struct process *process = NULL;
	uint64_t pid;

	if (argc < 2)
		printk(PRINTK_OUTPUT, "%s: which process? \"ps\" lists them\n", command);
	else if (!text_to_number(argv[1], &pid) || !(process = pids_find((uint32_t)pid)))
		printk(PRINTK_OUTPUT, "%s: there is no process \"%s\"; \"ps\" lists them\n",
		       command, argv[1]);
	return process;
}

static void print_line(void *unused, const char *line)
{
	(void)unused;
	printk(PRINTK_OUTPUT, "%s", line);
}

COMMAND(maps, "PID", "the regions of a process, as in Linux's /proc/PID/maps")
{
	struct process *process = named("maps", argc, argv);

	if (process && process->space)
		proc_print_maps(process->space, print_line, NULL);
	else if (process)
		printk(PRINTK_OUTPUT, "maps: process %u has ended\n", process->pid);
}

/* Sends a signal to all processes of that name. Returns false if there are none. */
static bool kill_by_name(const char *name, unsigned int number, const struct signal_info *info)
{
	bool found = false;

	for_each_process(process)
	{
		if (strcmp(process->name, name) != 0 || list_empty(&process->threads))
			continue;
		signal_send(process, NULL, number, info);
		found = true;
	}
	return found;
}

COMMAND(kill, "PID|NAME [SIGNAL]",
	"send a signal (9 if none is given) to one process, or all so named")
{
	const struct signal_info info = {.code = SIGNAL_BY_KERNEL};
	uint64_t number = SIGKILL;
	struct process *process;

	if (argc > 2 && (!text_to_number(argv[2], &number) || !number || number > SIGNALS)) {
		printk(PRINTK_OUTPUT, "kill: \"%s\" is not a number from 1 to %u\n", argv[2],
		       SIGNALS);
		return;
	}
	if (argc > 1 && kill_by_name(argv[1], (unsigned int)number, &info))
		return;
	process = named("kill", argc, argv);
	if (process)
		signal_send(process, NULL, (unsigned int)number, &info);
}
