// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parents, children, groups: telling a parent that a process has stopped, continued or ended, and
 * waiting for that (wait4(2), waitid(2), credentials(7)).
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printk.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>

/* Options of wait4() and waitid(). */
enum {
	WNOHANG = 1,
	WUNTRACED = 2, /* WSTOPPED */
	WEXITED = 4,
	WCONTINUED = 8,
	WNOWAIT = 0x1000000,
	WAIT_IGNORED = 0x60000000, /* __WALL, __WNOTHREAD: always the case here */
};

#define STATUS_CONTINUED 0xffff

/* The children and the changes of state that a caller waits for. */
struct wanted {
	enum { ANY_CHILD, CHILD_OF_PID, CHILD_OF_GROUP } kind;
	uint32_t number;
	uint32_t options;
};

/* The child whose state has changed, and how. */
struct found {
	uint32_t pid;
	int status;
	int32_t code; /* CHILD_EXITED ... */
};

static bool ignores_children(const struct process *parent)
{
	const struct signal_action *action = &parent->signals.action[SIGCHLD - 1];
	const uint64_t no_child_wait = 2; /* SA_NOCLDWAIT */

	return action->handler == SIGNAL_IGNORED || (action->flags & no_child_wait);
}

void process_print_end(const char *name, int status)
{
	if (status & 0x7f)
		printk(PRINTK_OUTPUT, "%s: killed by signal %d\n", name, status & 0x7f);
	else
		printk(PRINTK_OUTPUT, "%s: exit status %d\n", name, status >> 8);
}

/* Handles the end of a child of process 0: a program of the prompt, or an orphan. */
static void tell_kernel(struct process *process)
{
	if (process->awaited) {
		task_wake_all(&process_zero.changed);
		return;
	}
	if (process->pid == process->session)
		process_print_end(process->name, process->status);
	process_reap(process);
}

void process_tell_parent(struct process *process, int32_t code, int status)
{
	struct process *parent = process->parent;
	struct signal_info info = {code, process->pid, (uint64_t)status};
	const uint64_t no_child_stop = 1; /* SA_NOCLDSTOP */
	bool ended = list_empty(&process->threads);

	if (ended) {
		info.code = process->status & 0x7f ? CHILD_KILLED : CHILD_EXITED;
		info.value = process->status & 0x7f ? (uint64_t)(process->status & 0x7f)
						    : (uint64_t)(process->status >> 8);
	}
	if (parent == &process_zero) {
		if (ended)
			tell_kernel(process);
		else
			task_wake_all(&process_zero.changed);
		return;
	}
	if (ended || !(parent->signals.action[SIGCHLD - 1].flags & no_child_stop))
		signal_send(parent, NULL, SIGCHLD, &info);
	if (ended && ignores_children(parent))
		process_reap(process);
	task_wake_all(&parent->changed);
}

/* Sleeps until a process has ended (true), or, with "stops", has stopped (false). */
static bool wait_for_change(struct process *process, bool stops)
{
	bool events = events_mask(), ended;

	while (!(ended = list_empty(&process->threads)) && !(stops && process->stopped))
		task_sleep(&process_zero.changed);
	events_restore(events);
	return ended;
}

int process_wait_for(struct process *process)
{
	int status;

	wait_for_change(process, false);
	status = process->status;
	process_reap(process);
	return status;
}

bool process_wait_unless_stopped(struct process *process, int *status)
{
	if (!wait_for_change(process, true)) {
		process->awaited = false;
		return false;
	}
	*status = process->status;
	process_reap(process);
	return true;
}

/* ---- waiting ---- */

/*
 * Returns true if a child has changed state in a way that is wanted. Marks the change as told,
 * unless WNOWAIT is set.
 */
static bool take_news(struct process *child, const struct wanted *wanted, struct found *found)
{
	bool keep = wanted->options & WNOWAIT;

	found->pid = child->pid;
	if (list_empty(&child->threads)) {
		if (!(wanted->options & WEXITED))
			return false;
		found->status = child->status;
		found->code = child->status & 0x7f ? CHILD_KILLED : CHILD_EXITED;
		if (!keep)
			process_reap(child);
		return true;
	}
	if (child->stopped && !child->told_stop && (wanted->options & WUNTRACED)) {
		found->status = child->status;
		found->code = CHILD_STOPPED;
		child->told_stop = !keep;
		return true;
	}
	if (!child->stopped && child->told_continue && (wanted->options & WCONTINUED)) {
		found->status = STATUS_CONTINUED;
		found->code = CHILD_CONTINUED;
		child->told_continue = keep;
		return true;
	}
	return false;
}

/*
 * Returns 1 if a child has a wanted change of state, 0 if it may have one later, ECHILD if it never
 * will.
 */
static long ask(struct process *child, const struct wanted *wanted, struct found *found)
{
	if (take_news(child, wanted, found))
		return 1;
	return !list_empty(&child->threads) || (wanted->options & WEXITED) ? 0 : -ECHILD;
}

/*
 * Returns 1 if any wanted child has a change of state, 0 if none has one yet, ECHILD if there are
 * no such children.
 */
static long look(const struct wanted *wanted, struct found *found)
{
	struct process *process = process_current(), *one;
	long result = -ECHILD;

	if (wanted->kind == CHILD_OF_PID) {
		one = pids_find(wanted->number);
		return one && one->parent == process ? ask(one, wanted, found) : -ECHILD;
	}
	for_each_child(child, process)
	{
		long answer;

		if (wanted->kind == CHILD_OF_GROUP && child->group != wanted->number)
			continue;
		answer = ask(child, wanted, found);
		if (answer > 0)
			return answer;
		result = MAX(result, answer);
	}
	return result;
}

static long wait(const struct wanted *wanted, struct found *found)
{
	struct process *process = process_current();
	bool events = events_mask();
	long result;

	while (!(result = look(wanted, found)) && !(wanted->options & WNOHANG)) {
		result = -ERESTART;
		if (thread_interrupted())
			break;
		task_sleep(&process->changed);
	}
	events_restore(events);
	return result;
}

/* Writes a struct rusage of zeros: no use of resources is counted. */
static long write_usage(uintptr_t usage)
{
	return usage ? user_write(usage, NULL, 144) : 0;
}

long sys_wait4(int32_t pid, uintptr_t status, uint32_t options, uintptr_t usage)
{
	struct wanted wanted = {ANY_CHILD, 0, options | WEXITED};
	struct found found;
	long result;

	if (options & ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | WAIT_IGNORED | 0x80000000))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		wanted = (struct wanted){CHILD_OF_PID, (uint32_t)pid, wanted.options};
	else if (pid != -1)
		wanted = (struct wanted){CHILD_OF_GROUP,
					 pid ? (uint32_t)-pid : process_current()->group,
					 wanted.options};
	result = wait(&wanted, &found);
	if (result <= 0)
		return result;
	if ((status && user_write(status, &found.status, sizeof(found.status))) ||
	    write_usage(usage))
		return -EFAULT;
	return found.pid;
}

long sys_waitid(uint32_t kind, int32_t id, uintptr_t address, uint32_t options, uintptr_t usage)
{
	static const uint8_t kinds[] = {ANY_CHILD, CHILD_OF_PID, CHILD_OF_GROUP};
	struct wanted wanted = {.number = (uint32_t)id, .options = options};
	struct found found;
	struct {
		int32_t signal, error, code, padding, pid, uid, status;
	} info = {0};
	long result;

	if (!(options & (WEXITED | WUNTRACED | WCONTINUED)) || kind >= ARRAY_SIZE(kinds) ||
	    (options & ~(uint32_t)(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT |
				   WAIT_IGNORED | 0x80000000)) ||
	    (kind == 1 && id <= 0) || id < 0)
		return -EINVAL;
	wanted.kind = kinds[kind];
	if (kind == 2 && !id)
		wanted.number = process_current()->group;
	result = wait(&wanted, &found);
	if (result < 0)
		return result;
	if (result) {
		info.signal = SIGCHLD;
		info.code = found.code;
		info.pid = (int32_t)found.pid;
		info.status = found.code == CHILD_EXITED      ? found.status >> 8
			      : found.code == CHILD_KILLED    ? found.status & 0x7f
			      : found.code == CHILD_CONTINUED ? SIGCONT
							      : found.status >> 8;
	}
	if ((address && user_write(address, &info, sizeof(info))) || write_usage(usage))
		return -EFAULT;
	return 0;
}

/* ---- groups and sessions ---- */

/* Returns the process of a pid, the caller for 0, NULL if there is none. */
static struct process *named(int32_t pid)
{
	return pid ? pids_find((uint32_t)pid) : process_current();
}

bool process_group_exists(uint32_t group, uint32_t session)
{
	/* All members of a group are in one session. */
	const struct process *member = pids_group_first(group);

	return member && member->session == session;
}

bool process_group_is_orphaned(uint32_t group)
{
	for_each_in_group(process, group)
	{
		if (process->parent->session == process->session && process->parent->group != group)
			return false;
	}
	return true;
}

long sys_setpgid(int32_t pid, int32_t group)
{
	struct process *self = process_current(), *process = named(pid);
	uint32_t number;

	if (group < 0)
		return -EINVAL;
	if (!process || (process != self && process->parent != self))
		return -ESRCH;
	number = group ? (uint32_t)group : process->pid;
	if (process->session == process->pid || process->session != self->session ||
	    (number != process->pid && !process_group_exists(number, self->session)))
		return -EPERM;
	pids_set_group(process, number, process->session);
	return 0;
}

long sys_getpgid(int32_t pid)
{
	const struct process *process = named(pid);

	return process ? (long)process->group : -ESRCH;
}

long sys_getsid(int32_t pid)
{
	const struct process *process = named(pid);

	return process ? (long)process->session : -ESRCH;
}

long sys_setsid(void)
{
	struct process *process = process_current();

	if (pids_group_first(process->pid))
		return -EPERM;
	pids_set_group(process, process->pid, process->pid);
	return process->pid;
}
