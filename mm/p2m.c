// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two maps between the frame numberings, as the builder and Xen provide them.
 */
#include <arch/traps.h>
#include <mm/p2m.h>
#include <xen/xen.h>

static const uint64_t *list;
static uint64_t size;

void p2m_init(const struct boot_info *boot)
{
	list = (const uint64_t *)boot->p2m_address;
	size = boot->pages;
}

uint64_t p2m_size(void)
{
	return size;
}

const uint64_t *p2m_list(void)
{
	return list;
}

mfn_t pfn_to_mfn(pfn_t frame)
{
	if (frame.n >= size || list[frame.n] == P2M_INVALID)
		return INVALID_MFN;
	return mfn(list[frame.n]);
}

pfn_t mfn_to_pfn(mfn_t frame)
{
	uint64_t number;

	/* The M2P ends with the machine's memory, and what is past its end is not mapped. */
	if (frame.n >= (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) / sizeof(uint64_t) ||
	    !probe_read(MACH2PHYS_VIRT_START + frame.n * sizeof(uint64_t), &number))
		return INVALID_PFN;
	if (number >= size || list[number] != frame.n)
		return INVALID_PFN;
	return pfn(number);
}
