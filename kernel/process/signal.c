// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals; see the header. From top to bottom: what they do if nobody says otherwise, sending,
 * taking, the frame of a handler, the system calls.
 */
#include <arch/machine.h>
#include <arch/time.h>
#include <arch/user.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/clock.h>
#include <kernel/process/pids.h>
#include <kernel/process/process.h>

/* Flags of an action, and of an alternative stack. */
#define SA_SIGINFO   4ul
#define SA_RESTORER  0x4000000ul
#define SA_ONSTACK   0x8000000ul
#define SA_RESTART   0x10000000ul
#define SA_NODEFER   0x40000000ul
#define SA_RESETHAND 0x80000000ul
#define SS_ONSTACK   1u
#define SS_DISABLE   2u
#define STACK_LEAST  2048ul

#define NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))
#define STOPPING \
	(signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define HARMLESS \
	(signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT))

static bool is_in(uint64_t set, unsigned int number)
{
	return set & signal_bit(number);
}

static struct signal_action *action_of(struct process *process, unsigned int number)
{
	return &process->signals.action[number - 1];
}

/* Number 1 takes only signals that it has a handler for: without it the system ends (kill(2)). */
static bool is_protected(const struct process *process)
{
	return process->pid == 1;
}

/* Returns true if a signal would have no effect at all. */
static bool is_ignored(struct process *process, unsigned int number)
{
	uintptr_t handler = action_of(process, number)->handler;

	return handler == SIGNAL_IGNORED ||
	       (handler == SIGNAL_DEFAULT && (is_in(HARMLESS, number) || is_protected(process)));
}

/* ---- sending ---- */

static void forget_pending(struct process *process, uint64_t set)
{
	process->signals.pending.set &= ~set;
	for_each_thread(thread, process) thread->pending.set &= ~set;
}

static void stop_or_continue(struct process *process, unsigned int number)
{
	if (is_in(STOPPING, number)) {
		forget_pending(process, signal_bit(SIGCONT));
	} else if (number == SIGCONT) {
		forget_pending(process, STOPPING);
		if (process->stopped) {
			process->stopped = false;
			process->told_stop = false;
			process->told_continue = true;
			process_tell_parent(process, CHILD_CONTINUED, SIGCONT);
		}
		for_each_thread(thread, process) task_rouse(thread->task);
	}
}

/* Wakes a thread that can take what is pending for its process. */
static void rouse_one(struct process *process, unsigned int number)
{
	for_each_thread(thread, process)
	{
		if (!is_in(thread->blocked & ~thread->wanted, number)) {
			task_rouse(thread->task);
			return;
		}
	}
}

void signal_retarget(struct process *process)
{
	for (uint64_t set = process->signals.pending.set; set; set &= set - 1)
		rouse_one(process, (unsigned int)__builtin_ctzl(set) + 1);
}

/*
 * What the thread blocks from now on. What it was to take for its process and no longer can,
 * another thread is woken for.
 */
static void set_blocked(struct thread *thread, uint64_t set)
{
	uint64_t added = set & ~thread->blocked;

	thread->blocked = set & ~NEVER_BLOCKED;
	if (added & thread->process->signals.pending.set)
		signal_retarget(thread->process);
}

static bool is_blocked_everywhere(struct process *process, unsigned int number)
{
	for_each_thread(thread, process)
	{
		if (!is_in(thread->blocked, number))
			return false;
	}
	return true;
}

void signal_send(struct process *process, struct thread *thread, unsigned int number,
		 const struct signal_info *info)
{
	struct pending *pending = thread ? &thread->pending : &process->signals.pending;
	bool blocked =
		thread ? is_in(thread->blocked, number) : is_blocked_everywhere(process, number);

	if (list_empty(&process->threads) || process->dying)
		return;
	if (is_in(NEVER_BLOCKED, number) && is_protected(process))
		return;
	if (number == SIGKILL) {
		process->stopped = false;
		process_die(process, SIGKILL);
		return;
	}
	stop_or_continue(process, number);
	/* A blocked one is kept, for it may be meant by the time that it no longer is. */
	if (is_ignored(process, number) && !blocked)
		return;
	if (!is_in(pending->set, number)) {
		pending->set |= signal_bit(number);
		pending->info[number - 1] = *info;
	}
	if (thread)
		task_rouse(thread->task);
	else
		rouse_one(process, number);
}

unsigned int signal_send_group(uint32_t group, unsigned int number)
{
	const struct signal_info info = {.code = SIGNAL_BY_KERNEL};
	unsigned int count = 0;

	for_each_in_group(process, group)
	{
		signal_send(process, NULL, number, &info);
		count++;
	}
	return count;
}

void signal_force(unsigned int number, int32_t code, uintptr_t address)
{
	const struct signal_info info = {code, 0, address};
	struct thread *thread = thread_current();
	struct signal_action *action = action_of(thread->process, number);

	if (action->handler == SIGNAL_IGNORED || is_in(thread->blocked, number)) {
		action->handler = SIGNAL_DEFAULT;
		thread->blocked &= ~signal_bit(number);
	}
	/* Its own mistakes end number 1 too. */
	if (is_protected(thread->process) && action->handler == SIGNAL_DEFAULT)
		process_die(thread->process, (int)number);
	signal_send(thread->process, thread, number, &info);
}

/* ---- taking ---- */

static uint64_t pending_for(const struct thread *thread)
{
	return thread->pending.set | thread->process->signals.pending.set;
}

static uint64_t waiting(const struct thread *thread)
{
	return pending_for(thread) & ~thread->blocked;
}

bool signal_waits(const struct thread *thread)
{
	return waiting(thread);
}

/* Takes the lowest of a set that waits, the thread's own mistakes first; 0: there is none. */
static unsigned int take(struct thread *thread, uint64_t set, struct signal_info *info)
{
	const uint64_t mistakes = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) |
				  signal_bit(SIGILL) | signal_bit(SIGTRAP);
	struct pending *pending;
	unsigned int number;

	if (!set)
		return 0;
	if (set & mistakes)
		set &= mistakes;
	number = (unsigned int)__builtin_ctzl(set) + 1;
	pending = is_in(thread->pending.set, number) ? &thread->pending
						     : &thread->process->signals.pending;
	pending->set &= ~signal_bit(number);
	*info = pending->info[number - 1];
	return number;
}

/* Stops the process, until somebody lets it go on. */
static void stop(struct process *process, unsigned int number)
{
	process->stopped = true;
	process->told_stop = process->told_continue = false;
	process->status = (int)number << 8 | 0x7f;
	process_tell_parent(process, CHILD_STOPPED, (int)number);
	for_each_thread(thread, process)
	{
		if (thread != thread_current())
			task_rouse(thread->task);
	}
}

static void wait_while_stopped(struct process *process)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();

	while (process->stopped && !process->dying)
		task_sleep(&nothing);
	events_restore(events);
}

/* ---- the frame of a handler ---- */

/* siginfo_t (sigaction(2)). */
struct siginfo {
	int32_t number, error, code, padding;
	union {
		uint64_t room[14]; /* first: an initializer need not clear more than that */
		uint64_t address;
		struct {
			uint32_t pid, uid;
			int32_t status;
		} sender;
	} of;
};

/* What Linux puts on the stack (uapi/asm/sigcontext.h, ucontext.h). */
struct signal_frame {
	uint64_t return_address;
	struct {
		uint64_t flags, link;
		struct signal_stack stack;
		uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx,
			rsp, rip, rflags;
		uint16_t cs, gs, fs, ss;
		uint64_t error, trap, old_mask, address, fpu, reserved[8];
		uint64_t mask;
	} context;
	struct siginfo info;
};

_Static_assert(sizeof(struct signal_frame) == 8 + 304 + 128, "as Linux has it");

#define FPU_BYTES        512
#define FPU_CONTROL      24 /* MXCSR, and the bits that it has */
#define FPU_CONTROL_MASK 28
#define RED_ZONE         128

static struct siginfo siginfo_of(unsigned int number, const struct signal_info *info)
{
	struct siginfo result = {.number = (int32_t)number, .code = info->code};

	if (info->pid || info->code <= 0) {
		result.of.sender.pid = info->pid;
		result.of.sender.status = (int32_t)info->value;
	} else {
		result.of.address = info->value;
	}
	return result;
}

static void fill_context(struct signal_frame *frame, const struct thread *thread,
			 const struct regs *regs)
{
	frame->context.stack = thread->stack;
	frame->context.r8 = regs->r8;
	frame->context.r9 = regs->r9;
	frame->context.r10 = regs->r10;
	frame->context.r11 = regs->r11;
	frame->context.r12 = regs->r12;
	frame->context.r13 = regs->r13;
	frame->context.r14 = regs->r14;
	frame->context.r15 = regs->r15;
	frame->context.rdi = regs->rdi;
	frame->context.rsi = regs->rsi;
	frame->context.rbp = regs->rbp;
	frame->context.rbx = regs->rbx;
	frame->context.rdx = regs->rdx;
	frame->context.rax = regs->rax;
	frame->context.rcx = regs->rcx;
	frame->context.rsp = regs->rsp;
	frame->context.rip = regs->rip;
	frame->context.rflags = regs->rflags;
	frame->context.cs = (uint16_t)regs->cs;
	frame->context.ss = (uint16_t)regs->ss;
	frame->context.error = regs->vector < TRAP_EVENT ? regs->error : 0;
	frame->context.trap = regs->vector < TRAP_EVENT ? regs->vector : 0;
	frame->context.address = regs->vector == TRAP_PAGE_FAULT ? thread->fault_address : 0;
	frame->context.mask = thread->suspended ? thread->blocked_after : thread->blocked;
}

static bool on_alternative(const struct thread *thread, uintptr_t sp)
{
	return thread->stack.size && sp - thread->stack.address <= thread->stack.size;
}

/* Makes the registers those of a call to the handler. False: there is no room for its frame. */
static bool enter_handler(struct thread *thread, struct regs *regs, unsigned int number,
			  const struct signal_info *info)
{
	const struct signal_action *action = action_of(thread->process, number);
	struct signal_frame frame = {.return_address = action->restorer};
	uintptr_t sp = regs->rsp - RED_ZONE, fpu;

	if (!(action->flags & SA_RESTORER))
		return false;
	if ((action->flags & SA_ONSTACK) && thread->stack.size &&
	    !on_alternative(thread, regs->rsp))
		sp = thread->stack.address + thread->stack.size;
	fpu = ROUND_DOWN(sp - FPU_BYTES, 64);
	/* As after a call: the stack is a multiple of 16 before the return address goes on it. */
	sp = ROUND_DOWN(fpu - sizeof(frame), 16) - 8;
	frame.info = siginfo_of(number, info);
	fill_context(&frame, thread, regs);
	frame.context.fpu = fpu;
	task_keep_fpu();
	if (user_write(fpu, thread->task->fpu, FPU_BYTES) || user_write(sp, &frame, sizeof(frame)))
		return false;
	regs->rdi = number;
	regs->rsi = sp + offsetof(struct signal_frame, info);
	regs->rdx = sp + offsetof(struct signal_frame, context);
	regs->rax = 0;
	regs->rsp = sp;
	regs->rip = action->handler;
	/* The program may have been in 32-bit mode. */
	regs->cs = machine->user_code;
	regs->ss = machine->user_stack;
	regs->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_TF);
	return true;
}

static void call_handler(struct thread *thread, struct regs *regs, unsigned int number,
			 const struct signal_info *info)
{
	struct signal_action *action = action_of(thread->process, number);
	uint64_t mask = action->mask, flags = action->flags;

	if (!enter_handler(thread, regs, number, info)) {
		/* Its own handler cannot tell it either. */
		if (number == SIGSEGV)
			action->handler = SIGNAL_DEFAULT;
		signal_force(SIGSEGV, SIGNAL_BY_KERNEL, 0);
		return;
	}
	if (flags & SA_RESETHAND)
		action->handler = SIGNAL_DEFAULT;
	thread->suspended = false;
	/* A call that would be done again is not what the handler's own calls go on with. */
	thread->sleep_until = 0;
	if (!(flags & SA_NODEFER))
		mask |= signal_bit(number);
	set_blocked(thread, thread->blocked | mask);
}

/* Makes a system call that was interrupted begin anew, or be over. */
static void settle_call(struct thread *thread, struct regs *regs, bool again)
{
	if (thread->call < 0)
		return;
	if (again) {
		regs->rax = (uint64_t)thread->call;
		regs->rip -= SYSCALL_BYTES;
	} else {
		regs->rax = (uint64_t)-EINTR;
		thread->sleep_until = 0;
	}
	thread->call = -1;
}

/* The action of one signal that was taken. */
static void act(struct thread *thread, struct regs *regs, unsigned int number,
		const struct signal_info *info)
{
	struct process *process = thread->process;
	const struct signal_action *action = action_of(process, number);

	if (is_ignored(process, number))
		return;
	if (action->handler != SIGNAL_DEFAULT) {
		settle_call(thread, regs,
			    (action->flags & SA_RESTART) && (long)regs->rax == -ERESTART);
		call_handler(thread, regs, number, info);
	} else if (is_in(STOPPING, number)) {
		/* Nobody would ever let an orphan go on. */
		if (number == SIGSTOP || !process_group_is_orphaned(process->group))
			stop(process, number);
	} else {
		process_die(process, (int)number);
	}
}

void signal_deliver(struct regs *regs)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct signal_info info;
	unsigned int number;

	for (;;) {
		if (thread_must_end(thread))
			thread_exit(0);
		if (process->stopped)
			wait_while_stopped(process);
		else if ((number = take(thread, waiting(thread), &info)))
			act(thread, regs, number, &info);
		else
			break;
	}
	/* Nothing had a handler. */
	settle_call(thread, regs, true);
	if (thread->suspended) {
		thread->suspended = false;
		set_blocked(thread, thread->blocked_after);
	}
}

void signal_reset(struct process *process)
{
	for (unsigned int number = 1; number <= SIGNALS; number++) {
		struct signal_action *action = action_of(process, number);
		bool ignored = action->handler == SIGNAL_IGNORED;

		*action = (struct signal_action){.handler =
							 ignored ? SIGNAL_IGNORED : SIGNAL_DEFAULT};
	}
}

/* ---- system calls ---- */

long sys_rt_sigaction(unsigned int number, uintptr_t new_action, uintptr_t old, uint64_t size)
{
	struct process *process = process_current();
	struct signal_action action;

	if (size != 8 || number < 1 || number > SIGNALS ||
	    (new_action && is_in(NEVER_BLOCKED, number)))
		return -EINVAL;
	if (new_action && user_read(new_action, &action, sizeof(action)))
		return -EFAULT;
	if (old && user_write(old, action_of(process, number), sizeof(action)))
		return -EFAULT;
	if (!new_action)
		return 0;
	action.mask &= ~NEVER_BLOCKED;
	*action_of(process, number) = action;
	if (is_ignored(process, number))
		forget_pending(process, signal_bit(number));
	return 0;
}

long sys_rt_sigprocmask(unsigned int how, uintptr_t set_address, uintptr_t old, uint64_t size)
{
	enum { BLOCK, UNBLOCK, SET };
	struct thread *thread = thread_current();
	uint64_t set = 0, before = thread->blocked;

	if (size != 8)
		return -EINVAL;
	if (set_address) {
		if (user_read(set_address, &set, sizeof(set)))
			return -EFAULT;
		if (how > SET)
			return -EINVAL;
		set_blocked(thread, how == BLOCK     ? before | set
				    : how == UNBLOCK ? before & ~set
						     : set);
	}
	return old ? user_write(old, &before, sizeof(before)) : 0;
}

long sys_rt_sigpending(uintptr_t set_address, uint64_t size)
{
	const struct thread *thread = thread_current();
	uint64_t set = pending_for(thread) & thread->blocked;

	return size > 8 ? -EINVAL : user_write(set_address, &set, size);
}

/* Takes a signal that is blocked, for rt_sigtimedwait(). */
static long wait_for_signal(struct thread *thread, uint64_t set, uint64_t deadline,
			    struct signal_info *info)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();
	long result;

	thread->wanted = set;
	while (!(result = take(thread, pending_for(thread) & set, info))) {
		result = time_system() >= deadline ? -EAGAIN : thread_interrupted() ? -EINTR : 0;
		if (result)
			break;
		task_sleep_until(&nothing, deadline);
	}
	thread->wanted = 0;
	events_restore(events);
	return result;
}

long sys_rt_sigtimedwait(uintptr_t set_address, uintptr_t info_address, uintptr_t timeout,
			 uint64_t size)
{
	uint64_t set, deadline = TASK_FOR_EVER;
	struct signal_info info;
	struct siginfo written;
	long result;

	if (size != 8)
		return -EINVAL;
	if (user_read(set_address, &set, sizeof(set)))
		return -EFAULT;
	result = timeout ? clock_read_deadline(timeout, CLOCK_MONOTONIC, false, &deadline) : 0;
	if (result)
		return result;
	result = wait_for_signal(thread_current(), set & ~NEVER_BLOCKED, deadline, &info);
	if (result <= 0 || !info_address)
		return result;
	written = siginfo_of((unsigned int)result, &info);
	return user_write(info_address, &written, sizeof(written)) ? -EFAULT : result;
}

static void sleep_until_interrupted(void)
{
	static WAIT_QUEUE(nothing);
	bool events = events_mask();

	while (!thread_interrupted())
		task_sleep(&nothing);
	events_restore(events);
}

long sys_rt_sigsuspend(uintptr_t set_address, uint64_t size)
{
	struct thread *thread = thread_current();
	uint64_t set;

	if (size != 8)
		return -EINVAL;
	if (user_read(set_address, &set, sizeof(set)))
		return -EFAULT;
	if (!thread->suspended)
		thread->blocked_after = thread->blocked;
	thread->suspended = true;
	set_blocked(thread, set);
	return sys_pause();
}

/* Ends when a handler was called; again and again if something else interrupts. */
long sys_pause(void)
{
	sleep_until_interrupted();
	return -ERESTART_UNLESS_HANDLED;
}

long sys_rt_sigreturn(void)
{
	struct thread *thread = thread_current();
	struct regs *regs = task_regs(thread->task);
	uintptr_t at = regs->rsp - 8; /* the return address was taken off */
	struct signal_frame frame;
	uint32_t control, exists;

	task_keep_fpu();
	memcpy(&exists, thread->task->fpu + FPU_CONTROL_MASK, sizeof(exists));
	if (user_read(at, &frame, sizeof(frame)) ||
	    (frame.context.fpu && user_read(frame.context.fpu, thread->task->fpu, FPU_BYTES))) {
		signal_force(SIGSEGV, SIGNAL_BY_KERNEL, 0);
		return 0;
	}
	regs->r8 = frame.context.r8;
	regs->r9 = frame.context.r9;
	regs->r10 = frame.context.r10;
	regs->r11 = frame.context.r11;
	regs->r12 = frame.context.r12;
	regs->r13 = frame.context.r13;
	regs->r14 = frame.context.r14;
	regs->r15 = frame.context.r15;
	regs->rdi = frame.context.rdi;
	regs->rsi = frame.context.rsi;
	regs->rbp = frame.context.rbp;
	regs->rbx = frame.context.rbx;
	regs->rdx = frame.context.rdx;
	regs->rcx = frame.context.rcx;
	regs->rsp = frame.context.rsp;
	regs->rip = frame.context.rip;
	/* 32-bit code goes on in that mode; no other segment is the program's to choose. */
	if (machine->user_code_32 && frame.context.cs == machine->user_code_32)
		regs->cs = frame.context.cs;
	/* Of the flags only those that are a program's own. */
	regs->rflags =
		(regs->rflags & ~RFLAGS_OF_PROGRAMS) | (frame.context.rflags & RFLAGS_OF_PROGRAMS);
	if (frame.context.fpu) {
		/* Bits that do not exist would make the processor refuse (Intel SDM 1, 11.6.6). */
		memcpy(&control, thread->task->fpu + FPU_CONTROL, sizeof(control));
		control &= exists ? exists : 0xffbf;
		memcpy(thread->task->fpu + FPU_CONTROL, &control, sizeof(control));
		task_use_fpu();
	}
	set_blocked(thread, frame.context.mask);
	return (long)frame.context.rax;
}

long sys_sigaltstack(uintptr_t stack_address, uintptr_t old)
{
	struct thread *thread = thread_current();
	uintptr_t sp = task_regs(thread->task)->rsp;
	bool in_use = on_alternative(thread, sp);
	struct signal_stack stack, before = thread->stack;

	before.flags = !before.size ? SS_DISABLE : in_use ? SS_ONSTACK : 0;
	if (stack_address) {
		if (user_read(stack_address, &stack, sizeof(stack)))
			return -EFAULT;
		if (in_use)
			return -EPERM;
		if (stack.flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (stack.flags & SS_DISABLE)
			stack = (struct signal_stack){0};
		else if (stack.size < STACK_LEAST)
			return -ENOMEM;
		thread->stack = stack;
	}
	return old ? user_write(old, &before, sizeof(before)) : 0;
}

/* Sends a signal (0: none) to all of a group. */
static long kill_group(uint32_t group, unsigned int number, const struct signal_info *info)
{
	for_each_in_group(process, group)
	{
		if (number)
			signal_send(process, NULL, number, info);
	}
	return group_first(group) ? 0 : -ESRCH;
}

/* Sends a signal (0: none) to everybody but the first process and oneself. */
static long kill_all(unsigned int number, const struct signal_info *info)
{
	bool found = false;

	for_each_process(process)
	{
		if (process->pid == 1 || process == process_current())
			continue;
		found = true;
		if (number)
			signal_send(process, NULL, number, info);
	}
	return found ? 0 : -ESRCH;
}

long sys_kill(int32_t pid, unsigned int number)
{
	struct process *self = process_current(), *process;
	const struct signal_info info = {SIGNAL_BY_USER, self->pid, 0};

	if (number > SIGNALS)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_all(number, &info);
	if (pid <= 0)
		return kill_group(pid ? (uint32_t)-pid : self->group, number, &info);
	process = process_find((uint32_t)pid);
	if (!process)
		return -ESRCH;
	if (number)
		signal_send(process, NULL, number, &info);
	return 0;
}

long sys_tgkill(int32_t pid, int32_t tid, unsigned int number)
{
	const struct signal_info info = {SIGNAL_BY_TKILL, process_current()->pid, 0};
	struct thread *thread;

	if (number > SIGNALS || tid <= 0 || (pid <= 0 && pid != -1))
		return -EINVAL;
	thread = thread_find((uint32_t)tid);
	/* The first thread has a number as long as its process lives, though it may have ended. */
	if (!thread && (pid == -1 || pid == tid) && process_find((uint32_t)tid))
		return 0;
	if (!thread || (pid != -1 && thread->process->pid != (uint32_t)pid))
		return -ESRCH;
	if (number)
		signal_send(thread->process, thread, number, &info);
	return 0;
}
