// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals among threads and faults of several processes at once: who takes a signal that the one it
 * was meant for has just blocked, what a handler is told of its fault, and what stays of a first
 * thread that has ended.
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define PAGE 4096ul

static void handle(int signal, void (*handler)(int), int blocked)
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	if (blocked)
		sigaddset(&action.sa_mask, blocked);
	CHECK_IS(sigaction(signal, &action, NULL), 0);
}

static pthread_t first;
static atomic_bool taken_by_other;

static void take_second(int signal)
{
	(void)signal;
	if (!pthread_equal(pthread_self(), first))
		atomic_store(&taken_by_other, true);
}

/* Its mask keeps the second signal from this thread: the other one must take it. */
static void wait_for_second(int signal)
{
	(void)signal;
	while (!atomic_load(&taken_by_other))
		;
}

static void *pause_for_ever(void *argument)
{
	sigset_t set;

	/* The first signal is for the other thread. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	atomic_store((atomic_bool *)argument, true);
	for (;;)
		pause();
}

static int send_both(void)
{
	return kill(getppid(), SIGUSR1) || kill(getppid(), SIGUSR2);
}

static void a_handler_blocks_what_another_thread_takes(void)
{
	static atomic_bool is_ready;
	pthread_t other;

	first = pthread_self();
	handle(SIGUSR1, wait_for_second, SIGUSR2);
	handle(SIGUSR2, take_second, 0);
	CHECK_IS(pthread_create(&other, NULL, pause_for_ever, &is_ready), 0);
	while (!atomic_load(&is_ready))
		;
	start_child(send_both);
	while (!atomic_load(&taken_by_other))
		;
}

/* ---- faults ---- */

static atomic_ulong faults, others;

static void look_at_fault(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	faults++;
	others += (greg_t)info->si_addr != registers[REG_CR2];
	registers[REG_RIP] += 3; /* over the instruction */
}

/* Faults all the time, at addresses of its own, and counts. */
static void fault_for_ever(atomic_ulong *rounds)
{
	for (;;) {
		unsigned char *memory = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (unsigned int page = 0; page < 64; page += 2)
			memory[page * PAGE] = 1;
		munmap(memory, 64 * PAGE);
		atomic_fetch_add(rounds, 1);
	}
}

/* The address in a handler's context is its own fault's, whoever else has faulted meanwhile. */
static void the_context_shows_the_own_fault(void)
{
	struct sigaction action = {.sa_sigaction = look_at_fault, .sa_flags = SA_SIGINFO};
	atomic_ulong *rounds =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long seen = 0;
	pid_t child[2];

	CHECK(rounds != MAP_FAILED);
	CHECK_IS(sigaction(SIGSEGV, &action, NULL), 0);
	for (unsigned int i = 0; i < 2; i++) {
		child[i] = fork();
		if (!child[i])
			fault_for_ever(rounds);
	}
	/* Until they have had so many turns in between. */
	for (unsigned int changes = 0; changes < 100;) {
		__asm__ volatile("movq (%%rax), %%rcx" : : "a"(0x10ul) : "rcx", "memory");
		changes += atomic_load(rounds) != seen;
		seen = atomic_load(rounds);
	}
	for (unsigned int i = 0; i < 2; i++) {
		CHECK_IS(kill(child[i], SIGKILL), 0);
		check_killed(child[i], SIGKILL);
	}
	CHECK(faults >= 100);
	CHECK_IS(others, 0);
}

/* ---- the first thread ---- */

static void *look_for_first(void *argument)
{
	void *result;

	(void)argument;
	if (pthread_join(first, &result))
		_exit(1);
	/* Its number is the process's, and good as long as that lives. */
	_exit(syscall(SYS_tgkill, getpid(), getpid(), 0) || syscall(SYS_tkill, getpid(), SIGUSR1) ||
	      syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
}

static int leave_first(void)
{
	pthread_t other;

	first = pthread_self();
	if (pthread_create(&other, NULL, look_for_first, NULL))
		return 2;
	pthread_exit(NULL);
}

static void the_first_thread_keeps_its_number(void)
{
	check_exit(start_child(leave_first), 0);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(a_handler_blocks_what_another_thread_takes),
		CHECK_TEST(the_context_shows_the_own_fault),
		CHECK_TEST(the_first_thread_keeps_its_number),
	};

	return check_run("signals", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
