/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals (signal(7)): sending them, and what they do when a thread is about to return to its
 * program.
 *
 * A signal is sent to a process or to one thread. It is pending until a thread that does not block
 * it takes it. Then its action is performed: a handler of the program, or the default, which is to
 * end, stop, continue or do nothing. The frame of a handler is the one that Linux makes, since the
 * C library returns through it.
 */
#ifndef KERNEL_PROCESS_SIGNAL_H
#define KERNEL_PROCESS_SIGNAL_H

#include <arch/traps.h>
#include <kernel/lib/compiler.h>

#define SIGNALS 64

enum {
	SIGHUP = 1,
	SIGINT = 2,
	SIGQUIT = 3,
	SIGILL = 4,
	SIGTRAP = 5,
	SIGABRT = 6,
	SIGBUS = 7,
	SIGFPE = 8,
	SIGKILL = 9,
	SIGSEGV = 11,
	SIGPIPE = 13,
	SIGCHLD = 17,
	SIGCONT = 18,
	SIGSTOP = 19,
	SIGTSTP = 20,
	SIGTTIN = 21,
	SIGTTOU = 22,
	SIGURG = 23,
	SIGWINCH = 28,
};

/* The cause of a signal: si_code (sigaction(2)). */
enum {
	SIGNAL_BY_USER = 0,
	SIGNAL_BY_KERNEL = 128,
	SIGNAL_BY_TKILL = -6,
	SEGV_UNMAPPED = 1,
	SEGV_FORBIDDEN = 2,
	BUS_PAST_END = 2,
	CHILD_EXITED = 1,
	CHILD_KILLED = 2,
	CHILD_STOPPED = 5,
	CHILD_CONTINUED = 6,
};

struct signal_info {
	int32_t code;
	uint32_t pid;   /* of the sender or the child */
	uint64_t value; /* an address, or a child's status */
};

struct pending {
	uint64_t set; /* bit 0 for number 1 */
	struct signal_info info[SIGNALS];
};

/* struct sigaction of the system call rt_sigaction(). */
struct signal_action {
	uintptr_t handler; /* or one of the two below */
#define SIGNAL_DEFAULT 0ul
#define SIGNAL_IGNORED 1ul
	uint64_t flags;
	uintptr_t restorer; /* the address that the handler returns to */
	uint64_t mask;      /* signals blocked while the handler runs */
};

/* An alternative stack for handlers, stack_t of sigaltstack(); size 0: none. */
struct signal_stack {
	uintptr_t address;
	uint32_t flags;
	uint32_t padding;
	uint64_t size;
};

struct process;
struct thread;

/* The signals of a process. */
struct signals {
	struct pending pending;
	struct signal_action action[SIGNALS];
};

static inline uint64_t signal_bit(unsigned int number)
{
	return 1ull << (number - 1);
}

/* Sends a signal to a process, or to one of its threads if "thread" is not NULL. */
void signal_send(struct process *process, struct thread *thread, unsigned int number,
		 const struct signal_info *info);

/* Sends a signal from the kernel to every process of a group. Returns the number of processes. */
unsigned int signal_send_group(uint32_t group, unsigned int number);

/*
 * Sends the running thread a signal that it has caused itself, by a fault. It cannot be blocked or
 * ignored.
 */
void signal_force(unsigned int number, int32_t code, uintptr_t address);

/*
 * Performs what is pending for the running thread, before it returns to its program: ends it, stops
 * it, or makes the registers those of a handler. Also restarts or fails a system call that was
 * interrupted (thread->call).
 */
void signal_deliver(struct regs *regs);

/*
 * Wakes a thread for each signal that is pending for the process, since the thread that was woken
 * for it will not take it.
 */
void signal_retarget(struct process *process);

/* Resets all handlers to the default, for execve(). Ignored signals stay ignored. */
void signal_reset(struct process *process);

/* Returns true if a signal is pending that the thread does not block. */
bool signal_is_pending(const struct thread *thread);

long sys_rt_sigaction(unsigned int number, uintptr_t action, uintptr_t old, uint64_t size);
long sys_rt_sigprocmask(unsigned int how, uintptr_t set, uintptr_t old, uint64_t size);
long sys_rt_sigpending(uintptr_t set, uint64_t size);
long sys_rt_sigsuspend(uintptr_t set, uint64_t size);
long sys_rt_sigtimedwait(uintptr_t set, uintptr_t info, uintptr_t timeout, uint64_t size);
long sys_rt_sigreturn(void);
long sys_sigaltstack(uintptr_t stack, uintptr_t old);
long sys_kill(int32_t pid, unsigned int number);
long sys_tgkill(int32_t pid, int32_t tid, unsigned int number);
long sys_pause(void);

#endif
