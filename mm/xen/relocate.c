// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The relocator: it moves the P2M list to its window, and releases the builder's mapping.
 *
 * The new frames lie in one run: first the pages of the list, if they are copied, then the tables
 * that map them (mm/table/run.h). The functions come in the order of p2m_relocate(), which ends the
 * file.
 */
#include <arch/cpu.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/message.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <mm/frame/translate.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>
#include <mm/xen/relocate.h>
#include <xen/xen.h>

/* Limit of root slots. No domain's list has more: a slot has room for 64 Gi entries. */
#define SLOTS_MOST 64

struct p2m_frames p2m_frames(uint64_t pages)
{
	/* Computing pages * 8 bytes first would overflow for the largest numbers. */
	struct p2m_frames frames = {.data = pages / P2M_PER_PAGE + (pages % P2M_PER_PAGE != 0)};

	frames.tables = pt_run_plan(0, frames.data);
	frames.slots = (unsigned int)frames.tables.count[pt_level_below(PT_PGD)];
	return frames;
}

/* ---- the plan ---- */

struct relocation {
	struct boot_memory *memory;
	struct p2m_relocated *done; /* what is to be done, and in the end what was */
	uintptr_t from, to;
	bool old_is_own; /* the old tables are pinned, because an earlier relocation made them */
	pfn_t data;      /* the first new page, if they are copied */

	unsigned int new_first; /* the window's first root slot */
	unsigned int old_first; /* that of the old mapping */

	/* Number of root slots that only the old mapping uses, and their entries. */
	unsigned int old_slots;
	pt_entry_t old_top[SLOTS_MOST];

	/* Where the last lookup in the old mapping ended: most pages are in the same table. */
	pt_entry_t *seen;
	enum pt_level seen_level;

	struct pfn_range returning; /* adjacent frames of the old mapping, to be released at once */
	const char *error;          /* the first error of a release */
};

static bool is_old_slot(const struct relocation *move, unsigned int slot)
{
	return slot - move->old_first < move->old_slots;
}

static bool is_new_slot(const struct relocation *move, unsigned int slot)
{
	return slot - move->new_first < move->done->frames.slots;
}

/*
 * Notes the root slots that only the list's mapping uses: none if it is in the builder's mapping of
 * everything.
 */
static void note_old_slots(struct relocation *move)
{
	const pt_entry_t *root = boot_or_direct_map(pt_root());
	uintptr_t last = move->from + (move->done->frames.data << PAGE_SHIFT) - 1;

	if (move->old_first == pt_index(KERNEL_VIRT_BASE, PT_PGD))
		return;
	move->old_slots = pt_index(last, PT_PGD) - move->old_first + 1;
	if (move->old_slots > SLOTS_MOST)
		panic("the P2M takes %u root slots, more than %u", move->old_slots, SLOTS_MOST);
	for (unsigned int i = 0; i < move->old_slots; i++)
		move->old_top[i] = root[move->old_first + i];
}

/* Returns NULL, or a message if a root slot of the window is used by anything else. */
static const char *slots_taken(const struct relocation *move)
{
	const pt_entry_t *root = boot_or_direct_map(pt_root());

	for (unsigned int slot = move->new_first; is_new_slot(move, slot); slot++) {
		if (slot >= pt_entries() || pt_slot_reserved(slot) ||
		    (pt_entry_present(root[slot]) && !is_old_slot(move, slot)))
			return message_make(
				"root slot %u, wanted for the P2M, is in use or does not exist",
				slot);
	}
	return NULL;
}

/*
 * Returns the frame of a page of the list in the old mapping, which may have large pages. Pages are
 * looked up in ascending order, from 0 on.
 */
static pfn_t old_page(struct relocation *move, uint64_t page)
{
	uintptr_t address = move->from + (page << PAGE_SHIFT);
	pt_entry_t *entry = NULL;
	uint64_t inside;

	if (page && address & (pt_span(pt_level_above(move->seen_level)) - 1))
		entry = &move->seen[pt_index(address, move->seen_level)];
	/* Walk from the root for another table, or for an entry that is not a leaf any more. */
	if (!entry || !pt_entry_present(*entry) || !pt_entry_leaf(*entry, move->seen_level)) {
		entry = pt_find_leaf(pt_root(), address, &move->seen_level);
		if (!entry)
			panic("page %lu of the P2M is not mapped at %016lx", page, address);
		move->seen = entry - pt_index(address, move->seen_level);
	}
	inside = (address & (pt_span(move->seen_level) - 1)) >> PAGE_SHIFT;
	return mfn_to_pfn(mfn(pt_entry_mfn(*entry).mfn + inside));
}

/* Decides how the list is moved, and why. Returns NULL or a message. */
static const char *decide(struct relocation *move)
{
	struct p2m_relocated *done = move->done;
	enum p2m_relocation asked = done->how;
	unsigned int slot = MAX(move->old_first, move->new_first);
	const uint64_t pages = boot_memory_claimed(move->memory) ? done->frames.data : 0;
	const struct boot_run *claim = NULL;
	pfn_t frame;

	for (uint64_t page = 0; !claim && page < pages; page++) {
		frame = old_page(move, page);
		claim = boot_memory_claimant(move->memory, frame);
	}
	done->how = P2M_COPY;
	if (claim) {
		snprintf(done->why, sizeof(done->why),
			 "its page in pfn %lx is where the %s must be", frame.pfn,
			 claim->claimed_as == FRAME_ABSENT ? "reserved range" : "ramdisk");
	} else if (is_old_slot(move, slot) && is_new_slot(move, slot)) {
		snprintf(done->why, sizeof(done->why),
			 "the builder put it into the window, root slot %u", slot);
	} else {
		snprintf(done->why, sizeof(done->why), "it is in the way of nothing");
		done->how = P2M_REMAP;
	}
	if (asked == P2M_REMAP && claim)
		return message_make("the P2M cannot keep its frames: %s", done->why);
	if (asked != P2M_DECIDE) {
		done->how = asked;
		snprintf(done->why, sizeof(done->why), "asked for");
	}
	return NULL;
}

/*
 * Takes one run of frames, for copies of the pages, if any, and for the tables, which are marked as
 * such. Returns NULL or a message.
 */
static const char *take_frames(struct relocation *move)
{
	struct p2m_relocated *done = move->done;
	uint64_t data = done->how == P2M_COPY ? done->frames.data : 0;
	struct pfn_range tables = {.count = done->frames.tables.total};
	const char *error;

	done->taken = data + tables.count;
	move->data = boot_memory_take(move->memory, done->taken, FRAME_P2M);
	if (!pfn_valid(move->data)) {
		return message_make(
			"moving the P2M takes %lu free frames in one run (%lu for the list, %lu "
			"for its tables); the longest run has %lu. Give the domain more memory",
			done->taken, data, tables.count, boot_memory_longest(move->memory));
	}
	tables.start = pfn(move->data.pfn + data);
	pt_run_place(&done->frames.tables, tables.start);
	error = boot_memory_release(move->memory, tables);
	if (!error)
		error = boot_memory_reserve(move->memory, tables, FRAME_TABLE);
	if (error)
		boot_memory_release(move->memory, (struct pfn_range){move->data, done->taken});
	return error;
}

/* ---- building the new mapping ---- */

/*
 * Returns the frame of a page of the list in the new mapping: a copy, or the same one. That was
 * read-only in the direct map while the kernel did not know which of the builder's pages were
 * tables; now the kernel writes entries there.
 */
static pfn_t new_page(struct relocation *move, uint64_t page)
{
	pfn_t old = old_page(move, page), copy = pfn(move->data.pfn + page);

	if (move->done->how == P2M_REMAP) {
		make_page_writable(old);
		return old;
	}
	memcpy(pfn_to_virt(copy), pfn_to_virt(old), PAGE_SIZE);
	return copy;
}

/* Maps the pages of the list in the pte tables, and nothing in other tables. */
static void fill_leaves(pt_entry_t *entries, enum pt_level level, int64_t page, void *argument)
{
	struct relocation *move = argument;
	uint64_t n = (uint64_t)page;

	memset(entries, 0, PAGE_SIZE);
	for (uint64_t i = 0; level == PT_PTE && i < pt_entries(); i++, n++) {
		if (n < move->done->frames.data)
			entries[i] = pt_entry_make(new_page(move, n), PT_KERNEL_RO);
	}
}

static pt_entry_t *open_table(pfn_t table)
{
	return pfn_to_virt(table);
}

/* Makes a table read-only and pins it: Xen must have validated it before its parent. */
static void finish_table(pfn_t table, enum pt_level level)
{
	struct mmuext_op pin = {.cmd = pin_command(level), .arg1.mfn = pfn_to_mfn(table).mfn};

	make_page_readonly(table);
	batch_mmuext_op(&pin, __builtin_return_address(0));
}

static void build(struct relocation *move)
{
	static const struct pt_filler filler = {
		.open = open_table,
		.leaves = fill_leaves,
		.close = finish_table,
	};
	const struct pt_run *run = &move->done->frames.tables;

	lazy_enter();
	pt_run_fill(run, &filler, move);
	lazy_leave();
	lazy_flush();
	/*
	 * In one batch: if the old mapping is in these slots, the list cannot be read at either
	 * address until the window is complete.
	 */
	lazy_enter();
	pt_run_link(run, boot_or_direct_map(pt_root()), PT_TABLE | PT_NX);
	paravirt.flush_all(ALL_CPUS);
	lazy_leave();
	lazy_flush();
	p2m_use_list(move->to, move->memory->pages, true);
}

/* ---- giving back the old mapping ---- */

/* Releases the frames that were collected, and begins a new collection. */
static void return_run(struct relocation *move, pfn_t next)
{
	const char *error = boot_memory_release(move->memory, move->returning);

	if (!move->error)
		move->error = error;
	move->done->returned += move->returning.count;
	move->returning = (struct pfn_range){next, 0};
}

/* Releases a page of the list or a table, which must be writable before it can be anything else. */
static void return_page(struct relocation *move, pfn_t frame)
{
	make_page_writable(frame);
	if (frame.pfn != move->returning.start.pfn + move->returning.count)
		return_run(move, frame);
	move->returning.count++;
}

/*
 * Releases what an entry of the old mapping points to: a table, and the pages too if they were
 * copied. A table goes before those that it points to, which Xen keeps validated while it is a
 * table. Its content stays readable.
 */
static enum pt_next return_target(const struct pt_place *at, void *argument)
{
	struct relocation *move = argument;
	const bool leaf = pt_entry_leaf(*at->entry, at->level);
	mfn_t target = pt_entry_mfn(*at->entry);
	uint64_t frames = leaf ? pt_pages(at->level) : 1;
	struct mmuext_op unpin = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = target.mfn};

	if (leaf && move->done->how == P2M_REMAP)
		return PT_SKIP;
	if (!leaf && move->old_is_own)
		batch_mmuext_op(&unpin, __builtin_return_address(0));
	for (uint64_t i = 0; i < frames; i++)
		return_page(move, mfn_to_pfn(mfn(target.mfn + i)));
	return PT_DESCEND;
}

/* Releases root slots of the old mapping, some of which may be the window's now. */
static void return_slots(struct relocation *move)
{
	const struct pt_visitor visitor = {
		.lowest = move->done->how == P2M_COPY ? PT_PTE : PT_PMD,
		.enter = return_target,
	};
	pt_entry_t *root = boot_or_direct_map(pt_root());

	for (unsigned int i = 0; i < move->old_slots; i++) {
		unsigned int slot = move->old_first + i;
		uintptr_t start = pt_slot_address(slot), last = start | (pt_span(PT_PGD) - 1);
		const struct pt_place at = {&move->old_top[i], PT_PGD, start, last};

		if (!pt_entry_present(*at.entry))
			continue;
		if (!is_new_slot(move, slot))
			set_entry(&root[slot], PT_PGD, pt_entry_none());
		return_target(&at, move);
		pt_walk_below(mfn_to_pfn(pt_entry_mfn(*at.entry)), pt_level_below(PT_PGD), start,
			      last, &visitor, move);
	}
}

/* Releases copied pages that lay in the builder's mapping of everything, and unmaps them there. */
static void return_pages(struct relocation *move)
{
	for (uint64_t page = 0; page < move->done->frames.data; page++) {
		pfn_t frame = old_page(move, page);

		set_kernel_pte(move->from + (page << PAGE_SHIFT), pt_entry_none());
		return_page(move, frame);
	}
}

static void return_all(struct relocation *move)
{
	lazy_enter();
	return_slots(move);
	if (!move->old_slots && move->done->how == P2M_COPY)
		return_pages(move);
	return_run(move, INVALID_PFN);
	/* The next users of these frames write to them, so no TLB may hold an old translation. */
	paravirt.flush_all(ALL_CPUS);
	lazy_leave();
	lazy_flush();
}

/* ---- the whole ---- */

const char *p2m_relocate(struct boot_memory *memory, uintptr_t window, enum p2m_relocation how,
			 struct p2m_relocated *done)
{
	struct relocation move = {
		.memory = memory,
		.done = done,
		.from = p2m_address(),
		.to = window,
		.old_is_own = p2m_tables_are_own(),
		.old_first = pt_index(p2m_address(), PT_PGD),
		.new_first = pt_index(window, PT_PGD),
	};
	uint64_t free = boot_memory_free(memory), claimed = boot_memory_claimed(memory);
	uint64_t start = rdtsc();
	const char *error;

	*done = (struct p2m_relocated){.frames = p2m_frames(memory->pages), .how = how};
	done->frames.tables.start = window;
	note_old_slots(&move);
	if ((error = slots_taken(&move)) || (error = decide(&move)) || (error = take_frames(&move)))
		return error;
	build(&move);
	return_all(&move);
	done->ceded = claimed - boot_memory_claimed(memory);
	done->returned -= done->ceded;
	done->ticks = rdtsc() - start;
	if (!move.error && free - done->taken + done->returned != boot_memory_free(memory))
		return message_make("moving the P2M took %lu frames and returned %lu, but of %lu "
				    "free ones %lu are left",
				    done->taken, done->returned, free, boot_memory_free(memory));
	return move.error;
}
