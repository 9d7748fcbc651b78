// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sorted list of the runs of frames that are in use at boot, and the claims on frames of the
 * P2M.
 */
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

bool frame_kind_may_be_table(enum frame_kind kind)
{
	return kind == FRAME_TABLE || kind == FRAME_P2M;
}

void boot_memory_init(struct boot_memory *memory, uint64_t pages)
{
	memory->pages = pages;
	memory->runs = memory->claims = 0;
}

static uint64_t end_of(struct pfn_range range)
{
	return range.start.pfn + range.count;
}

const char *boot_memory_reserve(struct boot_memory *memory, struct pfn_range range,
				enum frame_kind kind)
{
	unsigned int at = 0;

	if (range.count == 0)
		return NULL;
	if (range.start.pfn >= memory->pages || range.count > memory->pages - range.start.pfn) {
		return message_make(
			"%s at pfn %lx, %lu pages, is past the end of memory (%lu pages)",
			frame_kind_name(kind), range.start.pfn, range.count, memory->pages);
	}
	while (at < memory->runs && end_of(memory->run[at].range) <= range.start.pfn)
		at++;
	if (at < memory->runs && memory->run[at].range.start.pfn < end_of(range)) {
		return message_make("%s at pfn %lx, %lu pages, overlaps %s at pfn %lx, %lu pages",
				    frame_kind_name(kind), range.start.pfn, range.count,
				    frame_kind_name(memory->run[at].kind),
				    memory->run[at].range.start.pfn, memory->run[at].range.count);
	}
	if (memory->runs == BOOT_MEMORY_RUNS) {
		return message_make("more than %u separate runs of boot memory", BOOT_MEMORY_RUNS);
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

static struct pfn_range common(struct pfn_range a, struct pfn_range b)
{
	uint64_t start = MAX(a.start.pfn, b.start.pfn), end = MIN(end_of(a), end_of(b));

	return (struct pfn_range){pfn(start), start < end ? end - start : 0};
}

/* Returns the first part of a range that the P2M has; count 0, at the end of the range: none. */
static struct pfn_range part_of_p2m(const struct boot_memory *memory, struct pfn_range range)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range part = common(memory->run[i].range, range);

		if (memory->run[i].kind == FRAME_P2M && part.count)
			return part;
	}
	return (struct pfn_range){pfn(end_of(range)), 0};
}

const char *boot_memory_claim(struct boot_memory *memory, struct pfn_range range,
			      enum frame_kind kind)
{
	while (range.count) {
		struct pfn_range part = part_of_p2m(memory, range);
		struct pfn_range before = {range.start, part.start.pfn - range.start.pfn};
		const char *error = boot_memory_reserve(memory, before, kind);

		if (error)
			return error;
		if (part.count && memory->claims == BOOT_MEMORY_CLAIMS)
			return "more is wanted of the P2M's frames than there is room to note";
		if (part.count)
			memory->claim[memory->claims++] = (struct boot_run){part, kind};
		range = (struct pfn_range){pfn(end_of(part)), end_of(range) - end_of(part)};
	}
	return NULL;
}

const struct boot_run *boot_memory_claimant(const struct boot_memory *memory, pfn_t frame)
{
	for (unsigned int i = 0; i < memory->claims; i++) {
		if (common(memory->claim[i].range, (struct pfn_range){frame, 1}).count)
			return &memory->claim[i];
	}
	return NULL;
}

/* The rest of a run below a part of it, and above. */
static struct pfn_range below(struct pfn_range run, struct pfn_range part)
{
	return (struct pfn_range){run.start, part.start.pfn - run.start.pfn};
}

static struct pfn_range above(struct pfn_range run, struct pfn_range part)
{
	return (struct pfn_range){pfn(end_of(part)), end_of(run) - end_of(part)};
}

static const char *make_free(struct boot_memory *memory, struct pfn_range range)
{
	for (unsigned int i = 0; i < memory->runs; i++) {
		struct boot_run run = memory->run[i];
		struct pfn_range part = common(run.range, range);

		if (!part.count)
			continue;
		if (memory->runs == BOOT_MEMORY_RUNS && below(run.range, part).count &&
		    above(run.range, part).count)
			return "more separate runs of boot memory than there is room for";
		remove_run(memory, i--);
		boot_memory_reserve(memory, below(run.range, part), run.kind);
		boot_memory_reserve(memory, above(run.range, part), run.kind);
	}
	return NULL;
}

/* Adds runs for claims on frames that are free now. The rest of a claim stays the P2M's. */
static const char *settle_claims(struct boot_memory *memory, struct pfn_range range)
{
	const char *error = NULL;

	for (unsigned int i = 0; i < memory->claims && !error; i++) {
		struct boot_run claim = memory->claim[i];
		struct pfn_range part = common(claim.range, range);

		if (!part.count)
			continue;
		memory->claim[i--] = memory->claim[--memory->claims];
		error = boot_memory_reserve(memory, part, claim.kind);
		if (!error)
			error = boot_memory_claim(memory, below(claim.range, part), claim.kind);
		if (!error)
			error = boot_memory_claim(memory, above(claim.range, part), claim.kind);
	}
	return error;
}

const char *boot_memory_release(struct boot_memory *memory, struct pfn_range range)
{
	const char *error = make_free(memory, range);

	return error ? error : settle_claims(memory, range);
}

struct pfn_range boot_memory_next_free(const struct boot_memory *memory, pfn_t from)
{
	uint64_t start = from.pfn;
	uint64_t end = memory->pages;

	for (unsigned int i = 0; i < memory->runs; i++) {
		struct pfn_range used = memory->run[i].range;

		if (end_of(used) <= start)
			continue;
		if (used.start.pfn > start) {
			end = used.start.pfn;
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

/* Returns the number of frames in runs of a kind; FRAME_KINDS: of all kinds. */
static uint64_t sum(const struct boot_run *run, unsigned int runs, enum frame_kind kind)
{
	uint64_t count = 0;

	for (; runs--; run++)
		count += kind == FRAME_KINDS || run->kind == kind ? run->range.count : 0;
	return count;
}

uint64_t boot_memory_free(const struct boot_memory *memory)
{
	return memory->pages - sum(memory->run, memory->runs, FRAME_KINDS);
}

uint64_t boot_memory_absent(const struct boot_memory *memory)
{
	return sum(memory->run, memory->runs, FRAME_ABSENT);
}

uint64_t boot_memory_claimed(const struct boot_memory *memory)
{
	return sum(memory->claim, memory->claims, FRAME_KINDS);
}
