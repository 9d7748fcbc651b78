/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry to the kernel and return: one stub for each vector, Xen's callbacks, the return.
 *
 * Xen delivers an exception by building on the kernel stack what hardware would have built, with
 * rcx and r11 on top, since it enters the guest by an instruction that destroys both:
 *
 *     rcx, r11, [error code,] rip, cs, rflags, rsp, ss          (lowest address first)
 *
 * Each stub pops those two, makes sure that there is an error code, and pushes its number.
 * All handlers run with events masked. The return goes through HYPERVISOR_iret (public/arch-x86/
 * xen-x86_64.h), which restores the event mask from the saved rflags in one step with the jump.
 */
#include <xen/xen.h>
#include "../regs.inc"

#define VGCF_IRET 0	/* restore every register, rcx and r11 included */

	.text

	.macro	stub_prologue
	popq	%rcx
	popq	%r11
	.endm

	/* Each stub has 16 bytes: traps.c computes their addresses. */
	.balign	16
	.globl	trap_stubs
	.type	trap_stubs, @function
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	stub_prologue
	set_has_error vector
	.if	!has_error
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr
	.size	trap_stubs, . - trap_stubs

	.globl	event_entry
	.type	event_entry, @function
event_entry:
	stub_prologue
	pushq	$0
	pushq	$256
	jmp	trap_common
	.size	event_entry, . - event_entry

	/* On top of the frame lie ds, es, fs and gs as Xen tried to load them: of no use here. */
	.globl	failsafe_entry
	.type	failsafe_entry, @function
failsafe_entry:
	stub_prologue
	addq	$32, %rsp
	pushq	$0
	pushq	$257
	jmp	trap_common
	.size	failsafe_entry, . - failsafe_entry

	.globl	syscall_entry
	.type	syscall_entry, @function
syscall_entry:
	stub_prologue
	pushq	$0
	pushq	$258
	/* falls through */
	.size	syscall_entry, . - syscall_entry

	.type	trap_common, @function
trap_common:
	save_registers
	/* In a selector saved from the kernel Xen has set the privilege level to 0. */
	testb	$3, REGS_CS(%rsp)
	jnz	from_program
	movq	%rsp, %rdi
	call	trap_dispatch
trap_return:
	restore_registers
	/* The vector goes; the error code makes room for the flags of struct iret_context. The three
	   registers that come before those are pushed by the stub in the hypercall page. */
	addq	$8, %rsp
	movq	$VGCF_IRET, (%rsp)
	jmp	hypercall_page + __HYPERVISOR_iret * 32
	.size	trap_common, . - trap_common

	.type	from_program, @function
from_program:
	back_to_kernel
	.size	from_program, . - from_program

	/* void xen_enter_user(struct regs *regs): arch/machine.h */
	.globl	xen_enter_user
	.type	xen_enter_user, @function
xen_enter_user:
	keep_kernel
	jmp	trap_return
	.size	xen_enter_user, . - xen_enter_user

/*
 * Returns to a code selector far past the end of the descriptor table. Xen's own iret faults, and
 * Xen tells the guest by the failsafe callback, with the frame that it could not return to; its rip
 * is in the exception table.
 */
	.globl	probe_failsafe
	.type	probe_failsafe, @function
probe_failsafe:
	movq	%rsp, %rdx
	pushq	$FLAT_KERNEL_SS
	pushq	%rdx
	pushfq
	pushq	$0x7ff0
	leaq	3f(%rip), %rdx
	pushq	%rdx
	pushq	$VGCF_IRET
	jmp	hypercall_page + __HYPERVISOR_iret * 32
3:	xorl	%eax, %eax		/* it did return: the selector was valid */
	ret
4:	movl	$1, %eax
	ret
	.pushsection extable, "a", @progbits
	.balign	8
	.quad	3b, 4b
	.popsection
	.size	probe_failsafe, . - probe_failsafe

	.section .note.GNU-stack, "", @progbits
