/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing up memory management, the first large step of the boot.
 *
 * It starts with the page tables that the kernel was booted on, and ends with the kernel's own, the
 * frame database, and a page allocator.
 */
#ifndef MM_KERNEL_MEMORY_H
#define MM_KERNEL_MEMORY_H

#include <mm/frame/boot_memory.h>
#include <mm/xen/relocate.h>

/*
 * Brings up memory management: the image's rights, the direct map, the P2M in its window, the frame
 * database, the page allocator. "p2m" says how the P2M is moved. Too little memory ends the domain
 * with a message that says how much is needed. Pages that the kernel shares with others, such as
 * the console ring, stay mapped at the builder's address too until image_drop_initial_map(). Called
 * once, on one CPU; no locks.
 */
void memory_init(const struct boot_info *boot, enum p2m_relocation p2m);

/*
 * Describes in *memory what is in use at boot: the image, and what *boot names. The P2M must be
 * readable. A contradiction ends the machine with a message.
 */
void memory_reserve(struct boot_memory *memory, const struct boot_info *boot);

/* What moving the P2M took, for the boot log and the benchmark. All zero natively. */
extern struct p2m_relocated memory_p2m_relocated;

/*
 * Returns the number of pages that a domain needs if "pages_in_use" are used already, by the
 * kernel, the ramdisk and the builder's tables. The result is the sum of these, the page tables and
 * frame database for the whole, and working memory.
 */
uint64_t memory_needed(uint64_t pages_in_use);

#endif
