/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry to the kernel and return, on a processor that the kernel owns: one stub for each vector.
 * The processor pushes ss, rsp, rflags, cs, rip and for some exceptions an error code; the stub
 * makes sure that there is one, and pushes its number.
 */
#include <arch/segments.h>
#include "../regs.inc"

	.text
	/* Each stub has 16 bytes: descriptors.c computes their addresses. */
	.balign	16
	.globl	native_trap_stubs
	.type	native_trap_stubs, @function
native_trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	set_has_error vector
	.if	!has_error
	pushq	$0
	.endif
	pushq	$vector
	jmp	native_trap_common
	.set	vector, vector + 1
	.endr
	.size	native_trap_stubs, . - native_trap_stubs

	/* "syscall": the processor has saved rip and rflags in rcx and r11, and changed nothing else. */
	.globl	native_syscall_entry
	.type	native_syscall_entry, @function
native_syscall_entry:
	swapgs
	movq	%rsp, %gs:CPU_USER_STACK
	movq	%gs:CPU_KERNEL_STACK, %rsp
	pushq	$USER_STACK_SEGMENT
	pushq	%gs:CPU_USER_STACK
	pushq	%r11
	pushq	$USER_CODE_SEGMENT
	pushq	%rcx
	pushq	$0
	pushq	$258
	save_registers
	back_to_kernel
	.size	native_syscall_entry, . - native_syscall_entry

	/* In the kernel the GS base is the kernel's, and in a program the program's. */
	.type	native_trap_common, @function
native_trap_common:
	testb	$3, 24(%rsp)
	jz	1f
	swapgs
	/* A program's alignment-check flag would let the kernel access programs' pages (SMAP). */
1:	pushq	$2
	popfq
	save_registers
	/* These two have stacks of their own, and return from there. */
	cmpq	$VECTOR_NMI, REGS_VECTOR(%rsp)
	je	3f
	cmpq	$VECTOR_DOUBLE_FAULT, REGS_VECTOR(%rsp)
	je	3f
	testb	$3, REGS_CS(%rsp)
	jnz	from_program
3:	movq	%rsp, %rdi
	call	trap_dispatch
trap_return:
	restore_registers
	addq	$16, %rsp		/* the vector and the error code */
	testb	$3, 8(%rsp)
	jz	2f
	swapgs
2:	iretq
	.size	native_trap_common, . - native_trap_common

	.type	from_program, @function
from_program:
	back_to_kernel
	.size	from_program, . - from_program

	/* void native_enter_user(struct regs *regs): arch/machine.h */
	.globl	native_enter_user
	.type	native_enter_user, @function
native_enter_user:
	keep_kernel
	jmp	trap_return
	.size	native_enter_user, . - native_enter_user

	.section .note.GNU-stack, "", @progbits
