/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which locks are taken, outermost first.
 *
 * Every spin lock has a rank. A CPU that holds a lock takes only locks of later ranks, so two CPUs
 * never wait for each other. Checked builds panic when a lock is taken out of order
 * (<arch/lock.h>).
 *
 * The order follows the calls. System calls and page faults enter at the top; what they call
 * allocates memory and prints, at the bottom. A new lock is placed by two questions: which locks
 * are taken while it is held, and which are held when it is taken.
 */
#ifndef ARCH_LOCK_RANK_H
#define ARCH_LOCK_RANK_H

enum lock_rank {
	/* Rank of a lock that was not initialized with SPINLOCK() or spin_init(). */
	LOCK_UNRANKED,

	/*
	 * Guards all of kernel/ and drivers/ (arch/kernel_lock.h). Outermost, because everything is
	 * called from there.
	 */
	LOCK_KERNEL,

	/*
	 * Guards the names and directories of the file system. Outside of memory's locks, because
	 * making a symbolic link creates an object and writes to it.
	 */
	LOCK_FS,

	/*
	 * Guards the regions of one program's memory and the entries made from them. A page fault
	 * holds it from finding the region to storing the entry, and takes all that it needs for
	 * the page meanwhile.
	 */
	LOCK_SPACE,

	/*
	 * Guards the tree of pages of one memory object. Inside that of a space, because a fault
	 * asks the region's object for its page.
	 */
	LOCK_OBJECT,

	/*
	 * Guards the tables of the kernel's address space above the pte level. Outside the list of
	 * the others, because a new entry of the kernel's root is copied to every root in the list.
	 */
	LOCK_KERNEL_MM,

	/*
	 * Guards the list of all address spaces but the kernel's. Outside the address spaces in it,
	 * because mm_pin_all() and the like lock one after the other.
	 */
	LOCK_MM_LIST,

	/* Guards the tables of one address space above the pte level. A CPU holds one at a time. */
	LOCK_MM,

	/*
	 * Guards the shape of the P2M tree. Inside the kernel's address space, which is prepared
	 * before; outside the allocator, because the tree's pages come from there.
	 */
	LOCK_P2M,

	/* Guards the bitmap of kernel stacks' addresses. No lock is taken while it is held. */
	LOCK_STACKS,

	/* Guards one slab cache. Outside the page allocator, since it allocates and frees pages. */
	LOCK_SLAB,

	/* Guards the page allocator's lists and counts. All of the above may need a page. */
	LOCK_FRAMES,

	/* Guards the log. Innermost, because code may print with any lock held. */
	LOCK_PRINTK,

	/* The number of ranks. */
	LOCK_RANKS,
};

#endif
