/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual memory map.
 *
 * C, assembly and the linker script share it, so it holds plain constants only. The map, from the
 * top down, with four levels of page tables:
 *
 *   0xffffffff80000000 .. 0xffffffffffffffff   the kernel image, its stacks and its fixed slots
 *   0xffffff0000000000 ..                      kernel stacks: root slot 510
 *   0xffffc80000000000 ..                      the P2M, in the kernel's own window (under Xen)
 *   0xffffc00000000000 ..                      the P2M, where the domain builder puts it (at boot)
 *   0xffff888000000000 ..                      the direct map of all memory: root slot 273
 *   0xffff800000000000 .. 0xffff87ffffffffff   Xen: root slots 256 to 271, never ours
 *   0x0000000000000000 .. 0x00007fffffffffff   user programs; page 0 is never mapped
 *
 * With five levels, on bare hardware, a root slot is 512 times as large:
 *
 *   0xffffffff80000000 .. 0xffffffffffffffff   the kernel image
 *   0xff11000000000000 ..                      the direct map: root slot 273 again
 *   0x0000000000000000 .. 0x00ffffffffffffff   user programs
 */
#ifndef KERNEL_LIB_LAYOUT_H
#define KERNEL_LIB_LAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  0x1000

/* Virtual address of pfn 0 in the mapping that the domain builder makes (ELF note VIRT_BASE). */
#define KERNEL_VIRT_BASE 0xffffffff80000000

/* The image starts 1 MiB higher: a PVH loader wants low memory left alone. */
#define KERNEL_LOAD_OFFSET 0x100000

/* The first root slot of the direct map, and its address with four levels. */
#define DIRECT_MAP_SLOT 273
#define DIRECT_MAP_BASE 0xffff888000000000

/*
 * Where the kernel asks the builder to put the P2M (ELF note INIT_P2M): a root slot of its own,
 * below KERNEL_VIRT_BASE, as libxenguest demands, and page aligned.
 */
#define BUILDER_P2M_BASE 0xffffc00000000000

/* The window that the kernel moves it to (mm/xen/relocate.h): again root slots of its own. */
#define P2M_VIRT_BASE 0xffffc80000000000

/* First address that is Xen's, and the first one after (public/arch-x86/xen-x86_64.h). */
#define XEN_VIRT_START 0xffff800000000000
#define XEN_VIRT_END   0xffff880000000000

/* Bytes of a kernel stack; the page below it is a guard, mapped nowhere. */
#define KERNEL_STACK_SIZE 0x4000

#endif
