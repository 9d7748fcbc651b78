/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random sequences of page-table operations, valid and not, that can be played on real Xen and on
 * the model.
 *
 * A seed determines a sequence completely: some forty operations on a couple of dozen frames, as
 * different as pins of the wrong level, updates of tables that are not, mappings of foreign frames,
 * lists with a bad element in the middle. Every result is written down, with the entries as they
 * are afterwards, in terms of frame *numbers of the sequence*, so that the text is the same
 * wherever it is played; a digest of it makes one line of a whole sequence.
 *
 * At the end everything is undone: the frames are ordinary memory again.
 */
#ifndef TESTS_SEQUENCE_H
#define TESTS_SEQUENCE_H

#include <kernel/lib/types.h>

#define SEQUENCE_FRAMES     24 /* that the operations are about */
#define SEQUENCE_ROOTS      3  /* the last of them: used as roots, and as nothing else */
#define SEQUENCE_OPERATIONS 60

/* The frames that are used as roots come after the ordinary ones. */
#define SEQUENCE_ORDINARY (SEQUENCE_FRAMES - SEQUENCE_ROOTS)

/*
 * What a sequence is played on. "leaks": also requests by which Xen may lose a frame for good
 * (leak.c). Otherwise a flush takes their place, so that a domain that has played can be destroyed.
 */
struct sequence_stage {
	mfn_t frame[SEQUENCE_FRAMES];       /* zeroed, mapped writable in the direct map only ... */
	uintptr_t address[SEQUENCE_FRAMES]; /* ... at these addresses */
	pfn_t pfn[SEQUENCE_FRAMES];
	/* Where the contents can be read whatever becomes of that mapping. */
	const uint64_t *contents[SEQUENCE_FRAMES];
	mfn_t foreign; /* memory, but not this domain's */
	bool leaks;
	/* Called with each line of the text; NULL: only the digest is wanted. */
	void (*line)(const char *text);
	/* Called after each operation; may be NULL. */
	void (*check)(void);
};

/* Returns the number of a frame of the stage, or SEQUENCE_FRAMES if the mfn is none of them. */
static inline unsigned int sequence_index(const struct sequence_stage *stage, uint64_t mfn)
{
	unsigned int i = 0;

	while (i < SEQUENCE_FRAMES && stage->frame[i].mfn != mfn)
		i++;
	return i;
}

/* Returns true for the slots that Xen keeps for itself in the frames that are used as roots. */
static inline bool sequence_slot_is_xens(unsigned int frame, unsigned int slot)
{
	return frame >= SEQUENCE_ORDINARY && slot >= 256 && slot < 272;
}

struct sequence_result {
	uint64_t digest;
	unsigned int operations, refused;
	unsigned int left_over; /* frames that could not be made ordinary again: 0 */
	unsigned int left_out;  /* requests replaced by a flush because they may lose a frame */
};

/* Plays the sequence of this seed. Nothing else may change page tables meanwhile. */
struct sequence_result sequence_play(const struct sequence_stage *stage, uint64_t seed);

/*
 * Plays the shortest sequence known to make Xen lose a frame for good, whatever stage->leaks says:
 * three tables and one pin, which is refused. The frames are ordinary memory afterwards, but the
 * domain cannot be destroyed any more. Returns what Xen said to the pin.
 */
long sequence_leak(const struct sequence_stage *stage);

struct mmu_update;
struct mmuext_op;

/*
 * Returns true if "op" may lose a frame: if it makes a frame of the stage a root, and the contents
 * of the frames have the shape that leak.c describes, now or once "before" has been carried out
 * (NULL: nothing comes before).
 */
bool sequence_may_leak(const struct sequence_stage *stage, const struct mmuext_op *op,
		       const struct mmu_update *before);

#endif
