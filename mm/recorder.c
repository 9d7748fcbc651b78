// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The witness; see the header. Two hash tables with linear probing: tables by pfn, and the entries
 * that point to them by address.
 */
#include <kernel/panic.h>
#include <kernel/printf.h>
#include <kernel/string.h>
#include <mm/address_space.h>
#include <mm/direct_map.h>
#include <mm/frames.h>
#include <mm/p2m.h>
#include <mm/recorder.h>

static struct recorder *active;
static char breach_text[160];

const char *record_kind_name(enum record_kind kind)
{
	static const char *const names[RECORD_KINDS] = {"alloc", "release", "clone", "entry",
							"pte",   "protect", "rights"};

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
	return find(active->table, table.n + 1);
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
		       pt_level_name(level), child.n);
		return;
	}
	if (table->level != pt_level_below(level))
		breach("a %s entry points to pfn %lx, a %s table", pt_level_name(level), child.n,
		       pt_level_name((enum pt_level)table->level));
	table->value++;
	*find(active->entry, (uintptr_t)entry) =
		(struct recorder_slot){(uintptr_t)entry, child.n, (uint8_t)level};
}

static void record_alloc(struct mm *mm, pfn_t table, enum pt_level level)
{
	struct recorder_slot *slot = find_table(table);
	pt_entry_t *entries = pfn_to_virt(table);

	record(RECORD_ALLOC, level, table, pt_entry_none());
	if (slot->key)
		breach("the table in pfn %lx was announced twice", table.n);
	else
		active->live++;
	/* Tables of the boot are announced late, when there is somebody to tell. */
	if (!is_zero(table) && !(frame_of(table)->flags & FRAME_PINNED))
		breach("the table in pfn %lx was announced with entries in it", table.n);
	*slot = (struct recorder_slot){table.n + 1, 0, (uint8_t)level};
	for (unsigned int i = 0; level != PT_PTE && i < pt_entries(); i++) {
		if (level != PT_PGD || !pt_slot_reserved(i))
			note_pointer(&entries[i], level, entries[i]);
	}
	active->below.alloc_table(mm, table, level);
}

static void record_release(pfn_t table, enum pt_level level)
{
	struct recorder_slot *slot = find_table(table);
	const pt_entry_t *entries = pfn_to_virt(table);

	record(RECORD_RELEASE, level, table, pt_entry_none());
	if (!slot->key)
		breach("the table in pfn %lx was released, but is not announced", table.n);
	else if (slot->level != level)
		breach("the table in pfn %lx was announced as a %s and released as a %s table",
		       table.n, pt_level_name((enum pt_level)slot->level), pt_level_name(level));
	else if (slot->value)
		breach("the table in pfn %lx was released, but %lu entries point to it", table.n,
		       slot->value);
	if (slot->key) {
		remove_slot(active->table, slot);
		active->live--;
	}
	/* Its own entries are gone with it. */
	for (unsigned int i = 0; level != PT_PTE && i < pt_entries(); i++)
		forget_entry(find(active->entry, (uintptr_t)&entries[i]));
	active->below.release_table(table, level);
}

static void record_clone(struct mm *mm, const struct mm *from, unsigned int start,
			 unsigned int count)
{
	record(RECORD_CLONE, PT_PGD, mm->root, pt_entry_none());
	active->below.clone_root(mm, from, start, count);
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

void recorder_start(struct recorder *recorder)
{
	if (active)
		panic("a recorder is at work already");
	/* Too large for a compound literal, which may pass over the stack. */
	memset(recorder, 0, sizeof(*recorder));
	recorder->below = paravirt;
	active = recorder;
	paravirt.alloc_table = record_alloc;
	paravirt.release_table = record_release;
	paravirt.clone_root = record_clone;
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
