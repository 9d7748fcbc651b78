// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a frame is, in words: the same words wherever the kernel speaks of one.
 */
#include <kernel/lib/printf.h>
#include <kernel/report/report.h>
#include <mm/frame/frames.h>
#include <mm/table/entry.h>

char *frame_text(pfn_t number, char *buffer, size_t size)
{
	const struct frame *frame = frame_of(number);

	if (!pfn_valid(number))
		snprintf(buffer, size, "not this domain's");
	else if (!frame)
		snprintf(buffer, size, frame_count ? "past the end of memory" : "");
	else if (frame->flags & FRAME_LEVEL)
		snprintf(buffer, size, "%s table%s", pt_level_name(frame->flags & FRAME_LEVEL),
			 frame->flags & FRAME_PINNED ? ", pinned" : "");
	else
		snprintf(buffer, size, "%s", frame_kind_name(frame_of(frames_block(number))->kind));
	return buffer;
}
