// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TLB that keeps what it was told until it is flushed, as the processor's may.
 *
 * A hosted test runs no guest code through page tables, so a forgotten flush would never show. Here
 * a test asks for an access, changes the mapping, and asks again.
 */
#include "internal.h"

#include <string.h>

#define TLB_ENTRIES 4096u

struct translation {
	uint64_t page; /* address / PAGE_BYTES */
	uint64_t mfn;
	uint64_t epoch; /* valid while the vCPU's epoch is the same */
	bool writable, valid;
};

static struct translation tlb[MODEL_VCPUS][TLB_ENTRIES];

/* A flush of everything begins a new one. */
static uint64_t epoch[MODEL_VCPUS];

static struct translation *tlb_slot(unsigned int vcpu, uint64_t address)
{
	return &tlb[vcpu][address / PAGE_BYTES % TLB_ENTRIES];
}

void tlb_reset(void)
{
	memset(tlb, 0, sizeof(tlb));
}

void tlb_flush(unsigned int vcpu)
{
	epoch[vcpu]++;
}

void tlb_flush_all(void)
{
	for (unsigned int vcpu = 0; vcpu < MODEL_VCPUS; vcpu++)
		tlb_flush(vcpu);
}

void tlb_flush_page(unsigned int vcpu, uint64_t address)
{
	tlb_slot(vcpu, address)->valid = false;
}

static bool canonical(uint64_t address)
{
	unsigned int unused = 64 - (12 + xen.config.bits * xen.config.levels);

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

/* The machine address of the entry at "level" on the way to "address", or of the last one above. */
static uint64_t walk(unsigned int vcpu, uint64_t address, unsigned int *level, bool *writable)
{
	uint64_t table = xen.vcpu[vcpu].root;

	*writable = true;
	for (*level = xen.config.levels;; --*level) {
		unsigned int slot =
			address >> (12 + xen.config.bits * (*level - 1)) & (xen.entries - 1);
		uint64_t entry;

		if (!table || !canonical(address) || slot_is_reserved(slot, *level))
			return 0;
		entry = table_of(table)[slot];
		*writable = *writable && (entry & E_WRITABLE);
		if (*level == 1 || !(entry & E_PRESENT) || (entry & E_LARGE))
			return table * PAGE_BYTES + slot * sizeof(uint64_t);
		table = entry_mfn(entry);
	}
}

uint64_t walk_to_pte(unsigned int vcpu, uint64_t address)
{
	unsigned int level;
	bool writable;
	uint64_t maddr = walk(vcpu, address, &level, &writable);

	return level == 1 ? maddr : 0;
}

static struct translation translate(unsigned int vcpu, uint64_t address)
{
	struct translation now = {.page = address / PAGE_BYTES, .epoch = epoch[vcpu]};
	unsigned int level;
	uint64_t maddr = walk(vcpu, address, &level, &now.writable), entry;

	if (!maddr)
		return now;
	entry = model_entry(maddr);
	if (!(entry & E_PRESENT))
		return now;
	now.valid = true;
	now.mfn = entry_mfn(entry) + (now.page & ((1ull << xen.config.bits * (level - 1)) - 1));
	return now;
}

enum model_access model_access(unsigned int vcpu, uint64_t address, bool write, uint64_t *mfn)
{
	struct translation *cached = tlb_slot(vcpu, address);
	struct translation now = translate(vcpu, address);

	if (cached->valid && cached->epoch == epoch[vcpu] && cached->page == now.page &&
	    (!now.valid || cached->mfn != now.mfn || cached->writable != now.writable))
		return MODEL_STALE;
	if (!now.valid || (write && !now.writable))
		return MODEL_FAULT;
	*cached = now;
	if (mfn)
		*mfn = now.mfn;
	return MODEL_OK;
}
