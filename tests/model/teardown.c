// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a domain's end can free. Xen drops everything that it knows to hold a reference: pins,
 * roots, the entries of tables, half validated ones included, and the domain's own claim to its
 * memory. A frame whose references come down to 0 is free. One that has more than was found to hold
 * them stays, and keeps its domain. Xen: relinquish_memory() and domain_relinquish_resources() in
 * xen/arch/x86/domain.c.
 */
#include "internal.h"

static void find(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	if (frame)
		frame->found++;
}

static void find_entry(uint64_t table, uint64_t entry, unsigned int level)
{
	uint64_t pages = level > 1 && (entry & E_LARGE) ? 1ull << xen.config.bits * (level - 1) : 1;

	/* A table that refers to itself takes no reference. */
	if (!(entry & E_PRESENT) || (level > 1 && entry_mfn(entry) == table))
		return;
	for (uint64_t i = 0; i < pages; i++)
		find(entry_mfn(entry) + i);
}

static void forget(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)mfn;
	(void)argument;
	frame->found = 0;
}

static void find_references(uint64_t mfn, struct frame *frame, void *argument)
{
	unsigned int entries = frame->unfinished ? frame->progress : xen.entries;

	(void)argument;
	frame->found += frame->allocated + frame->pinned + frame->unfinished;
	if (!(frame->validated || frame->unfinished) || frame->type > MODEL_L5)
		return;
	for (unsigned int slot = 0; slot < entries; slot++) {
		if (!slot_is_reserved(slot, frame->type))
			find_entry(mfn, table_of(mfn)[slot], frame->type);
	}
}

static void count_immortal(uint64_t mfn, struct frame *frame, void *argument)
{
	uint64_t *immortal = argument;

	(void)mfn;
	*immortal += frame->owner == OWNED_BY_DOMAIN && frame->references > frame->found;
}

uint64_t model_immortal_frames(void)
{
	uint64_t immortal = 0;

	for_each_known_frame(forget, NULL);
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		if (xen.vcpu[i].root)
			find(xen.vcpu[i].root);
		if (xen.vcpu[i].user_root)
			find(xen.vcpu[i].user_root);
	}
	for_each_known_frame(find_references, NULL);
	for_each_known_frame(count_immortal, &immortal);
	return immortal;
}
