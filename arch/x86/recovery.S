/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Returning to an earlier point of a function: fault_catch() and recovery_jump(), described in
 * arch/traps.h. Plain x86-64 code under the System V calling convention, so that it runs in the
 * hosted tests too.
 */
	.text

/* The offsets are those of struct recovery. */
	.globl	fault_catch
	.type	fault_catch, @function
fault_catch:
	movq	%rbx, 0(%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 48(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 56(%rdi)
	xorl	%eax, %eax
	ret
	.size	fault_catch, . - fault_catch

	.globl	recovery_jump
	.type	recovery_jump, @function
recovery_jump:
	movq	0(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	movl	$1, %eax
	jmp	*56(%rdi)
	.size	recovery_jump, . - recovery_jump

	.section .note.GNU-stack, "", @progbits
