// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Xen's page-type system as a program. mm/README.md explains the system; this file decides, for
 * each request of the guest, whether Xen grants it.
 *
 * get_type() begins a use of a frame as something, and put_type() ends it. The first use as a table
 * goes through the entries by promote(), which calls get_type() for what they point to; after the
 * last, put_entries_below() drops them one by one. get_frame() and put_frame() count references of
 * any kind, read-only mappings among them.
 *
 * Xen: _get_page_type(), _put_page_type(), promote_l*_table(), demote_l*_table(),
 * get_page_from_l*e() and put_page_from_l*e() in xen/arch/x86/mm.c.
 */
#include "internal.h"

#include <xen/errno.h>

#define XEN_ENTRY (7 * PAGE_BYTES | E_PRESENT | E_WRITABLE | E_ACCESSED)

/* Xen itself is mapped by these slots of every root: the guest's entries there do not count. */
bool slot_is_reserved(unsigned int slot, unsigned int level)
{
	return level == xen.config.levels &&
	       slot - xen.config.reserved_first < xen.config.reserved_count;
}

uint64_t allowed_flags(unsigned int level)
{
	if (level > 1)
		return E_ALLOWED;
	/* The stricter of both builds: nothing may be refused by one of them only. */
	return (E_ALLOWED & ~E_GRANT_MARK) | E_GLOBAL | (xen.config.hardware ? E_CACHE : 0);
}

bool entry_flags_allowed(uint64_t entry, unsigned int level)
{
	return !(entry & E_FLAGS & ~allowed_flags(level));
}

/* Changes a present entry as Xen does; mm.h in xen/arch/x86/pv, adjust_guest_l*e(). */
void adjust_entry(uint64_t *entry, unsigned int level)
{
	if (!(*entry & E_PRESENT))
		return;
	if (level > 1) {
		*entry |= E_USER;
		if (level == xen.config.levels)
			*entry |= E_ACCESSED;
		return;
	}
	if (!(*entry & E_USER))
		*entry |= E_GUEST_KERNEL | E_USER;
	if (!(*entry & E_GUEST_KERNEL))
		*entry |= E_GLOBAL;
}

/*
 * The processor may speculate through an absent entry to whatever its address bits say (L1TF): Xen
 * tolerates such an entry only when they point nowhere. Counted, not refused: what Xen does depends
 * on the processor.
 */
void note_hazard(uint64_t entry)
{
	if (!(entry & E_PRESENT) && (entry & E_FRAME) && frame_of_mfn(entry_mfn(entry)))
		xen.counters.hazards++;
}

/* A reference to a frame of the domain, of no particular type. */
static struct frame *get_frame(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return NULL;
	frame->references++;
	return frame;
}

static void put_frame(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	/* The last one lets a frame go that the domain has given back: memory_op. */
	if (--frame->references == 0)
		frame->owner = OWNED_BY_NOBODY;
}

/* A level-1 entry: 0, or why it cannot be. Refusals are -EBUSY where the frame is the problem. */
static int get_page_entry(uint64_t entry)
{
	uint64_t mfn = entry_mfn(entry);
	struct frame *frame;

	if (!entry_flags_allowed(entry, 1))
		return refuse(-XEN_EINVAL, CAUSE_FLAGS, mfn, 1, entry);
	if (!frame_of_mfn(mfn)) {
		/* Not memory but I/O space, which has to be granted. "Invalid" gives all ones. */
		bool all_ones = mfn == E_FRAME / PAGE_BYTES;

		return refuse(all_ones ? -XEN_EINVAL : -XEN_EPERM, CAUSE_NOT_OURS, mfn, 1, entry);
	}
	frame = get_frame(mfn);
	if (!frame)
		return refuse(-XEN_EBUSY, CAUSE_NOT_OURS, mfn, 1, entry);
	if ((entry & E_WRITABLE) && get_type(mfn, MODEL_WRITABLE)) {
		put_frame(mfn);
		return -XEN_EBUSY;
	}
	return 0;
}

/*
 * Xen lets a table refer to one of its own level, so that a guest can map its tables by themselves
 * ("linear page tables"): without the writable bit, to one that is validated, and not in chains. A
 * table that refers to itself takes no reference, or it could never be let go.
 */
static int get_linear_entry(uint64_t entry, uint64_t table, unsigned int level)
{
	uint64_t mfn = entry_mfn(entry);
	struct frame *parent = frame_of_mfn(table), *frame;

	if (entry & E_WRITABLE)
		return -XEN_EINVAL;
	if (mfn == table)
		return 0;
	frame = get_frame(mfn);
	if (!frame)
		return -XEN_EINVAL;
	if (parent->linear < 0 || frame->linear > 0 || !frame->count || !frame->validated ||
	    frame->type != level) {
		put_frame(mfn);
		return -XEN_EINVAL;
	}
	parent->linear++;
	frame->linear--;
	frame->count++;
	return 0;
}

/* An entry of a table at "level" > 1: it must point to a table of the level below. */
static int get_table_entry(uint64_t entry, uint64_t table, unsigned int level)
{
	int error;

	if (!entry_flags_allowed(entry, level))
		return refuse(-XEN_EINVAL, CAUSE_FLAGS, entry_mfn(entry), level, entry);
	error = get_table(entry_mfn(entry), (enum model_type)(level - 1));
	if (error == -XEN_EINVAL && get_linear_entry(entry, table, level) == 0) {
		forget_refusal();
		error = 0;
	}
	return error;
}

/* Takes the references that a present entry of a table needs. */
int get_entry(uint64_t *entry, uint64_t table, unsigned int level)
{
	return level == 1 ? get_page_entry(*entry) : get_table_entry(*entry, table, level);
}

/* Gives them back. */
void put_entry(uint64_t entry, uint64_t table, unsigned int level)
{
	uint64_t mfn = entry_mfn(entry);

	if (!(entry & E_PRESENT))
		return;
	if (level > 1) {
		if (mfn == table)
			return;
		if (entry & E_LARGE) { /* only the domain builder can have made it */
			for (uint64_t i = 0; i < 1ull << xen.config.bits * (level - 1); i++) {
				if (entry & E_WRITABLE)
					put_type(mfn + i, 0);
				put_frame(mfn + i);
			}
			return;
		}
		put_type(mfn, table);
	} else if (entry & E_WRITABLE) {
		put_type(mfn, 0);
	}
	put_frame(mfn);
}

static void put_entries_below(unsigned int slot, uint64_t table, unsigned int level)
{
	uint64_t *entries = table_of(table);

	while (slot-- > 0) {
		if (!slot_is_reserved(slot, level))
			put_entry(entries[slot], table, level);
	}
}

/*
 * Validation was refused at this entry, so the frame is no table, and the entries before it must
 * give their references back.
 *
 * A pte table does that at once. For the others Xen, which may not spend long in one go, leaves it
 * for the end of the hypercall, and remembers one frame. A parent that fails because of its child
 * takes the child's place, and lets it go with itself; except that a parent which has nothing to
 * undo, having failed at its first entry, is forgotten at once. If the grandparent then has
 * something to undo, it takes the place of the *grandchild*, of which nobody knows any more: that
 * stays half validated, with one reference, until somebody tries it as the same type again. (mm.c,
 * promote_l3_table() and promote_l4_table(): "it's safer to leak a type ref".)
 *
 * A frame that is half validated holds a reference to itself, and what remembers it holds another.
 * A frame that was forgotten has lost the second one for good. Even if it is tried again and
 * released in order, its references never come down to 0, so Xen can never free it: destroyed, its
 * domain stays for ever, with that frame as all its memory (model_immortal_frames()).
 */
static int give_up(uint64_t mfn, unsigned int level, unsigned int slot, int error)
{
	struct frame *frame = frame_of_mfn(mfn);

	if (level > 1 && slot > 0) {
		frame->unfinished = true;
		frame->references++;
		frame->progress = (uint16_t)slot;
		frame->child_unfinished =
			xen.unfinished && xen.unfinished == entry_mfn(table_of(mfn)[slot]);
		xen.unfinished = mfn;
		return error;
	}
	put_entries_below(slot, mfn, level);
	protect_table(mfn, false);
	frame->type = MODEL_NONE;
	frame->count = 0;
	return error;
}

static void let_go(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	frame->unfinished = false;
	if (frame->child_unfinished)
		let_go(entry_mfn(table_of(mfn)[frame->progress]));
	put_entries_below(frame->progress, mfn, frame->type);
	protect_table(mfn, false);
	frame->count = 0;
	put_frame(mfn); /* being half validated */
	put_frame(mfn); /* being remembered */
}

/* Does what Xen leaves for the end of the hypercall. */
void finish_operation(void)
{
	uint64_t mfn = xen.unfinished;

	xen.unfinished = 0;
	if (mfn)
		let_go(mfn);
}

/* Looks at every entry from this one on. If one is refused the frame is no table. */
static int promote(uint64_t mfn, unsigned int level, unsigned int first)
{
	uint64_t *entries = table_of(mfn);

	for (unsigned int slot = first; slot < xen.entries; slot++) {
		int error = 0;

		/* Xen maps itself there; what it enters is no frame of anybody's. */
		if (slot_is_reserved(slot, level)) {
			entries[slot] = XEN_ENTRY;
			continue;
		}
		if (entries[slot] & E_PRESENT)
			error = get_entry(&entries[slot], mfn, level);
		else
			note_hazard(entries[slot]);
		if (error)
			return give_up(mfn, level, slot, error);
		/* What was adjusted stays so, even if a later entry is refused. */
		adjust_entry(&entries[slot], level);
	}
	return 0;
}

static void count_type(enum model_type type, int change)
{
	uint64_t *counter = type == MODEL_WRITABLE ? &xen.counters.writable : &xen.counters.tables;

	*counter += (uint64_t)(int64_t)change;
}

/* Goes on where validation was refused before. The type reference left over becomes the new one. */
static int resume(uint64_t mfn, struct frame *frame)
{
	int error;

	frame->unfinished = false;
	error = promote(mfn, frame->type, frame->progress);
	put_frame(mfn); /* having been half validated */
	if (error)
		return error;
	frame->validated = true;
	count_type(frame->type, 1);
	return 0;
}

/* Takes a type reference. 0, or -EINVAL for a frame in use as something else, or what validating
 * it gave. */
int get_type(uint64_t mfn, enum model_type type)
{
	struct frame *frame = frame_of_mfn(mfn);
	int error;

	if (frame->count) {
		if (frame->type != type)
			return refuse(-XEN_EINVAL, CAUSE_TYPE, mfn, type, 0);
		if (frame->unfinished)
			return resume(mfn, frame);
		if (!frame->validated)
			return refuse(-XEN_EINVAL, CAUSE_BUSY, mfn, type, 0);
		frame->count++;
		return 0;
	}
	/*
	 * What becomes a table must not be written by an old translation. Xen flushes whole TLBs
	 * here, but only of CPUs that have not flushed since the frame was last used otherwise. A
	 * guest must not rely on more than that its old translations of the frame are gone. That a
	 * page is writable again is the guest's own affair.
	 */
	if (frame->type != type && type != MODEL_WRITABLE)
		tlb_flush_frame(mfn);
	frame->type = (uint8_t)type;
	frame->count = 1;
	frame->validated = type == MODEL_WRITABLE;
	frame->linear = 0;
	if (type != MODEL_WRITABLE) {
		protect_table(mfn, true);
		error = promote(mfn, type, 0);
		if (error)
			return error;
		frame->validated = true;
	}
	count_type(type, 1);
	return 0;
}

/* Gives a type reference back; "parent" is the table whose entry held it, or 0. */
void put_type(uint64_t mfn, uint64_t parent)
{
	struct frame *frame = frame_of_mfn(mfn);
	struct frame *holder = parent ? frame_of_mfn(parent) : NULL;

	if (holder && holder->type == frame->type) {
		frame->linear++;
		holder->linear--;
	}
	if (frame->count > 1) {
		frame->count--;
		return;
	}
	if (frame->type != MODEL_WRITABLE) {
		frame->validated = false;
		put_entries_below(xen.entries, mfn, frame->type);
		protect_table(mfn, false);
	}
	frame->count = 0;
	count_type(frame->type, -1);
}

/* A reference and a type reference together, as roots, pins and upper entries take them. */
int get_table(uint64_t mfn, enum model_type type)
{
	int error;

	if (!get_frame(mfn))
		return refuse(-XEN_EINVAL, CAUSE_NOT_OURS, mfn, type, 0);
	error = get_type(mfn, type);
	/* What is left for the end of the operation keeps its reference until then. */
	if (error && mfn != xen.unfinished)
		put_frame(mfn);
	return error;
}

void put_table(uint64_t mfn)
{
	put_type(mfn, 0);
	put_frame(mfn);
}
