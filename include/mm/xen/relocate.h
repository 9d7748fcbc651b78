/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving the P2M to the kernel's own window.
 *
 * The domain builder puts the list where it likes, mapped by tables of its own making, with large
 * pages where Xen was the builder. The kernel wants it read-only in a window of its own
 * (P2M_VIRT_BASE), through tables that it made and can extend, and in the way of nothing else.
 *
 * Either the same frames are mapped at the window, or the list is copied to new ones. It must be
 * copied if it lies where something else must be: pages of it in frames that are the ramdisk's or
 * reserved (boot_memory_claim()), or its mapping in the window itself. The old mapping is given
 * back whole: its tables, its pages if they were copied, its root slots.
 */
#ifndef MM_XEN_RELOCATE_H
#define MM_XEN_RELOCATE_H

#include <mm/frame/boot_memory.h>
#include <mm/table/run.h>

/* Frames that a P2M takes for so many pages of domain, exactly. */
struct p2m_frames {
	uint64_t data;        /* pages of the list itself */
	struct pt_run tables; /* that map them */
	unsigned int slots;   /* of the root */
};
struct p2m_frames p2m_frames(uint64_t pages);

enum p2m_relocation {
	P2M_DECIDE, /* copy if it is in the way of something, else remap */
	P2M_REMAP,  /* the same pages, new tables */
	P2M_COPY,   /* new pages too */
};

#define P2M_WHY_SIZE 80 /* bytes that hold the longest reason for a way of moving the list */

/* What a relocation did, for the boot log, the benchmark and the tests. */
struct p2m_relocated {
	struct p2m_frames frames;
	uint64_t taken;          /* frames taken from the free ones */
	uint64_t returned;       /* frames given back to them */
	uint64_t ceded;          /* frames given to those who had claimed them */
	uint64_t ticks;          /* of the TSC */
	enum p2m_relocation how; /* P2M_REMAP or P2M_COPY */
	char why[P2M_WHY_SIZE];  /* in words */
};

/*
 * Moves the list of memory->pages entries from p2m_address() to the root slots that start with that
 * of "window", which must be free or the list's own, and tells mm/xen/p2m.h. New frames are one run
 * taken from *memory. "how" P2M_REMAP is refused when somebody has claimed a page of the list.
 * Returns NULL, or a message (see kernel/lib/message.h): of what is missing, and then nothing has
 * changed; or that the frames do not balance afterwards, and then the kernel is wrong about its
 * memory and must stop. Needs the direct map, and that *memory describes all frames in use. Before
 * the frame database, on one CPU; no locks.
 */
const char *p2m_relocate(struct boot_memory *memory, uintptr_t window, enum p2m_relocation how,
			 struct p2m_relocated *done);

#endif
