/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF notes: what the kernel tells its loader.
 *
 * Xen's builders (in the hypervisor for dom0, in libxenguest for every other domain) read these
 * before anything else. Meaning of each: public/elfnote.h. Those that would say something untrue
 * of a 64-bit kernel with its own symbol table (PAE_MODE, HV_START_LOW, BSD_SYMTAB) are absent.
 */
#include <kernel/lib/layout.h>
#include <xen/elfnote.h>
#include <xen/features.h>

	.macro	note_header type, length
	.align	4
	.long	4, \length, \type
	.asciz	"Xen"
	.endm

	.macro	note_string type, text
	note_header \type, (2f - 1f)
1:	.asciz	"\text"
2:	.align	4
	.endm

	.macro	note_word type, value:vararg
	note_header \type, 8
	.quad	\value
	.endm

	.section .note.Xen, "a", @note
	note_string XEN_ELFNOTE_GUEST_OS, "Pinwheel"
	note_string XEN_ELFNOTE_GUEST_VERSION, "1"
	note_string XEN_ELFNOTE_LOADER, "generic"
	note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	note_word XEN_ELFNOTE_VIRT_BASE, KERNEL_VIRT_BASE
	note_word XEN_ELFNOTE_PADDR_OFFSET, 0
	note_word XEN_ELFNOTE_ENTRY, xen_pv_entry
	note_word XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
	note_word XEN_ELFNOTE_INIT_P2M, BUILDER_P2M_BASE

	/* The other way in: 32-bit, without paging, at a physical address. */
	note_word XEN_ELFNOTE_PHYS32_ENTRY, pvh_entry - KERNEL_VIRT_BASE

	/* The ramdisk is named by its pfn: it need not be in the initial mapping, so it may be huge. */
	note_header XEN_ELFNOTE_MOD_START_PFN, 4
	.long	1

	/* A present entry is one whose bits under this mask have this value (save and migration). */
	note_header XEN_ELFNOTE_L1_MFN_VALID, 16
	.quad	1, 1

	/*
	 * What the kernel can live with, nothing of it required: Xen emulating stores to page
	 * tables, a root above 4 GiB of machine memory, being dom0.
	 */
	note_header XEN_ELFNOTE_SUPPORTED_FEATURES, 4
	.long	(1 << XENFEAT_writable_page_tables) | (1 << XENFEAT_pae_pgdir_above_4gb) | (1 << XENFEAT_dom0)

	note_string XEN_ELFNOTE_FEATURES, "writable_page_tables|pae_pgdir_above_4gb"

	.section .note.GNU-stack, "", @progbits
