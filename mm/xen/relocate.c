// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The relocator: it moves the P2M list to its window, and releases the builder's mapping.
 *
 * The new frames lie in one run: first the pages of the list, if they are copied, then the tables
 * that map them (mm/table/run.h).
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

/* Returns the bytes of the list, up to the end of its last page. */
static uint64_t list_bytes(uint64_t pages)
{
	return p2m_frames(pages).data << PAGE_SHIFT;
}

/* ---- building the new mapping ---- */

struct relocation {
	struct boot_memory *memory;
	struct p2m_frames frames;
	enum p2m_relocation how;
	uintptr_t from, to;
	char why[P2M_WHY_SIZE];
	bool old_is_own; /* the old tables are pinned, because an earlier relocation made them */
	pfn_t data;      /* the first new page, if they are copied */
	pfn_t tables;    /* the first new table */

	/* The root slots that only the old mapping uses, and their entries. */
	unsigned int old_slots;
	pt_entry_t old_top[SLOTS_MOST];

	/* Where the last lookup in the old mapping ended: most pages are in the same table. */
	uintptr_t seen;           /* the address that was looked up; 0: none yet */
	struct pt_step seen_step; /* the last step of that lookup */
};

/* Returns the frame of a page of the list in the old mapping, which may have large pages. */
static pfn_t old_page(struct relocation *move, uint64_t page)
{
	uintptr_t address = move->from + (page << PAGE_SHIFT);
	struct pt_step *step = &move->seen_step;
	uint64_t inside;

	if (move->seen && !((move->seen ^ address) >> (pt_shift(step->level) + pt_geometry.bits)))
		step->entry = pt_table(step->table)[pt_index(address, step->level)];
	else
		move->seen = 0;
	/* Walk from the root for another table, or for an entry that is not a leaf any more. */
	if (!move->seen || !pt_entry_leaf(step->entry, step->level)) {
		struct pt_path walk = pt_lookup(address);

		if (!walk.mapped)
			panic("page %lu of the P2M is not mapped at %016lx", page, address);
		*step = walk.step[walk.steps - 1];
		move->seen = address;
	}
	inside = (address & (pt_span(step->level) - 1)) >> PAGE_SHIFT;
	return mfn_to_pfn(mfn(pt_entry_mfn(step->entry).mfn + inside));
}

static pfn_t page_of_list(struct relocation *move, uint64_t page)
{
	return move->how == P2M_COPY ? pfn(move->data.pfn + page) : old_page(move, page);
}

static void copy_list(struct relocation *move)
{
	for (uint64_t page = 0; page < move->frames.data; page++)
		memcpy(pfn_to_virt(pfn(move->data.pfn + page)), pfn_to_virt(old_page(move, page)),
		       PAGE_SIZE);
}

/* Maps the pages of the list in the pte tables, and nothing in other tables. */
static void fill_leaves(pt_entry_t *entries, enum pt_level level, int64_t page, void *argument)
{
	struct relocation *move = argument;

	memset(entries, 0, PAGE_SIZE);
	for (uint64_t i = 0, n = (uint64_t)page;
	     level == PT_PTE && i < pt_entries() && n < move->frames.data; i++, n++)
		entries[i] = pt_entry_make(page_of_list(move, n), PT_KERNEL_RO);
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

/*
 * Makes the list writable in the direct map. It was read-only while the kernel did not know which
 * of the builder's pages were tables; now the kernel writes entries there.
 */
static void make_list_writable(struct relocation *move)
{
	for (uint64_t page = 0; page < move->frames.data; page++)
		make_page_writable(page_of_list(move, page));
}

static void build(struct relocation *move)
{
	static const struct pt_filler filler = {
		.open = open_table,
		.leaves = fill_leaves,
		.close = finish_table,
	};
	struct pt_run run = pt_run_plan(move->to, move->frames.data);

	pt_run_place(&run, move->tables);
	lazy_enter();
	pt_run_fill(&run, &filler, move);
	if (move->how == P2M_REMAP)
		make_list_writable(move);
	lazy_leave();
	lazy_flush();
	/*
	 * In one batch: if the old mapping is in these slots, the list cannot be read at either
	 * address until the window is complete.
	 */
	lazy_enter();
	pt_run_link(&run, boot_or_direct_map(pt_root()), PT_TABLE | PT_NX);
	paravirt.flush_all();
	lazy_leave();
	lazy_flush();
	p2m_use_list(move->to, move->memory->pages, true);
}

/* ---- giving back the old mapping ---- */

/* What is released of the old mapping. Adjacent frames are collected, and released as one run. */
struct returning {
	const struct relocation *move;
	struct pfn_range run;
	uint64_t returned;
	const char *error;
};

static void return_run(struct returning *back)
{
	const char *error = boot_memory_release(back->move->memory, back->run);

	if (!back->error)
		back->error = error;
	back->returned += back->run.count;
	back->run.count = 0;
}

static void return_frame(struct returning *back, pfn_t frame)
{
	if (back->run.count && frame.pfn == back->run.start.pfn + back->run.count) {
		back->run.count++;
		return;
	}
	return_run(back);
	back->run = (struct pfn_range){frame, 1};
}

/* Releases a page of the list or a table, which must be writable before it can be anything else. */
static void return_page(struct returning *back, pfn_t frame)
{
	make_page_writable(frame);
	return_frame(back, frame);
}

static void return_table(struct returning *back, pfn_t table)
{
	struct mmuext_op unpin = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = pfn_to_mfn(table).mfn};

	if (back->move->old_is_own)
		batch_mmuext_op(&unpin, __builtin_return_address(0));
	return_page(back, table);
}

/*
 * Releases what an entry of the old mapping points to: a table, and the pages too if they were
 * copied. A table goes before those that it points to, which Xen keeps validated while it is a
 * table.
 */
static enum pt_next return_target(const struct pt_place *at, void *argument)
{
	struct returning *back = argument;
	mfn_t target = pt_entry_mfn(*at->entry);
	uint64_t pages = pt_pages(at->level);

	if (!pt_entry_leaf(*at->entry, at->level)) {
		return_table(back, mfn_to_pfn(target));
		return PT_DESCEND;
	}
	for (uint64_t page = 0; back->move->how == P2M_COPY && page < pages; page++)
		return_page(back, mfn_to_pfn(mfn(target.mfn + page)));
	return PT_SKIP;
}

/* Releases root slots of the old mapping, some of which may be the window's now. */
static void return_slots(struct returning *back, const struct relocation *move)
{
	/* The pages are released only if they were copied. */
	const struct pt_visitor visitor = {
		.lowest = move->how == P2M_COPY ? PT_PTE : PT_PMD,
		.enter = return_target,
	};
	pt_entry_t *root = boot_or_direct_map(pt_root());
	unsigned int first = pt_index(move->from, PT_PGD), window = pt_index(move->to, PT_PGD);

	for (unsigned int i = 0; i < move->old_slots; i++) {
		uintptr_t start = pt_slot_address(first + i);
		pt_entry_t top = move->old_top[i];
		pfn_t table;

		if (!pt_entry_present(top))
			continue;
		if (first + i - window >= move->frames.slots)
			set_entry(&root[first + i], PT_PGD, pt_entry_none());
		/* A table's content stays readable when Xen no longer validates it. */
		lazy_flush();
		lazy_enter();
		table = mfn_to_pfn(pt_entry_mfn(top));
		return_table(back, table);
		pt_walk_below(table, pt_level_below(PT_PGD), start, start | (pt_span(PT_PGD) - 1),
			      &visitor, back);
		lazy_leave();
	}
}

/*
 * Releases pages that lay in the builder's mapping of everything, and unmaps them there. Pages that
 * were not copied stay.
 */
static void return_pages(struct returning *back, struct relocation *move)
{
	if (move->how == P2M_REMAP)
		return;
	for (uint64_t page = 0; page < move->frames.data; page++) {
		pfn_t frame = old_page(move, page);

		set_kernel_pte(move->from + (page << PAGE_SHIFT), pt_entry_none());
		return_page(back, frame);
	}
}

/* ---- the whole ---- */

static bool in_initial_mapping(uintptr_t address)
{
	return pt_index(address, PT_PGD) == pt_index(KERNEL_VIRT_BASE, PT_PGD);
}

static const char *no_room(const struct relocation *move, uint64_t wanted)
{
	return message_make(
		"moving the P2M takes %lu free frames in one run (%lu for the list, %lu for its "
		"tables); the longest run has %lu. Give the domain more memory",
		wanted, wanted - move->frames.tables.total, move->frames.tables.total,
		boot_memory_longest(move->memory));
}

/* Returns true if only the old mapping uses a root slot. */
static bool is_old_slot(const struct relocation *move, unsigned int slot)
{
	return slot - pt_index(move->from, PT_PGD) < move->old_slots;
}

static const char *slots_taken(const struct relocation *move)
{
	const pt_entry_t *root = boot_or_direct_map(pt_root());
	unsigned int slot = pt_index(move->to, PT_PGD);

	for (unsigned int i = 0; i < move->frames.slots; i++) {
		if (slot + i >= pt_entries() || pt_slot_reserved(slot + i) ||
		    (pt_entry_present(root[slot + i]) && !is_old_slot(move, slot + i))) {
			return message_make(
				"root slot %u, wanted for the P2M, is in use or does not exist",
				slot + i);
		}
	}
	return NULL;
}

/* ---- copy or remap? ---- */

/* Returns the claim on a page of the list, and that page in *frame; NULL if there is none. */
static const struct boot_run *claimed_page(struct relocation *move, pfn_t *frame)
{
	const struct boot_run *claim = NULL;

	for (uint64_t page = 0; move->memory->claims && !claim && page < move->frames.data;
	     page++) {
		*frame = old_page(move, page);
		claim = boot_memory_claimant(move->memory, *frame);
	}
	return claim;
}

/*
 * Finds the first root slot of the window that the old mapping uses. Returns false if there is
 * none.
 */
static bool lies_in_window(const struct relocation *move, unsigned int *slot)
{
	const unsigned int first = pt_index(move->to, PT_PGD);

	for (*slot = first; *slot < first + move->frames.slots; ++*slot) {
		if (is_old_slot(move, *slot))
			return true;
	}
	return false;
}

/* Decides how the list is moved, and why. Returns NULL or a message. */
static const char *decide(struct relocation *move)
{
	enum p2m_relocation asked = move->how;
	const struct boot_run *claim;
	unsigned int slot;
	pfn_t frame;

	claim = claimed_page(move, &frame);
	move->how = P2M_COPY;
	if (claim)
		snprintf(move->why, sizeof(move->why),
			 "its page in pfn %lx is where the %s must be", frame.pfn,
			 claim->kind == FRAME_ABSENT ? "reserved range" : "ramdisk");
	else if (lies_in_window(move, &slot))
		snprintf(move->why, sizeof(move->why),
			 "the builder put it into the window, root slot %u", slot);
	else {
		snprintf(move->why, sizeof(move->why), "it is in the way of nothing");
		move->how = P2M_REMAP;
	}
	if (asked == P2M_REMAP && claim) {
		return message_make("the P2M cannot keep its frames: %s", move->why);
	}
	if (asked != P2M_DECIDE) {
		move->how = asked;
		snprintf(move->why, sizeof(move->why), "asked for");
	}
	return NULL;
}

/* Notes the root slots that only the list's mapping uses: none if it is in the initial mapping. */
static void note_old_slots(struct relocation *move)
{
	const pt_entry_t *root = boot_or_direct_map(pt_root());
	uintptr_t last = move->from + list_bytes(move->memory->pages) - 1;
	unsigned int first = pt_index(move->from, PT_PGD);

	if (in_initial_mapping(move->from))
		return;
	move->old_slots = pt_index(last, PT_PGD) - first + 1;
	if (move->old_slots > SLOTS_MOST)
		panic("the P2M takes %u root slots, more than %u", move->old_slots, SLOTS_MOST);
	for (unsigned int i = 0; i < move->old_slots; i++)
		move->old_top[i] = root[first + i];
}

/* Marks the part of the run that holds tables as such. Returns NULL or a message. */
static const char *mark_tables(struct boot_memory *memory, struct pfn_range tables)
{
	const char *error = boot_memory_release(memory, tables);

	return error ? error : boot_memory_reserve(memory, tables, FRAME_TABLE);
}

/* Checks that the number of free frames is exact. Returns NULL or a message. */
static const char *balance(const struct relocation *move, const struct p2m_relocated *done,
			   uint64_t free_before)
{
	uint64_t free = boot_memory_free(move->memory);

	if (free_before - done->taken + done->returned == free)
		return NULL;
	return message_make(
		"moving the P2M took %lu frames and returned %lu, but of %lu free ones %lu are "
		"left",
		done->taken, done->returned, free_before, free);
}

const char *p2m_relocate(struct boot_memory *memory, uintptr_t window, enum p2m_relocation how,
			 struct p2m_relocated *done)
{
	struct relocation move = {
		.memory = memory,
		.frames = p2m_frames(memory->pages),
		.how = how,
		.from = p2m_address(),
		.old_is_own = p2m_tables_are_own(),
		.to = window,
	};
	struct returning back = {.move = &move};
	uint64_t free_before = boot_memory_free(memory), start = rdtsc();
	uint64_t claimed = boot_memory_claimed(memory), data, wanted;
	const char *error;
	pfn_t run;

	note_old_slots(&move);
	if ((error = slots_taken(&move)) || (error = decide(&move)))
		return error;
	data = move.how == P2M_COPY ? move.frames.data : 0;
	wanted = data + move.frames.tables.total;
	run = boot_memory_take(memory, wanted, FRAME_P2M);
	if (!pfn_valid(run))
		return no_room(&move, wanted);
	move.data = run;
	move.tables = pfn(run.pfn + data);
	error = mark_tables(memory, (struct pfn_range){move.tables, move.frames.tables.total});
	if (error) {
		boot_memory_release(memory, (struct pfn_range){run, wanted});
		return error;
	}

	if (move.how == P2M_COPY)
		copy_list(&move);
	build(&move);
	if (in_initial_mapping(move.from))
		return_pages(&back, &move);
	else
		return_slots(&back, &move);
	return_run(&back);
	/* The next users of these frames write to them, so no TLB may hold an old translation. */
	paravirt.flush_all();
	lazy_flush();
	claimed -= boot_memory_claimed(memory);
	*done = (struct p2m_relocated){
		.frames = move.frames,
		.taken = wanted,
		.returned = back.returned - claimed,
		.ceded = claimed,
		.ticks = rdtsc() - start,
		.how = move.how,
	};
	memcpy(done->why, move.why, sizeof(done->why));
	return back.error ? back.error : balance(&move, done, free_before);
}
