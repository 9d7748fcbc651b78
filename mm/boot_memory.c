// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sorted list of runs in use; see the header.
 */
#include <kernel/compiler.h>
#include <kernel/printf.h>
#include <mm/boot_memory.h>

const char *frame_kind_name(enum frame_kind kind)
{
	static const char *const names[FRAME_KINDS] = {
		[FRAME_TAIL] = "part of a block",    [FRAME_FREE] = "free",
		[FRAME_ALLOCATED] = "allocated",     [FRAME_TEXT] = "kernel text",
		[FRAME_DATA] = "kernel data",        [FRAME_BOOT] = "shared rings",
		[FRAME_TABLE] = "page tables",       [FRAME_P2M] = "P2M",
		[FRAME_DATABASE] = "frame database", [FRAME_RAMDISK] = "ramdisk",
		[FRAME_ABSENT] = "absent",
	};

	return kind < FRAME_KINDS ? names[kind] : "unknown";
}

bool frame_kind_may_be_table(enum frame_kind kind)
{
	return kind == FRAME_TABLE || kind == FRAME_P2M;
}

void boot_memory_init(struct boot_memory *memory, uint64_t pages)
{
	memory->pages = pages;
	memory->runs = 0;
}

static uint64_t end_of(struct pfn_range range)
{
	return range.start.n + range.count;
}

const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind)
{
	static char message[160];
	unsigned int at = 0;

	if (range.count == 0)
		return NULL;
	if (range.start.n >= memory->pages || range.count > memory->pages - range.start.n) {
		snprintf(message, sizeof(message),
			 "%s at pfn %lx, %lu pages, is past the end of memory (%lu pages)",
			 frame_kind_name(kind), range.start.n, range.count, memory->pages);
		return message;
	}
	while (at < memory->runs && end_of(memory->run[at].range) <= range.start.n)
		at++;
	if (at < memory->runs && memory->run[at].range.start.n < end_of(range)) {
		snprintf(message, sizeof(message),
			 "%s at pfn %lx, %lu pages, overlaps %s at pfn %lx, %lu pages",
			 frame_kind_name(kind), range.start.n, range.count,
			 frame_kind_name(memory->run[at].kind), memory->run[at].range.start.n,
			 memory->run[at].range.count);
		return message;
	}
	if (memory->runs == BOOT_MEMORY_RUNS) {
		snprintf(message, sizeof(message), "more than %u separate runs of boot memory",
			 BOOT_MEMORY_RUNS);
		return message;
	}
	for (unsigned int i = memory->runs; i > at; i--)
		memory->run[i] = memory->run[i - 1];
	memory->run[at] = (struct boot_run){range, kind};
	memory->runs++;
	return NULL;
}

static void remove_run(struct boot_memory *memory, unsigned int at)
{
	memory->runs--;
	for (unsigned int i = at; i < memory->runs; i++)
		memory->run[i] = memory->run[i + 1];
}

const char *boot_memory_release(struct boot_memory *memory, struct pfn_range range)
{
	uint64_t start = range.start.n, end = end_of(range);

	for (unsigned int i = 0; i < memory->runs; i++) {
		struct boot_run *run = &memory->run[i];
		uint64_t run_start = run->range.start.n, run_end = end_of(run->range);

		if (run_end <= start || run_start >= end)
			continue;
		if (run_start < start && run_end > end) {
			struct pfn_range rest = {pfn(end), run_end - end};

			if (memory->runs == BOOT_MEMORY_RUNS)
				return "more separate runs of boot memory than there is room for";
			run->range.count = start - run_start;
			return boot_memory_reserve(memory, rest, run->kind);
		}
		if (run_start < start) {
			run->range.count = start - run_start;
		} else if (run_end > end) {
			run->range = (struct pfn_range){pfn(end), run_end - end};
		} else {
			remove_run(memory, i--);
		}
	}
	return NULL;
}

struct pfn_range boot_memory_next_free(const struct boot_memory *memory, pfn_t from)
{
	uint64_t start = from.n;
	uint64_t end = memory->pages;

	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range used = memory->run[i].range;

		if (end_of(used) <= start)
			continue;
		if (used.start.n > start) {
			end = used.start.n;
			break;
		}
		start = end_of(used);
	}
	return (struct pfn_range){pfn(start), start < end ? end - start : 0};
}

pfn_t boot_memory_take(struct boot_memory *memory, uint64_t count, enum frame_kind kind)
{
	struct pfn_range gap = boot_memory_next_free(memory, pfn(0));

	while (gap.count && gap.count < count)
		gap = boot_memory_next_free(memory, pfn(end_of(gap)));
	if (!gap.count)
		return INVALID_PFN;
	gap.count = count;
	return boot_memory_reserve(memory, gap, kind) ? INVALID_PFN : gap.start;
}

bool boot_memory_is_free(const struct boot_memory *memory, pfn_t frame)
{
	struct pfn_range gap = boot_memory_next_free(memory, frame);

	return gap.count && gap.start.n == frame.n;
}

uint64_t boot_memory_free(const struct boot_memory *memory)
{
	uint64_t pages = memory->pages;

	for (unsigned int i = 0; i < memory->runs; i++)
		pages -= memory->run[i].range.count;
	return pages;
}

uint64_t boot_memory_longest(const struct boot_memory *memory)
{
	struct pfn_range gap = boot_memory_next_free(memory, pfn(0));
	uint64_t longest = 0;

	for (; gap.count; gap = boot_memory_next_free(memory, pfn(end_of(gap))))
		longest = MAX(longest, gap.count);
	return longest;
}

uint64_t boot_memory_absent(const struct boot_memory *memory)
{
	uint64_t absent = 0;

	for (unsigned int i = 0; i < memory->runs; i++) {
		if (memory->run[i].kind == FRAME_ABSENT)
			absent += memory->run[i].range.count;
	}
	return absent;
}
