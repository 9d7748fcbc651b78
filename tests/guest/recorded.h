/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the in-guest suites: a test between these two runs under the recorder
 * (tests/model/recorder.h), and leaves memory, tables and batches exactly as it found them.
 */
#ifndef TESTS_GUEST_RECORDED_H
#define TESTS_GUEST_RECORDED_H

#include "../model/recorder.h"

extern struct recorder recorder;

void recorded_begin(void);
void recorded_finish(void);

#endif
