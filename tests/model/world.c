// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bringing up mm/ on the model, in the stages of a boot, and taking it down with all its books
 * compared.
 */
#include "world.h"

#include "../host/host.h"
#include "invariants.h"

#include <arch/cpu.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <mm/xen/pin.h>

struct world world;

static struct batch batches[MODEL_VCPUS];

struct world_config world_config(unsigned int levels, uint64_t pages)
{
	return (struct world_config){
		.machine = model_config(levels, pages),
		.direct_slot = 273,
		.builder_slot = 384,
		.window_slot = 400,
		.p2m_pfn = 16,
		.tables_pfn = 16 + p2m_frames(pages).data,
	};
}

uintptr_t world_slot_address(unsigned int slot)
{
	return pt_canonical((uintptr_t)slot << pt_shift(PT_PGD));
}

/* The list is where the page tables say; without them yet, where it was built. */
uint64_t *p2m_list_at(uintptr_t address)
{
	uint64_t mfn;

	if (model_access(0, address, false, &mfn) != MODEL_OK)
		fail_msg("the P2M is not mapped at %lx", address);
	return pfn_to_virt(pfn(model_pfn(mfn)));
}

static void fill_list(const struct world_config *config)
{
	uint64_t *list = (uint64_t *)(model_memory() + config->p2m_pfn * PAGE_SIZE);
	uint64_t pages = config->machine.pages;
	/* What a sparse list must still say: all that the direct map or the list itself uses. */
	uint64_t end = config->sparse_list ? config->p2m_pfn + p2m_frames(pages).data : pages;

	for (uint64_t n = 0; n < MIN(MAX(end, config->direct_pages), pages); n++)
		list[n] = model_mfn(n);
}

static void map_list(struct model_builder *builder, const struct world_config *config)
{
	const uint64_t flags = PT_PRESENT | PT_RW | PT_USER | PT_ACCESSED | PT_DIRTY;
	uint64_t data = p2m_frames(config->machine.pages).data, page = 0;
	uint64_t step = 1ull << config->machine.bits * (MAX(config->large, 1u) - 1);

	for (; config->large && data - page >= step; page += step)
		model_build_large(builder, world.builder_p2m + page * PAGE_SIZE,
				  model_mfn(config->p2m_pfn + page), config->large, flags);
	/* Small pages, if only for what is left over at the end. */
	for (; page < data; page++)
		model_build_page(builder, world.builder_p2m + page * PAGE_SIZE,
				 model_mfn(config->p2m_pfn + page), flags);
}

static void reserve(uint64_t start, uint64_t count, enum frame_kind kind)
{
	assert_null(
		boot_memory_reserve(&world.memory, (struct pfn_range){pfn(start), count}, kind));
}

void world_boot(const struct world_config *config)
{
	struct model_builder builder;
	uint64_t pages = config->machine.pages, data, before_p2m;
	uint64_t direct = config->direct_pages ? MIN(config->direct_pages, pages) : pages;

	world = (struct world){.config = *config};
	pt_geometry = pt_geometry_make(config->machine.levels, config->machine.bits);
	pt_geometry.reserved_first = config->machine.reserved_first;
	pt_geometry.reserved_count = config->machine.reserved_count;
	data = p2m_frames(pages).data;
	model_start(&config->machine);
	world.direct_map = world_slot_address(config->direct_slot);
	world.builder_p2m = world_slot_address(config->builder_slot);
	world.window = world_slot_address(config->window_slot);

	builder = model_builder(config->tables_pfn);
	map_list(&builder, config);
	before_p2m = builder.next;
	model_build_direct_map(&builder, world.direct_map, direct);
	fill_list(config);
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		host_use_cpu(i);
		this_cpu()->event_depth = 0;
		batch_init(&batches[i]);
	}
	host_use_cpu(0);
	model_boot(&builder);

	direct_map_use((uintptr_t)model_memory(), world.direct_map);
	paravirt = paravirt_xen_early;
	pt_set_root(pfn(builder.root));
	p2m_use_list(world.builder_p2m, pages, false);

	boot_memory_init(&world.memory, pages);
	reserve(0, 1, FRAME_DATA); /* so that pfn 0 is never a table by chance */
	/* The root, then the tables of the list's mapping, which the relocator gives back. */
	reserve(config->p2m_pfn, data, FRAME_P2M);
	reserve(config->tables_pfn, 1, FRAME_TABLE);
	reserve(config->tables_pfn + 1, before_p2m - config->tables_pfn - 1, FRAME_P2M);
	reserve(before_p2m, builder.next - before_p2m, FRAME_TABLE);
}

struct p2m_relocated world_relocate(enum p2m_relocation how)
{
	struct p2m_relocated done;
	const char *error = p2m_relocate(&world.memory, world.window, how, &done);

	if (error)
		fail_msg("%s", error);
	return done;
}

static bool present(pfn_t frame)
{
	return mfn_valid(pfn_to_mfn(frame));
}

void world_complete(void)
{
	world.database = calloc(world.memory.pages, sizeof(*world.database));
	assert_non_null(world.database);
	frames_init(world.database, &world.memory, present);
	list_init(&mm_list);
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		host_use_cpu(i);
		mm_start(pt_root());
	}
	host_use_cpu(0);
	paravirt = paravirt_xen;
	pin_adopt_boot_tables();
	batch_reset_counters();
	model_reset_counters();
}

void world_start(unsigned int levels, uint64_t pages)
{
	struct world_config config = world_config(levels, pages);

	world_boot(&config);
	world_relocate(P2M_REMAP);
	world_complete();
	if (!p2m_start(pages))
		fail_msg("the P2M's tree did not fit");
	batch_reset_counters();
	model_reset_counters();
}

void world_stop(void)
{
	const char *error = model_check();

	if (error)
		fail_msg("%s", error);
	if (world.database && frames_check())
		fail_msg("%s", frames_check());
	assert_int_equal(model_counters().hazards, 0);
	assert_false(batch_pending());
	expect_batches_add_up();
	expect_p2m_is_whole();
	if (p2m_stats().leaves)
		expect_p2m_stops_clean();
	world_discard();
}

void world_discard(void)
{
	if (p2m_stats().leaves)
		p2m_stop();
	free(world.database);
	model_stop();
	pt_geometry = PT_GEOMETRY_XEN;
}
