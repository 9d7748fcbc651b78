/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals (signal(7)): sending them, and what becomes of them when a thread is about to go back to
 * its program.
 *
 * A signal is for a process or for one thread of it, and pending until a thread that does not block
 * it takes it. Then its action is done: the program's own handler (whose frame is the one that
 * Linux makes, since the C library's return from it relies on that), or the default: to end, to
 * stop, to go on, or nothing.
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

/* Where a signal comes from: si_code (sigaction(2)). */
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
	uint32_t pid;   /* the sender, or the child */
	uint64_t value; /* an address, or a child's status */
};

struct pending {
	uint64_t set; /* bit 0 for number 1 */
	struct signal_info info[SIGNALS];
};

/* As rt_sigaction() has it. */
struct signal_action {
	uintptr_t handler; /* or one of these: */
#define SIGNAL_DEFAULT 0ul
#define SIGNAL_IGNORED 1ul
	uint64_t flags;
	uintptr_t restorer; /* what the handler returns to */
	uint64_t mask;      /* what is blocked meanwhile */
};

/* An alternative stack for handlers, as sigaltstack() has it; size 0: none. */
struct signal_stack {
	uintptr_t address;
	uint32_t flags;
	uint32_t padding;
	uint64_t size;
};

struct process;
struct thread;

/* What a process has of it all. */
struct signals {
	struct pending pending;
	struct signal_action action[SIGNALS];
};

static inline uint64_t signal_bit(unsigned int number)
{
	return 1ull << (number - 1);
}

/* Sends a signal to a process; or to one of its threads, if that is not NULL. */
void signal_send(struct process *process, struct thread *thread, unsigned int number,
		 const struct signal_info *info);

/* The same to every process of a group; how many those were. The sender is the kernel. */
unsigned int signal_send_group(uint32_t group, unsigned int number);

/* A mistake of the running thread's own: it cannot be blocked or ignored. */
void signal_force(unsigned int number, int32_t code, uintptr_t address);

/*
 * On the way back to the program: ends, stops, or makes the registers those of a handler, for as
 * long as something is to be done. "call" says that a system call has put its result into them.
 */
void signal_deliver(struct regs *regs);

/* Wakes threads for what is pending for their process: the one it was meant for will not take it.
 */
void signal_retarget(struct process *process);

/* A process that runs another program has no handlers any more. */
void signal_reset(struct process *process);

/* Whether a signal that the thread does not block waits to be taken. */
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
