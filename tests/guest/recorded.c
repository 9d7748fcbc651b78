// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder that all in-guest suites share: recorded_begin() installs it, recorded_finish()
 * checks what it saw.
 */
#include "recorded.h"

#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/xen/batch.h>
#include <mm/xen/pin.h>

struct recorder recorder;

static uint64_t free_before, pinned_before;

void recorded_begin(void)
{
	free_before = frames_free_count();
	pinned_before = pinned_tables();
	recorder_start(&recorder);
}

void recorded_finish(void)
{
	recorder_stop();
	if (recorder.breach)
		selftest_failed(__FILE__, __LINE__, recorder.breach);
	EXPECT_EQ(recorder.live, recorder.found);
	EXPECT_EQ(recorder.count[RECORD_ALLOC], recorder.count[RECORD_RELEASE]);
	EXPECT_EQ(recorder.count[RECORD_ADOPT], 0);
	EXPECT_EQ(frames_free_count(), free_before);
	EXPECT_EQ(pinned_tables(), pinned_before);
	EXPECT(!batch_pending());
}
