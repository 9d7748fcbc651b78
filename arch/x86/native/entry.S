/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into the kernel and out again on a processor of our own: one stub a vector. The processor
 * pushes ss, rsp, rflags, cs, rip and for some exceptions an error code; the stub makes sure that
 * there is one, and pushes its number.
 */
#include "../regs.inc"

	.text
	/* 16 bytes a stub: descriptors.c computes their addresses. */
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

	.type	native_trap_common, @function
native_trap_common:
	save_registers
	movq	%rsp, %rdi
	call	trap_dispatch
	restore_registers
	addq	$16, %rsp		/* the vector and the error code */
	iretq
	.size	native_trap_common, . - native_trap_common

	.section .note.GNU-stack, "", @progbits
