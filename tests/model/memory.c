// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine's memory, and the domain builder.
 *
 * The domain's frames are pages of one sparse file that is mapped twice: as the domain sees it, pfn
 * after pfn, where validated tables are really read-only; and as the hypervisor sees it. The mfns
 * start a third of the way through the domain and wrap round, so that a mix-up of the two numbers
 * does not go unnoticed.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <arch/cpu.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Numbers far from any pfn of a small domain. */
#define FIRST_MFN 0x40000ull

/* Frames are described in chunks, made when the first of them is asked for. */
#define CHUNK 1024u

struct xen xen;

static unsigned char *guest_view, *own_view;
static uint64_t view_bytes;
static struct frame **chunks;
static uint64_t frames;

static void fatal_error(const char *what)
{
	perror(what);
	abort();
}

struct model_config model_config(unsigned int levels, uint64_t pages)
{
	return (struct model_config){
		.levels = levels,
		.bits = 9,
		.reserved_first = 256,
		.reserved_count = 16,
		.pages = pages,
		.spare = 64,
		.foreign = 64,
	};
}

/* Maps the memory after a page that faults: that is where a pfn of -1 leads. */
static unsigned char *map_behind_guard(int file)
{
	unsigned char *guard = mmap(NULL, PAGE_BYTES + view_bytes, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (guard == MAP_FAILED ||
	    mmap(guard + PAGE_BYTES, view_bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file, 0) == MAP_FAILED)
		fatal_error("mapping the model's memory");
	return guard + PAGE_BYTES;
}

static void unmap_with_guard(unsigned char *view)
{
	munmap(view - PAGE_BYTES, PAGE_BYTES + view_bytes);
}

void model_start(const struct model_config *config)
{
	int file = memfd_create("model", 0);

	xen = (struct xen){.config = *config, .entries = 1u << config->bits};
	frames = config->pages + config->spare + config->foreign;
	chunks = calloc(frames / CHUNK + 1, sizeof(*chunks));
	view_bytes = (config->pages + config->foreign) * PAGE_BYTES;
	if (file < 0 || !chunks || ftruncate(file, (off_t)view_bytes))
		fatal_error("the model's memory");
	guest_view = map_behind_guard(file);
	own_view = map_behind_guard(file);
	close(file);
	forget_refusal();
	tlb_reset();
}

void model_stop(void)
{
	for (uint64_t i = 0; i <= frames / CHUNK; i++)
		free(chunks[i]);
	free(chunks);
	chunks = NULL;
	unmap_with_guard(guest_view);
	unmap_with_guard(own_view);
}

unsigned char *model_memory(void)
{
	return guest_view;
}

unsigned int current_vcpu(void)
{
	return this_cpu()->number;
}

uint64_t model_mfn(uint64_t pfn)
{
	uint64_t pages = xen.config.pages;

	return FIRST_MFN + (pfn + pages / 3) % pages;
}

uint64_t model_foreign_mfn(void)
{
	return FIRST_MFN + xen.config.pages + xen.config.spare;
}

uint64_t frame_of_spare(uint64_t index)
{
	return FIRST_MFN + xen.config.pages + index;
}

static struct frame new_frame(uint64_t n)
{
	uint64_t pages = xen.config.pages;

	if (n < pages)
		return (struct frame){.pfn = (n + pages - pages / 3) % pages,
				      .slot = (n + pages - pages / 3) % pages,
				      .references = 1,
				      .allocated = true,
				      .owner = OWNED_BY_DOMAIN};
	if (n < pages + xen.config.spare)
		return (struct frame){.pfn = UINT64_MAX, .owner = OWNED_BY_NOBODY};
	/* As far as its owner is concerned, it is pfn 3 and so on: garbage for our domain. */
	return (struct frame){.pfn = n % pages,
			      .slot = n - xen.config.spare,
			      .references = 1,
			      .owner = OWNED_BY_OTHER};
}

struct frame *frame_of_mfn(uint64_t mfn)
{
	uint64_t n = mfn - FIRST_MFN;

	if (n >= frames)
		return NULL;
	if (!chunks[n / CHUNK]) {
		struct frame *chunk = malloc(CHUNK * sizeof(*chunk));

		if (!chunk)
			fatal_error("the model's frames");
		for (uint64_t i = 0; i < CHUNK; i++)
			chunk[i] = new_frame(n / CHUNK * CHUNK + i);
		chunks[n / CHUNK] = chunk;
	}
	return &chunks[n / CHUNK][n % CHUNK];
}

void for_each_known_frame(void (*visit)(uint64_t mfn, struct frame *frame, void *argument),
			  void *argument)
{
	for (uint64_t n = 0; n < frames; n++) {
		if (!chunks[n / CHUNK])
			n += CHUNK - 1;
		else
			visit(FIRST_MFN + n, &chunks[n / CHUNK][n % CHUNK], argument);
	}
}

uint64_t *table_of(uint64_t mfn)
{
	return (uint64_t *)(own_view + frame_of_mfn(mfn)->slot * PAGE_BYTES);
}

void protect_table(uint64_t mfn, bool read_only)
{
	void *page = guest_view + frame_of_mfn(mfn)->slot * PAGE_BYTES;

	if (mprotect(page, PAGE_BYTES, read_only ? PROT_READ : PROT_READ | PROT_WRITE))
		fatal_error("protecting a table of the model");
}

uint64_t model_pfn(uint64_t mfn)
{
	const struct frame *frame = frame_of_mfn(mfn);

	return frame ? frame->pfn : UINT64_MAX;
}

struct model_frame_state model_frame_state(uint64_t mfn)
{
	const struct frame *frame = frame_of_mfn(mfn);

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return (struct model_frame_state){.type = MODEL_FOREIGN};
	return (struct model_frame_state){
		.type = frame->count ? (enum model_type)frame->type : MODEL_NONE,
		.count = frame->count,
		.pinned = frame->pinned,
	};
}

uint64_t model_entry(uint64_t maddr)
{
	return table_of(maddr / PAGE_BYTES)[maddr % PAGE_BYTES / sizeof(uint64_t)];
}

uint64_t model_root(unsigned int vcpu)
{
	return xen.vcpu[vcpu].root;
}

uint64_t model_user_root(unsigned int vcpu)
{
	return xen.vcpu[vcpu].user_root;
}

struct model_builder model_builder(uint64_t first_table)
{
	return (struct model_builder){.root = first_table, .next = first_table + 1};
}

static unsigned int slot_at(uint64_t address, unsigned int level)
{
	return address >> (12 + xen.config.bits * (level - 1)) & (xen.entries - 1);
}

static uint64_t *build_path(struct model_builder *builder, uint64_t address, unsigned int to)
{
	uint64_t *table = table_of(model_mfn(builder->root));

	for (unsigned int level = xen.config.levels; level > to; level--) {
		uint64_t *entry = &table[slot_at(address, level)];

		if (!(*entry & E_PRESENT))
			*entry = model_mfn(builder->next++) * PAGE_BYTES | E_PRESENT | E_WRITABLE |
				 E_USER | E_ACCESSED | E_DIRTY;
		table = table_of(entry_mfn(*entry));
	}
	return &table[slot_at(address, to)];
}

void model_build_page(struct model_builder *builder, uint64_t address, uint64_t mfn, uint64_t flags)
{
	*build_path(builder, address, 1) = mfn * PAGE_BYTES | flags;
}

void model_build_large(struct model_builder *builder, uint64_t address, uint64_t mfn,
		       unsigned int level, uint64_t flags)
{
	*build_path(builder, address, level) = mfn * PAGE_BYTES | flags | E_LARGE;
}

void model_build_direct_map(struct model_builder *builder, uint64_t address, uint64_t pages)
{
	for (uint64_t n = 0; n < pages; n++)
		model_build_page(builder, address + n * PAGE_BYTES, model_mfn(n),
				 E_PRESENT | E_WRITABLE | E_ACCESSED | E_DIRTY | E_NO_EXECUTE);
	/* Now that all tables are known, they become read-only. */
	for (uint64_t n = builder->root; n < builder->next && n < pages; n++)
		*build_path(builder, address + n * PAGE_BYTES, 1) &= ~E_WRITABLE;
}

/* Only the builder of dom0, which is Xen itself, may leave large pages in a guest's tables. */
static void account_large_pages(uint64_t table, unsigned int level)
{
	uint64_t *entries = table_of(table);

	for (unsigned int slot = 0; slot < xen.entries && level > 1; slot++) {
		uint64_t entry = entries[slot], mfn = entry_mfn(entry);

		if (!(entry & E_PRESENT))
			continue;
		if (!(entry & E_LARGE)) {
			account_large_pages(mfn, level - 1);
			continue;
		}
		for (uint64_t i = 0; i < 1ull << xen.config.bits * (level - 1); i++) {
			frame_of_mfn(mfn + i)->references++;
			if ((entry & E_WRITABLE) && get_type(mfn + i, MODEL_WRITABLE))
				fatal_error(model_explanation());
		}
	}
}

/* Hides the large pages of a tree while it is validated, or shows them again. */
static void toggle_large_pages(uint64_t table, unsigned int level)
{
	uint64_t *entries = table_of(table);

	for (unsigned int slot = 0; slot < xen.entries && level > 1; slot++) {
		if (!slot_is_reserved(slot, level) && (entries[slot] & E_LARGE))
			entries[slot] ^= E_PRESENT;
		else if (!slot_is_reserved(slot, level) && (entries[slot] & E_PRESENT))
			toggle_large_pages(entry_mfn(entries[slot]), level - 1);
	}
}

void model_boot(const struct model_builder *builder)
{
	uint64_t root = model_mfn(builder->root);
	unsigned int levels = xen.config.levels;

	account_large_pages(root, levels);
	toggle_large_pages(root, levels);
	if (get_table(root, (enum model_type)levels)) {
		fprintf(stderr, "the model refuses its own builder's tables: %s\n",
			model_explanation());
		abort();
	}
	toggle_large_pages(root, levels);
	frame_of_mfn(root)->pinned = true;
	for (unsigned int vcpu = 0; vcpu < MODEL_VCPUS; vcpu++) {
		get_table(root, (enum model_type)levels);
		xen.vcpu[vcpu].root = root;
	}
	model_reset_counters();
}
