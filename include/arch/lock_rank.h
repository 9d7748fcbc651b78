/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which a CPU takes spin locks: every lock has a rank, and a CPU that holds a lock may
 * take only locks whose ranks come later in this list.
 *
 * Two CPUs that take locks in one order never wait for each other. So the list is the proof that
 * the kernel has no deadlock of locks, as long as everybody keeps to it. Builds with LOCK_CHECKS
 * (make DEBUG=1, the hosted tests) see to that: see <arch/lock.h>. The list's ends are given by
 * what calls what: system calls come in at the top, and everything below may need memory and may
 * print.
 */
#ifndef ARCH_LOCK_RANK_H
#define ARCH_LOCK_RANK_H

enum lock_rank {
	/* Rank of a lock that was not initialized with SPINLOCK() or spin_init(). */
	LOCK_UNRANKED,

	/*
	 * Guards the tree of files: directories, inodes and their references. Outermost, because an
	 * operation on files makes and truncates objects.
	 */
	LOCK_FILES,

	/*
	 * Guards the regions of one program's memory and the entries made from them. A page fault
	 * holds it from the look at the region to the store of the entry, and so takes almost
	 * every lock below.
	 */
	LOCK_SPACE,

	/*
	 * Guards the tree of pages of one memory object. Inside that of a space, whose fault asks
	 * the object for a page.
	 */
	LOCK_OBJECT,

	/*
	 * Guards the tables of the kernel's address space above the pte level. Outside the list of
	 * the others, because a new entry of the kernel's root is copied to every root in the list.
	 */
	LOCK_KERNEL_MM,

	/*
	 * Guards the list of all address spaces but the kernel's. Outside those in the list,
	 * because whoever goes through the list locks one after the other.
	 */
	LOCK_MM_LIST,

	/*
	 * Guards the tables of one address space above the pte level. A CPU holds one of these at a
	 * time.
	 */
	LOCK_MM,

	/*
	 * Guards the entries of one pte table while Xen is asked to pin or unpin it. A CPU may hold
	 * several: those of the tables of one address space, whose lock it holds, so that no other
	 * CPU takes them in another order. They are released when the batch has been issued.
	 */
	LOCK_PTE_TABLE,

	/*
	 * Guards the shape of the P2M tree. It prepares what it needs of the kernel's tables
	 * before; what is left to do inside takes memory.
	 */
	LOCK_P2M,

	/* Guards the bitmap of kernel stacks' addresses. Nothing else is taken inside. */
	LOCK_STACKS,

	/* Guards one slab cache, which takes pages from the allocator and frees them. */
	LOCK_SLAB,

	/* Guards the page allocator's lists and counts. All of the above may need a page. */
	LOCK_FRAMES,

	/* Guards the log. Innermost, because any code may print, with any lock held. */
	LOCK_PRINTK,

	LOCK_RANKS,
};

#endif
