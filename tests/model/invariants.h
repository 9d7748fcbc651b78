/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true of mm/ at the end of any hosted test, whatever it did: the books that the
 * kernel keeps, compared with a count of what is there.
 */
#ifndef TESTS_INVARIANTS_H
#define TESTS_INVARIANTS_H

#include "recorder.h"

/*
 * The P2M as the toolstack finds it, by the frame list list and by the window, says of every pfn
 * what p2m_entry() says, and its statistics are those of the pages it consists of. Fails the test
 * otherwise; does nothing when there is no tree. Publishes the P2M anew.
 */
void expect_p2m_is_whole(void);

/* Stops the P2M's tree. Fails unless it frees exactly the pages that its statistics name. */
void expect_p2m_stops_clean(void);

/* The counters of each CPU's batch agree with each other. Fails the test otherwise. */
void expect_batches_add_up(void);

/*
 * A recorder that begins now finds the same tables, and the same entries that point to them, as
 * this one that has watched them come and go. Fails the test otherwise. No recorder is active.
 */
void expect_recorder_counted_right(const struct recorder *recorder);

#endif
