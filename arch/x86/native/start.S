/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of every CPU but the one that booted.
 *
 * A startup IPI makes a CPU begin in real mode at the start of a page below 1 MiB. A copy of the
 * few instructions up to native_trampoline_end lies there; they lead to the kernel's image, which
 * they could not reach in real mode. The way on is that of pvh_entry, on the same tables, but with
 * as many levels as the kernel's own: what is changed before paging is on need not be changed in
 * long mode, which would have to be left for it.
 *
 * A CPU may be slow, and come when nobody waits for it any more, or for another one. So it looks
 * whether it is wanted, by its APIC id, before it takes the stack. A CPU that is not wanted halts.
 */
#include <arch/segments.h>
#include <kernel/lib/layout.h>
#include "control.h"
#include "start.h"

#define PHYSICAL(symbol) ((symbol) - KERNEL_VIRT_BASE)

#define CPUID_TOPOLOGY 0xb

	.section .rodata
	.code16
	.globl	native_trampoline
native_trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	3f - native_trampoline
	movl	$(CR0_EXTENSION | CR0_PE), %eax		/* and caches on */
	movl	%eax, %cr0
	ljmpl	$CODE_32_SEGMENT, $PHYSICAL(start_cpu)
3:	.word	SEGMENTS * 8 - 1
	.long	PHYSICAL(boot_gdt)
	.globl	native_trampoline_end
native_trampoline_end:

	.section .text.boot, "ax", @progbits
	.code32
	.type	start_cpu, @function
start_cpu:
	cld
	movl	$DATA_SEGMENT, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	PHYSICAL(native_start_request + REQUEST_CR4), %eax
	movl	%eax, %cr4
	movl	PHYSICAL(native_start_request + REQUEST_FIRST_ROOT), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	xorl	%edx, %edx
	movl	$(EFER_LONG | EFER_NO_EXECUTE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_EXTENSION | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	$CODE_64_SEGMENT, $PHYSICAL(1f)
	.code64
1:	movq	$2f, %rax
	jmp	*%rax

	/* Who am I? The 32-bit id where there is one, else the 8-bit one: as native_apic_id(). */
2:	movl	$1, %eax
	cpuid
	movl	%ebx, %edi
	shrl	$24, %edi
	xorl	%eax, %eax
	cpuid
	cmpl	$CPUID_TOPOLOGY, %eax
	jb	3f
	movl	$CPUID_TOPOLOGY, %eax
	xorl	%ecx, %ecx
	cpuid
	testl	%ebx, %ebx
	jz	3f
	movl	%edx, %edi
3:	movl	%edi, %eax
	movl	$REQUEST_NOBODY, %ecx
	lock cmpxchgl %ecx, native_start_request + REQUEST_WANTED(%rip)
	jne	4f

	movq	native_start_request + REQUEST_ROOT(%rip), %rax
	movq	%rax, %cr3
	movq	native_start_request + REQUEST_STACK(%rip), %rsp
	movq	native_start_request + REQUEST_CPU(%rip), %rdi
	movq	native_start_request + REQUEST_ENTRY(%rip), %rsi
	xorl	%ebp, %ebp		/* the end of every backtrace */
	call	native_cpu_begin
4:	cli
	hlt
	jmp	4b
	.size	start_cpu, . - start_cpu

	.section .note.GNU-stack, "", @progbits
