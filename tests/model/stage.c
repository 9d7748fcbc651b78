// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's side of the comparison with real Xen; tests/guest/sequence.c is the other side. */
#include "stage.h"

#include "../host/host.h"
#include "world.h"

#include <arch/hypercall.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

struct sequence_stage stage_start(bool hardware)
{
	struct world_config config = world_config(4, 2048);
	struct sequence_stage stage = {0};

	config.machine.hardware = hardware;
	world_boot(&config);
	world_relocate(P2M_REMAP);
	world_complete();
	stage.foreign = mfn(model_foreign_mfn());
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++) {
		pfn_t frame = frames_alloc(0);

		memset(pfn_to_virt(frame), 0, PAGE_SIZE);
		stage.pfn[i] = frame;
		stage.frame[i] = pfn_to_mfn(frame);
		stage.address[i] = pfn_to_address(frame);
		stage.contents[i] = pfn_to_virt(frame);
	}
	return stage;
}

void stage_stop(const struct sequence_stage *stage)
{
	for (unsigned int i = 0; i < SEQUENCE_FRAMES; i++)
		frames_free(stage->pfn[i]);
	world_stop();
}
