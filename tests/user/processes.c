// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of processes, and their signals: how they begin (fork, vfork, execve), what their
 * parents learn of their end, groups, stopping and going on; handlers, masks, faults that are
 * mended, and what a handler must not disturb.
 */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define PAGE 4096ul

/* ---- helpers ---- */

static int wait_for_ever(void)
{
	for (;;)
		nap(100000);
	return 0;
}

static void handle_info(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	CHECK_IS(sigaction(signal, &action, NULL), 0);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK_IS(sigaction(signal, &action, NULL), 0);
}

static void change_mask(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK_IS(sigprocmask(how, &set, NULL), 0);
}

static bool pending(int signal)
{
	sigset_t set;

	CHECK_IS(sigpending(&set), 0);
	return sigismember(&set, signal);
}

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

static void *map_pages(size_t count, int protection, int flags)
{
	void *pages = mmap(NULL, count * PAGE, protection, flags | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	return pages;
}

/* ---- fork and wait ---- */

static void statuses(void)
{
	static const int codes[] = {0, 1, 42, 127, 255, 256 + 3, -1};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(codes[i]);
		check_exit(pid, codes[i] & 255);
	}
}

/* The number of processes in a tree of this depth, each with three children, counted by them. */
static int grow(int depth)
{
	int count = 1, status;

	for (int i = 0; depth && i < 3; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid)
			_exit(grow(depth - 1));
	}
	while (wait(&status) > 0)
		count += WEXITSTATUS(status);
	return count;
}

static void fork_tree(void)
{
	CHECK_IS(grow(3), 1 + 3 + 9 + 27);
}

static void memory_after_fork(void)
{
	char *own = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *shared = map_pages(4, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t pid;

	memset(own, 1, 4 * PAGE);
	pid = fork();
	if (!pid) {
		memset(own, 2, 4 * PAGE);
		memset(shared, 3, 4 * PAGE);
		_exit(own[5] == 2 ? 0 : 1);
	}
	check_exit(pid, 0);
	for (size_t i = 0; i < 4 * PAGE; i++) {
		CHECK_IS(own[i], 1);
		CHECK_IS(shared[i], 3);
	}
}

static int return_five(void)
{
	return 5;
}

static int nap_and_return_six(void)
{
	setpgid(0, 0);
	nap(30);
	return 6;
}

static void waits(void)
{
	int status;
	pid_t pid;

	CHECK_ERROR(waitpid(-1, &status, 0), ECHILD);
	CHECK_ERROR(waitpid(-1, &status, WNOHANG), ECHILD);
	CHECK_ERROR(waitpid(1, &status, 0), ECHILD);
	pid = start_child(wait_for_ever);
	CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
	CHECK_IS(waitpid(-1, &status, WNOHANG), 0);
	CHECK_ERROR(waitpid(pid + 1, &status, WNOHANG), ECHILD);
	CHECK_ERROR(waitpid(pid, &status, 0x100), EINVAL);
	CHECK_IS(kill(pid, SIGKILL), 0);
	check_killed(pid, SIGKILL);
	CHECK_ERROR(waitpid(pid, &status, 0), ECHILD);

	pid = start_child(return_five);
	CHECK_IS(waitpid(0, &status, 0), pid); /* of this group */
	CHECK_IS(WEXITSTATUS(status), 5);
	pid = start_child(nap_and_return_six);
	setpgid(pid, pid);
	CHECK_ERROR(waitpid(0, &status, 0), ECHILD);
	CHECK_IS(waitpid(-pid, &status, 0), pid);
	CHECK_IS(WEXITSTATUS(status), 6);
}

static void waitid_leaves_it(void)
{
	siginfo_t info = {.si_pid = 77};
	pid_t pid = start_child(wait_for_ever);

	CHECK_ERROR(waitid(P_PID, (id_t)pid, &info, 0), EINVAL);
	CHECK_IS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG), 0);
	CHECK_IS(info.si_pid, 0);
	kill(pid, SIGTERM);
	for (int i = 0; i < 2; i++) { /* it stays there to be waited for */
		CHECK_IS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		CHECK_IS(info.si_pid, pid);
		CHECK_IS(info.si_signo, SIGCHLD);
		CHECK_IS(info.si_code, CLD_KILLED);
		CHECK_IS(info.si_status, SIGTERM);
	}
	CHECK_IS(waitid(P_ALL, 0, &info, WEXITED), 0);
	CHECK_IS(info.si_pid, pid);
	CHECK_ERROR(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
	pid = start_child(return_five);
	CHECK_IS(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	CHECK_IS(info.si_code, CLD_EXITED);
	CHECK_IS(info.si_status, 5);
}

static void orphans(void)
{
	pid_t *parents = map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t pid = fork();

	if (!pid) {
		pid_t middle = getpid();

		if (fork())
			_exit(0);
		while (getppid() == middle)
			nap(1);
		parents[1] = getppid();
		_exit(0);
	}
	check_exit(pid, 0);
	while (!*(volatile pid_t *)&parents[1])
		nap(1);
	CHECK(parents[1] != pid);
	check_say("the orphan was adopted\n");
}

static void groups(void)
{
	pid_t pid;

	CHECK_IS(getpgrp(), getpid());
	pid = fork();
	if (!pid) {
		CHECK_IS(getpgrp(), getppid());
		CHECK_IS(setsid(), getpid());
		CHECK_IS(getpgrp(), getpid());
		CHECK_ERROR(setsid(), EPERM);
		CHECK_ERROR(setpgid(0, 0), EPERM); /* it leads a session */
		_exit(0);
	}
	check_exit(pid, 0);
	CHECK_ERROR(setpgid(0, -1), EINVAL);
	CHECK_ERROR(setpgid(1, 0), ESRCH);
	CHECK_ERROR(setsid(), EPERM);
}

/* ---- execve ---- */

static char **const no_strings = (char *[]){NULL};

static int execute_self(const char *what)
{
	execl(self_path(), "processes", what, NULL);
	return 1;
}

static volatile int seen_by_parent;

static void vfork_and_exec(void)
{
	const char *path = self_path();
	pid_t pid = vfork();

	CHECK(pid >= 0);
	if (!pid) {
		seen_by_parent = 1; /* the memory is the parent's */
		execl(path, "processes", "--exit", "33", NULL);
		_exit(1);
	}
	CHECK_IS(seen_by_parent, 1);
	check_exit(pid, 33);
	pid = vfork();
	if (!pid) {
		nap(10); /* the parent stands still meanwhile */
		seen_by_parent = 2;
		_exit(34);
	}
	CHECK_IS(seen_by_parent, 2);
	check_exit(pid, 34);
}

/* In the new program: did everything arrive? */
static int report(int argc, char **argv)
{
	extern char **environ;
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	unsigned int bits = 0;

	CHECK_IS(argc, 5);
	CHECK(!strcmp(argv[0], "odd name") && !strcmp(argv[2], "") && !argv[5]);
	CHECK_IS(strlen(argv[3]), 100000);
	CHECK(!strcmp(argv[4], "last one"));
	CHECK(environ[0] && environ[1] && !environ[2]);
	CHECK(!strcmp(getenv("FIRST"), "1") && !strcmp(getenv("SECOND"), "two words"));
	CHECK_IS(getauxval(AT_PAGESZ), PAGE);
	CHECK_IS(getauxval(AT_UID), getuid());
	CHECK_IS(getauxval(AT_EGID), getegid());
	CHECK_IS(getauxval(AT_SECURE), 0);
	CHECK(getauxval(AT_ENTRY) && getauxval(AT_PHDR));
	CHECK(random);
	for (int i = 0; i < 16; i++)
		bits |= random[i];
	CHECK(bits);
	CHECK(!strcmp((const char *)getauxval(AT_EXECFN), self_path()));
	return 8;
}

static int execute_with_strings(void)
{
	static char longest[100001];
	char *arguments[] = {"odd name", "--report", "", longest, "last one", NULL};
	char *environment[] = {"FIRST=1", "SECOND=two words", NULL};

	memset(longest, 'x', sizeof(longest) - 1);
	execve(self_path(), arguments, environment);
	return 1;
}

static void strings_of_a_program(void)
{
	check_exit(start_child(execute_with_strings), 8);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int file = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);

	CHECK(file >= 0);
	CHECK_IS(write(file, text, strlen(text)), strlen(text));
	CHECK_IS(close(file), 0);
}

static long exec_raw(const void *path, const void *arguments, const void *environment)
{
	return syscall(SYS_execve, path, arguments, environment);
}

static void errors_of_execve(void)
{
	static char huge[200000], *too_much[] = {huge, NULL};
	void *wild = (void *)8, *bad_strings[] = {wild, NULL};

	enter_workplace();
	memset(huge, 'x', sizeof(huge) - 1);
	write_file("plain", "no program", 0644);
	write_file("garbage", "no program", 0755);
	write_file("broken", "\177ELF and no more", 0755);
	write_file("empty", "", 0755);
	write_file("lost", "#!/nothing/here\n", 0755);
	CHECK_ERROR(exec_raw("missing", no_strings, no_strings), ENOENT);
	CHECK_ERROR(exec_raw("", no_strings, no_strings), ENOENT);
	CHECK_ERROR(exec_raw("lost", no_strings, no_strings), ENOENT);
	CHECK_ERROR(exec_raw("plain", no_strings, no_strings), EACCES);
	CHECK_ERROR(exec_raw(".", no_strings, no_strings), EACCES);
	CHECK_ERROR(exec_raw("plain/x", no_strings, no_strings), ENOTDIR);
	CHECK_ERROR(exec_raw("garbage", no_strings, no_strings), ENOEXEC);
	CHECK_ERROR(exec_raw("broken", no_strings, no_strings), ENOEXEC);
	CHECK_ERROR(exec_raw("empty", no_strings, no_strings), ENOEXEC);
	CHECK_ERROR(exec_raw(huge, no_strings, no_strings), ENAMETOOLONG);
	CHECK_ERROR(exec_raw(self_path(), too_much, no_strings), E2BIG);
	CHECK_ERROR(exec_raw(self_path(), no_strings, too_much), E2BIG);
	CHECK_ERROR(exec_raw(wild, no_strings, no_strings), EFAULT);
	CHECK_ERROR(exec_raw(self_path(), wild, no_strings), EFAULT);
	CHECK_ERROR(exec_raw(self_path(), bad_strings, no_strings), EFAULT);
	unlink("plain");
	unlink("garbage");
	unlink("broken");
	unlink("empty");
	unlink("lost");
	leave_workplace();
}

static int execute_script(void)
{
	execl("script", "ignored", "one", "two", NULL);
	return 1;
}

/* As the interpreter of the script: its own argument is one, spaces and all. */
static int interpret(int argc, char **argv)
{
	CHECK_IS(argc, 5);
	CHECK(!strcmp(argv[2], "script") && !strcmp(argv[3], "one") && !strcmp(argv[4], "two"));
	return 11;
}

static void scripts(void)
{
	char text[2 * PATH_MAX + 64];

	enter_workplace();
	snprintf(text, sizeof(text), "#! %s --script and more  \nnothing\n", self_path());
	if (strlen(text) > 200) /* a kernel reads only the beginning */
		check_failed(__func__, __LINE__, "the path of this program is too long", 0);
	write_file("script", text, 0755);
	check_exit(start_child(execute_script), 11);
	unlink("script");
	leave_workplace();
}

/* ---- signals ---- */

static volatile siginfo_t last_info;

static void keep_info(int signal, siginfo_t *info, void *context)
{
	(void)context;
	CHECK_IS(signal, info->si_signo);
	last_info = *info;
	signals++;
}

static int signal_parent(void)
{
	return kill(getppid(), SIGUSR1);
}

static void senders(void)
{
	pid_t pid;

	handle_info(SIGUSR1, keep_info, 0);
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	CHECK_IS(signals, 1); /* before kill() has returned */
	CHECK_IS(last_info.si_code, SI_USER);
	CHECK_IS(last_info.si_pid, getpid());
	CHECK_IS(last_info.si_uid, getuid());
	raise(SIGUSR1);
	CHECK_IS(last_info.si_code, SI_TKILL);
	pid = start_child(signal_parent);
	check_exit(pid, 0);
	CHECK_IS(signals, 3);
	CHECK_IS(last_info.si_pid, pid);
}

static void end_of_children(void)
{
	pid_t pid;

	handle_info(SIGCHLD, keep_info, 0);
	pid = start_child(return_five);
	while (!signals)
		nap(1);
	CHECK_IS(last_info.si_pid, pid);
	CHECK_IS(last_info.si_code, CLD_EXITED);
	CHECK_IS(last_info.si_status, 5);
	check_exit(pid, 5);

	handle(SIGCHLD, SIG_IGN, 0); /* nobody waits: they are gone at once */
	pid = start_child(return_five);
	CHECK_ERROR(waitpid(pid, NULL, 0), ECHILD);
}

/* Reads a byte while a child sends signals; which then writes one, if "finish". */
static ssize_t read_among_signals(bool finish)
{
	int pipes[2], error;
	ssize_t result;
	char byte;
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 5 || !finish; i++) {
			nap(10);
			kill(getppid(), SIGUSR1);
		}
		_exit(write(pipes[1], "x", 1) != 1);
	}
	result = read(pipes[0], &byte, 1);
	error = errno;
	kill(pid, SIGKILL);
	wait_status(pid);
	close(pipes[0]);
	close(pipes[1]);
	errno = error;
	return result;
}

static void interrupted_reads(void)
{
	struct timespec rest, time = {100, 0};
	pid_t pid;

	handle(SIGUSR1, count_signal, 0);
	CHECK_ERROR(read_among_signals(false), EINTR);
	handle(SIGUSR1, count_signal, SA_RESTART);
	signals = 0;
	CHECK_IS(read_among_signals(true), 1);
	CHECK(signals > 0);
	handle(SIGUSR1, SIG_IGN, 0); /* what is ignored interrupts nothing */
	CHECK_IS(read_among_signals(true), 1);

	handle(SIGUSR1, count_signal, SA_RESTART);
	pid = fork();
	if (!pid) {
		nap(20);
		_exit(kill(getppid(), SIGUSR1));
	}
	CHECK_ERROR(nanosleep(&time, &rest), EINTR); /* never begun again */
	CHECK(rest.tv_sec >= 90 && rest.tv_sec < 100);
	check_exit(pid, 0);
}

static void masks(void)
{
	sigset_t set, old;

	handle(SIGUSR1, count_signal, 0);
	change_mask(SIG_BLOCK, SIGUSR1);
	for (int i = 0; i < 3; i++)
		raise(SIGUSR1);
	CHECK_IS(signals, 0);
	CHECK(pending(SIGUSR1) && !pending(SIGUSR2));
	change_mask(SIG_UNBLOCK, SIGUSR1);
	CHECK_IS(signals, 1); /* equal ones are one */
	CHECK(!pending(SIGUSR1));

	sigfillset(&set);
	CHECK_IS(sigprocmask(SIG_SETMASK, &set, NULL), 0);
	CHECK_IS(sigprocmask(SIG_SETMASK, NULL, &old), 0);
	CHECK(sigismember(&old, SIGUSR1) && !sigismember(&old, SIGKILL));
	CHECK(!sigismember(&old, SIGSTOP));
	CHECK_ERROR(sigprocmask(99, &set, NULL), EINVAL);
	CHECK_ERROR(signal(SIGKILL, count_signal) == SIG_ERR ? -1 : 0, EINVAL);

	raise(SIGUSR1);
	handle(SIGUSR1, SIG_IGN, 0); /* ignoring it throws a waiting one away */
	CHECK(!pending(SIGUSR1));
}

static void suspension(void)
{
	sigset_t none;
	pid_t pid;

	handle(SIGUSR1, count_signal, 0);
	change_mask(SIG_BLOCK, SIGUSR1);
	sigemptyset(&none);
	pid = start_child(signal_parent);
	CHECK_ERROR(sigsuspend(&none), EINTR);
	CHECK_IS(signals, 1);
	raise(SIGUSR1);
	CHECK(pending(SIGUSR1)); /* the mask is the old one again */
	check_exit(pid, 0);
}

static void timed_waits(void)
{
	struct timespec time = {0, 20000000};
	siginfo_t info;
	sigset_t set;

	change_mask(SIG_BLOCK, SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_ERROR(sigtimedwait(&set, &info, &time), EAGAIN);
	kill(getpid(), SIGUSR2);
	CHECK_IS(sigtimedwait(&set, &info, &time), SIGUSR2);
	CHECK_IS(info.si_pid, getpid());
	CHECK(!pending(SIGUSR2));
}

static int write_to_nobody(void)
{
	int pipes[2];

	CHECK_IS(pipe(pipes), 0);
	close(pipes[0]);
	return (int)write(pipes[1], "x", 1);
}

/* Its last reader leaves while a writer waits for room: the pipe has taken some by then. */
static int write_too_much(void)
{
	static char much[256 << 10];
	int pipes[2];
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		CHECK_IS(read(pipes[0], much, 1), 1);
		usleep(20000);
		_exit(0);
	}
	close(pipes[0]);
	return write(pipes[1], much, sizeof(much)) > 0 ? 9 : 10;
}

static void broken_pipes(void)
{
	handle(SIGPIPE, SIG_DFL, 0);
	check_killed(start_child(write_to_nobody), SIGPIPE);
	check_killed(start_child(write_too_much), SIGPIPE);
	handle(SIGPIPE, SIG_IGN, 0);
	CHECK_ERROR(write_to_nobody(), EPIPE);
	check_exit(start_child(write_too_much), 9);
}

static char order[32];

static void write_order(int signal)
{
	strcat(order, signal == SIGUSR1 ? "(1" : "(2");
	if (signal == SIGUSR1 && strlen(order) < 8) {
		raise(SIGUSR2);
		raise(SIGUSR1);
	}
	strcat(order, ")");
}

static void nested_handlers(void)
{
	struct sigaction action = {.sa_handler = write_order};

	handle(SIGUSR1, write_order, 0);
	handle(SIGUSR2, write_order, 0);
	raise(SIGUSR1); /* the second waits for the first's end */
	CHECK(!strcmp(order, "(1(2))(1)"));
	order[0] = '\0';
	handle(SIGUSR1, write_order, SA_NODEFER);
	raise(SIGUSR1);
	CHECK(!strcmp(order, "(1(2)(1(2)(1)))"));
	order[0] = '\0';
	sigaddset(&action.sa_mask, SIGUSR2);
	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	raise(SIGUSR1);
	CHECK(!strncmp(order, "(1)", 3)); /* which of the waiting ones is next is free */
	CHECK(!strstr(order, "(1(") && strchr(order, '2'));
}

static int raise_twice(void)
{
	handle(SIGUSR1, count_signal, SA_RESETHAND);
	raise(SIGUSR1);
	CHECK_IS(signals, 1);
	raise(SIGUSR1);
	return 0;
}

static int inherit(void)
{
	CHECK(!pending(SIGUSR2)); /* what waits for the parent is not the child's */
	raise(SIGUSR1);
	CHECK_IS(signals, 1);
	raise(SIGUSR2);
	return execute_self("--signals");
}

/* In the new program: SIGUSR1 was handled, SIGHUP ignored, SIGUSR2 blocked and waiting. */
static int signals_after_execve(void)
{
	struct sigaction action;

	CHECK_IS(sigaction(SIGUSR1, NULL, &action), 0);
	CHECK(action.sa_handler == SIG_DFL);
	CHECK_IS(sigaction(SIGHUP, NULL, &action), 0);
	CHECK(action.sa_handler == SIG_IGN);
	CHECK(pending(SIGUSR2));
	return 12;
}

static void inheritance(void)
{
	check_killed(start_child(raise_twice), SIGUSR1);
	handle(SIGUSR1, count_signal, 0);
	handle(SIGHUP, SIG_IGN, 0);
	change_mask(SIG_BLOCK, SIGUSR2);
	raise(SIGUSR2);
	check_exit(start_child(inherit), 12);
}

static void errors_of_kill(void)
{
	pid_t pid = start_child(return_five);
	siginfo_t info;

	CHECK_ERROR(kill(pid, 65), EINVAL);
	CHECK_ERROR(kill(pid, -1), EINVAL);
	CHECK_IS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	CHECK_IS(kill(pid, 0), 0); /* dead, but still there */
	CHECK_IS(kill(pid, SIGTERM), 0);
	check_exit(pid, 5);
	CHECK_ERROR(kill(pid, 0), ESRCH);
	CHECK_ERROR(kill(-pid, SIGTERM), ESRCH);
	CHECK_ERROR(syscall(SYS_tgkill, getpid(), pid, 0), ESRCH);
	CHECK_ERROR(syscall(SYS_tgkill, -1, getpid(), 0), EINVAL);
}

static int signal_own_group(void)
{
	setpgid(0, 0);
	handle(SIGTERM, SIG_DFL, 0);
	for (int i = 0; i < 3; i++)
		start_child(wait_for_ever);
	handle(SIGTERM, SIG_IGN, 0);
	kill(0, SIGTERM);
	for (int i = 0; i < 3; i++) {
		int status;

		wait(&status);
		CHECK_IS(WTERMSIG(status), SIGTERM);
	}
	return 13;
}

static void signals_to_groups(void)
{
	pid_t children[3];

	handle(SIGTERM, count_signal, 0);
	check_exit(start_child(signal_own_group), 13);
	CHECK_IS(signals, 0); /* this one is in another group */
	handle(SIGTERM, SIG_DFL, 0);
	for (int i = 0; i < 3; i++) {
		children[i] = start_child(wait_for_ever);
		CHECK_IS(setpgid(children[i], children[0]), 0);
	}
	CHECK_IS(kill(-children[0], SIGTERM), 0);
	for (int i = 0; i < 3; i++)
		check_killed(children[i], SIGTERM);
}

static volatile unsigned long *ticks;

static int tick(void)
{
	for (;;)
		++*ticks;
	return 0;
}

static void wait_until_ticking(void)
{
	unsigned long now = *ticks;

	while (*ticks == now)
		nap(1);
}

static void stopping(void)
{
	unsigned long before;
	siginfo_t info;
	int status;
	pid_t pid;

	ticks = map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid = start_child(tick);
	wait_until_ticking();
	CHECK_IS(kill(pid, SIGSTOP), 0);
	CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_IS(WSTOPSIG(status), SIGSTOP);
	before = *ticks;
	nap(30);
	CHECK_IS(*ticks, before);
	CHECK_IS(kill(pid, SIGCONT), 0);
	CHECK_IS(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	wait_until_ticking();
	CHECK_IS(kill(pid, SIGSTOP), 0);
	CHECK_IS(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
	CHECK_IS(info.si_code, CLD_STOPPED);
	CHECK_IS(info.si_status, SIGSTOP);
	CHECK_IS(kill(pid, SIGTERM), 0); /* waits until it goes on */
	CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
	CHECK_IS(kill(pid, SIGCONT), 0);
	check_killed(pid, SIGTERM);

	pid = start_child(tick);
	CHECK_IS(kill(pid, SIGSTOP), 0);
	CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_IS(kill(pid, SIGKILL), 0); /* this one does not */
	check_killed(pid, SIGKILL);
}

static void deaths_by_signal(void)
{
	static const int deadly[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
				     SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
				     SIGTERM, SIGXCPU, SIGPROF, SIGSYS,  40,      64};
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};

	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		pid_t pid;

		signal(deadly[i], SIG_DFL); /* whoever started us may ignore it */
		pid = start_child(wait_for_ever);
		CHECK_IS(kill(pid, deadly[i]), 0);
		check_killed(pid, deadly[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		CHECK_IS(raise(harmless[i]), 0);
}

/* ---- faults ---- */

static sigjmp_buf escape;

static void leave_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	last_info = *info;
	siglongjmp(escape, 1);
}

static void mend(int signal, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE - 1));

	(void)signal;
	(void)context;
	last_info = *info;
	signals++;
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		_exit(99);
}

static void mended_faults(void)
{
	char *pages = map_pages(8, PROT_NONE, MAP_PRIVATE);
	volatile char *byte = pages;

	handle_info(SIGSEGV, mend, 0);
	for (size_t i = 0; i < 8; i++) {
		byte[i * PAGE + i] = (char)i;
		CHECK(last_info.si_addr == pages + i * PAGE + i);
		CHECK_IS(last_info.si_code, SEGV_ACCERR);
		CHECK_IS(byte[i * PAGE + i], i);
	}
	CHECK_IS(signals, 8);
	mprotect(pages, PAGE, PROT_READ);
	byte[1] = 1;
	CHECK_IS(signals, 9);
}

/* Does something that faults, and comes back. */
#define FAULT(statement)                     \
	do {                                 \
		last_info = (siginfo_t){0};  \
		if (!sigsetjmp(escape, 1)) { \
			statement;           \
			CHECK(!#statement);  \
		}                            \
	} while (0)

static volatile int zero;

static void kinds_of_faults(void)
{
	volatile char *gone = map_pages(1, PROT_READ, MAP_PRIVATE);
	volatile char *wild = (volatile char *)0x100000000000000ul; /* with five levels too */
	volatile char *kernel = (volatile char *)0xffff888000000000ul;
	volatile int result;

	handle_info(SIGSEGV, leave_fault, 0);
	handle_info(SIGFPE, leave_fault, 0);
	handle_info(SIGILL, leave_fault, 0);
	handle_info(SIGTRAP, leave_fault, 0);
	FAULT(gone[3] = 1);
	CHECK(last_info.si_addr == gone + 3 && last_info.si_code == SEGV_ACCERR);
	munmap((void *)gone, PAGE);
	FAULT(result = gone[5]);
	CHECK(last_info.si_addr == gone + 5 && last_info.si_code == SEGV_MAPERR);
	FAULT(result = *wild); /* no address at all */
	CHECK_IS(last_info.si_signo, SIGSEGV);
	CHECK_IS(last_info.si_code, SI_KERNEL);
	FAULT(result = *kernel);
	CHECK_IS(last_info.si_signo, SIGSEGV);
	CHECK(last_info.si_addr == kernel);
	FAULT(__asm__ volatile("hlt"));
	CHECK_IS(last_info.si_signo, SIGSEGV);
	FAULT(__asm__ volatile("cltd; idivl %1" : : "a"(1), "m"(zero) : "edx", "cc"));
	CHECK_IS(last_info.si_signo, SIGFPE);
	CHECK_IS(last_info.si_code, FPE_INTDIV);
	FAULT(__asm__ volatile("ud2"));
	CHECK_IS(last_info.si_signo, SIGILL);
	FAULT(__asm__ volatile("int3"));
	CHECK_IS(last_info.si_signo, SIGTRAP);
	(void)result;
}

/* Steps over the two bytes of an instruction, and leaves a result in a register. */
static void step_over(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	CHECK_IS(registers[REG_RIP], (uintptr_t)info->si_addr);
	registers[REG_RIP] += 2;
	registers[REG_RBX] = 0x1234;
}

static void changed_registers(void)
{
	unsigned long rbx = 1, rcx = 2;

	handle_info(SIGILL, step_over, 0);
	__asm__ volatile("ud2" : "+b"(rbx), "+c"(rcx));
	CHECK_IS(rbx, 0x1234);
	CHECK_IS(rcx, 2);
}

/* Comes back from a handler to where no program may be. */
static void go_to_kernel(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)0xffff888000000000ul;
}

static void go_nowhere(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = 0x800000000000;
}

static int return_to_kernel(void)
{
	handle_info(SIGUSR1, go_to_kernel, 0);
	raise(SIGUSR1);
	return 0;
}

static int return_to_nowhere(void)
{
	handle_info(SIGUSR1, go_nowhere, 0);
	raise(SIGUSR1);
	return 0;
}

static void leave_nowhere(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	/* Refused on the way there, and not the fault of a page that it lacks. */
	_exit(info->si_code == SI_KERNEL ? 7 : 8);
}

/* Not an address of a processor with five levels of page tables either. */
static void go_far(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = 0x4000000000000000;
}

static int return_to_no_address(void)
{
	handle_info(SIGSEGV, leave_nowhere, 0);
	handle_info(SIGUSR1, go_far, 0);
	raise(SIGUSR1);
	return 0;
}

static int fault_blocked(void)
{
	handle_info(SIGSEGV, leave_fault, 0);
	change_mask(SIG_BLOCK, SIGSEGV);
	*(volatile int *)(uintptr_t)zero = 1;
	return 0;
}

static int no_stack_for_a_handler(void)
{
	handle(SIGILL, count_signal, 0);
	__asm__ volatile("mov $8, %%esp; ud2" : : : "memory");
	return 0;
}

static void hopeless_faults(void)
{
	check_killed(start_child(fault_blocked), SIGSEGV);
	check_killed(start_child(no_stack_for_a_handler), SIGSEGV);
	check_killed(start_child(return_to_kernel), SIGSEGV);
	check_killed(start_child(return_to_nowhere), SIGSEGV);
	check_exit(start_child(return_to_no_address), 7);
}

#define ALTERNATE (64ul << 10)

static char *alternate;

static void leave_overflow(int signal, siginfo_t *info, void *context)
{
	volatile char local = 0;
	stack_t now;

	(void)info;
	(void)context;
	CHECK_IS(signal, SIGSEGV);
	CHECK((char *)&local >= alternate && (char *)&local < alternate + ALTERNATE);
	CHECK_IS(sigaltstack(NULL, &now), 0);
	CHECK_IS(now.ss_flags, SS_ONSTACK);
	CHECK_ERROR(sigaltstack(&now, NULL), EPERM);
	siglongjmp(escape, 1);
}

__attribute__((noinline)) static int recurse(int depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	return depth < 0 ? 0 : recurse(depth + 1) + frame[0];
}

static int overflow(void)
{
	return recurse(1);
}

static void stack_overflow(void)
{
	stack_t stack = {.ss_size = ALTERNATE};

	check_killed(start_child(overflow), SIGSEGV);
	alternate = map_pages(ALTERNATE / PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	stack.ss_sp = alternate;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
	handle_info(SIGSEGV, leave_overflow, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++)
		if (!sigsetjmp(escape, 1))
			CHECK(!overflow());
	stack.ss_size = 100;
	CHECK_ERROR(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_flags = SS_DISABLE;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
	check_killed(start_child(overflow), SIGSEGV);
}

/* ---- what a handler must not disturb ---- */

static void spoil_registers(int signal)
{
	unsigned int control = 0x7f80; /* rounds to zero */

	(void)signal;
	signals++;
	__asm__ volatile("pxor %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm8;"
			 "movdqa %%xmm0, %%xmm15; ldmxcsr %0; fninit; fldz; std; cld"
			 :
			 : "m"(control)
			 : "xmm0", "xmm7", "xmm8", "xmm15");
}

struct vectors {
	unsigned char bytes[16][16];
};

/* Loads all of them, sends itself a signal, and stores them again. */
static void signal_among_vectors(const struct vectors *before, struct vectors *after)
{
	long result = SYS_kill;

#define LOAD(n)  "movdqu " #n "*16(%2), %%xmm" #n ";"
#define STORE(n) "movdqu %%xmm" #n ", " #n "*16(%3);"
#define ALL(each)                                                                                \
	each(0) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8) each(9) each(10) \
		each(11) each(12) each(13) each(14) each(15)
	__asm__ volatile(ALL(LOAD) "syscall;" ALL(STORE)
			 : "+a"(result)
			 : "D"((long)getpid()), "b"(before), "d"(after), "S"((long)SIGUSR1)
			 : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
			   "xmm14", "xmm15");
	CHECK_IS(result, 0);
}

static void vectors_survive(void)
{
	struct vectors before, after = {0};
	unsigned int control;

	for (size_t i = 0; i < sizeof(before); i++)
		before.bytes[i / 16][i % 16] = (unsigned char)(i * 7 + 1);
	handle(SIGUSR1, spoil_registers, 0);
	signal_among_vectors(&before, &after);
	CHECK_IS(signals, 1);
	CHECK(!memcmp(&before, &after, sizeof(before)));
	__asm__ volatile("stmxcsr %0" : "=m"(control));
	CHECK_IS(control & 0x6000, 0);
}

/* A long sum in all sorts of registers. */
static unsigned long long compute(void)
{
	unsigned long long hash = 1;
	double sum = 0;
	long double x87 = 1;

	for (unsigned int i = 1; i < 300000; i++) {
		hash = hash * 6364136223846793005ull + i;
		sum += 1.0 / i;
		x87 = x87 * 1.000001L + 1.0L / i;
	}
	return hash ^ (unsigned long long)(sum * 1e12) ^ (unsigned long long)(x87 * 1e9L);
}

static void sums_survive(void)
{
	unsigned long long expected = compute();
	pid_t pid;

	handle(SIGUSR1, spoil_registers, 0);
	pid = fork();
	if (!pid) {
		while (!kill(getppid(), SIGUSR1))
			nap(1);
		_exit(0);
	}
	while (signals < 100)
		CHECK(compute() == expected);
	kill(pid, SIGKILL);
	check_killed(pid, SIGKILL);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(statuses),
		CHECK_TEST(fork_tree),
		CHECK_TEST(memory_after_fork),
		CHECK_TEST(waits),
		CHECK_TEST(waitid_leaves_it),
		CHECK_TEST(orphans),
		CHECK_TEST(groups),
		CHECK_TEST(vfork_and_exec),
		CHECK_TEST(strings_of_a_program),
		CHECK_TEST(errors_of_execve),
		CHECK_TEST(scripts),
		CHECK_TEST(senders),
		CHECK_TEST(end_of_children),
		CHECK_TEST(interrupted_reads),
		CHECK_TEST(masks),
		CHECK_TEST(suspension),
		CHECK_TEST(timed_waits),
		CHECK_TEST(broken_pipes),
		CHECK_TEST(nested_handlers),
		CHECK_TEST(inheritance),
		CHECK_TEST(errors_of_kill),
		CHECK_TEST(signals_to_groups),
		CHECK_TEST(stopping),
		CHECK_TEST(deaths_by_signal),
		CHECK_TEST(mended_faults),
		CHECK_TEST(kinds_of_faults),
		CHECK_TEST(changed_registers),
		CHECK_TEST(hopeless_faults),
		CHECK_TEST(stack_overflow),
		CHECK_TEST(vectors_survive),
		CHECK_TEST(sums_survive),
	};

	if (argc == 3 && !strcmp(argv[1], "--exit"))
		return atoi(argv[2]);
	if (argc > 1 && !strcmp(argv[1], "--report"))
		return report(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--script and more"))
		return interpret(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "--signals"))
		return signals_after_execve();
	return check_run("processes", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
