/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving the P2M list from where the domain builder put it to a window of the kernel's own.
 *
 * The builder puts the list anywhere, mapped by tables that it made, with large pages where Xen
 * itself was the builder. The kernel wants it read-only in a window (P2M_VIRT_BASE), through tables
 * that it made and can extend.
 *
 * Either the same frames are mapped in the window, or the list is copied to new frames. It must be
 * copied if pages of it lie in frames claimed for the ramdisk or reserved (boot_memory_claim()), or
 * if its mapping is in the window already. The old mapping is released as a whole: its tables, its
 * pages if they were copied, and its root slots.
 */
#ifndef MM_XEN_RELOCATE_H
#define MM_XEN_RELOCATE_H

#include <mm/frame/boot_memory.h>
#include <mm/table/run.h>

/* The exact number of frames that the P2M of a domain takes. */
struct p2m_frames {
	uint64_t data;        /* pages of the list itself */
	struct pt_run tables; /* the tables that map it */
	unsigned int slots;   /* root slots that it takes */
};
/* Returns them for a domain of "pages" pages: any number. */
struct p2m_frames p2m_frames(uint64_t pages);

enum p2m_relocation {
	P2M_DECIDE, /* copy if the list is where something else must be, otherwise remap */
	P2M_REMAP,  /* keep the pages, make new tables */
	P2M_COPY,   /* make new pages and new tables */
};

#define P2M_WHY_SIZE 80 /* bytes of the longest reason, NUL included */

/* What a relocation did, for the boot log, the benchmark and the tests. */
struct p2m_relocated {
	struct p2m_frames frames;
	uint64_t taken;          /* free frames that were taken */
	uint64_t returned;       /* frames that became free */
	uint64_t ceded;          /* frames that went to what had claimed them */
	uint64_t ticks;          /* of the TSC */
	enum p2m_relocation how; /* P2M_REMAP or P2M_COPY */
	char why[P2M_WHY_SIZE];  /* the reason, in words */
};

/*
 * Moves the list of memory->pages entries from p2m_address() to the root slots from that of
 * "window" on, which must be free or the list's own, and calls p2m_use_list(). New frames are one
 * run taken from *memory. P2M_REMAP is refused if a page of the list lies in a claimed frame.
 *
 * Returns NULL or a message (see kernel/lib/message.h). If a message names what is missing, nothing
 * has changed. If it says that the frames do not balance, the kernel is wrong about its memory and
 * must stop. Needs the direct map, and *memory must describe all frames in use. Called before there
 * is a frame database, on one CPU; no locks.
 */
const char *p2m_relocate(struct boot_memory *memory, uintptr_t window, enum p2m_relocation how,
			 struct p2m_relocated *done);

#endif
