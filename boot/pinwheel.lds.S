/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where each part of the image goes.
 *
 * Everything lies in the top 2 GiB, so that code and data are reached by sign-extended 32-bit
 * addresses (gcc's "kernel" code model). Every boundary where the access rights change is page
 * aligned: mm/kernel/image.c gives each part its rights at boot, page by page, since a PV guest has no
 * large pages.
 *
 * Three kinds of page in here exist for their *address* only: the guard below each stack, and the
 * fixed slots. The builder maps a frame at them as at every page of the image; at boot
 * the kernel unmaps it and gives the frame to the page allocator.
 */
#include <kernel/lib/layout.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(xen_pv_entry)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	notes PT_NOTE FLAGS(4);
}

#define LOAD_ADDRESS(section) AT(ADDR(section) - KERNEL_VIRT_BASE)

SECTIONS
{
	. = KERNEL_VIRT_BASE + KERNEL_LOAD_OFFSET;
	image_start = .;

	.text : LOAD_ADDRESS(.text) ALIGN(PAGE_SIZE) {
		text_start = .;
		KEEP(*(.text.hypercall_page))
		*(.text.boot)
		*(.text .text.*)
		. = ALIGN(PAGE_SIZE);
		text_end = .;
	} :text

	/* By hand, not by the section's alignment, which readers of notes expect to be 4. */
	. = ALIGN(PAGE_SIZE);
	rodata_start = .;
	.notes : LOAD_ADDRESS(.notes) {
		notes_start = .;
		KEEP(*(.note.Xen))
		notes_end = .;
	} :rodata :notes

	.rodata : LOAD_ADDRESS(.rodata) {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		extable_start = .;
		KEEP(*(extable))
		extable_end = .;
	} :rodata

	set_suite : LOAD_ADDRESS(set_suite) ALIGN(8) { KEEP(*(SORT_BY_NAME(set_suite))) } :rodata
	set_selftest : LOAD_ADDRESS(set_selftest) ALIGN(8) { KEEP(*(set_selftest)) } :rodata
	set_bench : LOAD_ADDRESS(set_bench) ALIGN(8) { KEEP(*(set_bench)) } :rodata
	set_command : LOAD_ADDRESS(set_command) ALIGN(8) { KEEP(*(set_command)) } :rodata

	/* Last of the read-only parts: its size may change between the two links. */
	.symbols : LOAD_ADDRESS(.symbols) ALIGN(8) {
		KEEP(*(.symbols))
		. = ALIGN(PAGE_SIZE);
		rodata_end = .;
	} :rodata

	.data : LOAD_ADDRESS(.data) ALIGN(PAGE_SIZE) {
		data_start = .;
		*(.data .data.*)
	} :data

	.bss : LOAD_ADDRESS(.bss) ALIGN(PAGE_SIZE) {
		*(.bss)
		*(COMMON)
		. = ALIGN(PAGE_SIZE);
		boot_stack_guard = .;
		. += PAGE_SIZE;
		boot_stack = .;
		. += KERNEL_STACK_SIZE;
		boot_stack_top = .;
		fixed_slots_start = .;
		*(.bss.fixed_slots)
		. = ALIGN(PAGE_SIZE);
		fixed_slots_end = .;
		data_end = .;
	} :data

	image_end = .;

	/DISCARD/ : {
		*(.comment)
		*(.eh_frame)
		*(.note.GNU-stack)
		*(.note.gnu.property)
	}
}
