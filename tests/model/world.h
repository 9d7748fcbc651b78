/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain on the model, with mm/ brought up on it as far as a test wants.
 *
 * The stages are those of a boot (mm/kernel/memory.c): the builder's tables with a direct map and
 * the P2M somewhere, then the P2M in the kernel's window, then the frame database and the full
 * operations.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "model.h"

#include <mm/frame/boot_memory.h>
#include <mm/table/mm.h>
#include <mm/xen/relocate.h>

struct world_config {
	struct model_config machine;
	uint64_t direct_pages; /* pfns that the direct map covers; 0: all of them */
	unsigned int direct_slot, builder_slot, window_slot; /* of the root; 0: as on the machine */
	uint64_t p2m_pfn;                                    /* first page of the builder's list */
	uint64_t tables_pfn;                                 /* first of the builder's tables */
	unsigned int large; /* level of the entries that map the builder's list; 0: 1 */
	bool sparse_list;   /* only the entries that are needed are filled in */
};

struct world {
	struct world_config config;
	struct boot_memory memory;
	struct frame *database;
	uintptr_t direct_map, builder_p2m, window;
};
extern struct world world;

/*
 * Returns the configuration of a domain of "pages" pages and "levels" levels, with defaults for the
 * rest.
 */
struct world_config world_config(unsigned int levels, uint64_t pages);

/* Builds it and boots it: the early operations, no frame database yet. */
void world_boot(const struct world_config *config);

/* Goes on with the relocator; "how" as in p2m_relocate(). Fails the test if it does. */
struct p2m_relocated world_relocate(enum p2m_relocation how);

/* And with the frame database and the full operations, but no tree of the P2M. */
void world_complete(void);

/* All of it, with p2m_start() as well: the state after memory_init(). */
void world_start(unsigned int levels, uint64_t pages);

/* Checks all invariants, the model's and the frame database's, and ends the world. */
void world_stop(void);

/* Ends it without checks, after a test that broke something on purpose. */
void world_discard(void);

/* The address that starts a slot of the root, in the geometry in use. */
uintptr_t world_slot_address(unsigned int slot);

#endif
