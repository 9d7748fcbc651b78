// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tty asks of processes; see kernel/file/tty.h. The tty knows groups and sessions by their
 * numbers only, and keys by what they mean: which signals those are is decided here.
 */
#include "job_control.h"
#include <kernel/file/tty.h>
#include <kernel/lib/errno.h>
#include <kernel/process/process.h>

static struct job running_job(void)
{
	const struct process *process = process_current();

	return (struct job){process->group, process->session, process->pid == process->session};
}

static void send(uint32_t group, enum tty_signal signal)
{
	static const uint8_t numbers[] = {
		[TTY_INTERRUPT] = SIGINT,
		[TTY_QUIT] = SIGQUIT,
		[TTY_SUSPEND] = SIGTSTP,
		[TTY_HANGUP] = SIGHUP,
	};

	signal_send_group(group, numbers[signal]);
	/* A stopped process hangs up only once it goes on. */
	if (signal == TTY_HANGUP)
		signal_send_group(group, SIGCONT);
}

static long stop_reader(void)
{
	const struct process *process = process_current();
	const struct signal_action *action = &process->signals.action[SIGTTIN - 1];

	if (action->handler == SIGNAL_IGNORED || process_group_is_orphaned(process->group) ||
	    (thread_current()->blocked & signal_bit(SIGTTIN)))
		return -EIO;
	signal_send_group(process->group, SIGTTIN);
	return -ERESTART;
}

void job_control_init(void)
{
	static const struct job_control hooks = {
		.running_job = running_job,
		.group_exists = process_group_exists,
		.send = send,
		.stop_reader = stop_reader,
	};

	tty_set_job_control(&hooks);
}
