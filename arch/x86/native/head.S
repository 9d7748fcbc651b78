/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the PVH entry to C, and from four levels to five.
 *
 * A PVH loader (QEMU, Xen) starts here by the note PHYS32_ENTRY (public/arch-x86/hvm/start_info.h):
 * 32-bit protected mode, paging off, flat segments, ebx = physical address of hvm_start_info. The
 * kernel is linked at its virtual address, so until paging is on every symbol is used minus
 * KERNEL_VIRT_BASE.
 *
 * The tables made here map the first 4 GiB twice, with large pages: where they are, and the first
 * two of them at KERNEL_VIRT_BASE. The boot CPU uses them until native_start() has made better ones,
 * and every other CPU for its first instructions (start.S).
 */
#include <arch/segments.h>
#include <kernel/lib/layout.h>
#include "control.h"

#define PHYSICAL(symbol) ((symbol) - KERNEL_VIRT_BASE)

#define CPUID_NX (1 << 20)
#define CPUID_LM (1 << 29)

	.section .text.boot, "ax", @progbits
	.code32
	.globl	pvh_entry
	.type	pvh_entry, @function
pvh_entry:
	cli
	cld
	movl	$PHYSICAL(boot_stack_top), %esp
	movl	%ebx, %ebp		/* cpuid overwrites ebx */

	movl	$0x80000000, %eax
	cpuid
	movl	$PHYSICAL(no_long_mode), %esi
	cmpl	$0x80000001, %eax
	jb	complain
	movl	$0x80000001, %eax
	cpuid
	testl	$CPUID_LM, %edx
	jz	complain
	movl	$PHYSICAL(no_execute_disable), %esi
	testl	$CPUID_NX, %edx
	jz	complain

	/* 2048 large pages. */
	movl	$PHYSICAL(boot_pmds), %edi
	movl	$0x83, %eax		/* present, writable, large */
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b
	movl	$PHYSICAL(boot_pmds) + 3, %eax
	movl	%eax, PHYSICAL(boot_pud_high) + 510 * 8
	movl	%eax, PHYSICAL(boot_pud_low)
	addl	$PAGE_SIZE, %eax
	movl	%eax, PHYSICAL(boot_pud_high) + 511 * 8
	movl	%eax, PHYSICAL(boot_pud_low) + 8
	addl	$PAGE_SIZE, %eax
	movl	%eax, PHYSICAL(boot_pud_low) + 16
	addl	$PAGE_SIZE, %eax
	movl	%eax, PHYSICAL(boot_pud_low) + 24
	movl	$PHYSICAL(boot_pud_low) + 3, PHYSICAL(boot_pgd)
	movl	$PHYSICAL(boot_pud_high) + 3, PHYSICAL(boot_pgd) + 511 * 8

	/* Four levels for now, whatever the loader has used. */
	movl	%cr4, %eax
	andl	$~CR4_LA57, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PHYSICAL(boot_pgd), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LONG | EFER_NO_EXECUTE), %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdtl	PHYSICAL(boot_gdt_pointer)
	ljmpl	$CODE_64_SEGMENT, $PHYSICAL(2f)

	.code64
2:	movl	$DATA_SEGMENT, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	$3f, %rax
	jmp	*%rax
3:	movq	$boot_stack_top, %rsp
	movl	%ebp, %edi
	xorl	%ebp, %ebp		/* the end of every backtrace */
	call	native_start
4:	hlt				/* not reached */
	jmp	4b
	.size	pvh_entry, . - pvh_entry

	/* Prints what is missing (esi) on the serial port, and halts; QEMU exits if scripts/run started it. */
	.code32
	.type	complain, @function
complain:
	lodsb
	testb	%al, %al
	jz	6f
	movb	%al, %ah
	movw	$0x3fd, %dx
5:	inb	%dx, %al
	testb	$0x20, %al		/* without a port all bits are set */
	jz	5b
	movb	%ah, %al
	movw	$0x3f8, %dx
	outb	%al, %dx
	jmp	complain
6:	movw	$0xf4, %dx
	outl	%eax, %dx
7:	hlt
	jmp	7b
	.size	complain, . - complain

/*
 * native_enter_five_levels(root): long mode cannot change the number of levels, so leave it. What
 * the callee must preserve is kept on the stack, and rsp in memory: the upper halves of registers
 * do not survive 32-bit mode.
 */
	.text
	.code64
	.globl	native_enter_five_levels
	.type	native_enter_five_levels, @function
native_enter_five_levels:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, saved_rsp(%rip)
	pushq	$CODE_32_SEGMENT
	pushq	$PHYSICAL(1f)
	lretq
	.code32
1:	movl	%cr0, %eax
	andl	$~CR0_PG, %eax
	movl	%eax, %cr0
	movl	%cr4, %eax
	orl	$CR4_LA57, %eax
	movl	%eax, %cr4
	movl	%edi, %cr3
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	ljmpl	$CODE_64_SEGMENT, $PHYSICAL(2f)
	.code64
2:	movq	$3f, %rax
	jmp	*%rax
3:	movq	saved_rsp(%rip), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	native_enter_five_levels, . - native_enter_five_levels

	.section .rodata
no_long_mode:
	.asciz	"FATAL: this processor has no 64-bit mode\r\n"
no_execute_disable:
	.asciz	"FATAL: this processor cannot make pages non-executable (NX), which Pinwheel needs\r\n"

	/* In the order of arch/segments.h. Each CPU gets a copy, with its TSS in the last two entries. */
	.balign	8
	.globl	boot_gdt
boot_gdt:
	.quad	0, 0x00cf9b000000ffff, 0x00af9b000000ffff, 0x00cf93000000ffff
	.quad	0, 0x00cff3000000ffff, 0x00affb000000ffff, 0, 0
boot_gdt_pointer:
	.word	SEGMENTS * 8 - 1
	.long	PHYSICAL(boot_gdt)

	.bss
	.balign	PAGE_SIZE
	.globl	boot_pgd
boot_pgd:
	.skip	PAGE_SIZE
boot_pud_low:
	.skip	PAGE_SIZE
boot_pud_high:
	.skip	PAGE_SIZE
boot_pmds:
	.skip	4 * PAGE_SIZE
saved_rsp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
