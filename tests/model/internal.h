/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the model share. A test includes model.h only.
 */
#ifndef TESTS_MODEL_INTERNAL_H
#define TESTS_MODEL_INTERNAL_H

#include "model.h"

#define PAGE_BYTES 4096u

/* Bits of an entry, in Xen's terms (xen/arch/x86/include/asm/page.h). */
#define E_PRESENT      (1ull << 0)
#define E_WRITABLE     (1ull << 1)
#define E_USER         (1ull << 2)
#define E_CACHE        (1ull << 3 | 1ull << 4 | 1ull << 7) /* PWT, PCD, PAT */
#define E_ACCESSED     (1ull << 5)
#define E_DIRTY        (1ull << 6)
#define E_LARGE        (1ull << 7)
#define E_GLOBAL       (1ull << 8)
#define E_AVAILABLE    (7ull << 9)
#define E_GUEST_KERNEL (1ull << 52) /* Xen's mark for an entry that the guest gave without USER */
#define E_AVAIL_HIGH   (0x7ffull << 52)
#define E_GRANT_MARK   (1ull << 62) /* of a debug build of Xen, in ptes (page.h, _PAGE_GNTTAB) */
#define E_NO_EXECUTE   (1ull << 63)
#define E_FRAME        0x000ffffffffff000ull
#define E_FLAGS        (~E_FRAME)

/* What an entry may have: everything else is refused (mm.c, base_disallow_mask). */
#define E_ALLOWED                                                                              \
	(E_PRESENT | E_WRITABLE | E_USER | E_ACCESSED | E_DIRTY | E_AVAILABLE | E_AVAIL_HIGH | \
	 E_NO_EXECUTE)

/* A change of these alone needs no new look at the frame (mm.c, FASTPATH_FLAG_WHITELIST). */
#define E_HARMLESS \
	(E_NO_EXECUTE | E_AVAIL_HIGH | E_AVAILABLE | E_GLOBAL | E_DIRTY | E_ACCESSED | E_USER)

enum owner { OWNED_BY_NOBODY, OWNED_BY_DOMAIN, OWNED_BY_OTHER };

/*
 * Xen's struct page_info. Invariant: count is the number of entries, roots and pins that use the
 * frame as "type"; a table with a count is validated: each of its entries has taken its references.
 */
struct frame {
	uint64_t pfn;        /* its M2P entry */
	uint64_t slot;       /* where its contents are: the page of the memory file */
	uint64_t count;      /* type references */
	uint64_t references; /* of any kind, the owner's own included */
	uint64_t found;      /* ... that something is known to hold: teardown.c */
	int32_t linear;      /* > 0: entries of its own level in it; < 0: such uses of it */
	uint8_t type;        /* enum model_type; keeps its last value when the count is 0 */
	uint8_t owner;       /* enum owner */
	bool allocated;      /* the domain's own reference exists */
	bool pinned;
	bool validated;
	/*
	 * Being validated was refused half way, at entry "progress", and the entries before it
	 * still hold their references: types.c, give_up().
	 */
	bool unfinished;
	bool child_unfinished; /* so is what entry "progress" points to, on this one's account */
	uint16_t progress;
	uint32_t generation; /* how often all TLBs have forgotten it */
};

struct vcpu {
	uint64_t root, user_root; /* mfns, each holding a type reference; 0: none */
};

struct xen {
	struct model_config config;
	unsigned int entries; /* of a table */
	struct vcpu vcpu[MODEL_VCPUS];
	struct model_counters counters;
	uint64_t spare_used;
	uint64_t unfinished; /* mfn of the table to be let go when the operation ends; 0: none */
	uint64_t fail_at;    /* countdown; 0: off */
	int fail_error;
};
extern struct xen xen;

/* memory.c */
struct frame *frame_of_mfn(uint64_t mfn); /* NULL: no such memory */
uint64_t *table_of(uint64_t mfn);         /* its contents, for the hypervisor to write */
void protect_table(uint64_t mfn, bool read_only);
uint64_t frame_of_spare(uint64_t index); /* mfn of a spare frame */
void for_each_known_frame(void (*visit)(uint64_t mfn, struct frame *frame, void *argument),
			  void *argument);
unsigned int current_vcpu(void);

/* tlb.c */
void tlb_flush(unsigned int vcpu);
void tlb_flush_all(void);
void tlb_flush_frame(uint64_t mfn);
void tlb_flush_page(unsigned int vcpu, uint64_t address);
void tlb_reset(void);
/* Returns the machine address of the vCPU's level-1 entry for an address; 0 if there is none. */
uint64_t walk_to_pte(unsigned int vcpu, uint64_t address);

/* types.c */
int get_type(uint64_t mfn, enum model_type type);
void put_type(uint64_t mfn, uint64_t parent);
void finish_operation(void);
int get_table(uint64_t mfn, enum model_type type); /* a reference and a type: for roots, pins */
void put_table(uint64_t mfn);
int get_entry(uint64_t *entry, uint64_t table, unsigned int level);
void put_entry(uint64_t entry, uint64_t table, unsigned int level);
void adjust_entry(uint64_t *entry, unsigned int level);
uint64_t allowed_flags(unsigned int level);
bool entry_flags_allowed(uint64_t entry, unsigned int level);
bool slot_is_reserved(unsigned int slot, unsigned int level);
void note_hazard(uint64_t entry);

/* updates.c, extended.c: the hypercalls as such, on arguments of the guest's */
struct mmu_update;
struct mmuext_op;
int do_mmu_update(const struct mmu_update *requests, unsigned int count, unsigned int *done);
int do_update_va_mapping(uint64_t address, uint64_t entry, uint64_t flags);
int do_mmuext_op(const struct mmuext_op *operations, unsigned int count, unsigned int *done);
int do_memory_op(unsigned int command, void *argument);

/*
 * Keeps what is needed to explain a refusal and returns "error". The first call of an operation
 * counts: it is the innermost cause. The text is made when somebody asks.
 */
enum cause {
	CAUSE_NONE,
	CAUSE_FLAGS,    /* "entry" has bits that level "level" must not have */
	CAUSE_NOT_OURS, /* mfn belongs to somebody else or is no memory */
	CAUSE_TYPE,     /* mfn holds another type than "wanted" */
	CAUSE_RESERVED, /* root slot "level" is the hypervisor's */
	CAUSE_PINNED,   /* pinned already */
	CAUSE_NOT_PINNED,
	CAUSE_COMMAND, /* no such command: "entry" */
	CAUSE_ADDRESS, /* no pte for the address "entry" */
	CAUSE_POINTER, /* an argument is not in the guest's memory */
	CAUSE_BUSY,    /* mfn is being validated */
	CAUSE_INJECTED,
};
int refuse(int error, enum cause cause, uint64_t mfn, unsigned int level, uint64_t entry);
void forget_refusal(void);

/* Returns true if a guest may pass this pointer: page 0 is never mapped. */
static inline bool guest_pointer(const void *pointer)
{
	return (uintptr_t)pointer >= PAGE_BYTES;
}

static inline uint64_t entry_mfn(uint64_t entry)
{
	return (entry & E_FRAME) / PAGE_BYTES;
}

#endif
