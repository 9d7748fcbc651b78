/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of a PV guest, and the hypercall page.
 *
 * Xen starts the first virtual CPU here (public/xen.h, "Start-of-day memory layout"): 64-bit mode,
 * ring 3, paging on with the builder's tables, events masked, rsi = virtual address of start_info,
 * rsp = top of a one-page boot stack. The bss is already zero: the builder loads the ELF file as
 * its program headers say.
 */
#include <kernel/lib/layout.h>

	.section .text.boot, "ax", @progbits
	.globl	xen_pv_entry
	.type	xen_pv_entry, @function
xen_pv_entry:
	cld
	leaq	boot_stack_top(%rip), %rsp
	xorl	%ebp, %ebp		/* the end of every backtrace */
	movq	%rsi, %rdi
	call	xen_pv_start
1:	hlt				/* not reached: xen_pv_start does not return */
	jmp	1b
	.size	xen_pv_entry, . - xen_pv_entry

/*
 * Filled in by the builder with one 32-byte stub a hypercall (note HYPERCALL_PAGE). It is text like
 * any other: readable and executable, never writable.
 */
	.section .text.hypercall_page, "ax", @progbits
	.balign	PAGE_SIZE
	.globl	hypercall_page
	.type	hypercall_page, @function
hypercall_page:
	.skip	PAGE_SIZE, 0xcc		/* int3, for a hypercall before the page is filled in */
	.size	hypercall_page, PAGE_SIZE

	.section .note.GNU-stack, "", @progbits
