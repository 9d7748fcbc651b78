/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching kernel stacks; arch/switch.h and arch/user.h describe each function.
 */
	.text

	.globl	switch_stacks
	.type	switch_stacks, @function
switch_stacks:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	switch_stacks, . - switch_stacks

/* void call_on_stack(stack, function, argument): arch/user.h */
	.globl	call_on_stack
	.type	call_on_stack, @function
call_on_stack:
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, %rsp
	andq	$-16, %rsp
	movq	%rdx, %rdi
	call	*%rsi
	movq	%rbp, %rsp
	popq	%rbp
	ret
	.size	call_on_stack, . - call_on_stack

	.section .note.GNU-stack, "", @progbits
