// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two CPUs at once: every pair of operations on a program's memory, in every order with at most two
 * switches, on Xen and on a bare machine.
 *
 * Two more CPUs have the same address spaces loaded, and look at everything at every moment
 * (tests/model/translations.h). An operation must not return while one of them remembers what is
 * not true any more, and no page may be free while one can reach it. At the end of each schedule
 * the books are compared.
 *
 * A failure prints its schedule, which SCHEDULE=... in the environment plays again.
 */
#include "../model/both.h"
#include "../model/regions.h"
#include "../model/schedule.h"
#include "../model/translations.h"
#include "host.h"

#include <arch/cpu.h>
#include <arch/kernel_lock.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/kernel/stacks.h>
#include <mm/table/ops.h>
#include <mm/table/walk.h>
#include <mm/user/entries.h>
#include <mm/user/fault.h>
#include <mm/user/map.h>
#include <mm/user/object.h>
#include <mm/user/region.h>
#include <mm/xen/pin.h>

#define PAGES 1024

/* With five levels not all is played: that would take long, and it is the same code. */
#define STRIDE_5 4

/* Of each pair, schedules with more switches. */
#define RANDOM 8

#define RW (SPACE_READ | SPACE_WRITE)

/* The four pages of the program, alone in their tables, and where they may move. */
#define ARENA     0x40000000ul
#define ELSEWHERE 0x80000000ul
#define COUNT     4ul
#define SHARED    (ARENA + 0 * PAGE_SIZE) /* with the child, since the fork */
#define OWN       (ARENA + 1 * PAGE_SIZE) /* written since the fork */
#define ZERO      (ARENA + 2 * PAGE_SIZE) /* only read: the page of zeros */
#define MISSING   (ARENA + 3 * PAGE_SIZE) /* never touched */

/* A page of a file, mapped shared and, after it, private. */
#define FILE_SHARED  0xc0000000ul
#define FILE_PRIVATE (FILE_SHARED + PAGE_SIZE)

/* A slot of the kernel's root with nothing in it. */
#define SLOT 480

/* The program's memory, that of its child, and one that is made for a program and not used yet. */
static struct space *parent, *child, *fresh;
static struct object *file;

/* ---- operations ---- */

static void read_fault(void)
{
	fault_resolve(parent, MISSING, SPACE_READ);
}

static void write_fault(void)
{
	fault_resolve(parent, MISSING, SPACE_WRITE);
}

static void copy_shared(void)
{
	fault_resolve(parent, SHARED, SPACE_WRITE);
}

static void copy_zero(void)
{
	fault_resolve(parent, ZERO, SPACE_WRITE);
}

static void copy_in_child(void)
{
	fault_resolve(child, SHARED, SPACE_WRITE);
	space_put(child);
}

static void unmap(void)
{
	map_remove(parent, ARENA, COUNT * PAGE_SIZE);
}

static void discard(void)
{
	map_discard(parent, ARENA, COUNT * PAGE_SIZE);
}

static void protect(void)
{
	map_protect(parent, ARENA, COUNT * PAGE_SIZE, SPACE_READ);
}

static void move(void)
{
	const uint64_t bytes = COUNT * PAGE_SIZE;

	map_resize(parent, ARENA, bytes, bytes, true, true, ELSEWHERE);
}

static void fork_and_exit(void)
{
	struct space *made;

	kernel_enter();
	made = space_fork(parent);
	kernel_leave();
	if (made)
		space_put(made);
}

static void exit_child(void)
{
	space_put(child);
}

static void give_up_fresh(void)
{
	space_put(fresh);
}

static void run_parent(void)
{
	kernel_enter();
	mm_load(&parent->mm);
	kernel_leave();
}

static void use_stack(void)
{
	uintptr_t top;

	kernel_enter();
	top = stack_alloc();
	kernel_leave();
	kernel_enter();
	if (top)
		stack_free(top);
	kernel_leave();
}

/* A new entry of the kernel's root is copied to all others. */
static void use_slot(void)
{
	kernel_enter();
	mm_prepare(&kernel_mm, pt_slot_address(SLOT), pt_slot_address(SLOT), PT_PTE);
	kernel_leave();
}

static void write_to_file(void)
{
	fault_resolve(parent, FILE_SHARED, SPACE_WRITE);
}

static void copy_of_file(void)
{
	fault_resolve(parent, FILE_PRIVATE, SPACE_WRITE);
}

static void truncate_file(void)
{
	kernel_enter();
	object_truncate(file, 0);
	kernel_leave();
}

static void pin_for_save(void)
{
	kernel_enter();
	mm_pin_all();
	kernel_leave();
	kernel_enter();
	mm_unpin_all();
	kernel_leave();
}

static const struct operation {
	const char *name;
	void (*run)(void);
	bool in_child; /* the CPU runs the child at first */
} operations[] = {
	{"read", read_fault},
	{"write", write_fault},
	{"copy", copy_shared},
	{"copy-zero", copy_zero},
	{"copy-in-child", copy_in_child, true},
	{"unmap", unmap},
	{"discard", discard},
	{"protect", protect},
	{"move", move},
	{"fork", fork_and_exit},
	{"exit", exit_child},
	{"give-up", give_up_fresh},
	{"run", run_parent, true},
	{"stack", use_stack},
	{"pin", pin_for_save},
	{"slot", use_slot},
	{"file", write_to_file},
	{"file-copy", copy_of_file},
	{"truncate", truncate_file},
};

/* ---- one schedule ---- */

static const struct both *machine_kind;
static const struct operation *pair[2];
static uintptr_t watched_stack;
static pfn_t stack_page;
static const char *wrong;
static char wrong_text[200];

static void PRINTF_LIKE(1, 2) see_wrong(const char *format, ...)
{
	va_list arguments;

	if (wrong)
		return;
	va_start(arguments, format);
	vsnprintf(wrong_text, sizeof(wrong_text), format, arguments);
	va_end(arguments);
	wrong = wrong_text;
}

static void touch(struct space *space, uintptr_t address, unsigned int wanted)
{
	assert_int_equal(fault_resolve(space, address, wanted), FAULT_DONE);
}

static struct space *new_space(void)
{
	const struct mapping mapping = {
		.address = ARENA, .length = COUNT * PAGE_SIZE, .rights = RW, .fixed = true};
	struct space *space = space_create();

	assert_non_null(space);
	assert_int_equal(map_add(space, &mapping), ARENA);
	return space;
}

static bool watch_table(pfn_t table, enum pt_level level, void *unused)
{
	(void)unused;
	if (level < PT_PGD)
		translations_watch(pfn_to_address(table), TRANSLATIONS_DIRECT);
	return false;
}

/* What the CPUs keep looking at: the program's pages, its tables, a stack. */
static void watch(void)
{
	translations_watch_nothing();
	for (uint64_t i = 0; i < COUNT; i++)
		translations_watch(ARENA + i * PAGE_SIZE, TRANSLATIONS_PROGRAM);
	translations_watch(ELSEWHERE + PAGE_SIZE, TRANSLATIONS_PROGRAM);
	translations_watch(FILE_SHARED, TRANSLATIONS_PROGRAM);
	translations_watch(FILE_PRIVATE, TRANSLATIONS_PROGRAM);
	translations_watch(watched_stack - PAGE_SIZE, TRANSLATIONS_PROGRAM);
	translations_watch(pfn_to_address(stack_page), TRANSLATIONS_DIRECT);
	pt_walk_tables(parent->mm.root, pt_user_limit(), watch_table, NULL);
	pt_walk_tables(child->mm.root, pt_user_limit(), watch_table, NULL);
}

static void map_file(uintptr_t address, bool shared)
{
	const struct mapping mapping = {.address = address,
					.length = PAGE_SIZE,
					.rights = RW,
					.fixed = true,
					.shared = shared,
					.object = file};

	assert_int_equal(map_add(parent, &mapping), address);
}

static void set_up(void)
{
	file = object_create(PAGE_SIZE);
	assert_true(pfn_valid(object_page(file, 0)));
	parent = new_space();
	map_file(FILE_SHARED, true);
	map_file(FILE_PRIVATE, false);
	mm_activate(&parent->mm);
	touch(parent, SHARED, SPACE_WRITE);
	touch(parent, OWN, SPACE_WRITE);
	child = space_fork(parent);
	assert_non_null(child);
	touch(parent, OWN, SPACE_WRITE);
	touch(parent, ZERO, SPACE_READ);
	map_discard(parent, MISSING, PAGE_SIZE);
	fresh = new_space();
	touch(fresh, OWN, SPACE_WRITE);
	for (unsigned int i = 0; i < HOST_CPUS; i++) {
		bool in_child = i < 2 ? pair[i]->in_child : i == 3;

		if (i < 2 && pair[i]->run == copy_in_child)
			space_get(child);
		host_use_cpu(i);
		mm_load(in_child ? &child->mm : &parent->mm);
		this_cpu()->holds_kernel = false;
	}
	host_use_cpu(0);
	watch();
}

static bool is_in(void (*operation)(void))
{
	return pair[0]->run == operation || pair[1]->run == operation;
}

/* A page is writable only if its region says so, and nobody else has it. */
static void check_entries(struct space *space)
{
	const char *error = regions_check(space);

	if (error)
		see_wrong("%s", error);
	for_each_region (region, space) {
		for (uintptr_t at = region->start; at < region->end; at += PAGE_SIZE) {
			const pt_entry_t *entry = mm_entry(&space->mm, at, PT_PTE);

			if (entry && (entry->raw & PT_PRESENT) && (entry->raw & PT_RW) &&
			    !((region->rights & SPACE_WRITE) &&
			      entry_may_write(region, entry_page(*entry))))
				see_wrong("at the end %lx is writable", at);
		}
	}
}

static void tear_down(uint64_t free)
{
	const char *error;

	for (unsigned int i = 0; i < HOST_CPUS; i++)
		cpus[i]->holds_kernel = true;
	check_entries(parent);
	if (!is_in(exit_child)) {
		check_entries(child);
		space_put(child);
	}
	if (!is_in(give_up_fresh))
		space_put(fresh);
	space_put(parent);
	object_put(file);
	mm_free_tables(&kernel_mm, pt_slot_address(SLOT),
		       pt_slot_address(SLOT) + pt_span(PT_PGD) - 1);
	if (frames_free_count() != free)
		see_wrong("%ld frames are lost", (long)(free - frames_free_count()));
	if ((error = frames_check()) || (error = machine_kind->check()))
		see_wrong("%s", error);
}

static bool is_free(uint64_t frame)
{
	return frame_of(frames_block(pfn(machine_kind->pfn_of(frame))))->kind == FRAME_FREE;
}

static const char *look(unsigned int cpu)
{
	struct translations_known known;

	translations_look(cpu);
	if (translations_find(is_free, &known))
		see_wrong("CPU %u can reach frame %lx by %s %lx, and it is free", known.cpu,
			  known.frame, known.address ? "address" : "a table, not", known.address);
	return wrong;
}

/* The kernel's half is the same in every root that is in use. */
static void check_slot(void)
{
	const pt_entry_t *root = pfn_to_virt(kernel_mm.root);

	for (unsigned int i = 0; i < HOST_CPUS; i++) {
		const pt_entry_t *loaded = pfn_to_virt(cpus[i]->loaded_mm->root);

		if (loaded[SLOT].raw != root[SLOT].raw)
			see_wrong("slot %u is missing in the root that CPU %u has loaded", SLOT, i);
	}
}

/* Runs an operation as the kernel would for a program: without the kernel lock, events masked. */
static void run_operation(unsigned int cpu)
{
	struct translations_known known;

	events_mask();
	pair[cpu]->run();
	look(cpu);
	if (translations_owed(cpu, &known))
		see_wrong("\"%s\" returns, and CPU %u remembers address %lx as it was (%lx)",
			  pair[cpu]->name, known.cpu, known.address, known.frame);
	if (pair[cpu]->run == use_slot)
		check_slot();
	events_restore(true);
}

static void run_first(void)
{
	run_operation(0);
}

static void run_second(void)
{
	run_operation(1);
}

static struct schedule playing;

static void print_schedule(void)
{
	fprintf(stderr, "SCHEDULE=%s:%s:%s:%u:%u:%u:%u\n", machine_kind->name, pair[0]->name,
		pair[1]->name, playing.first, playing.leave, playing.back, playing.seed);
	schedule_print();
}

static struct schedule_end play(const struct schedule *schedule)
{
	static void (*const functions[2])(void) = {run_first, run_second};
	uint64_t free = frames_free_count();
	struct schedule_end end;

	playing = *schedule;
	wrong = NULL;
	set_up();
	end = schedule_run(schedule, functions, look);
	if (!end.error)
		tear_down(free);
	if (!end.error)
		end.error = wrong;
	if (end.error) {
		print_schedule();
		fail_msg("%s", end.error);
	}
	return end;
}

/* ---- all of them ---- */

static unsigned long played;

/*
 * Plays the schedules of a pair that begin on one CPU. The other one gives way at each of its
 * points whose number is a multiple of the stride.
 */
static void play_all_from(unsigned int first, unsigned int stride)
{
	struct schedule schedule = {.first = first};
	struct schedule_end end = {.left = true};

	while (end.left) {
		schedule.leave++;
		schedule.back = 0;
		do {
			schedule.back += stride;
			end = play(&schedule);
			played++;
		} while (end.left && end.came_back);
	}
}

/* Plays some schedules of a pair with any number of switches. */
static void play_random(unsigned int count)
{
	for (unsigned int seed = 1; seed <= count; seed++) {
		const struct schedule schedule = {.first = seed % 2, .seed = seed};

		play(&schedule);
		played++;
	}
}

static void start(const struct both *kind)
{
	machine_kind = kind;
	kind->start(kind->levels, PAGES);
	assert_true(entries_init());
	/* The tables of the stacks' window stay; the first stack is always the same. */
	watched_stack = stack_alloc();
	stack_page = pt_entry_pfn(*mm_entry(&kernel_mm, watched_stack - PAGE_SIZE, PT_PTE));
	stack_free(watched_stack);
	kind->keep_tables();
}

static void stop(const struct both *kind)
{
	frames_free(zero_page);
	kind->stop();
}

static bool make_sense(void)
{
	return pair[0] != pair[1] || (pair[0]->run != exit_child && pair[0]->run != give_up_fresh);
}

static void play_pairs(const struct both *kind, unsigned int stride)
{
	start(kind);
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		for (unsigned int j = i; j < ARRAY_SIZE(operations); j++) {
			pair[0] = &operations[i];
			pair[1] = &operations[j];
			if (!make_sense())
				continue;
			play_all_from(0, stride);
			if (i != j)
				play_all_from(1, stride);
			play_random(RANDOM);
		}
	}
	stop(kind);
}

static void two_cpus_on_xen(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_XEN], 1);
}

static void two_cpus_on_a_bare_machine(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_NATIVE], 1);
}

static void five_levels_on_xen(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_XEN_5], STRIDE_5);
}

static void five_levels_on_a_bare_machine(void **state)
{
	(void)state;
	play_pairs(&both[BOTH_NATIVE_5], STRIDE_5);
}

static const struct operation *operation_named(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	}
	fail_msg("no operation \"%s\"", name);
	return NULL;
}

/* Plays the schedule of a failure, as it was printed, and prints its points. */
static void the_one_that_is_wanted(void **state)
{
	char kind[16], first[16], second[16];
	struct schedule schedule;

	(void)state;
	assert_int_equal(sscanf(getenv("SCHEDULE"), "%15[^:]:%15[^:]:%15[^:]:%u:%u:%u:%u", kind,
				first, second, &schedule.first, &schedule.leave, &schedule.back,
				&schedule.seed),
			 7);
	pair[0] = operation_named(first);
	pair[1] = operation_named(second);
	for (unsigned int i = 0; i < BOTH_COUNT; i++) {
		if (strcmp(both[i].name, kind))
			continue;
		start(&both[i]);
		play(&schedule);
		print_schedule();
		stop(&both[i]);
		return;
	}
	fail_msg("no machine \"%s\"", kind);
}

int main(void)
{
	const struct CMUnitTest one[] = {
		cmocka_unit_test(the_one_that_is_wanted),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_cpus_on_xen),
		cmocka_unit_test(two_cpus_on_a_bare_machine),
		cmocka_unit_test(five_levels_on_xen),
		cmocka_unit_test(five_levels_on_a_bare_machine),
	};
	int failed;

	host_dying = print_schedule;
	if (getenv("SCHEDULE"))
		return cmocka_run_group_tests_name("schedules", one, NULL, NULL);
	failed = cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
	print_message("%lu schedules\n", played);
	return failed;
}
