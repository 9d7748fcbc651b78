// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces: making, growing, trimming and ending them.
 *
 * All of it is written once for every level: a table of level N covers entries of a span each, and
 * what is done to it is done to those of its entries that the range touches.
 */
#include <arch/cpu.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/string.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>

struct mm kernel_mm;
struct spinlock mm_list_lock = SPINLOCK(LOCK_MM_LIST);
struct list_node mm_list = {&mm_list, &mm_list};

void mm_start(pfn_t root)
{
	kernel_mm = (struct mm){.lock = SPINLOCK(LOCK_KERNEL_MM),
				.root = root,
				.user_root = INVALID_PFN,
				.pinned = true};
	list_init(&kernel_mm.link);
	this_cpu()->mm = &kernel_mm;
	this_cpu()->loaded_mm = &kernel_mm;
}

/* Makes an allocated frame an empty table of that level. */
static void become_table(pfn_t frame, enum pt_level level)
{
	memset(pfn_to_virt(frame), 0, PAGE_SIZE);
	frame_become_table(frame_of(frame), level);
}

static pfn_t new_table(enum pt_level level)
{
	pfn_t table = frames_alloc(0);

	if (pfn_valid(table))
		become_table(table, level);
	return table;
}

void mm_free_table(pfn_t table)
{
	frame_leave_table(frame_of(table));
	frames_free(table);
}

/* Writes a slot of the kernel's root, which is not its own alone, to all the others. */
static void share_root_entry(unsigned int slot, pt_entry_t value)
{
	bool events = spin_lock(&mm_list_lock);

	list_for_each (node, &mm_list) {
		struct mm *mm = container_of(node, struct mm, link);
		pt_entry_t *root = pfn_to_virt(mm->root);

		mm_lock(mm);
		set_entry(&root[slot], PT_PGD, value);
		mm_unlock(mm);
	}
	/* mm_create() copies what is in the kernel's root from here on. */
	lazy_flush();
	spin_unlock(&mm_list_lock, events);
}

/* An entry that points to a table, or no longer does. mm->lock is held. */
static void set_table_entry(const struct mm *mm, pt_entry_t *entry, enum pt_level level,
			    pt_entry_t value)
{
	const pt_entry_t *root = pfn_to_virt(mm->root);

	set_entry(entry, level, value);
	if (mm == &kernel_mm && level == PT_PGD)
		share_root_entry((unsigned int)(entry - root), value);
}

/* Announces a table and hooks it into its parent. */
static void install(struct mm *mm, pt_entry_t *entry, enum pt_level level, pfn_t table)
{
	paravirt.alloc_table(mm, table, pt_level_below(level));
	set_table_entry(mm, entry, level, pt_entry_make(table, PT_TABLE));
}

/* ---- roots ---- */

bool mm_create(struct mm *mm)
{
	unsigned int half = pt_entries() / 2;
	const pt_entry_t *from = pfn_to_virt(kernel_mm.root);
	bool events;

	*mm = (struct mm){
		.lock = SPINLOCK(LOCK_MM), .root = new_table(PT_PGD), .user_root = INVALID_PFN};
	list_init(&mm->link);
	if (!pfn_valid(mm->root))
		return false;
	if (paravirt.user_roots) {
		mm->user_root = new_table(PT_PGD);
		if (!pfn_valid(mm->user_root)) {
			mm_free_table(mm->root);
			return false;
		}
		/* By this set_entry() finds the other root. */
		frame_of(mm->root)->private = (uintptr_t)pfn_to_virt(mm->user_root);
	}
	paravirt.alloc_table(mm, mm->root, PT_PGD);
	if (pfn_valid(mm->user_root))
		paravirt.alloc_table(mm, mm->user_root, PT_PGD);
	events = spin_lock(&mm_list_lock);
	for (unsigned int i = half; i < pt_entries(); i++) {
		if (!pt_slot_reserved(i))
			((pt_entry_t *)pfn_to_virt(mm->root))[i] = from[i];
	}
	paravirt.clone_root(mm, &kernel_mm, half, half);
	list_add(&mm_list, &mm->link);
	spin_unlock(&mm_list_lock, events);
	return true;
}

static void free_root(pfn_t root)
{
	if (!pfn_valid(root))
		return;
	paravirt.release_table(root, PT_PGD);
	mm_free_table(root);
}

void mm_destroy(struct mm *mm)
{
	bool events;

	/* First: mm_pin_all() must not find it once it is unpinned for good. */
	events = spin_lock(&mm_list_lock);
	list_remove(&mm->link);
	spin_unlock(&mm_list_lock, events);
	mm_exit(mm);
	mm_free_tables(mm, 0, pt_user_limit());
	free_root(mm->user_root);
	free_root(mm->root);
	mm->root = mm->user_root = INVALID_PFN;
}

/* ---- prepare ---- */

/* A range of addresses, and what is done with the missing tables on the way to it. */
struct prepare {
	struct mm *mm;
	enum pt_level level;     /* down to here */
	uint64_t missing;        /* counted first ... */
	struct list_node tables; /* ... then taken from here */
};

/* Tables that are missing below an absent entry: the one itself and all that it needs. */
static uint64_t count_below(uintptr_t start, uintptr_t last, enum pt_level level,
			    enum pt_level lowest)
{
	uint64_t count = 1;

	for (enum pt_level below = pt_level_below(level); below > lowest;
	     below = pt_level_below(below))
		count += (last >> pt_shift(below)) - (start >> pt_shift(below)) + 1;
	return count;
}

static pfn_t count_missing(const struct pt_place *at, void *argument)
{
	struct prepare *prepare = argument;

	prepare->missing += count_below(at->start, at->last, at->level, prepare->level);
	return INVALID_PFN;
}

static pfn_t add_missing(const struct pt_place *at, void *argument)
{
	struct prepare *prepare = argument;
	pfn_t table = mm_next_table(&prepare->tables, pt_level_below(at->level));

	install(prepare->mm, at->entry, at->level, table);
	return table;
}

pfn_t mm_next_table(struct list_node *tables, enum pt_level level)
{
	struct frame *frame = container_of(tables->next, struct frame, link);

	list_remove(&frame->link);
	become_table(frame_number(frame), level);
	return frame_number(frame);
}

void mm_return_tables(struct list_node *tables)
{
	while (!list_empty(tables)) {
		struct frame *frame = container_of(tables->next, struct frame, link);

		list_remove(&frame->link);
		mm_free_table(frame_number(frame));
	}
}

bool mm_take_tables(struct list_node *tables, uint64_t count)
{
	list_init(tables);
	while (count--) {
		pfn_t table = frames_alloc(0);

		if (!pfn_valid(table)) {
			mm_return_tables(tables);
			return false;
		}
		list_add(tables, &frame_of(table)->link);
	}
	return true;
}

bool mm_prepare(struct mm *mm, uintptr_t start, uintptr_t last, enum pt_level level)
{
	const enum pt_level lowest = (enum pt_level)(level + 1);
	const struct pt_visitor counting = {.lowest = lowest, .absent = count_missing};
	const struct pt_visitor adding = {.lowest = lowest, .absent = add_missing};
	struct prepare prepare = {.mm = mm, .level = level};
	bool complete;

	lazy_flush();
	mm_lock(mm);
	pt_walk(mm->root, start, last, &counting, &prepare);
	complete = mm_take_tables(&prepare.tables, prepare.missing);
	if (complete && prepare.missing) {
		lazy_enter();
		pt_walk(mm->root, start, last, &adding, &prepare);
		lazy_leave();
	}
	mm_unlock(mm);
	return complete;
}

/* ---- trim ---- */

struct trim {
	struct mm *mm;
	uintptr_t floor, ceiling; /* the first and the last address for which no table is needed */
	struct list_node tables;  /* unhooked; to be released once Xen has seen that */
};

/* Returns true if no address that the entry at this level translates needs a table. */
static bool is_unneeded(const struct trim *trim, uintptr_t address, enum pt_level level)
{
	return ROUND_DOWN(address, pt_span(level)) >= trim->floor &&
	       (address | (pt_span(level) - 1)) <= trim->ceiling;
}

static enum pt_next enter_trimmed(const struct pt_place *at, void *trim)
{
	return is_unneeded(trim, at->start, at->level) ? PT_WHOLE_BELOW : PT_BELOW;
}

/* Collects a table and unhooks it, unless its parent's entry goes and all that is in it with it. */
static void collect_table(const struct pt_place *at, pfn_t table, void *argument)
{
	struct trim *trim = argument;
	enum pt_level above = pt_level_above(at->level);

	if (!is_unneeded(trim, at->start, at->level))
		return;
	list_add(&trim->tables, &frame_of(table)->link);
	if (at->level == PT_PGD || !is_unneeded(trim, at->start, above))
		set_table_entry(trim->mm, at->entry, at->level, pt_entry_none());
}

static bool is_wanted_or_loaded(const struct cpu *cpu, const struct mm *mm)
{
	/* "mm" is what it wants, "loaded_mm" what Xen was told: either is enough. */
	return cpu && (cpu->mm == mm || cpu->loaded_mm == mm);
}

/*
 * Whether a processor may remember the way through a table of it, or that the table was read-only
 * in the direct map.
 */
bool mm_may_be_remembered(const struct mm *mm)
{
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		if (is_wanted_or_loaded(cpus[i], mm))
			return true;
	}
	return mm->pinned;
}

static void visit_entries(pfn_t table, void (*visit)(pt_entry_t entry))
{
	const pt_entry_t *entries = pfn_to_virt(table);

	for (unsigned int i = 0; i < pt_entries(); i++)
		visit(entries[i]);
}

void mm_free_tables(struct mm *mm, uintptr_t start, uintptr_t last)
{
	mm_drop_tables(mm, start, last, start, last, NULL);
}

void mm_drop_tables(struct mm *mm, uintptr_t start, uintptr_t last, uintptr_t floor,
		    uintptr_t ceiling, void (*visit)(pt_entry_t entry))
{
	static const struct pt_visitor trimming = {
		.lowest = PT_PMD,
		.enter = enter_trimmed,
		.leave = collect_table,
	};
	struct trim trim = {.mm = mm, .floor = floor, .ceiling = ceiling};

	list_init(&trim.tables);
	lazy_flush();
	mm_lock(mm);
	lazy_enter();
	pt_walk(mm->root, start, last, &trimming, &trim);
	/* Parents were collected after their children, and the list is a stack: parents first. */
	list_for_each (node, &trim.tables) {
		struct frame *frame = container_of(node, struct frame, link);

		paravirt.release_table(frame_number(frame),
				       (enum pt_level)(frame->flags & FRAME_LEVEL));
	}
	if (!list_empty(&trim.tables) && mm_may_be_remembered(mm))
		paravirt.flush_all();
	lazy_leave();
	/* Only now does nothing refer to them: neither an entry nor a request that waits. */
	lazy_flush();
	while (!list_empty(&trim.tables)) {
		struct frame *frame = container_of(trim.tables.next, struct frame, link);

		list_remove(&frame->link);
		if (visit && (frame->flags & FRAME_LEVEL) == PT_PTE)
			visit_entries(frame_number(frame), visit);
		mm_free_table(frame_number(frame));
	}
	mm_unlock(mm);
}

/* ---- life ---- */

void mm_activate(struct mm *mm)
{
	paravirt.activate_mm(mm);
}

void mm_dup(struct mm *mm)
{
	paravirt.dup_mmap(mm);
}

void mm_exit(struct mm *mm)
{
	paravirt.exit_mmap(mm);
}

/*
 * Whether the CPU's queue holds a load. As events are masked from the one store to the other, this
 * is true also for a handler that has interrupted the CPU anywhere.
 */
static bool load_waits(const struct cpu *cpu)
{
	return cpu->mm != cpu->loaded_mm;
}

void mm_load(struct mm *mm)
{
	bool events = events_mask();

	/* Two that wait would hide the first from whoever looks at cpu->mm. */
	if (load_waits(this_cpu()))
		lazy_flush();
	this_cpu()->mm = mm;
	paravirt.load_mm(mm);
	events_restore(events);
}

static void leave(void *mm)
{
	struct cpu *cpu = this_cpu();

	lazy_flush();
	/* Still? Then this has interrupted the CPU writing to its queue; it will be asked again. */
	if (load_waits(cpu) || cpu->loaded_mm != mm)
		return;
	mm_load(&kernel_mm);
	lazy_flush();
}

void mm_unload_everywhere(struct mm *mm)
{
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		while (is_wanted_or_loaded(cpus[i], mm))
			cpu_run_on(cpus[i], leave, mm);
	}
}

static bool visit_count(pfn_t table, enum pt_level level, void *argument)
{
	struct mm_tables *tables = argument;

	(void)table;
	tables->count[level]++;
	tables->total++;
	return false;
}

struct mm_tables mm_count_tables(const struct mm *mm)
{
	struct mm_tables tables = {.total = 0};

	pt_walk_tables(mm->root, pt_user_limit(), visit_count, &tables);
	if (pfn_valid(mm->user_root))
		visit_count(mm->user_root, PT_PGD, &tables);
	return tables;
}
