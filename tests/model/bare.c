// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine without a hypervisor, on a workstation: its memory, its boot, and a witness of every
 * store and flush.
 */
#define _GNU_SOURCE /* memfd_create() */
#include "bare.h"

#include "../host/host.h"
#include "invariants.h"
#include "translations.h"

#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/fixed.h>
#include <mm/table/mm.h>
#include <mm/table/ops.h>
#include <mm/xen/pin.h>
#include <sys/mman.h>
#include <unistd.h>

struct bare bare;

static int file;
static char *base;
static struct pfn_range absent[8];
static unsigned int holes;
static struct frame *database;

/* ---- the witness ---- */

/* A change of rights that a TLB may not know of. */
struct change {
	uint64_t address;  /* of a small page; 0: only a flush of everything will do */
	unsigned int cpus; /* those that have not flushed it since */
};

static struct {
	unsigned int size_changed; /* CPUs that may remember a page in another size than it has */
	struct change change[32];  /* the first stands for those that do not fit */
	unsigned int changes;
	uint64_t stale[64]; /* tables that were unhooked: a processor may go through them */
	unsigned int stales;
	const char *wrong;
} witness;

#define EVERY_CPU ((1u << HOST_CPUS) - 1)

static void see_wrong(const char *what)
{
	if (!witness.wrong)
		witness.wrong = what;
}

static void note_change(uint64_t address)
{
	if (witness.changes == ARRAY_SIZE(witness.change)) {
		witness.changes = 1;
		address = 0;
	}
	witness.change[address ? witness.changes++ : 0] = (struct change){address, EVERY_CPU};
	witness.changes = MAX(witness.changes, 1u);
}

/*
 * Looks at an entry of the kernel's that is about to be written; what programs see is theirs.
 * "address": what it maps, if that is a small page.
 */
static void see_entry(const pt_entry_t *entry, enum pt_level level, pt_entry_t value,
		      uint64_t address)
{
	bool was_page = pt_entry_present(*entry) && pt_entry_leaf(*entry, level);
	bool was_table = pt_entry_present(*entry) && !was_page;
	bool is_page = pt_entry_present(value) && pt_entry_leaf(value, level);

	if (was_page && (entry->raw & PT_USER))
		return;
	if (was_page && !is_page && pt_entry_present(value)) {
		if (witness.changes)
			see_wrong("a page whose rights have just changed is split");
		witness.size_changed = EVERY_CPU;
	} else if (was_table && is_page) {
		if (witness.changes)
			see_wrong("pages whose rights have just changed are joined");
		witness.size_changed = EVERY_CPU;
		if (witness.stales < ARRAY_SIZE(witness.stale))
			witness.stale[witness.stales++] = pt_entry_pfn(*entry).pfn;
	} else if (was_page && value.raw != entry->raw) {
		if (witness.size_changed)
			see_wrong("rights change while another size may be remembered");
		note_change(address);
	}
}

static void seen_set_entry(pt_entry_t *entry, enum pt_level level, pt_entry_t value)
{
	/* In the direct map, unless it is for a program. */
	uint64_t address = level == PT_PTE ? pfn_to_address(pt_entry_pfn(*entry)) : 0;

	see_entry(entry, level, value, address);
	*entry = value;
}

/* Forgets changes that every CPU has flushed. */
static void forget_flushed(void)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < witness.changes; i++) {
		if (witness.change[i].cpus)
			witness.change[left++] = witness.change[i];
	}
	witness.changes = left;
}

static void seen_flush_all(void)
{
	const unsigned int others = ~(1u << this_cpu()->number);

	for (unsigned int i = 0; i < witness.stales; i++) {
		if (frame_of(pfn(witness.stale[i]))->kind != FRAME_TABLE)
			see_wrong("a table was given back before the flush");
	}
	witness.size_changed &= others;
	if (!witness.size_changed)
		witness.stales = 0;
	for (unsigned int i = 0; i < witness.changes; i++)
		witness.change[i].cpus &= others;
	forget_flushed();
	bare.flushes += this_cpu()->number == 0;
}

/* Good for one page's rights. */
static void seen_flush_address(uint64_t address)
{
	for (unsigned int i = 0; i < witness.changes; i++) {
		if (witness.change[i].address == address)
			witness.change[i].cpus &= ~(1u << this_cpu()->number);
	}
	forget_flushed();
}

/* ---- what CPUs remember ---- */

static uint64_t loaded[HOST_CPUS]; /* pfns of the roots */

static uint64_t root_of(unsigned int cpu)
{
	return loaded[cpu];
}

static struct translation translate(uint64_t root, uint64_t address)
{
	struct translation now = {.writable = true, .executable = true};
	const pt_entry_t *entries = pfn_to_virt(pfn(root));

	for (enum pt_level level = PT_PGD;; level = pt_level_below(level)) {
		pt_entry_t entry = entries[pt_index(address, level)];

		if (!pt_entry_present(entry))
			return now;
		now.writable = now.writable && (entry.raw & PT_RW);
		now.executable = now.executable && !(entry.raw & PT_NX);
		if (pt_entry_leaf(entry, level)) {
			now.valid = true;
			now.frame = pt_entry_mfn(entry).mfn +
				    ((address & (pt_span(level) - 1)) >> PAGE_SHIFT);
			return now;
		}
		now.table[now.tables++] = pt_entry_pfn(entry).pfn;
		entries = pfn_to_virt(pt_entry_pfn(entry));
	}
}

static void flush_all_here(void)
{
	seen_flush_all();
	translations_flush(this_cpu()->number);
}

static void flush_address_here(uint64_t address)
{
	seen_flush_address(address);
	translations_flush_address(this_cpu()->number, address);
}

static void load_here(uint64_t root)
{
	loaded[this_cpu()->number] = root >> PAGE_SHIFT;
	translations_flush(this_cpu()->number);
}

static void start_translating(void)
{
	static const struct translation_source source = {root_of, translate, NULL};

	for (unsigned int i = 0; i < HOST_CPUS; i++)
		loaded[i] = bare.root.pfn;
	translations_start(&source);
}

static const struct host_processor processor = {
	.flush_address = flush_address_here,
	.flush_all = flush_all_here,
	.load_root = load_here,
};

void bare_check(void)
{
	if (witness.wrong)
		fail_msg("%s", witness.wrong);
	if (witness.size_changed || witness.changes)
		fail_msg("a flush is missing at the end");
	if (bare.recorder.breach)
		fail_msg("%s", bare.recorder.breach);
}

/* ---- the machine ---- */

/* The window shows a frame by mapping that page of the file; the direct map has its tables. */
static void seen_set_kernel_pte(uintptr_t address, pt_entry_t value)
{
	void *at = fixed_window;

	if (address != (uintptr_t)fixed_window) {
		see_entry(pt_find(bare.root, address, PT_PTE), PT_PTE, value, address);
		paravirt_native.set_kernel_pte(address, value);
		return;
	}
	bare.window = value;
	if (pt_entry_present(value))
		at = mmap(at, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, file,
			  (off_t)(pt_entry_mfn(value).mfn << PAGE_SHIFT));
	else
		at = mmap(at, PAGE_SIZE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_equal(at, fixed_window);
}

void bare_start(unsigned int levels, unsigned int large, uint64_t pages)
{
	file = memfd_create("memory", 0);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, (off_t)(pages << PAGE_SHIFT)), 0);
	base = mmap(NULL, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(base, MAP_FAILED);
	paravirt = paravirt_native;
	paravirt.set_kernel_pte = seen_set_kernel_pte;
	paravirt.set_entry = seen_set_entry;
	host_processor = &processor;
	memset(&witness, 0, sizeof(witness));
	bare.recorder.breach = NULL;
	bare.root = pfn(1);
	start_translating();
	pt_geometry = pt_geometry_make(levels, PT_LEVEL_BITS);
	pt_geometry.large_levels = large;
	boot_memory_init(&bare.memory, pages);
	assert_null(boot_memory_reserve(&bare.memory, (struct pfn_range){pfn(0), 1}, FRAME_DATA));
	assert_null(
		boot_memory_reserve(&bare.memory, (struct pfn_range){bare.root, 1}, FRAME_TABLE));
	holes = 0;
}

void bare_add_hole(uint64_t first, uint64_t count)
{
	struct pfn_range range = {pfn(first), count};

	if (!boot_memory_reserve(&bare.memory, range, FRAME_ABSENT))
		absent[holes++] = range;
}

void bare_build(void)
{
	p2m_use_identity(bare.memory.pages, absent, holes);
	pt_set_root(bare.root);
	direct_map_use((uintptr_t)base, 0);
	direct_map_build(&bare.memory);
	assert_int_equal(direct_map_base, pt_slot_address(DIRECT_MAP_SLOT));
	assert_true(pt_entry_is_none(bare.window));
	direct_map_use((uintptr_t)base, pt_slot_address(DIRECT_MAP_SLOT));
}

static bool is_memory(pfn_t frame)
{
	return mfn_valid(pfn_to_mfn(frame));
}

/* On with the frame database: the state in which the kernel runs. */
void bare_complete(void)
{
	database = calloc(bare.memory.pages, sizeof(*database));
	frames_init(database, &bare.memory, is_memory);
	for (unsigned int i = 0; i < HOST_CPUS; i++) {
		host_use_cpu(i);
		mm_start(bare.root);
	}
	host_use_cpu(0);
	pin_adopt_boot_tables();
	recorder_start(&bare.recorder);
}

void bare_stop(void)
{
	if (database) {
		recorder_stop();
		bare_check();
		expect_recorder_counted_right(&bare.recorder);
		assert_int_equal(bare.recorder.live, bare.recorder.found);
		assert_null(frames_check());
		free(database);
		database = NULL;
	}
	munmap(base, bare.memory.pages << PAGE_SHIFT);
	close(file);
	paravirt = paravirt_xen;
	host_processor = NULL;
}

/* ---- what there is ---- */

static uint64_t absent_in(uint64_t first, uint64_t count)
{
	uint64_t sum = 0, end = first + count;

	for (unsigned int i = 0; i < holes; i++) {
		uint64_t from = MAX(first, absent[i].start.pfn);
		uint64_t to = MIN(end, absent[i].start.pfn + absent[i].count);

		sum += from < to ? to - from : 0;
	}
	return sum + (end > bare.memory.pages ? end - MAX(first, bare.memory.pages) : 0);
}

static void look(struct bare_found *found, const pt_entry_t *entries, enum pt_level level,
		 uint64_t first)
{
	uint64_t span = pt_span(level) >> PAGE_SHIFT, alike = 0;
	enum pt_level above = pt_level_above(level);

	found->tables++;
	for (unsigned int i = 0; i < PT_ENTRIES; i++, first += span) {
		pt_entry_t entry = entries[i];

		if (!pt_entry_present(entry)) {
			assert_int_equal(entry.raw, 0);
			continue;
		}
		if (!pt_entry_leaf(entry, level)) {
			assert_int_equal(entry.raw & ~PT_FRAME_MASK, PT_TABLE);
			look(found, pfn_to_virt(pt_entry_pfn(entry)), pt_level_below(level), first);
			continue;
		}
		assert_true(level == PT_PTE || pt_geometry.large_levels & 1u << level);
		assert_int_equal(pt_entry_mfn(entry).mfn, first);
		assert_int_equal(absent_in(first, span), 0);
		found->leaves[level]++;
		found->pages += span;
		alike += pt_entry_flags(entry) == pt_entry_flags(entries[0]);
	}
	found->joinable +=
		level < PT_PGD && (pt_geometry.large_levels & 1u << above) && alike == PT_ENTRIES;
}

struct bare_found bare_look(void)
{
	const pt_entry_t *root = pfn_to_virt(bare.root);
	struct bare_found found = {0};

	/* No slot of the root is smaller than LARGEST. */
	look(&found, pfn_to_virt(pt_entry_pfn(root[DIRECT_MAP_SLOT])), pt_level_below(PT_PGD), 0);
	return found;
}

/* Blocks of a large page's size that are memory from end to end. */
static uint64_t whole_blocks(uint64_t size)
{
	uint64_t count = 0;

	for (uint64_t first = 0; first < bare.memory.pages; first += size)
		count += absent_in(first, size) == 0;
	return count;
}

void bare_expect_as_built(void)
{
	uint64_t giants = pt_geometry.large_levels & 1u << PT_PUD ? whole_blocks(GIB) : 0;
	uint64_t large = pt_geometry.large_levels & 1u << PT_PMD
				 ? whole_blocks(MIB2) - giants * (GIB / MIB2)
				 : 0;
	struct bare_found found = bare_look();

	assert_int_equal(found.pages, bare.memory.pages - absent_in(0, bare.memory.pages));
	assert_int_equal(found.leaves[PT_PUD], giants);
	assert_int_equal(found.leaves[PT_PMD], large);
	assert_int_equal(found.tables, direct_map_cost.tables);
	assert_int_equal(found.joinable, 0);
	if (!holes)
		assert_int_equal(found.tables, direct_map_tables(bare.memory.pages));
}
