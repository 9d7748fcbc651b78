// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generating random sequences of page-table operations, and playing them on a stage.
 *
 * Xen fills the hypervisor's slots of a frame when it becomes a root, with entries that no sequence
 * may depend on. So the frames that are tried as roots are never tried as anything else.
 */
#include "sequence.h"

#include <arch/hypercall.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/printf.h>
#include <mm/table/entry.h>
#include <xen/xen.h>

/* Neither memory nor anything else, on any machine there is. */
#define NO_FRAME (1ull << 36)

/* Page 0 is mapped nowhere, so this is no argument Xen can read. */
#define NO_POINTER 16

struct play {
	const struct sequence_stage *stage;
	struct sequence_result result;
	uint64_t random;
};

/* ---- chance ---- */

static uint64_t below(struct play *play, uint64_t limit)
{
	play->random ^= play->random << 13;
	play->random ^= play->random >> 7;
	play->random ^= play->random << 17;
	return (play->random >> 11) % limit;
}

static bool one_in(struct play *play, uint64_t n)
{
	return below(play, n) == 0;
}

static unsigned int any_slot(struct play *play)
{
	static const unsigned int slots[] = {0, 1, 2, 3, 255, 300, 510, 511};

	return slots[below(play, ARRAY_SIZE(slots))];
}

/* Of a root's slots some are the hypervisor's. */
static unsigned int slot_of(struct play *play, unsigned int frame)
{
	static const unsigned int borders[] = {256, 263, 271, 272};

	if (frame >= SEQUENCE_ORDINARY && one_in(play, 3))
		return borders[below(play, ARRAY_SIZE(borders))];
	return any_slot(play);
}

static uint64_t any_flags(struct play *play)
{
	static const uint64_t rare[] = {
		PT_PWT,     PT_PCD,     PT_HUGE,    PT_GLOBAL,  1ull << 9,
		1ull << 11, 1ull << 52, 1ull << 58, 1ull << 61,
	};
	uint64_t flags = PT_PRESENT | (below(play, 8) << 5 & (PT_ACCESSED | PT_DIRTY));

	if (one_in(play, 3))
		flags |= PT_RW;
	if (one_in(play, 2))
		flags |= PT_USER;
	if (one_in(play, 3))
		flags |= PT_NX;
	if (one_in(play, 8))
		flags |= rare[below(play, ARRAY_SIZE(rare))];
	return flags;
}

/* A frame of the sequence that may be pointed to by any table; seldom somebody else's. */
static mfn_t any_target(struct play *play)
{
	if (one_in(play, 25))
		return one_in(play, 2) ? play->stage->foreign : mfn(NO_FRAME);
	return play->stage->frame[below(play, SEQUENCE_ORDINARY)];
}

static uint64_t any_entry(struct play *play)
{
	if (one_in(play, 6))
		return one_in(play, 3) ? 1ull << 9 : 0;
	return any_target(play).mfn << PAGE_SHIFT | any_flags(play);
}

/* ---- the record ---- */

static void PRINTF_LIKE(2, 3) say(struct play *play, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (const char *c = text; *c; c++)
		play->result.digest = (play->result.digest ^ (unsigned char)*c) * 0x100000001b3;
	if (play->stage->line)
		play->stage->line(text);
}

static void count(struct play *play, long result)
{
	play->result.operations++;
	play->result.refused += result < 0;
	if (play->stage->check)
		play->stage->check();
}

/* "f7", "foreign", "none", or "?" for a frame that has nothing to do with it. */
static const char *frame_name(const struct play *play, uint64_t frame, char *buffer, size_t size)
{
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		if (play->stage->frame[i].mfn == frame) {
			snprintf(buffer, size, "f%u", i);
			return buffer;
		}
	}
	return frame == play->stage->foreign.mfn ? "foreign" : frame == NO_FRAME ? "none" : "?";
}

static const char *entry_text(const struct play *play, uint64_t entry, char *buffer, size_t size)
{
	char name[16];

	if (!(entry & PT_FRAME_MASK))
		snprintf(buffer, size, "%lx", entry);
	else
		snprintf(
			buffer, size, "%s|%lx",
			frame_name(play, (entry & PT_FRAME_MASK) >> PAGE_SHIFT, name, sizeof(name)),
			(uint64_t)(entry & ~PT_FRAME_MASK));
	return buffer;
}

/* The entry that a request was about, as it is now. What Xen keeps in its own slots is its own. */
static void say_entry(struct play *play, const struct mmu_update *request)
{
	unsigned int frame = sequence_index(play->stage, request->ptr >> PAGE_SHIFT);
	unsigned int slot = request->ptr % PAGE_SIZE / sizeof(uint64_t);
	char wanted[48], now[48];

	/* An M2P entry holds a pfn, which is another one wherever this is played. */
	if (request->ptr % 8 == MMU_MACHPHYS_UPDATE) {
		say(play, "  M2P of f%u", frame);
		return;
	}
	if (frame == SEQUENCE_FRAMES || sequence_slot_is_xens(frame, slot)) {
		say(play, "  %lx of a frame that is not looked at", request->ptr % PAGE_SIZE);
		return;
	}
	say(play, "  f%u[%u] %lu := %s, is %s", frame, slot, request->ptr % 8,
	    entry_text(play, request->val, wanted, sizeof(wanted)),
	    entry_text(play, play->stage->contents[frame][slot], now, sizeof(now)));
}

/* ---- operations ---- */

static struct mmu_update any_update(struct play *play)
{
	static const unsigned int commands[] = {
		MMU_NORMAL_PT_UPDATE,      MMU_NORMAL_PT_UPDATE,       MMU_NORMAL_PT_UPDATE,
		MMU_PT_UPDATE_PRESERVE_AD, MMU_PT_UPDATE_NO_TRANSLATE,
	};
	unsigned int frame = (unsigned int)below(play, SEQUENCE_FRAMES);
	uint64_t table = play->stage->frame[frame].mfn;

	if (one_in(play, 40))
		return (struct mmu_update){table << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
					   play->stage->pfn[frame].pfn};
	if (one_in(play, 40))
		return (struct mmu_update){table << PAGE_SHIFT | (4 + below(play, 4)), 0};
	if (one_in(play, 40))
		return (struct mmu_update){
			(one_in(play, 2) ? play->stage->foreign.mfn : NO_FRAME) << PAGE_SHIFT, 0};
	return (struct mmu_update){
		table << PAGE_SHIFT | slot_of(play, frame) * sizeof(uint64_t) |
			commands[below(play, ARRAY_SIZE(commands))],
		any_entry(play),
	};
}

static void play_updates(struct play *play)
{
	struct mmu_update request[4];
	unsigned int requests = 1 + (unsigned int)below(play, ARRAY_SIZE(request)), done = 99;
	long result;

	for (unsigned int i = 0; i < requests; i++)
		request[i] = any_update(play);
	if (one_in(play, 60))
		result = hypercall_mmu_update((struct mmu_update *)NO_POINTER, requests, &done);
	else
		result = hypercall_mmu_update(request, requests, &done);
	say(play, "mmu_update: %ld, %u of %u", result, done, requests);
	for (unsigned int i = 0; i < requests; i++)
		say_entry(play, &request[i]);
	count(play, result);
}

static struct mmuext_op any_pin(struct play *play)
{
	unsigned int frame = (unsigned int)below(play, SEQUENCE_FRAMES);
	struct mmuext_op op = {.arg1.mfn = play->stage->frame[frame].mfn};

	op.cmd = frame >= SEQUENCE_ORDINARY ? MMUEXT_PIN_L4_TABLE
					    : MMUEXT_PIN_L1_TABLE + (unsigned int)below(play, 3);
	if (one_in(play, 3))
		op.cmd = MMUEXT_UNPIN_TABLE;
	if (one_in(play, 30))
		op.arg1.mfn = one_in(play, 2) ? play->stage->foreign.mfn : NO_FRAME;
	return op;
}

static unsigned int any_root(struct play *play)
{
	return SEQUENCE_ORDINARY + (unsigned int)below(play, SEQUENCE_ROOTS);
}

static struct mmuext_op any_operation(struct play *play)
{
	struct mmuext_op op = any_pin(play);

	switch (below(play, 12)) {
	case 0:
		op.cmd = MMUEXT_CLEAR_PAGE;
		op.arg1.mfn = any_target(play).mfn;
		break;
	case 1:
		op.cmd = MMUEXT_COPY_PAGE;
		op.arg1.mfn = any_target(play).mfn;
		op.arg2.src_mfn = any_target(play).mfn;
		break;
	case 2:
		op.cmd = MMUEXT_NEW_USER_BASEPTR;
		op.arg1.mfn = one_in(play, 3) ? 0 : play->stage->frame[any_root(play)].mfn;
		break;
	case 3:
		/* Never one that might be accepted: the kernel runs on the root it has. */
		op.cmd = MMUEXT_NEW_BASEPTR;
		op.arg1.mfn = play->stage->foreign.mfn;
		break;
	case 4:
		op.cmd = one_in(play, 2) ? MMUEXT_TLB_FLUSH_LOCAL : MMUEXT_INVLPG_ALL;
		op.arg1.linear_addr = play->stage->address[0];
		break;
	case 5:
		if (one_in(play, 3))
			op.cmd = 77; /* no such command */
		break;
	default:
		break;
	}
	return op;
}

/*
 * Returns any operation but one that may lose a frame for good: a flush takes its place, unless the
 * stage wants leaks. In the same hypercall the update "before" (or NULL) comes first, and if
 * "copied" is true a copy of a page.
 */
static struct mmuext_op any_operation_without_leak(struct play *play,
						   const struct mmu_update *before, bool copied)
{
	struct mmuext_op op = any_operation(play);
	bool root = op.cmd == MMUEXT_PIN_L4_TABLE || op.cmd == MMUEXT_NEW_USER_BASEPTR;

	if (play->stage->leaks)
		return op;
	if ((root && copied) || sequence_may_leak(play->stage, &op, before)) {
		play->result.left_out++;
		op = (struct mmuext_op){.cmd = MMUEXT_TLB_FLUSH_LOCAL};
	}
	return op;
}

static void say_operation(struct play *play, const struct mmuext_op *op)
{
	char name[16];

	say(play, "  command %u on %s", op->cmd,
	    op->cmd == MMUEXT_INVLPG_ALL ? "an address"
					 : frame_name(play, op->arg1.mfn, name, sizeof(name)));
}

static void play_operations(struct play *play)
{
	struct mmuext_op op[3];
	unsigned int operations = one_in(play, 3) ? 3 : 1, done = 99;
	bool copied = false;
	long result;

	for (unsigned int i = 0; i < operations; i++) {
		op[i] = any_operation_without_leak(play, NULL, copied);
		copied |= op[i].cmd == MMUEXT_COPY_PAGE;
	}
	result = hypercall_mmuext_op(op, operations, &done);
	say(play, "mmuext_op: %ld, %u of %u", result, done, operations);
	for (unsigned int i = 0; i < operations; i++)
		say_operation(play, &op[i]);
	count(play, result);
}

/* Most mappings are of the frame that belongs there, since these make tables possible. */
static uint64_t any_mapping(struct play *play, unsigned int frame)
{
	uint64_t own = play->stage->frame[frame].mfn << PAGE_SHIFT;

	switch (below(play, 10)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return any_entry(play);
	case 3:
	case 4:
		return own | PT_KERNEL_RW;
	default:
		return own | PT_KERNEL_RO;
	}
}

static void play_mapping(struct play *play)
{
	static const uintptr_t nowhere[] = {0x1000, XEN_VIRT_START, XEN_VIRT_END - PAGE_SIZE,
					    0x0000800000000000, 0x0000700000000000};
	unsigned int frame = (unsigned int)below(play, SEQUENCE_FRAMES);
	uintptr_t address = play->stage->address[frame];
	uint64_t value = any_mapping(play, frame);
	char text[48];
	long result;

	if (one_in(play, 20)) {
		unsigned int which = (unsigned int)below(play, ARRAY_SIZE(nowhere));

		result = hypercall_update_va_mapping(nowhere[which], value, UVMF_INVLPG);
		say(play, "update_va_mapping of nowhere %u: %ld", which, result);
	} else {
		result = hypercall_update_va_mapping(address, value, UVMF_INVLPG | UVMF_ALL);
		say(play, "update_va_mapping of f%u := %s: %ld", frame,
		    entry_text(play, value, text, sizeof(text)), result);
	}
	count(play, result);
}

/* Three of the above in one, as a batch makes them; each element has its result. */
static void play_multicall(struct play *play)
{
	struct mmu_update request = any_update(play);
	struct mmuext_op op = any_operation_without_leak(play, &request, false);
	unsigned int frame = (unsigned int)below(play, SEQUENCE_FRAMES), done[2] = {99, 99};
	struct multicall_entry calls[4] = {
		{
			.op = __HYPERVISOR_mmu_update,
			.args = {(uint64_t)&request, 1, (uint64_t)&done[0], DOMID_SELF},
		},
		{
			.op = __HYPERVISOR_update_va_mapping,
			.args = {play->stage->address[frame], any_mapping(play, frame),
				 UVMF_INVLPG},
		},
		{
			.op = __HYPERVISOR_mmuext_op,
			.args = {(uint64_t)&op, 1, (uint64_t)&done[1], DOMID_SELF},
		},
		{.op = 60}, /* no such hypercall */
	};
	unsigned int elements = one_in(play, 6) ? 4 : 3;
	long result = hypercall_multicall(calls, elements);

	say(play, "multicall of %u: %ld", elements, result);
	for (unsigned int i = 0; i < elements; i++)
		say(play, "  element %u: %ld", i, (long)calls[i].result);
	say(play, "  done %u and %u", done[0], done[1]);
	say_entry(play, &request);
	say_operation(play, &op);
	count(play, result);
}

static void play_one(struct play *play)
{
	switch (below(play, 10)) {
	case 0:
	case 1:
	case 2:
	case 3:
		play_updates(play);
		break;
	case 4:
	case 5:
	case 6:
		play_operations(play);
		break;
	case 7:
	case 8:
		play_mapping(play);
		break;
	default:
		play_multicall(play);
	}
}

/* ---- before and after ---- */

/* Half of the frames can be tables at once: nothing maps them writable. */
static void prepare(struct play *play)
{
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		uint64_t own = play->stage->frame[i].mfn << PAGE_SHIFT;

		if (one_in(play, 4))
			continue;
		say(play, "f%u becomes read-only: %ld", i,
		    hypercall_update_va_mapping(play->stage->address[i], own | PT_KERNEL_RO,
						UVMF_INVLPG | UVMF_ALL));
	}
}

static bool clear_frame(struct play *play, unsigned int i)
{
	struct mmuext_op clear = {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = play->stage->frame[i].mfn};

	return hypercall_mmuext_op(&clear, 1, NULL) == 0;
}

/*
 * A validation that was refused half way can leave a frame with its type, and others with the uses
 * it holds, until it is tried again (tests/model/types.c, give_up()).
 */
static void finish_validation(struct play *play, unsigned int i)
{
	for (unsigned int level = 1; level <= 3; level++) {
		struct mmuext_op pin[] = {
			{.cmd = MMUEXT_PIN_L1_TABLE + level - 1,
			 .arg1.mfn = play->stage->frame[i].mfn},
			{.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = play->stage->frame[i].mfn},
		};

		say(play, "f%u tried at level %u: %ld", i, level,
		    hypercall_mmuext_op(pin, ARRAY_SIZE(pin), NULL));
	}
}

/*
 * Without pins, the user root and mappings nothing holds a type. The contents of all frames are
 * part of the record: what a refused validation left behind as well.
 */
static void restore(struct play *play)
{
	struct mmuext_op user = {.cmd = MMUEXT_NEW_USER_BASEPTR};

	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		for (unsigned int slot = 0; slot < PT_ENTRIES; slot++) {
			uint64_t entry = play->stage->contents[i][slot];
			char text[48];

			if (entry && !sequence_slot_is_xens(i, slot))
				say(play, "f%u[%u] is %s", i, slot,
				    entry_text(play, entry, text, sizeof(text)));
		}
	}
	say(play, "no user root: %ld", hypercall_mmuext_op(&user, 1, NULL));
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		struct mmuext_op unpin = {.cmd = MMUEXT_UNPIN_TABLE,
					  .arg1.mfn = play->stage->frame[i].mfn};

		say(play, "f%u unpinned: %ld", i, hypercall_mmuext_op(&unpin, 1, NULL));
		hypercall_update_va_mapping(play->stage->address[i], 0, UVMF_INVLPG | UVMF_ALL);
	}
	for (unsigned int i = 0; i < SEQUENCE_ORDINARY; i++) {
		if (!clear_frame(play, i))
			finish_validation(play, i);
	}
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		uint64_t own = play->stage->frame[i].mfn << PAGE_SHIFT;
		long result;

		play->result.left_over += !clear_frame(play, i);
		result = hypercall_update_va_mapping(play->stage->address[i], own | PT_KERNEL_RW,
						     UVMF_INVLPG | UVMF_ALL);
		say(play, "f%u writable: %ld", i, result);
		if (result)
			play->result.left_over++;
	}
}

struct sequence_result sequence_play(const struct sequence_stage *stage, uint64_t seed)
{
	struct play play = {
		.stage = stage,
		.result.digest = 0xcbf29ce484222325,
		.random = seed * 0x9e3779b97f4a7c15 + 1,
	};

	for (unsigned int i = 0; i < 10; i++)
		below(&play, 2);
	prepare(&play);
	for (unsigned int i = 0; i < SEQUENCE_OPERATIONS; i++)
		play_one(&play);
	restore(&play);
	return play.result;
}
