/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stage for sequences (sequence.h) on the model.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "sequence.h"

/* Starts a world and takes the frames from it. "hardware": as dom0, or as any other domain. */
struct sequence_stage stage_start(bool hardware);

/* Gives them back and ends the world, with all its checks. */
void stage_stop(const struct sequence_stage *stage);

#endif
