// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers of processes and threads against a naive account: processes come, change group, session
 * and parent, and go; every number is asked for, and every group gone through.
 */
#include "host.h"

#include <kernel/process/pids.h>

#define PROCESSES 400

static struct process processes[PROCESSES], root;
static struct thread threads[PROCESSES];
static bool alive[PROCESSES], has_thread[PROCESSES];

static struct process *random_process(void)
{
	unsigned int i = (unsigned int)host_random_below(PROCESSES);

	return alive[i] ? &processes[i] : NULL;
}

/* Whether anything goes by the number, before "except" got it. */
static bool is_in_use(uint32_t number, unsigned int except)
{
	for (unsigned int i = 0; i < PROCESSES; i++) {
		if (i == except)
			continue;
		if (alive[i] && (processes[i].pid == number || processes[i].group == number ||
				 processes[i].session == number))
			return true;
		if (has_thread[i] && threads[i].tid == number)
			return true;
	}
	return false;
}

static void start_one(unsigned int i)
{
	struct process *parent = random_process();
	uint32_t number;

	processes[i] = (struct process){.parent = parent ? parent : &root};
	list_init(&processes[i].children);
	threads[i] = (struct thread){.process = &processes[i]};
	number = pids_add_thread(&threads[i]);
	assert_in_range(number, 1, PID_MOST - 1);
	assert_false(is_in_use(number, i));
	processes[i].pid = processes[i].group = processes[i].session = number;
	if (parent && host_random_below(4)) {
		processes[i].group = parent->group;
		processes[i].session = parent->session;
	}
	pids_add(&processes[i]);
	alive[i] = has_thread[i] = true;
	/* Of some only another thread is left than the first. */
	if (host_random_below(3) == 0) {
		pids_remove_thread(&threads[i]);
		pids_add_thread(&threads[i]);
	}
}

/* Threads that end at once. */
static void use_up(unsigned int numbers)
{
	while (numbers--) {
		struct thread thread = {.process = &root};

		assert_false(is_in_use(pids_add_thread(&thread), PROCESSES));
		pids_remove_thread(&thread);
	}
}

static void end_thread(unsigned int i)
{
	pids_remove_thread(&threads[i]);
	has_thread[i] = false;
}

static void end_one(unsigned int i)
{
	if (has_thread[i])
		end_thread(i);
	while (!list_empty(&processes[i].children))
		pids_set_parent(child_at(processes[i].children.next), &root);
	pids_remove(&processes[i]);
	alive[i] = false;
	memset(&processes[i], 0xee, sizeof(processes[i]));
}

static void change_one(unsigned int i)
{
	struct process *other = random_process();

	switch (host_random_below(4)) {
	case 0:
		if (other)
			pids_set_group(&processes[i], other->group, other->session);
		break;
	case 1:
		pids_set_group(&processes[i], processes[i].pid, processes[i].session);
		break;
	case 2:
		pids_set_group(&processes[i], processes[i].pid, processes[i].pid);
		break;
	default:
		if (other && other != &processes[i])
			pids_set_parent(&processes[i], other);
	}
}

static void compare_groups(uint32_t group)
{
	unsigned int count = 0, seen = 0;

	for (unsigned int i = 0; i < PROCESSES; i++)
		count += alive[i] && processes[i].group == group;
	for_each_in_group(process, group)
	{
		assert_int_equal(process->group, group);
		seen++;
	}
	assert_int_equal(seen, count);
}

static void compare_children(struct process *parent)
{
	unsigned int count = 0, seen = 0;

	for (unsigned int i = 0; i < PROCESSES; i++)
		count += alive[i] && processes[i].parent == parent;
	for_each_child(child, parent)
	{
		assert_ptr_equal(child->parent, parent);
		seen++;
	}
	assert_int_equal(seen, count);
}

static void compare_numbers(void)
{
	for (unsigned int i = 0; i < PROCESSES; i++) {
		if (alive[i])
			assert_ptr_equal(pids_find(processes[i].pid), &processes[i]);
		if (has_thread[i])
			assert_ptr_equal(pids_find_thread(threads[i].tid), &threads[i]);
		else
			assert_false(pids_find_thread(threads[i].tid) == &threads[i]);
	}
}

static void random_histories(void **state)
{
	(void)state;
	host_seed(5);
	list_init(&root.children);
	pids_init(true);
	assert_null(pids_find(1));
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)host_random_below(PROCESSES);

		/* The numbers go round often, and come upon those that are still taken. */
		use_up(20);
		if (!alive[i])
			start_one(i);
		else if (host_random_below(2))
			end_one(i);
		else if (has_thread[i] && host_random_below(4) == 0)
			end_thread(i);
		else
			change_one(i);
		compare_groups((uint32_t)host_random_below(PID_MOST));
		if (alive[i]) {
			compare_groups(processes[i].group);
			compare_children(processes[i].parent);
		}
		if (step % 100 == 0)
			compare_numbers();
	}
	for (unsigned int i = 0; i < PROCESSES; i++) {
		if (alive[i])
			end_one(i);
	}
	compare_children(&root);
	for (uint32_t number = 0; number < PID_MOST; number++) {
		assert_null(pids_find(number));
		assert_null(pids_find_thread(number));
		assert_null(pids_group_first(number));
	}
}

/* Number 1 is given once, to whoever comes first; a thread can take its process's number. */
static void special_numbers(void **state)
{
	(void)state;
	list_init(&root.children);
	pids_init(true);
	start_one(0);
	assert_int_equal(processes[0].pid, 1);
	end_one(0);
	for (unsigned int i = 0; i < PID_MOST + 10; i++) {
		start_one(0);
		assert_int_not_equal(processes[0].pid, 1);
		end_one(0);
	}
	pids_init(false);
	start_one(0);
	assert_int_equal(processes[0].pid, 2);
	end_thread(0);
	threads[1] = (struct thread){.process = &processes[0]};
	assert_int_equal(pids_add_thread(&threads[1]), 3);
	assert_null(pids_find_thread(2));
	pids_renumber_thread(&threads[1], 2);
	assert_ptr_equal(pids_find_thread(2), &threads[1]);
	assert_null(pids_find_thread(3));
	pids_remove_thread(&threads[1]);
	end_one(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_numbers),
		cmocka_unit_test(random_histories),
	};

	return cmocka_run_group_tests_name("pids", tests, NULL, NULL);
}
