// SPDX-License-Identifier: GPL-2.0-or-later
/* The sorted list of the runs of frames that are in use at boot. */
#include <kernel/lib/compiler.h>
#include <kernel/lib/message.h>
#include <mm/frame/boot_memory.h>

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

void boot_memory_init(struct boot_memory *memory, uint64_t pages)
{
	memory->pages = pages;
	memory->runs = 0;
}

static uint64_t end_of(struct pfn_range range)
{
	return range.start.pfn + range.count;
}

/* Adds a run as boot_memory_reserve() does. */
static const char *add_run(struct boot_memory *memory, struct boot_run run)
{
	struct pfn_range range = run.range;
	unsigned int at = 0;

	if (range.count == 0 || run.kind == FRAME_FREE)
		return NULL;
	if (range.start.pfn >= memory->pages || range.count > memory->pages - range.start.pfn)
		return message_make(
			"%s at pfn %lx, %lu pages, is past the end of memory (%lu pages)",
			frame_kind_name(run.kind), range.start.pfn, range.count, memory->pages);
	while (at < memory->runs && end_of(memory->run[at].range) <= range.start.pfn)
		at++;
	if (at < memory->runs && memory->run[at].range.start.pfn < end_of(range))
		return message_make("%s at pfn %lx, %lu pages, overlaps %s at pfn %lx, %lu pages",
				    frame_kind_name(run.kind), range.start.pfn, range.count,
				    frame_kind_name(memory->run[at].kind),
				    memory->run[at].range.start.pfn, memory->run[at].range.count);
	if (memory->runs == BOOT_MEMORY_RUNS)
		return message_make("more than %u separate runs of boot memory", BOOT_MEMORY_RUNS);
	for (unsigned int i = memory->runs++; i > at; i--)
		memory->run[i] = memory->run[i - 1];
	memory->run[at] = run;
	return NULL;
}

const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind)
{
	return add_run(memory, (struct boot_run){range, kind, FRAME_FREE});
}

static struct pfn_range common(struct pfn_range a, struct pfn_range b)
{
	uint64_t start = MAX(a.start.pfn, b.start.pfn), end = MIN(end_of(a), end_of(b));

	return (struct pfn_range){pfn(start), start < end ? end - start : 0};
}

static struct pfn_range below(struct pfn_range range, struct pfn_range part)
{
	return (struct pfn_range){range.start, part.start.pfn - range.start.pfn};
}

static struct pfn_range above(struct pfn_range range, struct pfn_range part)
{
	return (struct pfn_range){pfn(end_of(part)), end_of(range) - end_of(part)};
}

/* Replaces a part of the run at an index. Returns NULL, or a message: nothing has changed then. */
static const char *replace_part(struct boot_memory *memory, unsigned int at, struct boot_run part)
{
	struct boot_run first = memory->run[at], last = first;
	unsigned int wanted;

	first.range = below(first.range, part.range);
	last.range = above(last.range, part.range);
	wanted = (part.kind != FRAME_FREE) + !!first.range.count + !!last.range.count;
	if (memory->runs - 1 + wanted > BOOT_MEMORY_RUNS)
		return "more separate runs of boot memory than there is room for";
	memory->runs--;
	for (unsigned int i = at; i < memory->runs; i++)
		memory->run[i] = memory->run[i + 1];
	add_run(memory, first);
	add_run(memory, part);
	add_run(memory, last);
	return NULL;
}

/* This and boot_memory_release() go downwards: what they add comes after the run they are at. */
const char *boot_memory_claim(struct boot_memory *memory, struct pfn_range range,
			      enum frame_kind kind)
{
	const char *error = NULL;

	for (unsigned int i = memory->runs; i-- > 0 && !error;) {
		struct boot_run part = memory->run[i];
		struct pfn_range rest;

		part.range = common(part.range, range);
		if (!part.range.count || part.kind != FRAME_P2M || part.claimed_as != FRAME_FREE)
			continue;
		part.claimed_as = kind;
		rest = above(range, part.range);
		range = below(range, part.range);
		error = boot_memory_reserve(memory, rest, kind);
		if (!error)
			error = replace_part(memory, i, part);
	}
	return error ? error : boot_memory_reserve(memory, range, kind);
}

const char *boot_memory_release(struct boot_memory *memory, struct pfn_range range)
{
	const char *error = NULL;

	for (unsigned int i = memory->runs; i-- > 0 && !error;) {
		struct boot_run run = memory->run[i];
		struct pfn_range part = common(run.range, range);

		if (part.count)
			error = replace_part(memory, i,
					     (struct boot_run){part, run.claimed_as, FRAME_FREE});
	}
	return error;
}

const struct boot_run *boot_memory_claimant(const struct boot_memory *memory, pfn_t frame)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		const struct boot_run *run = &memory->run[i];

		if (run->claimed_as != FRAME_FREE &&
		    frame.pfn - run->range.start.pfn < run->range.count)
			return run;
	}
	return NULL;
}

struct pfn_range boot_memory_next_free(const struct boot_memory *memory, pfn_t from)
{
	uint64_t start = from.pfn, end = memory->pages;

	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range used = memory->run[i].range;

		if (used.start.pfn > start) {
			end = used.start.pfn;
			break;
		}
		start = MAX(start, end_of(used));
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

	return gap.count && gap.start.pfn == frame.pfn;
}

uint64_t boot_memory_longest(const struct boot_memory *memory)
{
	struct pfn_range gap = boot_memory_next_free(memory, pfn(0));
	uint64_t longest = 0;

	for (; gap.count; gap = boot_memory_next_free(memory, pfn(end_of(gap))))
		longest = MAX(longest, gap.count);
	return longest;
}

uint64_t boot_memory_free(const struct boot_memory *memory)
{
	uint64_t count = memory->pages;

	for (unsigned int i = 0; i < memory->runs; i++)
		count -= memory->run[i].range.count;
	return count;
}

uint64_t boot_memory_absent(const struct boot_memory *memory)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < memory->runs; i++)
		count += memory->run[i].kind == FRAME_ABSENT ? memory->run[i].range.count : 0;
	return count;
}

uint64_t boot_memory_claimed(const struct boot_memory *memory)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < memory->runs; i++)
		count += memory->run[i].claimed_as != FRAME_FREE ? memory->run[i].range.count : 0;
	return count;
}
