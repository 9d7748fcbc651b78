// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pids and tids: allocating the numbers, and finding what has one.
 *
 * A number is in use as long as a process, thread, group or session has it, even if the process
 * that the group is named for has ended (credentials(7)).
 */
#include <kernel/process/pids.h>

static struct tree processes; /* by number */
static struct tree groups;    /* processes by group */
static struct tree sessions;  /* processes by session */
static struct tree threads;   /* by number */
static uint32_t last_pid;

#define PROCESS(node, member) container_of(node, struct process, member)
#define THREAD(node)          container_of(node, struct thread, by_tid)

static uint32_t number_of(const void *key)
{
	return *(const uint32_t *)key;
}

/* ---- the orders of the trees ---- */

static bool pid_reached(const struct tree_node *node, const void *key)
{
	return PROCESS(node, by_pid)->pid >= number_of(key);
}

static bool pid_before(const struct tree_node *a, const struct tree_node *b)
{
	return PROCESS(a, by_pid)->pid < PROCESS(b, by_pid)->pid;
}

static bool group_reached(const struct tree_node *node, const void *key)
{
	return PROCESS(node, by_group)->group >= number_of(key);
}

static bool group_before(const struct tree_node *a, const struct tree_node *b)
{
	return PROCESS(a, by_group)->group < PROCESS(b, by_group)->group;
}

static bool session_reached(const struct tree_node *node, const void *key)
{
	return PROCESS(node, by_session)->session >= number_of(key);
}

static bool session_before(const struct tree_node *a, const struct tree_node *b)
{
	return PROCESS(a, by_session)->session < PROCESS(b, by_session)->session;
}

static bool tid_reached(const struct tree_node *node, const void *key)
{
	return THREAD(node)->tid >= number_of(key);
}

static bool tid_before(const struct tree_node *a, const struct tree_node *b)
{
	return THREAD(a)->tid < THREAD(b)->tid;
}

/* ---- finding ---- */

struct process *pids_find(uint32_t pid)
{
	struct tree_node *node = tree_search(&processes, pid_reached, &pid);

	return node && PROCESS(node, by_pid)->pid == pid ? PROCESS(node, by_pid) : NULL;
}

struct thread *pids_find_thread(uint32_t tid)
{
	struct tree_node *node = tree_search(&threads, tid_reached, &tid);

	return node && THREAD(node)->tid == tid ? THREAD(node) : NULL;
}

struct process *pids_group_first(uint32_t group)
{
	struct tree_node *node = tree_search(&groups, group_reached, &group);

	return node && PROCESS(node, by_group)->group == group ? PROCESS(node, by_group) : NULL;
}

struct process *pids_group_next(struct process *process)
{
	struct tree_node *node = tree_next(&process->by_group);

	return node && PROCESS(node, by_group)->group == process->group ? PROCESS(node, by_group)
									: NULL;
}

static bool is_session(uint32_t number)
{
	struct tree_node *node = tree_search(&sessions, session_reached, &number);

	return node && PROCESS(node, by_session)->session == number;
}

/* ---- numbers ---- */

void pids_init(bool has_init)
{
	last_pid = has_init ? 0 : 1;
}

static bool is_taken(uint32_t number)
{
	return pids_find(number) || pids_find_thread(number) || pids_group_first(number) ||
	       is_session(number);
}

static uint32_t new_pid(void)
{
	do {
		last_pid = last_pid + 1 < PID_MOST ? last_pid + 1 : 2;
	} while (is_taken(last_pid));
	return last_pid;
}

uint32_t pids_add_thread(struct thread *thread)
{
	thread->tid = new_pid();
	tree_insert(&threads, &thread->by_tid, tid_before);
	return thread->tid;
}

void pids_renumber_thread(struct thread *thread, uint32_t tid)
{
	tree_remove(&threads, &thread->by_tid);
	thread->tid = tid;
	tree_insert(&threads, &thread->by_tid, tid_before);
}

void pids_remove_thread(struct thread *thread)
{
	tree_remove(&threads, &thread->by_tid);
}

/* ---- processes ---- */

void pids_add(struct process *process)
{
	tree_insert(&processes, &process->by_pid, pid_before);
	tree_insert(&groups, &process->by_group, group_before);
	tree_insert(&sessions, &process->by_session, session_before);
	list_add(process->parent->children.previous, &process->sibling);
}

void pids_remove(struct process *process)
{
	tree_remove(&processes, &process->by_pid);
	tree_remove(&groups, &process->by_group);
	tree_remove(&sessions, &process->by_session);
	list_remove(&process->sibling);
}

void pids_set_group(struct process *process, uint32_t group, uint32_t session)
{
	tree_remove(&groups, &process->by_group);
	tree_remove(&sessions, &process->by_session);
	process->group = group;
	process->session = session;
	tree_insert(&groups, &process->by_group, group_before);
	tree_insert(&sessions, &process->by_session, session_before);
}

void pids_set_parent(struct process *process, struct process *parent)
{
	list_remove(&process->sibling);
	process->parent = parent;
	list_add(parent->children.previous, &process->sibling);
}
