// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing one entry: mmu_update and update_va_mapping.
 *
 * The order is what makes it safe: first take the references of the new value (which may be
 * refused, and then nothing has happened), then write, then give back those of the old one. Xen:
 * mod_l*_entry(), do_mmu_update(), __do_update_va_mapping() in xen/arch/x86/mm.c.
 */
#include "internal.h"

#include "../host/host.h"

#include <xen/errno.h>
#include <xen/xen.h>

/* Writes an entry of a validated table. */
static int modify_entry(uint64_t table, unsigned int slot, uint64_t value, bool preserve_ad)
{
	unsigned int level = frame_of_mfn(table)->type;
	uint64_t *entry = &table_of(table)[slot];
	uint64_t old = *entry;
	bool similar = false;
	int error;

	if (slot_is_reserved(slot, level))
		return refuse(-XEN_EINVAL, CAUSE_RESERVED, table, slot, value);
	if (value & E_PRESENT) {
		if (!entry_flags_allowed(value, level))
			return refuse(-XEN_EINVAL, CAUSE_FLAGS, entry_mfn(value), level, value);
		adjust_entry(&value, level);
		/* The same frame with the same rights keeps the references it has. */
		similar = (old & E_PRESENT) && !((old ^ value) & ~E_HARMLESS);
		if (!similar) {
			error = get_entry(&value, table, level);
			if (error)
				return error;
		}
	} else {
		note_hazard(value);
	}
	if (preserve_ad)
		value |= old & (E_ACCESSED | E_DIRTY);
	*entry = value;
	if (!similar)
		put_entry(old, table, level);
	xen.counters.updates++;
	return 0;
}

/* A normal update: of a table's entry, or else of any frame of the domain's as a plain word. */
static int update(uint64_t maddr, uint64_t value, bool preserve_ad)
{
	uint64_t mfn = maddr / PAGE_BYTES;
	unsigned int slot = maddr % PAGE_BYTES / sizeof(uint64_t);
	struct frame *frame = frame_of_mfn(mfn);
	int error;

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return refuse(-XEN_EINVAL, CAUSE_NOT_OURS, mfn, 0, value);
	if (frame->count && !frame->validated)
		return refuse(-XEN_EINVAL, CAUSE_BUSY, mfn, frame->type, value);
	if (frame->count && frame->type != MODEL_WRITABLE) {
		bool upper = frame->type > MODEL_L1;

		error = modify_entry(mfn, slot, value, preserve_ad);
		/* After a change of an upper entry Xen flushes everything itself. */
		if (!error && upper)
			tlb_flush_all();
		return error;
	}
	table_of(mfn)[slot] = value;
	xen.counters.updates++;
	return 0;
}

static int update_m2p(uint64_t maddr, uint64_t pfn)
{
	struct frame *frame = frame_of_mfn(maddr / PAGE_BYTES);

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return refuse(-XEN_EINVAL, CAUSE_NOT_OURS, maddr / PAGE_BYTES, 0, 0);
	frame->pfn = pfn;
	return 0;
}

int do_mmu_update(const struct mmu_update *requests, unsigned int count, unsigned int *done)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < count && !error; i++) {
		uint64_t command, maddr;

		if (!guest_pointer(&requests[i])) {
			error = refuse(-XEN_EFAULT, CAUSE_POINTER, 0, 0, (uintptr_t)requests);
			break;
		}
		command = requests[i].ptr & 7;
		maddr = requests[i].ptr & ~7ull;
		if (command == MMU_MACHPHYS_UPDATE)
			error = update_m2p(maddr, requests[i].val);
		else if (command == MMU_NORMAL_PT_UPDATE || command == MMU_PT_UPDATE_PRESERVE_AD ||
			 command == MMU_PT_UPDATE_NO_TRANSLATE)
			error = update(maddr, requests[i].val,
				       command == MMU_PT_UPDATE_PRESERVE_AD);
		else
			error = refuse(-XEN_ENOSYS, CAUSE_COMMAND, 0, 0, command);
		if (error)
			break;
		host_look();
	}
	if (done && guest_pointer(done))
		*done = i;
	return error;
}

static void flush_after(uint64_t address, uint64_t flags)
{
	uint64_t who = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;

	if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_NONE)
		return;
	xen.counters.flushes++;
	for (unsigned int vcpu = 0; vcpu < MODEL_VCPUS; vcpu++) {
		if (who != UVMF_ALL && vcpu != current_vcpu())
			continue;
		if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_TLB_FLUSH)
			tlb_flush(vcpu);
		else
			tlb_flush_page(vcpu, address);
	}
}

int do_update_va_mapping(uint64_t address, uint64_t entry, uint64_t flags)
{
	uint64_t maddr = walk_to_pte(current_vcpu(), address);
	int error;

	if (!maddr)
		return refuse(-XEN_EINVAL, CAUSE_ADDRESS, 0, 0, address);
	error = modify_entry(maddr / PAGE_BYTES, maddr % PAGE_BYTES / sizeof(uint64_t), entry,
			     false);
	if (!error)
		flush_after(address, flags);
	return error;
}
