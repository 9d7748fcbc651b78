/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel was booted.
 *
 * Each way in checks what its loader passed and fills in a struct boot_info. Nothing reads
 * start_info again after that. boot/start_info.h, boot/pvh_info.h.
 */
#ifndef KERNEL_LIB_BOOT_INFO_H
#define KERNEL_LIB_BOOT_INFO_H

#include <kernel/lib/types.h>

#define BOOT_CMDLINE_SIZE 1024 /* bytes, with the NUL: public/xen.h, MAX_GUEST_CMDLINE */

#define BOOT_ABSENT 128 /* holes in memory, at most: as many as entries of a memory map */

struct boot_info {
	char protocol[32];   /* "xen-3.0-x86_64", or "PVH" */
	bool dom0;           /* the hardware's own domain */
	uint64_t pages;      /* the domain's memory: pfns 0 .. pages - 1 */
	maddr_t shared_info; /* machine address of struct shared_info; UINT64_MAX: none */
	char cmdline[BOOT_CMDLINE_SIZE]; /* NUL-terminated */

	struct pfn_range start_info;  /* where start_info itself lies: one frame */
	struct pfn_range page_tables; /* the builder's tables; the first is the root */
	uintptr_t p2m_address;        /* virtual address of the P2M list */
	struct pfn_range p2m;         /* its frames and those of the tables that map it */
	struct pfn_range ramdisk;     /* count 0: none was given */
	uint64_t ramdisk_bytes;       /* may count padding up to the end of the last page */

	mfn_t console;         /* PV console ring; INVALID_MFN in dom0 */
	uint32_t console_port; /* its event channel */
	mfn_t xenstore;        /* xenstore ring; INVALID_MFN in dom0 */
	uint32_t xenstore_port;

	/* Runs of pfns without memory, or with memory that is not the kernel's. */
	struct pfn_range absent[BOOT_ABSENT];
	unsigned int absent_runs;

	uint64_t acpi; /* physical address of the ACPI tables' root pointer; 0: the loader does not
			  say */

	/*
	 * A frame of RAM below 640 KiB, for the first instructions of other CPUs. It is in a run of
	 * "absent", since the first MiB is not the kernel's otherwise. 0: there is none.
	 */
	pfn_t low_frame;

	struct pfn_range initial_map; /* what the builder mapped at KERNEL_VIRT_BASE + pfn */
};

#endif
