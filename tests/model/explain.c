// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Explanations, which Xen does not give: why an operation was refused, in words. With them is the
 * model's own audit.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
	int error;
	enum cause cause;
	uint64_t mfn;
	unsigned int level; /* the level or type wanted */
	uint64_t entry;
} refusal;

static char text[400];

void forget_refusal(void)
{
	refusal.cause = CAUSE_NONE;
}

int refuse(int error, enum cause cause, uint64_t mfn, unsigned int level, uint64_t entry)
{
	if (refusal.cause == CAUSE_NONE) {
		refusal.error = error;
		refusal.cause = cause;
		refusal.mfn = mfn;
		refusal.level = level;
		refusal.entry = entry;
	}
	return error;
}

static const char *type_name(unsigned int type)
{
	static const char *const names[] = {"nothing yet", "an L1 table",    "an L2 table",
					    "an L3 table", "an L4 table",    "an L5 table",
					    "writable",    "somebody else's"};

	return names[type];
}

struct search {
	uint64_t wanted; /* mfn */
	uint64_t table, slot;
	bool writable, found;
};

/* Notes whether this frame is a table with an entry for the one that is searched. */
static void search_table(uint64_t mfn, struct frame *frame, void *argument)
{
	struct search *search = argument;

	if (search->found || !frame->count || frame->type > MODEL_L5 ||
	    (search->writable && frame->type != MODEL_L1))
		return;
	for (unsigned int slot = 0; slot < xen.entries; slot++) {
		uint64_t entry = table_of(mfn)[slot];

		if (slot_is_reserved(slot, frame->type) || !(entry & E_PRESENT) ||
		    entry_mfn(entry) != search->wanted ||
		    (search->writable && !(entry & E_WRITABLE)))
			continue;
		*search = (struct search){search->wanted, mfn, slot, search->writable, true};
		return;
	}
}

static struct search find_entry_for(uint64_t mfn, bool writable)
{
	struct search search = {.wanted = mfn, .writable = writable};

	for_each_known_frame(search_table, &search);
	return search;
}

/* The address that an entry translates, by going up through the tables that lead to it. */
static bool address_of(uint64_t table, uint64_t slot, uint64_t *address)
{
	unsigned int width = 12;

	*address = 0;
	for (unsigned int level = 1; level <= xen.config.levels; level++) {
		struct search up;

		*address |= slot << width;
		width += xen.config.bits;
		if (level == xen.config.levels)
			break;
		up = find_entry_for(table, false);
		if (!up.found)
			return false;
		table = up.table;
		slot = up.slot;
	}
	*address = (uint64_t)((int64_t)(*address << (64 - width)) >> (64 - width));
	return true;
}

/* "it is mapped writable at ffff888000012000" */
static void explain_use(char *buffer, size_t size)
{
	const struct frame *frame = frame_of_mfn(refusal.mfn);
	struct search search;
	uint64_t address;

	if (!frame || !frame->count) {
		snprintf(buffer, size, "it was in use as something else then");
		return;
	}
	search = find_entry_for(refusal.mfn, frame->type == MODEL_WRITABLE);
	if (frame->type != MODEL_WRITABLE)
		snprintf(buffer, size, "it is %s%s, used %llu times", type_name(frame->type),
			 frame->pinned ? ", pinned" : "", (unsigned long long)frame->count);
	else if (search.found && address_of(search.table, search.slot, &address))
		snprintf(buffer, size, "it is mapped writable at %016llx",
			 (unsigned long long)address);
	else if (search.found)
		snprintf(buffer, size, "it is mapped writable by entry %llu of the table 0x%llx",
			 (unsigned long long)search.slot, (unsigned long long)search.table);
	else
		snprintf(buffer, size, "it is writable by a large page");
}

/* "become an L1 table" */
static const char *wish(char *buffer, size_t size)
{
	if (refusal.level == MODEL_WRITABLE)
		snprintf(buffer, size, "be mapped writable");
	else
		snprintf(buffer, size, "become %s", type_name(refusal.level));
	return buffer;
}

const char *model_explanation(void)
{
	unsigned long long mfn = refusal.mfn, entry = refusal.entry;
	char use[120], wanted[60];

	switch (refusal.cause) {
	case CAUSE_NONE:
		text[0] = '\0';
		break;
	case CAUSE_FLAGS:
		snprintf(text, sizeof(text),
			 "an L%u entry must not have the bits %016llx of %016llx", refusal.level,
			 (unsigned long long)(entry & E_FLAGS & ~allowed_flags(refusal.level)),
			 entry);
		break;
	case CAUSE_NOT_OURS:
		snprintf(text, sizeof(text), "frame 0x%llx is not this domain's memory%s", mfn,
			 frame_of_mfn(mfn) ? "" : ", nor any other's");
		break;
	case CAUSE_TYPE:
		explain_use(use, sizeof(use));
		snprintf(text, sizeof(text), "frame 0x%llx cannot %s: %s", mfn,
			 wish(wanted, sizeof(wanted)), use);
		break;
	case CAUSE_BUSY:
		snprintf(text, sizeof(text), "frame 0x%llx cannot %s: it is half validated", mfn,
			 wish(wanted, sizeof(wanted)));
		break;
	case CAUSE_RESERVED:
		snprintf(text, sizeof(text), "root slot %u belongs to the hypervisor",
			 refusal.level);
		break;
	case CAUSE_PINNED:
		snprintf(text, sizeof(text), "frame 0x%llx is pinned already", mfn);
		break;
	case CAUSE_NOT_PINNED:
		snprintf(text, sizeof(text), "frame 0x%llx is not pinned", mfn);
		break;
	case CAUSE_COMMAND:
		snprintf(text, sizeof(text), "there is no command %llu", entry);
		break;
	case CAUSE_ADDRESS:
		snprintf(text, sizeof(text), "no pte table translates address %016llx", entry);
		break;
	case CAUSE_POINTER:
		snprintf(text, sizeof(text), "the argument at %llx is not mapped", entry);
		break;
	case CAUSE_INJECTED:
		snprintf(text, sizeof(text), "the test wanted this operation to fail");
		break;
	}
	return text;
}

/* Pass 1 of the audit: every use that is recorded somewhere is taken off its frame's count. */
static void uncount(uint64_t mfn, unsigned int type)
{
	struct frame *frame = frame_of_mfn(mfn);

	frame->count--;
	if (frame->type != type && !text[0])
		snprintf(text, sizeof(text), "frame 0x%llx is %s but is used as %s",
			 (unsigned long long)mfn, type_name(frame->type), type_name(type));
}

static void audit_entry(uint64_t table, uint64_t entry, unsigned int level)
{
	uint64_t mfn = entry_mfn(entry);

	if (!(entry & E_PRESENT) || (level > 1 && mfn == table))
		return;
	if (level > 1 && (entry & E_LARGE)) {
		for (uint64_t i = 0; i < 1ull << xen.config.bits * (level - 1); i++) {
			if (entry & E_WRITABLE)
				uncount(mfn + i, MODEL_WRITABLE);
		}
	} else if (level > 1) {
		uncount(mfn, frame_of_mfn(mfn)->type == level ? level : level - 1);
	} else if (entry & E_WRITABLE) {
		uncount(mfn, MODEL_WRITABLE);
	}
}

static void audit_uses(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)argument;
	unsigned int entries = frame->unfinished ? frame->progress : xen.entries;

	if (frame->pinned || frame->unfinished)
		uncount(mfn, frame->type);
	if (!(frame->validated || frame->unfinished) || frame->type > MODEL_L5)
		return;
	for (unsigned int slot = 0; slot < entries; slot++) {
		if (!slot_is_reserved(slot, frame->type))
			audit_entry(mfn, table_of(mfn)[slot], frame->type);
	}
}

/* Pass 2: nothing must be left. Pass 3 puts the counts back. */
static void audit_rest(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)argument;
	if (frame->count && !text[0])
		snprintf(text, sizeof(text), "frame 0x%llx: %lld uses as %s are unaccounted for",
			 (unsigned long long)mfn, (long long)frame->count, type_name(frame->type));
}

struct saved_counts {
	uint64_t next;
	uint64_t count[1];
};

static void save_count(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)mfn;
	struct saved_counts *saved = argument;

	saved->count[saved->next++] = frame->count;
}

static void restore_count(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)mfn;
	struct saved_counts *saved = argument;

	frame->count = saved->count[saved->next++];
}

static void count_frames(uint64_t mfn, struct frame *frame, void *argument)
{
	(void)mfn;
	(void)frame;
	++*(uint64_t *)argument;
}

const char *model_check(void)
{
	uint64_t known = 0;
	struct saved_counts *saved;

	for_each_known_frame(count_frames, &known);
	/* Roots may be frames that were not looked at yet, so twice as many are provided for. */
	saved = malloc(sizeof(*saved) + (known + MODEL_VCPUS * 2048) * sizeof(uint64_t));
	if (!saved)
		abort();
	saved->next = 0;
	for_each_known_frame(save_count, saved);
	text[0] = '\0';
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		if (xen.vcpu[i].root)
			uncount(xen.vcpu[i].root, xen.config.levels);
		if (xen.vcpu[i].user_root)
			uncount(xen.vcpu[i].user_root, xen.config.levels);
	}
	for_each_known_frame(audit_uses, NULL);
	for_each_known_frame(audit_rest, NULL);
	saved->next = 0;
	for_each_known_frame(restore_count, saved);
	free(saved);
	return text[0] ? text : NULL;
}
