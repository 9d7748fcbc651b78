// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TLBs of the hosted CPUs, and how what they remember is compared with the tables.
 *
 * Each has a slot for an address, and a list of the tables that it may go through without reading
 * what points to them. A flush of one address empties the list too, as invlpg does.
 */
#include "translations.h"

#include <string.h>

#define PAGE_BYTES 4096u
#define SLOTS      4096u /* of a TLB */
#define WALKED     64u
#define WATCHED    32u

struct slot {
	struct translation is;
	uint64_t page;        /* address / PAGE_BYTES */
	uint64_t epoch;       /* valid while the CPU's is the same ... */
	uint64_t generation;  /* ... and that of the frame */
	unsigned int owed_by; /* number of a CPU plus 1: it has changed the tables since */
};

static struct tlb {
	struct slot slot[SLOTS];
	uint64_t epoch; /* a flush of everything begins a new one */
	uint64_t walked[WALKED];
	unsigned int walks;
} tlbs[TRANSLATION_CPUS];

static struct watched {
	uint64_t address;
	enum translations_kind kind;
} watched[WATCHED];
static unsigned int watches;

static struct translation_source source;

void translations_start(const struct translation_source *from)
{
	source = *from;
	watches = 0;
	memset(tlbs, 0, sizeof(tlbs));
}

static struct slot *slot_of(unsigned int cpu, uint64_t address)
{
	return &tlbs[cpu].slot[address / PAGE_BYTES % SLOTS];
}

static uint64_t generation_of(uint64_t frame)
{
	return source.generation ? source.generation(frame) : 0;
}

static bool is_cached(unsigned int cpu, uint64_t address)
{
	const struct slot *slot = slot_of(cpu, address);

	return slot->is.valid && slot->epoch == tlbs[cpu].epoch &&
	       slot->page == address / PAGE_BYTES &&
	       slot->generation == generation_of(slot->is.frame);
}

void translations_flush_address(unsigned int cpu, uint64_t address)
{
	slot_of(cpu, address)->is.valid = false;
	tlbs[cpu].walks = 0;
}

void translations_flush(unsigned int cpu)
{
	tlbs[cpu].epoch++;
	tlbs[cpu].walks = 0;
}

static void note_tables(struct tlb *tlb, const struct translation *now)
{
	for (unsigned int i = 0; i < now->tables; i++) {
		unsigned int at = 0;

		while (at < tlb->walks && tlb->walked[at] != now->table[i])
			at++;
		if (at == tlb->walks && at < WALKED)
			tlb->walked[tlb->walks++] = now->table[i];
	}
}

static void fill(unsigned int cpu, uint64_t address, const struct translation *now)
{
	struct tlb *tlb = &tlbs[cpu];

	note_tables(tlb, now);
	if (now->valid)
		*slot_of(cpu, address) = (struct slot){.is = *now,
						       .page = address / PAGE_BYTES,
						       .epoch = tlb->epoch,
						       .generation = generation_of(now->frame)};
}

enum translations_found translations_access(unsigned int cpu, uint64_t address, bool write,
					    uint64_t *frame)
{
	struct translation now = source.walk(source.root(cpu), address);
	const struct translation *cached = &slot_of(cpu, address)->is;

	if (is_cached(cpu, address) &&
	    (!now.valid || cached->frame != now.frame || cached->writable != now.writable))
		return TRANSLATIONS_STALE;
	if (!now.valid || (write && !now.writable))
		return TRANSLATIONS_FAULT;
	fill(cpu, address, &now);
	if (frame)
		*frame = now.frame;
	return TRANSLATIONS_OK;
}

/* ---- what is wrong ---- */

void translations_watch(uint64_t address, enum translations_kind kind)
{
	if (watches < WATCHED)
		watched[watches++] = (struct watched){address, kind};
}

void translations_watch_nothing(void)
{
	watches = 0;
}

/* Returns true if a CPU must not go on with what it remembers. */
static bool is_wrong(const struct translation *cached, const struct translation *now,
		     enum translations_kind kind)
{
	if (!now->valid || cached->frame != now->frame)
		return true;
	if (kind == TRANSLATIONS_DIRECT)
		return now->writable && !cached->writable;
	return (cached->writable && !now->writable) || (cached->executable && !now->executable);
}

static void look_at(unsigned int cpu, const struct watched *at, const struct translation *now,
		    unsigned int running)
{
	struct slot *slot = slot_of(cpu, at->address);

	if (!is_cached(cpu, at->address))
		fill(cpu, at->address, now);
	else if (!slot->owed_by && is_wrong(&slot->is, now, at->kind))
		slot->owed_by = running + 1;
}

void translations_look(unsigned int running)
{
	uint64_t root[TRANSLATION_CPUS];

	for (unsigned int cpu = 0; cpu < TRANSLATION_CPUS; cpu++)
		root[cpu] = source.root(cpu);
	for (unsigned int i = 0; i < watches; i++) {
		struct translation now[TRANSLATION_CPUS];

		for (unsigned int cpu = 0; cpu < TRANSLATION_CPUS; cpu++) {
			unsigned int same = 0;

			while (root[same] != root[cpu])
				same++;
			if (same == cpu)
				now[cpu] = source.walk(root[cpu], watched[i].address);
			else
				now[cpu] = now[same];
			look_at(cpu, &watched[i], &now[cpu], running);
		}
	}
}

bool translations_find(bool (*is_wanted)(uint64_t frame), struct translations_known *known)
{
	for (unsigned int cpu = 0; cpu < TRANSLATION_CPUS; cpu++) {
		for (unsigned int i = 0; i < watches; i++) {
			uint64_t address = watched[i].address;
			uint64_t frame = slot_of(cpu, address)->is.frame;

			*known = (struct translations_known){cpu, address, frame};
			if (is_cached(cpu, address) && watched[i].kind == TRANSLATIONS_PROGRAM &&
			    is_wanted(frame))
				return true;
		}
		for (unsigned int i = 0; i < tlbs[cpu].walks; i++) {
			*known = (struct translations_known){cpu, 0, tlbs[cpu].walked[i]};
			if (is_wanted(known->frame))
				return true;
		}
	}
	return false;
}

bool translations_owed(unsigned int by, struct translations_known *known)
{
	for (unsigned int cpu = 0; cpu < TRANSLATION_CPUS; cpu++) {
		for (unsigned int i = 0; i < watches; i++) {
			const struct slot *slot = slot_of(cpu, watched[i].address);

			if (!is_cached(cpu, watched[i].address) || slot->owed_by != by + 1)
				continue;
			*known = (struct translations_known){cpu, watched[i].address,
							     slot->is.frame};
			return true;
		}
	}
	return false;
}
