/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor model: Xen's rules for a PV guest's page tables, as a program one can read.
 *
 * It defines the functions of the hypercalls (arch/hypercall.h), so the kernel's mm/ is
 * linked with it unchanged. What it accepts, refuses, counts and returns is what Xen 4.17 does
 * (xen/arch/x86/mm.c); tests/system/xen-model.sh plays the same random operations on both and
 * compares. What it has beyond Xen:
 *
 *  - an explanation in words for every refusal: model_explanation();
 *  - five levels, with the one constant that Xen would need, MMUEXT_PIN_L5_TABLE (mm/xen/pin.h),
 * and tables of fewer than 512 entries, so that a small domain overflows every level;
 *  - domains of terabytes: a frame that nobody has touched costs nothing;
 *  - failures on request, counters, and a TLB that really goes stale: a flush that was forgotten
 *    shows as an access with the old translation;
 *  - a guest's plain store to a table that Xen has validated ends the program at that very store.
 *
 * types.c is the page-type system that mm/README.md explains. Not modelled: other domains as
 * actors, grants, I/O memory, shadow mode, and preemption (each hypercall runs to its end).
 *
 * One thread. Frame numbers are plain integers here: the model shares no code with mm/.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_VCPUS 4

struct model_config {
	unsigned int levels;         /* 4 or 5 */
	unsigned int bits;           /* log2 of the entries of a table: 1 to 9 */
	unsigned int reserved_first; /* root slots that belong to the hypervisor: the first ... */
	unsigned int reserved_count; /* ... and how many */
	uint64_t pages;              /* of the domain: pfns 0 .. pages - 1 */
	uint64_t spare;              /* frames of the machine that the domain may still be given */
	uint64_t foreign;            /* frames of another domain, which follow */
	bool hardware;               /* it is dom0: may choose the caching of its mappings */
};

/* As on the machine: 4 or 5 levels, 512 entries, Xen's 16 root slots. */
struct model_config model_config(unsigned int levels, uint64_t pages);

/* Makes a machine with one domain whose memory is all zero, and whose vCPUs have no root yet. */
void model_start(const struct model_config *config);

/* Ends it and frees everything. */
void model_stop(void);

/* The domain's memory as it sees it, pfn after pfn: its direct map. Lazily allocated. */
unsigned char *model_memory(void);

/* The two maps, as they were at the start; populate and M2P updates change them. */
uint64_t model_mfn(uint64_t pfn);
uint64_t model_pfn(uint64_t mfn); /* the M2P entry: garbage for a frame that is not ours */

/* First frame of the other domain. */
uint64_t model_foreign_mfn(void);

/*
 * The domain builder: what a guest finds when it starts. Frames for tables are taken from "next"
 * upwards; everything is entered by plain stores, then model_boot() pins the root and loads it.
 */
struct model_builder {
	uint64_t root; /* pfn */
	uint64_t next; /* pfn of the next frame to be used for a table */
};
struct model_builder model_builder(uint64_t first_table);

/* Maps a frame at an address with these flags, making the tables that are missing. */
void model_build_page(struct model_builder *builder, uint64_t address, uint64_t mfn,
		      uint64_t flags);

/* Maps one large page, whose entry is at that level (2 or 3), as Xen's dom0 builder does. */
void model_build_large(struct model_builder *builder, uint64_t address, uint64_t mfn,
		       unsigned int level, uint64_t flags);

/* The frames 0 .. pages - 1 at "address", all writable but those of the tables themselves. */
void model_build_direct_map(struct model_builder *builder, uint64_t address, uint64_t pages);

/* Pins the root and loads it on every vCPU. The test ends if the model refuses. */
void model_boot(const struct model_builder *builder);

/* What a frame is, for tests and for the explanations. */
enum model_type {
	MODEL_NONE = 0,
	MODEL_L1 =
		1, /* a page table whose entries map pages; the levels are counted up from here */
	MODEL_L5 = 5,
	MODEL_WRITABLE,
	MODEL_FOREIGN, /* not the domain's: another's, Xen's, or no memory at all */
};
struct model_frame_state {
	enum model_type type; /* MODEL_NONE if the count is 0 */
	uint64_t count;       /* references that hold the type */
	bool pinned;
};
struct model_frame_state model_frame_state(uint64_t mfn);

/* The entry at a machine address. */
uint64_t model_entry(uint64_t maddr);

/* Why the last refused operation was refused; "" if none was since model_start(). */
const char *model_explanation(void);

/* What was asked for since model_start() or model_reset_counters(). */
struct model_counters {
	uint64_t hypercalls; /* entries into the hypervisor; a multicall is one */
	uint64_t operations; /* hypercalls with the elements of multicalls counted instead */
	uint64_t refused;    /* operations that failed */
	uint64_t updates;    /* entries changed, by mmu_update and update_va_mapping */
	uint64_t pins, unpins;
	uint64_t flushes;  /* of the TLB that the guest asked for */
	uint64_t hazards;  /* absent entries whose address bits point at memory (L1TF) */
	uint64_t tables;   /* frames that hold the type of a table now */
	uint64_t writable; /* frames that are mapped writable now */
};
struct model_counters model_counters(void);
void model_reset_counters(void);

/* Makes the n-th operation from now on (1: the next) fail with that error; 0: none does. */
void model_fail_operation(uint64_t n, int error);

/* Makes every multicall fail as a whole with that error; 0: none does. */
void model_fail_multicall(int error);

/* What the vCPU would see at an address: through its TLB, which this fills. */
enum model_access {
	MODEL_OK,
	MODEL_FAULT,
	MODEL_STALE, /* the TLB and the tables disagree: somebody forgot a flush */
};
enum model_access model_access(unsigned int vcpu, uint64_t address, bool write, uint64_t *mfn);

/* The roots that a vCPU runs on; 0: none. */
uint64_t model_root(unsigned int vcpu);
uint64_t model_user_root(unsigned int vcpu);

/*
 * Counts all types anew, from the pins, the roots and the entries, and compares with the counts
 * kept. Returns NULL, or what is wrong. For tests of the model itself and after long histories.
 */
const char *model_check(void);

/*
 * Returns how many frames would outlive the domain if it were destroyed now: frames with a
 * reference that nothing holds, which Xen therefore can never free. 0, unless the guest made Xen
 * lose one (types.c, give_up()). The domain itself then stays too, as "(null) --ps-d" in xl's list.
 */
uint64_t model_immortal_frames(void);

#endif
