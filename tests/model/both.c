// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting and stopping either machine. The bare one has large pages with four levels, and with
 * five small ones only: the direct map is changed in another way then.
 */
#include "both.h"

#include "../host/host.h"
#include "bare.h"
#include "invariants.h"
#include "world.h"

static struct recorder recorder;

static void start_xen(unsigned int levels, uint64_t pages)
{
	world_start(levels, pages);
	recorder_start(&recorder);
}

static void keep_tables_xen(void)
{
	recorder.found = recorder.live;
}

static void stop_xen(void)
{
	recorder_stop();
	expect_recorder_counted_right(&recorder);
	assert_int_equal(recorder.live, recorder.found);
	world_stop();
}

static const char *check_xen(void)
{
	return recorder.breach;
}

static uint64_t pfn_of_mfn(uint64_t frame)
{
	return model_pfn(frame);
}

static void start_bare(unsigned int levels, uint64_t pages)
{
	bare_start(levels, levels == 4 ? 1u << PT_PMD : 0, pages);
	bare_build();
	bare_complete();
}

static void keep_tables_bare(void)
{
	bare.recorder.found = bare.recorder.live;
}

static const char *check_bare(void)
{
	bare_check();
	return NULL;
}

static uint64_t same(uint64_t frame)
{
	return frame;
}

#define XEN(name, levels)                                                                 \
	{                                                                                 \
		name, levels, start_xen, keep_tables_xen, stop_xen, check_xen, pfn_of_mfn \
	}
#define NATIVE(name, levels)                                                            \
	{                                                                               \
		name, levels, start_bare, keep_tables_bare, bare_stop, check_bare, same \
	}

const struct both both[BOTH_COUNT] = {
	[BOTH_XEN] = XEN("xen4", 4),
	[BOTH_NATIVE] = NATIVE("native4", 4),
	[BOTH_XEN_5] = XEN("xen5", 5),
	[BOTH_NATIVE_5] = NATIVE("native5", 5),
};
