/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into the kernel and out again: one stub a vector, Xen's callbacks, the return.
 *
 * Xen delivers an exception by building on the kernel stack what hardware would have built, with
 * rcx and r11 on top, since it enters the guest by an instruction that destroys both:
 *
 *     rcx, r11, [error code,] rip, cs, rflags, rsp, ss          (lowest address first)
 *
 * Each stub takes those two back, makes sure that there is an error code, and pushes its number.
 * All handlers run with events masked. The return goes through HYPERVISOR_iret (public/arch-x86/
 * xen-x86_64.h), which restores the event mask from the saved rflags in one step with the jump.
 */
#include <xen/xen.h>

#define VGCF_IRET 0	/* restore every register, rcx and r11 included */

	.text

	.macro	stub_prologue
	popq	%rcx
	popq	%r11
	.endm

	/* 16 bytes a stub: traps.c computes their addresses. */
	.balign	16
	.globl	trap_stubs
	.type	trap_stubs, @function
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	stub_prologue
	/* These push an error code themselves: #DF #TS #NP #SS #GP #PF #AC #CP. */
	.if	!((vector >= 10 && vector <= 14) || vector == 8 || vector == 17 || vector == 21)
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

	/* On top of the frame lie ds, es, fs and gs as Xen tried to load them: of no use to us. */
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
	cld
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	call	trap_dispatch
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	/* The vector goes; the error code makes room for the flags of struct iret_context. The three
	   registers that come before those are pushed by the stub in the hypercall page. */
	addq	$8, %rsp
	movq	$VGCF_IRET, (%rsp)
	jmp	hypercall_page + __HYPERVISOR_iret * 32
	.size	trap_common, . - trap_common

/*
 * Accesses that may fault. Each returns 1 (true); the exception table sends a fault to the line
 * that returns 0.
 */
	.macro	may_fault_at insn
	.pushsection extable, "a", @progbits
	.balign	8
	.quad	\insn, probe_failed
	.popsection
	.endm

	.globl	probe_read
	.type	probe_read, @function
probe_read:
1:	movq	(%rdi), %rdx
	may_fault_at 1b
	movq	%rdx, (%rsi)
	movl	$1, %eax
	ret
	.size	probe_read, . - probe_read

	.globl	probe_write
	.type	probe_write, @function
probe_write:
2:	movq	%rsi, (%rdi)
	may_fault_at 2b
	movl	$1, %eax
	ret
	.size	probe_write, . - probe_write

	.type	probe_failed, @function
probe_failed:
	xorl	%eax, %eax
	ret
	.size	probe_failed, . - probe_failed

/* A call that C cannot make: to data. The fault of the fetch is caught by fault_catch(). */
	.globl	call_address
	.type	call_address, @function
call_address:
	pushq	%rbp
	movq	%rsp, %rbp
	call	*%rdi
	popq	%rbp
	ret
	.size	call_address, . - call_address

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
3:	xorl	%eax, %eax		/* it did return: the selector was good after all */
	ret
4:	movl	$1, %eax
	ret
	.pushsection extable, "a", @progbits
	.balign	8
	.quad	3b, 4b
	.popsection
	.size	probe_failsafe, . - probe_failsafe

	.section .note.GNU-stack, "", @progbits
