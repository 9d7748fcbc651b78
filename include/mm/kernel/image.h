/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's image in its address space, and the rights of each of its parts.
 *
 * The builder maps everything readable, writable and executable, and more than the image: its own
 * tables, free memory, low memory. These functions take away rights until no page is both writable
 * and executable, and unmap what the kernel does not use. They run at boot, on one CPU, without
 * locks.
 */
#ifndef MM_KERNEL_IMAGE_H
#define MM_KERNEL_IMAGE_H

#include <kernel/lib/boot_info.h>
#include <mm/frame/boot_memory.h>

/* The boundaries of the image's parts (boot/pinwheel.lds.S), all page aligned. */
extern char image_start[], text_start[], text_end[], rodata_start[], rodata_end[];
extern char data_start[], data_end[], image_end[];
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];
extern char fixed_slots_start[], fixed_slots_end[];

/*
 * Reserves the frames of the image in *memory. Not those under guards and fixed slots, whose
 * addresses alone are used. Returns NULL or a message, as boot_memory_reserve() does.
 */
const char *image_reserve(struct boot_memory *memory);

/*
 * Sets the rights of the image's parts, and unmaps from the builder's mapping every frame that is
 * free in *memory, those under guards included. Then no free frame is mapped anywhere. Xen refusing
 * is a panic.
 */
void image_protect(const struct boot_memory *memory);

/*
 * Unmaps the rest of the builder's mapping outside the image, and frees the page tables that then
 * map nothing. Called once there is a frame database and nothing uses the builder's addresses any
 * more.
 */
void image_drop_initial_map(void);

#endif
