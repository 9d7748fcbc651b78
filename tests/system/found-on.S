/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loader that leaves five-level paging chosen (CR4.LA57, paging itself off) and then starts
 * Pinwheel, which QEMU has put into memory beside it: see native-machine.sh. ENTRY is the physical
 * address of pvh_entry.
 */
	.section .note.Xen, "a", @note
	.align	4
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	movl	%cr4, %eax
	orl	$(1 << 12), %eax
	movl	%eax, %cr4
	movl	$ENTRY, %eax
	jmp	*%eax

	.section .note.GNU-stack, "", @progbits
