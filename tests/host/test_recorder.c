// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder: it passes everything on, writes down what it has seen, and finds every breach of
 * the hooks' contract (mm/table/ops.h). The contract is stated here a second time, over plain
 * arrays.
 */
#include "../model/invariants.h"
#include "../model/world.h"
#include "host.h"

#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>

static struct recorder recorder;

/* ---- the backend below: it notes how it was called ---- */

static struct called {
	const char *hook;
	const void *pointer, *other;
	uint64_t number, value;
	unsigned int level;
} called;

static void note(struct called now)
{
	assert_null(called.hook);
	called = now;
}

static void below_alloc(struct mm *mm, pfn_t table, enum pt_level level)
{
	note((struct called){"alloc", .pointer = mm, .number = table.pfn, .level = level});
}

static void below_adopt(struct mm *mm, pfn_t table, enum pt_level level)
{
	note((struct called){"adopt", .pointer = mm, .number = table.pfn, .level = level});
}

static void below_release(pfn_t table, enum pt_level level)
{
	note((struct called){"release", .number = table.pfn, .level = level});
}

static void below_clone(struct mm *mm, const struct mm *from, unsigned int start,
			unsigned int count)
{
	note((struct called){"clone", mm, from, start, count, 0});
}

static void below_load(struct mm *mm)
{
	note((struct called){"load", .pointer = mm});
}

static void below_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	note((struct called){"entry", .pointer = entry, .value = value.raw, .level = level});
}

static void below_set_pte_at(struct mm *mm, uintptr_t address, pt_entry_t *entry, pt_entry_t value)
{
	note((struct called){"pte at", mm, entry, address, value.raw, 0});
}

static void below_protect(pt_entry_t *entry, pt_entry_t value)
{
	note((struct called){"protect", .pointer = entry, .value = value.raw});
}

static void below_kernel_pte(uintptr_t address, pt_entry_t value)
{
	note((struct called){"kernel pte", .number = address, .value = value.raw});
}

static void below_rights(pfn_t frame, bool writable)
{
	note((struct called){"rights", .number = frame.pfn, .value = writable});
}

static struct paravirt_ops below;

static void start(void)
{
	world_start(4, 2048);
	below = paravirt_xen;
	below.alloc_table = below_alloc;
	below.adopt_table = below_adopt;
	below.release_table = below_release;
	below.clone_root = below_clone;
	below.load_mm = below_load;
	below.set_entry = below_set_entry;
	below.set_pte_at = below_set_pte_at;
	below.protect_commit = below_protect;
	below.set_kernel_pte = below_kernel_pte;
	below.set_page_writable = below_rights;
	paravirt = below;
	recorder_start(&recorder);
	memset(&called, 0, sizeof(called));
}

static void stop(void)
{
	recorder_stop();
	assert_memory_equal(&paravirt, &below, sizeof(below));
	paravirt = paravirt_xen;
	world_discard();
}

static void expect_called(struct called so)
{
	assert_non_null(called.hook);
	assert_string_equal(called.hook, so.hook);
	assert_ptr_equal(called.pointer, so.pointer);
	assert_ptr_equal(called.other, so.other);
	assert_int_equal(called.number, so.number);
	assert_int_equal(called.value, so.value);
	assert_int_equal(called.level, so.level);
	memset(&called, 0, sizeof(called));
}

static void expect_record(enum record_kind kind, enum pt_level level, pfn_t table, uint64_t value)
{
	static uint64_t counts[RECORD_KINDS];
	const struct record *last = &recorder.log[(recorder.events - 1) % RECORDER_LOG];
	uint64_t events = 0;

	for (unsigned int i = 0; i < RECORD_KINDS; i++) {
		if (recorder.events == 1)
			counts[i] = 0;
		counts[i] += i == kind;
		assert_int_equal(recorder.count[i], counts[i]);
		events += counts[i];
	}
	assert_int_equal(recorder.events, events);
	assert_int_equal(last->kind, kind);
	assert_int_equal(last->level, level);
	assert_int_equal(last->table.pfn, table.pfn);
	assert_int_equal(last->value.raw, value);
}

static pfn_t new_table(void)
{
	pfn_t table = frames_alloc(0);

	assert_true(pfn_valid(table));
	memset(pfn_to_virt(table), 0, PAGE_SIZE);
	return table;
}

/* Every hook reaches the backend below with its arguments, and is written down. */
static void everything_is_passed_on(void **state)
{
	struct mm mm = {.user_root = INVALID_PFN};
	pt_entry_t *root, value = {0x1000 | PT_PRESENT | PT_NX};
	pfn_t table;

	(void)state;
	start();
	table = new_table();
	mm.root = new_table();
	root = pfn_to_virt(mm.root);
	paravirt.alloc_table(&mm, mm.root, PT_PGD);
	expect_called(
		(struct called){"alloc", .pointer = &mm, .number = mm.root.pfn, .level = PT_PGD});
	expect_record(RECORD_ALLOC, PT_PGD, mm.root, 0);
	paravirt.set_entry(&root[3], PT_PGD, pt_entry_none());
	expect_called((struct called){"entry", .pointer = &root[3], .level = PT_PGD});
	expect_record(RECORD_ENTRY, PT_PGD, mm.root, 0);
	paravirt.set_entry(&root[4], PT_PTE, value);
	expect_called(
		(struct called){"entry", .pointer = &root[4], .value = value.raw, .level = PT_PTE});
	expect_record(RECORD_PTE, PT_PTE, mm.root, value.raw);
	paravirt.set_pte_at(&mm, 0x7000, &root[5], value);
	expect_called((struct called){"pte at", &mm, &root[5], 0x7000, value.raw, 0});
	expect_record(RECORD_PTE, PT_PTE, mm.root, value.raw);
	paravirt.protect_commit(&root[6], value);
	expect_called((struct called){"protect", .pointer = &root[6], .value = value.raw});
	expect_record(RECORD_PROTECT, PT_PTE, mm.root, value.raw);
	paravirt.set_kernel_pte(0x8000, value);
	expect_called((struct called){"kernel pte", .number = 0x8000, .value = value.raw});
	expect_record(RECORD_PTE, PT_PTE, INVALID_PFN, value.raw);
	for (unsigned int writable = 0; writable < 2; writable++) {
		paravirt.set_page_writable(table, writable);
		expect_called((struct called){"rights", .number = table.pfn, .value = writable});
		expect_record(RECORD_RIGHTS, PT_PTE, table,
			      pt_entry_make(table, writable ? PT_KERNEL_RW : PT_KERNEL_RO).raw);
	}
	mm_list_lock.held = true;
	paravirt.clone_root(&mm, &kernel_mm, 7, 0);
	mm_list_lock.held = false;
	expect_called((struct called){"clone", &mm, &kernel_mm, 7, 0, 0});
	expect_record(RECORD_CLONE, PT_PGD, mm.root, 0);
	paravirt.load_mm(&mm);
	expect_called((struct called){"load", .pointer = &mm});
	paravirt.adopt_table(NULL, table, PT_PMD);
	expect_called((struct called){"adopt", .number = table.pfn, .level = PT_PMD});
	expect_record(RECORD_ADOPT, PT_PMD, table, 0);
	assert_int_equal(recorder.live, recorder.found + 2);
	paravirt.release_table(table, PT_PMD);
	expect_called((struct called){"release", .number = table.pfn, .level = PT_PMD});
	expect_record(RECORD_RELEASE, PT_PMD, table, 0);
	assert_int_equal(recorder.live, recorder.found + 1);
	assert_null(recorder.breach);
	/* The log goes round. */
	for (unsigned int i = 0; i < RECORDER_LOG + 3; i++) {
		paravirt.protect_commit(&root[i], value);
		memset(&called, 0, sizeof(called));
		expect_record(RECORD_PROTECT, PT_PTE, mm.root, value.raw);
	}
	stop();
}

static void the_kinds_have_names(void **state)
{
	static const char *const names[RECORD_KINDS] = {
		[RECORD_ALLOC] = "alloc",     [RECORD_ADOPT] = "adopt",
		[RECORD_RELEASE] = "release", [RECORD_CLONE] = "clone",
		[RECORD_ENTRY] = "entry",     [RECORD_PTE] = "pte",
		[RECORD_RIGHTS] = "rights",   [RECORD_PROTECT] = "protect",
	};

	(void)state;
	for (unsigned int i = 0; i < RECORD_KINDS; i++)
		assert_string_equal(record_kind_name((enum record_kind)i), names[i]);
}

static void start_another(void)
{
	static struct recorder another;

	recorder_start(&another);
}

static void one_at_a_time(void **state)
{
	(void)state;
	start();
	host_expect_panic(start_another, "a recorder is at work already");
	recorder_stop();
	/* All that the last one knew is gone. */
	recorder.breach = "of before";
	recorder.count[0] = recorder.events = 77;
	recorder_start(&recorder);
	assert_null(recorder.breach);
	assert_int_equal(recorder.events + recorder.count[0], 0);
	stop();
}

/* ---- histories, right and wrong, against the contract over arrays ---- */

#define TABLES 8u
#define SLOTS  3u /* used of each table */

static struct known {
	pfn_t frame;
	bool announced;
	enum pt_level level;
	int points[SLOTS]; /* which table each slot points to, as the recorder has to know; or -1 */
} known[TABLES + 1];       /* the last is the root */

static struct mm owner;

static unsigned int pointers_to(unsigned int which)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i <= TABLES; i++) {
		for (unsigned int slot = 0; slot < SLOTS; slot++)
			count += known[i].points[slot] == (int)which;
	}
	return count;
}

static enum pt_level any_level(void)
{
	static const enum pt_level levels[] = {PT_PTE, PT_PMD, PT_PUD};

	return levels[host_random_below(ARRAY_SIZE(levels))];
}

static char text[200];

static const char *PRINTF_LIKE(1, 2) says(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

/* Each step returns what the breach must say; NULL: it is none. */
static const char *alloc_any(void)
{
	struct known *table = &known[host_random_below(TABLES)];
	pt_entry_t *last = (pt_entry_t *)pfn_to_virt(table->frame) + PT_ENTRIES - 1;
	bool dirty = host_random_below(4) == 0, locked = host_random_below(4) != 0;
	const char *how = table->announced ? "twice"
			  : dirty          ? "with entries in it"
			  : !locked        ? "without its address space's lock"
					   : NULL;
	enum pt_level level = any_level();

	last->raw = dirty;
	if (locked)
		mm_lock(&owner);
	paravirt.alloc_table(&owner, table->frame, level);
	if (locked)
		mm_unlock(&owner);
	last->raw = 0;
	if (!table->announced)
		table->level = level;
	table->announced = true;
	return how ? says("the table in pfn %lx was announced %s", table->frame.pfn, how) : NULL;
}

/* No entry points to it any more. */
static void unlink_everywhere(unsigned int which)
{
	for (unsigned int i = 0; i <= TABLES; i++) {
		pt_entry_t *entries = pfn_to_virt(known[i].frame);

		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			if (known[i].points[slot] != (int)which)
				continue;
			memset(&called, 0, sizeof(called));
			paravirt.set_entry(&entries[slot], known[i].level, pt_entry_none());
			known[i].points[slot] = -1;
		}
	}
}

static const char *release_any(void)
{
	unsigned int which = (unsigned int)host_random_below(TABLES);
	struct known *table = &known[which];
	enum pt_level level = host_random_below(4) ? table->level : any_level();
	const char *breach = NULL;

	/* Its entries are forgotten only if it is released as a table above the pte level. */
	if (level == PT_PTE && table->level != PT_PTE)
		level = table->level;
	if (!table->announced)
		breach = says("the table in pfn %lx was released, but is not announced",
			      table->frame.pfn);
	else if (level != table->level)
		breach = says("the table in pfn %lx was announced as a %s and released as a %s "
			      "table",
			      table->frame.pfn, pt_level_name(table->level), pt_level_name(level));
	else if (pointers_to(which))
		breach = says("the table in pfn %lx was released, but %u entries point to it",
			      table->frame.pfn, pointers_to(which));
	paravirt.release_table(table->frame, level);
	table->announced = false;
	for (unsigned int slot = 0; slot < SLOTS; slot++)
		table->points[slot] = -1;
	unlink_everywhere(which);
	return breach;
}

static const char *link_any(void)
{
	struct known *parent = &known[host_random_below(TABLES + 1)];
	unsigned int slot = (unsigned int)host_random_below(SLOTS);
	int which = (int)host_random_below(TABLES + 1) - 1;
	const struct known *child = which < 0 ? NULL : &known[which];
	pt_entry_t *entry = (pt_entry_t *)pfn_to_virt(parent->frame) + slot;
	const char *breach = NULL;

	if (!parent->announced || parent->level == PT_PTE)
		return NULL;
	if (child && !child->announced)
		breach = says("a %s entry points to pfn %lx, which was not announced as a table",
			      pt_level_name(parent->level), child->frame.pfn);
	else if (child && child->level != pt_level_below(parent->level))
		breach = says("a %s entry points to pfn %lx, a %s table",
			      pt_level_name(parent->level), child->frame.pfn,
			      pt_level_name(child->level));
	paravirt.set_entry(entry, parent->level,
			   child ? pt_entry_make(child->frame, PT_TABLE) : pt_entry_none());
	parent->points[slot] = child && child->announced ? which : -1;
	return breach;
}

static uint64_t counted_pointers(pfn_t table)
{
	for (unsigned int i = 0; i < 2 * RECORDER_TABLES; i++) {
		if (recorder.table[i].key == table.pfn + 1)
			return recorder.table[i].value;
	}
	fail_msg("pfn %lx is not in the recorder's table", table.pfn);
	return 0;
}

static void expect_breach(const char *wanted, uint64_t seed)
{
	if (!wanted && recorder.breach)
		fail_msg("seed %lu: it finds \"%s\" where nothing is", seed, recorder.breach);
	if (wanted && (!recorder.breach || strcmp(recorder.breach, wanted)))
		fail_msg("seed %lu: \"%s\" is no breach, but \"%s\"", seed, wanted,
			 recorder.breach ? recorder.breach : "nothing");
	recorder.breach = NULL;
}

static void random_histories(void **state)
{
	static const char *(*const steps[])(void) = {alloc_any, release_any, link_any, link_any};

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		host_seed(seed);
		start();
		for (unsigned int i = 0; i <= TABLES; i++) {
			known[i] = (struct known){.frame = new_table(), .points = {-1, -1, -1}};
			if (i == TABLES)
				known[i].level = PT_PGD;
		}
		owner = (struct mm){.lock = SPINLOCK(LOCK_MM),
				    .root = known[TABLES].frame,
				    .user_root = INVALID_PFN};
		/* Nothing comes before the root. */
		mm_lock(&owner);
		paravirt.alloc_table(&owner, known[0].frame, PT_PTE);
		mm_unlock(&owner);
		expect_breach(says("the table in pfn %lx was announced before its root",
				   known[0].frame.pfn),
			      seed);
		memset(&called, 0, sizeof(called));
		paravirt.release_table(known[0].frame, PT_PTE);
		memset(&called, 0, sizeof(called));
		paravirt.alloc_table(&owner, owner.root, PT_PGD);
		expect_breach(NULL, seed);
		known[TABLES].announced = true;
		for (unsigned int step = 0; step < 600; step++) {
			uint64_t live = 0;

			memset(&called, 0, sizeof(called));
			expect_breach(steps[host_random_below(ARRAY_SIZE(steps))](), seed);
			for (unsigned int i = 0; i <= TABLES; i++) {
				live += known[i].announced;
				/* One that is announced anew starts from 0: only links since count.
				 */
				if (known[i].announced && !pointers_to(i))
					assert_int_equal(counted_pointers(known[i].frame), 0);
			}
			assert_int_equal(recorder.live - recorder.found, live);
		}
		stop();
	}
}

/* ---- as full as it gets ---- */

#define PARENTS 30u

static pfn_t parent[PARENTS];

static void link_all(unsigned int from, unsigned int to, pfn_t child)
{
	for (unsigned int i = from; i < to; i++) {
		pt_entry_t *entry =
			(pt_entry_t *)pfn_to_virt(parent[i / PT_ENTRIES]) + i % PT_ENTRIES;

		memset(&called, 0, sizeof(called));
		paravirt.set_entry(entry, PT_PMD, pt_entry_make(child, PT_TABLE));
	}
}

static void one_too_many(void)
{
	static pt_entry_t beyond[2 * RECORDER_TABLES];

	for (unsigned int i = 0; i < ARRAY_SIZE(beyond); i++) {
		memset(&called, 0, sizeof(called));
		paravirt.set_entry(&beyond[i], PT_PMD, pt_entry_make(parent[0], PT_TABLE));
	}
}

/* Nearly every slot in use, so that nearly every entry was pushed on by others: none gets lost. */
static void nearly_full(void **state)
{
	static int points[PARENTS * PT_ENTRIES];
	uint64_t expected[2] = {0};
	pfn_t child[2];

	(void)state;
	start();
	owner = (struct mm){
		.lock = SPINLOCK(LOCK_MM), .root = kernel_mm.root, .user_root = INVALID_PFN};
	mm_lock(&owner);
	for (unsigned int i = 0; i < PARENTS + 2; i++) {
		pfn_t table = new_table();

		if (i < PARENTS)
			parent[i] = table;
		else
			child[i - PARENTS] = table;
		memset(&called, 0, sizeof(called));
		paravirt.alloc_table(&owner, table, i < PARENTS ? PT_PMD : PT_PTE);
	}
	mm_unlock(&owner);
	link_all(0, ARRAY_SIZE(points), child[0]);
	expected[0] = ARRAY_SIZE(points);
	assert_int_equal(counted_pointers(child[0]), expected[0]);
	host_expect_panic(one_too_many, "the recorder's 16384 slots are all in use");
	memset(points, 0, sizeof(points));
	host_seed(1);
	for (unsigned int step = 0; step < 30000; step++) {
		unsigned int i = (unsigned int)host_random_below(ARRAY_SIZE(points));
		int to = (int)host_random_below(3) - 1;
		pt_entry_t *entry =
			(pt_entry_t *)pfn_to_virt(parent[i / PT_ENTRIES]) + i % PT_ENTRIES;

		memset(&called, 0, sizeof(called));
		paravirt.set_entry(entry, PT_PMD,
				   to < 0 ? pt_entry_none() : pt_entry_make(child[to], PT_TABLE));
		if (points[i] >= 0)
			expected[points[i]]--;
		if (to >= 0)
			expected[to]++;
		points[i] = to;
		assert_null(recorder.breach);
	}
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(counted_pointers(child[i]), expected[i]);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_passed_on),
		cmocka_unit_test(the_kinds_have_names),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(random_histories),
		cmocka_unit_test(nearly_full),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
