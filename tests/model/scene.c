// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with a child and a file, on four CPUs: what can be done to its memory, and what must be
 * true of it afterwards.
 */
#include "scene.h"

#include "../host/host.h"
#include "regions.h"
#include "translations.h"

#include <arch/cpu.h>
#include <arch/kernel_lock.h>
#include <kernel/lib/message.h>
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

/* The children that the operations have made, by CPU. */
static struct space *made[2];

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

static void fork_parent(void)
{
	kernel_enter();
	made[this_cpu()->number] = space_fork(parent);
	kernel_leave();
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

/* The kernel's half is the same in every root that is in use. */
static const char *check_slot(void)
{
	const pt_entry_t *root = pfn_to_virt(kernel_mm.root);

	for (unsigned int i = 0; i < HOST_CPUS; i++) {
		const pt_entry_t *loaded = pfn_to_virt(cpus[i]->loaded_mm->root);

		if (loaded[SLOT].raw != root[SLOT].raw)
			return message_make("slot %u is missing in the root that CPU %u has loaded",
					    SLOT, i);
	}
	return NULL;
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

const struct operation operations[OPERATIONS] = {
	{"read", read_fault},
	{"write", write_fault},
	{"copy", copy_shared},
	{"copy-zero", copy_zero},
	{"copy-in-child", copy_in_child, true},
	{"unmap", unmap},
	{"discard", discard},
	{"protect", protect},
	{"move", move},
	{"fork", fork_parent},
	{"exit", exit_child},
	{"give-up", give_up_fresh},
	{"run", run_parent, true},
	{"stack", use_stack},
	{"pin", pin_for_save},
	{"slot", use_slot, .check = check_slot},
	{"file", write_to_file},
	{"file-copy", copy_of_file},
	{"truncate", truncate_file},
};

/* ---- the scene ---- */

static uintptr_t watched_stack;
static pfn_t stack_page;

void scene_start(void)
{
	assert_true(entries_init());
	/* The tables of the stacks' window stay; the first stack is always the same. */
	watched_stack = stack_alloc();
	stack_page = pt_entry_pfn(*mm_entry(&kernel_mm, watched_stack - PAGE_SIZE, PT_PTE));
	stack_free(watched_stack);
}

void scene_stop(void)
{
	frames_free(zero_page);
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

/* Names what the CPUs keep looking at: the program's pages, its tables, a stack. */
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

void scene_set_up(const struct operation *const pair[2])
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

/* A page is writable only if its region says so, and nobody else has it. */
static const char *check_entries(struct space *space)
{
	const char *error = regions_check(space);

	if (error)
		return error;
	for_each_region (region, space) {
		for (uintptr_t at = region->start; at < region->end; at += PAGE_SIZE) {
			const pt_entry_t *entry = mm_entry(&space->mm, at, PT_PTE);

			if (entry && (entry->raw & PT_PRESENT) && (entry->raw & PT_RW) &&
			    !((region->rights & SPACE_WRITE) &&
			      entry_may_write(region, entry_page(*entry))))
				return message_make("at the end %lx is writable", at);
		}
	}
	return NULL;
}

const char *scene_tear_down(const struct operation *const pair[2])
{
	const char *error;

	for (unsigned int i = 0; i < HOST_CPUS; i++)
		cpus[i]->holds_kernel = true;
	error = check_entries(parent);
	if (pair[0]->run != exit_child && pair[1]->run != exit_child) {
		error = error ? error : check_entries(child);
		space_put(child);
	}
	if (pair[0]->run != give_up_fresh && pair[1]->run != give_up_fresh)
		space_put(fresh);
	for (unsigned int i = 0; i < ARRAY_SIZE(made); i++) {
		if (!made[i])
			continue;
		error = error ? error : check_entries(made[i]);
		space_put(made[i]);
		made[i] = NULL;
	}
	space_put(parent);
	object_put(file);
	mm_free_tables(&kernel_mm, pt_slot_address(SLOT),
		       pt_slot_address(SLOT) + pt_span(PT_PGD) - 1);
	return error;
}

bool operations_make_sense(const struct operation *a, const struct operation *b)
{
	return a != b || (a->run != exit_child && a->run != give_up_fresh);
}
