// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a vCPU translates addresses, with a TLB that keeps what it was told until it is flushed, as
 * the processor's may (translations.c).
 *
 * A hosted test runs no guest code through page tables, so a forgotten flush would never show. Here
 * a test asks for an access, changes the mapping, and asks again.
 */
#include "internal.h"
#include "translations.h"

_Static_assert(TRANSLATION_CPUS == MODEL_VCPUS, "each vCPU has a TLB");

void tlb_flush(unsigned int vcpu)
{
	translations_flush(vcpu);
}

void tlb_flush_all(void)
{
	for (unsigned int vcpu = 0; vcpu < MODEL_VCPUS; vcpu++)
		tlb_flush(vcpu);
}

void tlb_flush_page(unsigned int vcpu, uint64_t address)
{
	translations_flush_address(vcpu, address);
}

void tlb_flush_frame(uint64_t mfn)
{
	frame_of_mfn(mfn)->generation++;
}

static uint64_t generation_of(uint64_t mfn)
{
	const struct frame *frame = frame_of_mfn(mfn);

	return frame ? frame->generation : 0;
}

static bool canonical(uint64_t address)
{
	unsigned int unused = 64 - (12 + xen.config.bits * xen.config.levels);

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

/*
 * Walks to the entry at the lowest level on the way to "address", and returns its machine address;
 * 0: there is none. What the entries above it allow is in *way.
 */
static uint64_t walk(uint64_t table, uint64_t address, unsigned int *level, struct translation *way)
{
	*way = (struct translation){.writable = true, .executable = true};
	for (*level = xen.config.levels;; --*level) {
		unsigned int slot =
			address >> (12 + xen.config.bits * (*level - 1)) & (xen.entries - 1);
		uint64_t entry;

		if (!table || !canonical(address) || slot_is_reserved(slot, *level))
			return 0;
		entry = table_of(table)[slot];
		way->writable = way->writable && (entry & E_WRITABLE);
		way->executable = way->executable && !(entry & E_NO_EXECUTE);
		if (*level == 1 || !(entry & E_PRESENT) || (entry & E_LARGE))
			return table * PAGE_BYTES + slot * sizeof(uint64_t);
		table = entry_mfn(entry);
		way->table[way->tables++] = table;
	}
}

uint64_t walk_to_pte(unsigned int vcpu, uint64_t address)
{
	struct translation way;
	unsigned int level;
	uint64_t maddr = walk(xen.vcpu[vcpu].root, address, &level, &way);

	return level == 1 ? maddr : 0;
}

static struct translation translate(uint64_t root, uint64_t address)
{
	struct translation now;
	unsigned int level;
	uint64_t maddr = walk(root, address, &level, &now), entry;

	if (!maddr)
		return now;
	entry = model_entry(maddr);
	if (!(entry & E_PRESENT))
		return now;
	now.valid = true;
	now.frame = entry_mfn(entry) +
		    (address / PAGE_BYTES & ((1ull << xen.config.bits * (level - 1)) - 1));
	return now;
}

static uint64_t root_of(unsigned int vcpu)
{
	return xen.vcpu[vcpu].root;
}

void tlb_reset(void)
{
	static const struct translation_source source = {root_of, translate, generation_of};

	translations_start(&source);
}

enum model_access model_access(unsigned int vcpu, uint64_t address, bool write, uint64_t *mfn)
{
	static const enum model_access found[] = {
		[TRANSLATIONS_OK] = MODEL_OK,
		[TRANSLATIONS_FAULT] = MODEL_FAULT,
		[TRANSLATIONS_STALE] = MODEL_STALE,
	};

	return found[translations_access(vcpu, address, write, mfn)];
}
