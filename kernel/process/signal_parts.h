/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the three files about signals share; for kernel/process alone.
 */
#ifndef KERNEL_PROCESS_SIGNAL_PARTS_H
#define KERNEL_PROCESS_SIGNAL_PARTS_H

#include <kernel/process/process.h>

#define SIGNALS_NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* Flags of an action (sigaction(2)). */
#define SA_RESTORER  0x4000000ul
#define SA_ONSTACK   0x8000000ul
#define SA_RESTART   0x10000000ul
#define SA_NODEFER   0x40000000ul
#define SA_RESETHAND 0x80000000ul

/* siginfo_t (sigaction(2)). */
struct siginfo {
	int32_t number, error, code, padding;
	union {
		uint64_t room[14]; /* the first member, so that an initializer clears all of the
				      union */
		uint64_t address;
		struct {
			uint32_t pid, uid;
			int32_t status;
		} sender;
	} of;
};

static inline bool signal_is_in(uint64_t set, unsigned int number)
{
	return set & signal_bit(number);
}

static inline struct signal_action *signal_action_of(struct process *process, unsigned int number)
{
	return &process->signals.action[number - 1];
}

/*
 * Returns true if a signal would have no effect on the process: it is ignored, or its default is to
 * do nothing.
 */
bool signal_is_ignored(struct process *process, unsigned int number);

/* Discards the pending signals of a set, of the process and of all its threads. */
void signal_forget(struct process *process, uint64_t set);

/*
 * Sets the signals that a thread blocks. If it thereby blocks one that is pending for its process,
 * another thread is woken to take that.
 */
void signal_set_blocked(struct thread *thread, uint64_t set);

/* Returns the signals that are pending for a thread or for its process, blocked ones included. */
uint64_t signal_pending_for(const struct thread *thread);

/*
 * Takes one signal of "set", all of which are pending: faults of the thread first, then the lowest
 * number. Returns its number and *info, or 0 if the set is empty.
 */
unsigned int signal_take(struct thread *thread, uint64_t set, struct signal_info *info);

/* Returns the siginfo_t of a signal. */
struct siginfo signal_siginfo(unsigned int number, const struct signal_info *info);

/*
 * Pushes a frame onto the program's stack and makes the registers those of a call to the handler.
 * Returns false if the frame cannot be written, and the registers are as before.
 */
bool signal_frame_push(struct thread *thread, struct regs *regs, unsigned int number,
		       const struct signal_info *info);

#endif
