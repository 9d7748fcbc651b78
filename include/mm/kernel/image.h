/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own part of the address space: who may do what where.
 *
 * The builder maps everything readable, writable and executable, and more than the image: its own
 * tables, free memory, low memory. These functions take away what is not needed, so that no page is
 * both writable and executable, and unmap what is nobody's.
 */
#ifndef MM_KERNEL_IMAGE_H
#define MM_KERNEL_IMAGE_H

#include <kernel/lib/boot_info.h>
#include <mm/frame/boot_memory.h>

/* The image's parts (boot/pinwheel.lds.S); every boundary is page aligned. */
extern char image_start[], text_start[], text_end[], rodata_start[], rodata_end[];
extern char data_start[], data_end[], image_end[];
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];
extern char fixed_slots_start[], fixed_slots_end[];

/*
 * Reserves the frames of the image. Not those behind guards and fixed slots: these pages exist for
 * their address only. Returns NULL or a message, as boot_memory_reserve().
 */
const char *image_reserve(struct boot_memory *memory);

/*
 * Gives the parts of the image their rights, and unmaps from the builder's mapping every frame that
 * is free in *memory, the ones behind guards included. Afterwards a free frame is mapped nowhere.
 */
void image_protect(const struct boot_memory *memory);

/*
 * Once the direct map exists: unmaps the rest of the builder's mapping outside the image, and
 * returns the tables that map nothing any more to the page allocator.
 */
void image_drop_initial_map(void);

#endif
