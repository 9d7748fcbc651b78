/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that may fault, and recover from that; arch/traps.h describes each.
 */
	.text

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

	.section .note.GNU-stack, "", @progbits
