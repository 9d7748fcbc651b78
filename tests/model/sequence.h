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

#include <mm/types.h>

#define SEQUENCE_FRAMES     24 /* that the operations are about */
#define SEQUENCE_ROOTS      3  /* the last of them: used as roots, and as nothing else */
#define SEQUENCE_OPERATIONS 60

/* What a sequence is played on. */
struct sequence_stage {
	mfn_t frame[SEQUENCE_FRAMES];       /* zeroed, mapped writable in the direct map only ... */
	uintptr_t address[SEQUENCE_FRAMES]; /* ... at these addresses */
	pfn_t pfn[SEQUENCE_FRAMES];
	/* Where the contents can be read whatever becomes of that mapping. */
	const uint64_t *contents[SEQUENCE_FRAMES];
	mfn_t foreign; /* memory, but not this domain's */
	/* Called with each line of the text; NULL: only the digest is wanted. */
	void (*line)(const char *text);
	/* Called after each operation; may be NULL. */
	void (*check)(void);
};

struct sequence_result {
	uint64_t digest;
	unsigned int operations, refused;
	unsigned int left_over; /* frames that could not be made ordinary again: 0 */
};

/* Plays the sequence of this seed. Nothing else may change page tables meanwhile. */
struct sequence_result sequence_play(const struct sequence_stage *stage, uint64_t seed);

#endif
