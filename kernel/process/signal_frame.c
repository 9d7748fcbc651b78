// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame of a signal handler, and the return from it (sigreturn(2)). It is the frame that Linux
 * makes, since the C library returns through it and handlers read registers in it.
 */
#include "signal_parts.h"

#include <arch/machine.h>
#include <arch/user.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/process.h>

#define SS_ONSTACK  1u
#define SS_DISABLE  2u
#define STACK_LEAST 2048ul

/* The frame on the stack (Linux: uapi/asm/sigcontext.h, ucontext.h). */
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
#define FPU_CONTROL      24 /* offsets of MXCSR and of the mask of its valid bits */
#define FPU_CONTROL_MASK 28
#define RED_ZONE         128

struct siginfo signal_siginfo(unsigned int number, const struct signal_info *info)
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

bool signal_frame_push(struct thread *thread, struct regs *regs, unsigned int number,
		       const struct signal_info *info)
{
	const struct signal_action *action = signal_action_of(thread->process, number);
	struct signal_frame frame = {.return_address = action->restorer};
	uintptr_t sp = regs->rsp - RED_ZONE, fpu;

	if (!(action->flags & SA_RESTORER))
		return false;
	if ((action->flags & SA_ONSTACK) && thread->stack.size &&
	    !on_alternative(thread, regs->rsp))
		sp = thread->stack.address + thread->stack.size;
	fpu = ROUND_DOWN(sp - FPU_BYTES, 64);
	/*
	 * As after a call: the stack was aligned to 16 bytes before the return address was pushed.
	 */
	sp = ROUND_DOWN(fpu - sizeof(frame), 16) - 8;
	frame.info = signal_siginfo(number, info);
	fill_context(&frame, thread, regs);
	frame.context.fpu = fpu;
	task_save_fpu();
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

long sys_rt_sigreturn(void)
{
	struct thread *thread = thread_current();
	struct regs *regs = task_regs(thread->task);
	uintptr_t at = regs->rsp - 8; /* the handler has popped the return address */
	struct signal_frame frame;
	uint32_t control, exists;

	task_save_fpu();
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
	/*
	 * Code that was in 32-bit mode returns to it. No other segment may be chosen by the
	 * program.
	 */
	if (machine->user_code_32 && frame.context.cs == machine->user_code_32)
		regs->cs = frame.context.cs;
	/* Only the flags that a program may change are restored. */
	regs->rflags =
		(regs->rflags & ~RFLAGS_OF_PROGRAMS) | (frame.context.rflags & RFLAGS_OF_PROGRAMS);
	if (frame.context.fpu) {
		/* A reserved bit in MXCSR would cause a #GP in the kernel (Intel SDM 1, 11.6.6). */
		memcpy(&control, thread->task->fpu + FPU_CONTROL, sizeof(control));
		control &= exists ? exists : 0xffbf;
		memcpy(thread->task->fpu + FPU_CONTROL, &control, sizeof(control));
		task_restore_fpu();
	}
	signal_set_blocked(thread, frame.context.mask);
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
