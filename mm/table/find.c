// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking up one address in page tables, without changing an entry.
 *
 * The kernel's tables are ordinary frames. Once the direct map exists, each is read there; before
 * that, in the mapping that the domain builder made.
 */
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <mm/table/find.h>

static pfn_t root;

pfn_t pt_root(void)
{
	return root;
}

mfn_t pt_root_mfn(void)
{
	return pfn_to_mfn(root);
}

void pt_set_root(pfn_t frame)
{
	root = frame;
}

const pt_entry_t *pt_table(mfn_t frame)
{
	pfn_t number = mfn_to_pfn(frame);

	return pfn_valid(number) ? boot_or_direct_map(number) : NULL;
}

/* Returns true if the kernel may follow its tables there: canonical, and not the hypervisor's. */
static bool walkable(uintptr_t address)
{
	return address == pt_canonical(address) && !pt_slot_reserved(pt_index(address, PT_PGD));
}

struct pt_path pt_lookup(uintptr_t address)
{
	struct pt_path walk = {.steps = 0};
	mfn_t table = pt_root_mfn();

	if (!walkable(address))
		return walk;
	for (enum pt_level level = PT_PGD; !walk.mapped; level = pt_level_below(level)) {
		struct pt_step *step = &walk.step[walk.steps++];
		const pt_entry_t *entries = pt_table(table);

		*step = (struct pt_step){level, table, pt_index(address, level), pt_entry_none()};
		walk.broken =
			!entries || !probe_read((uintptr_t)&entries[step->index], &step->entry.raw);
		if (walk.broken || !pt_entry_present(step->entry))
			break;
		walk.mapped = pt_entry_leaf(step->entry, level);
		table = pt_entry_mfn(step->entry);
	}
	return walk;
}

maddr_t pt_virt_to_machine(const void *address)
{
	struct pt_path walk = pt_lookup((uintptr_t)address);
	const struct pt_step *last = &walk.step[walk.steps ? walk.steps - 1 : 0];

	if (!walk.mapped)
		panic("address %p has no machine address: it is not mapped (the walk ends at the "
		      "%s entry)",
		      address, walk.steps ? pt_level_name(last->level) : "first");
	return (maddr_t){mfn_to_maddr(pt_entry_mfn(last->entry)).ma +
			 ((uintptr_t)address & (pt_span(last->level) - 1))};
}

/* Counted in instructions: the geometry is read once, not at every level. */
pt_entry_t *pt_find(pfn_t table, uintptr_t address, enum pt_level wanted)
{
	const unsigned int bits = pt_geometry.bits;
	unsigned int down = pt_level_rank(PT_PGD) - pt_level_rank(wanted);
	unsigned int shift = pt_shift(PT_PGD);

	if (!walkable(address))
		return NULL;
	for (;; down--, shift -= bits) {
		pt_entry_t *entry = boot_or_direct_map(table);

		if (!entry)
			return NULL;
		entry += address >> shift & ((1u << bits) - 1);
		if (!down)
			return entry;
		/* Only entries above the pte level get here, so this bit means PT_HUGE. */
		if (!pt_entry_present(*entry) || (entry->raw & PT_HUGE))
			return NULL;
		table = mfn_to_pfn(pt_entry_mfn(*entry));
		if (!pfn_valid(table))
			return NULL;
	}
}

pt_entry_t *pt_find_leaf(pfn_t table, uintptr_t address, enum pt_level *level)
{
	for (*level = PT_PGD;; *level = pt_level_below(*level)) {
		pt_entry_t *entry = pt_find(table, address, *level);

		if (!entry || !pt_entry_present(*entry))
			return NULL;
		if (pt_entry_leaf(*entry, *level))
			return entry;
	}
}
