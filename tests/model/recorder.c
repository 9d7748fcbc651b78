// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder of paravirt operations: two hash tables with linear probing, of tables by pfn and of
 * the entries that point to them by address.
 */
#include "recorder.h"
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/walk.h>

static struct recorder *active;
static char breach_text[160];

const char *record_kind_name(enum record_kind kind)
{
	static const char *const names[RECORD_KINDS] = {"alloc", "adopt", "release", "clone",
							"entry", "pte",   "protect", "rights"};

	return names[kind];
}

static void PRINTF_LIKE(1, 2) breach(const char *format, ...)
{
	va_list arguments;

	if (active->breach)
		return;
	va_start(arguments, format);
	vsnprintf(breach_text, sizeof(breach_text), format, arguments);
	va_end(arguments);
	active->breach = breach_text;
}

static void record(enum record_kind kind, enum pt_level level, pfn_t table, pt_entry_t value)
{
	active->count[kind]++;
	active->log[active->events++ % RECORDER_LOG] = (struct record){kind, level, table, value};
}

/* The slot of a key, or the unused one where it would go. */
static struct recorder_slot *find(struct recorder_slot *slots, uint64_t key)
{
	unsigned int size = 2 * RECORDER_TABLES;
	unsigned int at = (unsigned int)(key * 0x9e3779b97f4a7c15ull >> 32) % size;

	for (unsigned int tried = 0; tried < size; tried++, at = (at + 1) % size) {
		if (slots[at].key == key || !slots[at].key)
			return &slots[at];
	}
	panic("the recorder's %u slots are all in use", size);
}

/* Empties a slot, and moves those that were pushed on by it. */
static void remove_slot(struct recorder_slot *slots, struct recorder_slot *slot)
{
	unsigned int size = 2 * RECORDER_TABLES, at = (unsigned int)(slot - slots);

	slot->key = 0;
	for (at = (at + 1) % size; slots[at].key; at = (at + 1) % size) {
		struct recorder_slot moved = slots[at];

		slots[at].key = 0;
		*find(slots, moved.key) = moved;
	}
}

static struct recorder_slot *find_table(pfn_t table)
{
	return find(active->table, table.pfn + 1);
}

static bool is_zero(pfn_t table)
{
	const pt_entry_t *entries = pfn_to_virt(table);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (!pt_entry_is_none(entries[i]))
			return false;
	}
	return true;
}

/* An entry no longer points where it did. */
static void forget_entry(struct recorder_slot *entry)
{
	struct recorder_slot *table;

	if (!entry->key)
		return;
	table = find_table(pfn(entry->value));
	if (table->key)
		table->value--;
	remove_slot(active->entry, entry);
}

/* A store above the pte level: the table it points to must have been announced. */
static void note_pointer(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	struct recorder_slot *table;
	pfn_t child;

	forget_entry(find(active->entry, (uintptr_t)entry));
	if (!pt_entry_present(value) || pt_entry_leaf(value, level))
		return;
	child = pt_entry_pfn(value);
	table = find_table(child);
	if (!table->key) {
		breach("a %s entry points to pfn %lx, which was not announced as a table",
		       pt_level_name(level), child.pfn);
		return;
	}
	if (table->level != pt_level_below(level))
		breach("a %s entry points to pfn %lx, a %s table", pt_level_name(level), child.pfn,
		       pt_level_name((enum pt_level)table->level));
	table->value++;
	*find(active->entry, (uintptr_t)entry) =
		(struct recorder_slot){.key = (uintptr_t)entry, .value = child.pfn, .level = level};
}

/* Takes down a table, and the entries that it has in these slots. */
static void note_table(pfn_t table, enum pt_level level, unsigned int from, unsigned int to)
{
	pt_entry_t *entries = pfn_to_virt(table);

	*find_table(table) = (struct recorder_slot){.key = table.pfn + 1, .level = level};
	for (unsigned int i = from; level != PT_PTE && i < to; i++) {
		if (level != PT_PGD || !pt_slot_reserved(i))
			note_pointer(&entries[i], level, entries[i]);
	}
}

static bool is_root_of(const struct mm *mm, pfn_t table)
{
	return table.pfn == mm->root.pfn ||
	       (pfn_valid(mm->user_root) && table.pfn == mm->user_root.pfn);
}

static void record_alloc(struct mm *mm, pfn_t table, enum pt_level level)
{
	record(RECORD_ALLOC, level, table, pt_entry_none());
	if (find_table(table)->key) {
		breach("the table in pfn %lx was announced twice", table.pfn);
	} else {
		note_table(table, level, 0, 0);
		active->live++;
	}
	if (!is_zero(table))
		breach("the table in pfn %lx was announced with entries in it", table.pfn);
	if ((level == PT_PGD) != is_root_of(mm, table))
		breach("a %s table in pfn %lx was announced for the address space with its root "
		       "in pfn %lx",
		       pt_level_name(level), table.pfn, mm->root.pfn);
	else if (level != PT_PGD && !find_table(mm->root)->key)
		breach("the table in pfn %lx was announced before its root", table.pfn);
	else if (level != PT_PGD && !mm->lock.held)
		breach("the table in pfn %lx was announced without its address space's lock",
		       table.pfn);
	active->below.alloc_table(mm, table, level);
}

/* Children come before their parents, so when the root comes each has an entry pointing to it. */
static void judge_links(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(active->table); i++) {
		const struct recorder_slot *slot = &active->table[i];

		if (slot->key && !slot->value && slot->level != PT_PGD)
			breach("the table in pfn %lx was adopted, but no entry points to it",
			       slot->key - 1);
	}
}

/* A table as it is. The entries of a programs' root count as those of the kernel's. */
static void adopt(const struct mm *mm, pfn_t table, enum pt_level level)
{
	bool user_root = mm && pfn_valid(mm->user_root) && table.pfn == mm->user_root.pfn;

	active->live++;
	note_table(table, level, 0, user_root ? 0 : pt_entries());
	find_table(table)->inherited = level == PT_PGD && !user_root;
}

static void record_adopt(struct mm *mm, pfn_t table, enum pt_level level)
{
	record(RECORD_ADOPT, level, table, pt_entry_none());
	if (mm && table.pfn != mm->root.pfn && find_table(mm->root)->key)
		breach("the table in pfn %lx was adopted after its root", table.pfn);
	if (find_table(table)->key)
		breach("the table in pfn %lx was adopted, but is known already", table.pfn);
	else
		adopt(mm, table, level);
	if (mm && table.pfn == mm->root.pfn)
		judge_links();
	active->below.adopt_table(mm, table, level);
}

static void record_release(pfn_t table, enum pt_level level)
{
	struct recorder_slot *slot = find_table(table);
	const pt_entry_t *entries = pfn_to_virt(table);

	record(RECORD_RELEASE, level, table, pt_entry_none());
	if (!slot->key)
		breach("the table in pfn %lx was released, but is not announced", table.pfn);
	else if (slot->level != level)
		breach("the table in pfn %lx was announced as a %s and released as a %s table",
		       table.pfn, pt_level_name((enum pt_level)slot->level), pt_level_name(level));
	else if (slot->value)
		breach("the table in pfn %lx was released, but %lu entries point to it", table.pfn,
		       (uint64_t)slot->value);
	if (slot->key) {
		remove_slot(active->table, slot);
		active->live--;
	}
	/* Its own entries are gone with it. */
	for (unsigned int i = 0; level != PT_PTE && i < pt_entries(); i++)
		forget_entry(find(active->entry, (uintptr_t)&entries[i]));
	active->below.release_table(table, level);
}

/* The slots that a root has inherited say what they say where they come from. */
static bool is_copy(const struct mm *mm, const struct mm *from, unsigned int start,
		    unsigned int count)
{
	const pt_entry_t *copy = pfn_to_virt(mm->root), *original = pfn_to_virt(from->root);

	for (unsigned int i = start; i < start + count; i++) {
		if (!pt_slot_reserved(i) && copy[i].raw != original[i].raw)
			return false;
	}
	return true;
}

static void record_clone(struct mm *mm, const struct mm *from, unsigned int start,
			 unsigned int count)
{
	struct recorder_slot *root = find_table(mm->root), *parent = find_table(from->root);
	pt_entry_t *entries = pfn_to_virt(mm->root);

	record(RECORD_CLONE, PT_PGD, mm->root, pt_entry_none());
	if (!parent->key || parent->level != PT_PGD)
		breach("a root inherits from pfn %lx, which is no root", from->root.pfn);
	else if (!root->key || root->level != PT_PGD)
		breach("pfn %lx inherits from a root, but was not announced as one", mm->root.pfn);
	else if (root->inherited)
		breach("the root in pfn %lx inherits twice", mm->root.pfn);
	else if (!mm_list_lock.held)
		breach("the root in pfn %lx inherits without the lock of the list", mm->root.pfn);
	else if (start > pt_entries() || count > pt_entries() - start ||
		 !is_copy(mm, from, start, count))
		breach("the root in pfn %lx has not inherited slots %u to %u", mm->root.pfn, start,
		       start + count - 1);
	root->inherited = true;
	for (unsigned int i = start; i < start + count && i < pt_entries(); i++) {
		if (!pt_slot_reserved(i))
			note_pointer(&entries[i], PT_PGD, entries[i]);
	}
	active->below.clone_root(mm, from, start, count);
}

static void record_load_mm(struct mm *mm)
{
	const struct recorder_slot *root = find_table(mm->root);

	if (!root->key || !root->inherited)
		breach("the root in pfn %lx is loaded, and has not inherited the kernel's half",
		       mm->root.pfn);
	active->below.load_mm(mm);
}

static void record_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	record(level == PT_PTE ? RECORD_PTE : RECORD_ENTRY, level, virt_to_pfn(entry), value);
	if (level != PT_PTE)
		note_pointer(entry, level, value);
	active->below.set_entry(entry, level, value);
}

static void record_set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	record(RECORD_PTE, PT_PTE, virt_to_pfn(entry), value);
	active->below.set_pte_at(mm, address, entry, value);
}

static void record_protect(pt_entry_t *entry, pt_entry_t value)
{
	record(RECORD_PROTECT, PT_PTE, virt_to_pfn(entry), value);
	active->below.protect_commit(entry, value);
}

static void record_set_kernel_pte(uintptr_t address, pt_entry_t value)
{
	record(RECORD_PTE, PT_PTE, INVALID_PFN, value);
	active->below.set_kernel_pte(address, value);
}

static void record_set_page_writable(pfn_t frame, bool writable)
{
	record(RECORD_RIGHTS, PT_PTE, frame,
	       pt_entry_make(frame, writable ? PT_KERNEL_RW : PT_KERNEL_RO));
	active->below.set_page_writable(frame, writable);
}

static bool take_down(pfn_t table, enum pt_level level, void *mm)
{
	/* Before the boot tables are adopted the frame database knows none; some are met twice. */
	if ((frame_of(table)->flags & FRAME_LEVEL) && !find_table(table)->key)
		adopt(mm, table, level);
	return false;
}

static void take_down_all(void)
{
	bool events = spin_lock(&mm_list_lock);

	lazy_flush();
	pt_walk_tables(kernel_mm.root, UINTPTR_MAX, take_down, &kernel_mm);
	list_for_each_entry (struct mm, mm, &mm_list, link) {
		pt_walk_tables(mm->root, pt_user_limit(), take_down, mm);
		if (pfn_valid(mm->user_root))
			take_down(mm->user_root, PT_PGD, mm);
	}
	active->found = active->live;
	spin_unlock(&mm_list_lock, events);
}

void recorder_start(struct recorder *recorder)
{
	if (active)
		panic("a recorder is at work already");
	/* Too large for a compound literal, which may pass over the stack. */
	memset(recorder, 0, sizeof(*recorder));
	recorder->below = paravirt;
	active = recorder;
	take_down_all();
	paravirt.alloc_table = record_alloc;
	paravirt.adopt_table = record_adopt;
	paravirt.release_table = record_release;
	paravirt.clone_root = record_clone;
	paravirt.load_mm = record_load_mm;
	paravirt.set_entry = record_set_entry;
	paravirt.set_pte_at = record_set_pte_at;
	paravirt.protect_commit = record_protect;
	paravirt.set_kernel_pte = record_set_kernel_pte;
	paravirt.set_page_writable = record_set_page_writable;
}

void recorder_stop(void)
{
	paravirt = active->below;
	active = NULL;
}
