/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing up memory management, as one step of the boot.
 */
#ifndef MM_KERNEL_MEMORY_H
#define MM_KERNEL_MEMORY_H

#include <mm/frame/boot_memory.h>
#include <mm/xen/relocate.h>

/*
 * From the builder's tables to the kernel's own: rights, the direct map, the P2M in its window, the
 * frame database, the page allocator. Too little memory ends the domain with a message that says
 * how much is needed. What the kernel shares with others (the console ring) stays mapped at the
 * builder's address too, until image_drop_initial_map().
 */
void memory_init(const struct boot_info *boot, enum p2m_relocation p2m);

/*
 * Describes in *memory what is in use at boot: the image, and what *boot names. A contradiction
 * ends the machine with a message. The P2M must be known.
 */
void memory_reserve(struct boot_memory *memory, const struct boot_info *boot);

/* What moving the P2M took: for the boot log and the benchmark. */
struct p2m_relocated memory_p2m_relocated(void);

/*
 * Pages that a domain with this much in use already (kernel, ramdisk, builder's tables) needs in
 * all: the pages in use, the tables and the database for the whole, and working memory.
 */
uint64_t memory_needed(uint64_t pages_in_use);

#endif
