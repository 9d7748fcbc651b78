/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame numbers and addresses as types of their own, which the compiler can tell apart.
 *
 * A PV guest lives with two numberings of the same memory. A *pfn* counts the guest's own frames
 * from 0 without holes. An *mfn* is the number of the machine frame that such a frame is in, which
 * is what page tables hold. Mixing the two up is the classic PV bug, so each is a struct of its own
 * and every conversion is explicit (mm/frame/translate.h). Terms: the comment on mmu_update in
 * public/xen.h.
 */
#ifndef KERNEL_LIB_TYPES_H
#define KERNEL_LIB_TYPES_H

#include <kernel/lib/layout.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frame numbers, in units of PAGE_SIZE bytes. Each type's member has a name of its own, so that
 * code that takes the number out of one cannot be handed another. */
typedef struct {
	uint64_t pfn;
} pfn_t;
typedef struct {
	uint64_t mfn;
} mfn_t;

/* Byte addresses: guest-physical (pfn * PAGE_SIZE + offset) and machine. */
typedef struct {
	uint64_t pa;
} paddr_t;
typedef struct {
	uint64_t ma;
} maddr_t;

static inline pfn_t pfn(uint64_t number)
{
	return (pfn_t){number};
}

static inline mfn_t mfn(uint64_t number)
{
	return (mfn_t){number};
}

static inline pfn_t paddr_to_pfn(paddr_t address)
{
	return (pfn_t){address.pa >> PAGE_SHIFT};
}

static inline paddr_t pfn_to_paddr(pfn_t frame)
{
	return (paddr_t){frame.pfn << PAGE_SHIFT};
}

static inline mfn_t maddr_to_mfn(maddr_t address)
{
	return (mfn_t){address.ma >> PAGE_SHIFT};
}

static inline maddr_t mfn_to_maddr(mfn_t frame)
{
	return (maddr_t){frame.mfn << PAGE_SHIFT};
}

/* A run of frames. */
struct pfn_range {
	pfn_t start;
	uint64_t count;
};

/* What a translation gives for a frame that has no counterpart: never a valid frame number. */
#define INVALID_PFN ((pfn_t){UINT64_MAX})
#define INVALID_MFN ((mfn_t){UINT64_MAX})

static inline bool pfn_valid(pfn_t frame)
{
	return frame.pfn != INVALID_PFN.pfn;
}

static inline bool mfn_valid(mfn_t frame)
{
	return frame.mfn != INVALID_MFN.mfn;
}

/* Returns the number of whole pages that hold this many bytes. */
static inline uint64_t pages_for(uint64_t bytes)
{
	return (bytes >> PAGE_SHIFT) + ((bytes & (PAGE_SIZE - 1)) != 0);
}

#endif
