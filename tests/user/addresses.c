// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random work on an address space, and a log of all that came of it. The log depends on the seed
 * alone, so what Linux wrote is what Pinwheel has to write, to the byte.
 *
 *	addresses SEED [COUNT [sums]]
 *	addresses FIRST-LAST [COUNT [sums]]
 *
 * Each seed runs in a child of its own, for COUNT operations (300). With "sums", only a checksum of
 * each log is printed.
 *
 * Everything happens in an arena, 64 pages at a fixed address. The operations are at the end of
 * this file in a table, with their weights. A model knows what each page of the arena is; it is
 * there to stay away from what Linux leaves open, not to say what is right. Such things are:
 * - Where a mapping goes that has not been told where. It is taken back, or moved into the arena.
 * - Which neighbours are joined to one mapping, on which mremap(2) depends: it is given ranges that
 *   came from one call and never were cut, or such as differ in their rights.
 * - How much of a transfer is done when memory ends inside of a page of it: such transfers start
 *   with a page, or they are to memory that is all there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARENA     0x10000000000ul
#define PAGE      4096ul
#define PAGES     64u
#define ARENA_END (ARENA + PAGES * PAGE)

/* The file that is mapped: its last page is not whole. */
#define FILE_PAGES 6u
#define FILE_BYTES ((FILE_PAGES - 1) * PAGE + 1000)

/* Transfers are no larger, so that any pipe holds them. */
#define TRANSFER_PAGES 4u

#define DEPTH_MOST 3u
#define HEAP_MOST  (16 * PAGE)

static uint64_t generator;
static unsigned int depth, step;
static int log_file, data_file;
static unsigned char buffer[TRANSFER_PAGES * PAGE];

/* ---- chance ---- */

static uint64_t next(void)
{
	generator ^= generator << 13;
	generator ^= generator >> 7;
	generator ^= generator << 17;
	return generator * 0x2545f4914f6cdd1dul;
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)((next() >> 32) % limit);
}

static bool chance(unsigned int percent)
{
	return below(100) < percent;
}

/* ---- the log ---- */

struct text {
	char bytes[2048];
	size_t used;
};

static void add_list(struct text *text, const char *format, va_list list)
{
	size_t room = sizeof(text->bytes) - text->used;
	int length = vsnprintf(text->bytes + text->used, room, format, list);

	text->used += (size_t)length < room ? (size_t)length : room - 1;
}

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	add_list(text, format, list);
	va_end(list);
}

static void write_all(int file, const char *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(file, bytes, size);

		if (done <= 0)
			_exit(98);
		bytes += done;
		size -= (size_t)done;
	}
}

/* One line, at once: who dies has said everything before. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	struct text line = {.used = 0};
	va_list list;

	add(&line, "%*s%u ", (int)depth * 4, "", step);
	va_start(list, format);
	add_list(&line, format, list);
	va_end(list);
	line.bytes[line.used++] = '\n';
	write_all(log_file, line.bytes, line.used);
}

/* What a system call returned, or its error, negative. */
static long answer(long result)
{
	return result == -1 ? -errno : result;
}

static uint64_t checksum(uint64_t sum, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t word;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ul;
		sum ^= sum >> 29;
	}
	for (; size; at++, size--)
		sum = (sum ^ *at) * 0x100000001b3ul;
	return sum;
}

/* ---- the model ---- */

enum kind { PRIVATE, SHARED, FROM_FILE, KINDS };

static const char *const kind_names[] = {"private", "shared", "file"};

struct page {
	unsigned int piece; /* equal: one call made them, and nothing came between; 0: unmapped */
	unsigned int rights;
	enum kind kind;
	unsigned int position, size; /* in the object, and its pages: SIGBUS from there on */
};

struct range {
	unsigned int first, count;
};

static struct page model[PAGES];
static unsigned int last_piece;

/* Execution alone, and together with writing, depends on the machine. */
static const unsigned int all_rights[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_WRITE,
					  PROT_READ | PROT_EXEC};

static unsigned int some_rights(void)
{
	return chance(40) ? PROT_READ | PROT_WRITE : all_rights[below(5)];
}

static const char *rights_name(unsigned int rights)
{
	static const char *const names[] = {"---", "r--", "-w-", "rw-", "--x", "r-x"};

	return names[rights];
}

static struct range some_range(void)
{
	struct range range = {.first = below(PAGES)};
	unsigned int most = PAGES - range.first;

	range.count = 1 + below(most < 12 ? most : 12);
	return range;
}

static uintptr_t address_of(unsigned int page)
{
	return ARENA + page * PAGE;
}

static void *pointer(uintptr_t address)
{
	return (void *)address;
}

/* As many bytes as make these pages, not always all of the last. */
static size_t bytes_of(unsigned int pages)
{
	return pages * PAGE - (chance(30) ? below(PAGE) : 0);
}

/* Memory that can be written can be read, and so can code: the processor knows no difference. */
static bool works(unsigned int page, unsigned int rights)
{
	const struct page *at = &model[page];
	bool allowed = rights == PROT_READ ? at->rights != 0 : (at->rights & rights) != 0;

	return at->piece && allowed && at->position < at->size;
}

static void forget_range(struct range range)
{
	memset(&model[range.first], 0, range.count * sizeof(model[0]));
}

/* Pages that continue each other, "page" being the first. */
static void note_range(struct range range, struct page page)
{
	for (unsigned int i = 0; i < range.count; i++) {
		model[range.first + i] = page;
		page.position++;
	}
}

static void note_rights(struct range range, unsigned int rights)
{
	unsigned int piece = 0;

	for (unsigned int page = range.first; page < range.first + range.count; page++) {
		struct page *at = &model[page];

		if (!at->piece)
			return;
		if (at->rights == rights) {
			piece = 0;
			continue;
		}
		if (at->piece != piece)
			last_piece++;
		piece = at->piece;
		at->piece = last_piece;
		at->rights = rights;
	}
}

/* A mapped page, or PAGES. */
static unsigned int some_mapped(void)
{
	unsigned int start = below(PAGES);

	for (unsigned int i = 0; i < PAGES; i++) {
		if (model[(start + i) % PAGES].piece)
			return (start + i) % PAGES;
	}
	return PAGES;
}

/* A range within one piece; empty: nothing is mapped. */
static struct range some_piece(void)
{
	struct range range = {.first = some_mapped()};
	unsigned int end = range.first;

	if (range.first == PAGES)
		return range;
	while (range.first && chance(50) &&
	       model[range.first - 1].piece == model[range.first].piece)
		range.first--;
	while (end < PAGES && model[end].piece == model[range.first].piece)
		end++;
	range.count = end - range.first;
	if (chance(40))
		range.count = 1 + below(range.count);
	return range;
}

/* ---- accesses that may go wrong ---- */

static sigjmp_buf escape;
static volatile sig_atomic_t guarded;
static struct {
	int signal, code;
	uintptr_t address;
} trouble;

static void on_trouble(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!guarded) {
		say("unexpected signal %d", signal);
		_exit(99);
	}
	trouble.signal = signal;
	trouble.code = info->si_code;
	trouble.address = (uintptr_t)info->si_addr;
	siglongjmp(escape, 1);
}

static void handle_trouble(bool handle)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};

	if (handle)
		action.sa_sigaction = on_trouble;
	else
		action.sa_handler = SIG_DFL;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

struct access {
	void (*act)(struct access *);
	const char *name;
	uintptr_t address;
	unsigned int bytes;
	uint64_t value;
};

/* False: a signal came instead, see "trouble". */
static bool survives(struct access *access)
{
	bool survived = false;

	guarded = true;
	if (!sigsetjmp(escape, 0)) {
		access->act(access);
		survived = true;
	}
	guarded = false;
	return survived;
}

static void load(struct access *access)
{
	access->value = 0;
	if (access->bytes == 1)
		asm volatile("movb (%1), %b0" : "+q"(access->value) : "r"(access->address));
	else
		asm volatile("movq (%1), %0" : "=r"(access->value) : "r"(access->address));
}

static void store(struct access *access)
{
	if (access->bytes == 1)
		asm volatile("movb %b0, (%1)" ::"q"(access->value), "r"(access->address)
			     : "memory");
	else
		asm volatile("movq %0, (%1)" ::"r"(access->value), "r"(access->address) : "memory");
}

/* Bytes, a multiple of 8: what was filled before the signal stays so. */
static void fill(struct access *access)
{
	uintptr_t to = access->address;
	uint64_t count = access->bytes / 8;

	asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(access->value) : "memory");
}

static void jump(struct access *access)
{
	int (*code)(void) = (int (*)(void))access->address;

	access->value = (uint64_t)code();
}

static void say_access(struct access *access)
{
	unsigned long at = access->address - ARENA;

	if (survives(access))
		say("%s %u at %lx: %lx", access->name, access->bytes, at, access->value);
	else
		say("%s %u at %lx: signal %d, code %d, at %lx", access->name, access->bytes, at,
		    trouble.signal, trouble.code, trouble.address - ARENA);
}

static bool readable(unsigned int page)
{
	struct access access = {.act = load, .address = address_of(page), .bytes = 1};

	return survives(&access);
}

/* The same value again, so that nothing changes but who owns the page. */
static bool writable(unsigned int page)
{
	struct access access = {.act = load, .address = address_of(page), .bytes = 1};

	if (!survives(&access))
		return false;
	access.act = store;
	return survives(&access);
}

/* ---- processes ---- */

/* 0 in the child, which sees other chances; in the parent, the child has ended and is logged. */
static int split(const char *name)
{
	int status, child = fork();

	if (child == 0) {
		depth++;
		generator ^= 0xd1b54a32d192ed03ul;
		return 0;
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		say("%s: no child, %d", name, errno);
	else if (WIFSIGNALED(status))
		say("%s: ended by signal %d", name, WTERMSIG(status));
	else
		say("%s: ended with %d", name, WEXITSTATUS(status));
	return 1;
}

/* ---- the state of everything ---- */

static char trouble_letter(void)
{
	if (trouble.signal == SIGBUS)
		return 'B';
	return trouble.code == SEGV_MAPERR ? '.' : '-';
}

/* Returns a checksum of all that can be read. */
static uint64_t say_contents(void)
{
	struct text sums = {.used = 0};
	char letters[PAGES + 1] = "";
	uint64_t all = 0;

	for (unsigned int page = 0; page < PAGES; page++) {
		uint64_t sum;

		if (!readable(page)) {
			letters[page] = trouble_letter();
			continue;
		}
		letters[page] = 'r';
		sum = checksum(0, pointer(address_of(page)), PAGE);
		all = checksum(all + page, &sum, sizeof(sum));
		if (sum)
			add(&sums, " %u:%lx", page, sum >> 32);
	}
	say("read   %s", letters);
	say("sums  %s", sums.bytes);
	return all;
}

static void say_readable_by_kernel(void)
{
	char letters[PAGES + 1] = "", byte;
	int ends[2];

	if (pipe(ends))
		return say("no pipe: %d", errno);
	for (unsigned int page = 0; page < PAGES; page++) {
		long result = answer(write(ends[1], pointer(address_of(page)), 1));

		letters[page] = result == 1 ? 'r' : result == -EFAULT ? '-' : '?';
		if (result == 1 && read(ends[0], &byte, 1) != 1)
			letters[page] = '!';
	}
	close(ends[0]);
	close(ends[1]);
	say("kernel %s", letters);
}

static void say_writable(void)
{
	char letters[PAGES + 1] = "";

	if (split("writer"))
		return;
	for (unsigned int page = 0; page < PAGES; page++)
		letters[page] = writable(page) ? 'w' : trouble_letter();
	say("write  %s", letters);
	_exit(0);
}

/* A line of /proc/self/maps, as far as it must be the same everywhere. */
struct map {
	unsigned long start, end, offset, inode;
	char rights[5];
};

static const char *map_kind(const struct map *map)
{
	if (map->rights[3] == 's')
		return kind_names[SHARED];
	return kind_names[map->inode ? FROM_FILE : PRIVATE];
}

static bool continues(const struct map *before, const struct map *map)
{
	bool offsets = map_kind(map) == kind_names[PRIVATE] ||
		       before->offset + (before->end - before->start) == map->offset;

	return before->end == map->start && !strcmp(before->rights, map->rights) &&
	       map_kind(before) == map_kind(map) && offsets;
}

static void say_map(const struct map *map)
{
	if (map->end)
		say("map %lu+%lu %s %s from %lu", (map->start - ARENA) / PAGE,
		    (map->end - map->start) / PAGE, map->rights, map_kind(map), map->offset / PAGE);
}

static void say_maps(void)
{
	static char text[1 << 16];
	struct map map, joined = {.end = 0};
	size_t used = 0;
	ssize_t more;
	int file = open("/proc/self/maps", O_RDONLY);

	while ((more = read(file, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)more;
	if (more < 0)
		say("no maps: %d", errno);
	close(file);
	text[used] = 0;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &map.start, &map.end, map.rights,
			   &map.offset, &map.inode) != 5)
			say("what is this: %s", line);
		else if (map.start < ARENA || map.start >= ARENA_END)
			continue;
		else if (joined.end && continues(&joined, &map))
			joined.end = map.end;
		else {
			say_map(&joined);
			joined = map;
		}
	}
	say_map(&joined);
}

static uint64_t say_state(void)
{
	uint64_t sum;

	say_readable_by_kernel();
	sum = say_contents();
	say_writable();
	say_maps();
	return sum;
}

static void state(void)
{
	say_state();
}

/* ---- operations: mmap, munmap, mprotect ---- */

/* The page where it is; an error, negative; or PAGES, for elsewhere. */
static long place_of(void *result)
{
	uintptr_t address = (uintptr_t)result;

	if (result == MAP_FAILED)
		return -errno;
	if (address < ARENA || address >= ARENA_END)
		return PAGES;
	return (long)((address - ARENA) / PAGE);
}

static void map(void)
{
	static const char *const hows[] = {"over", "beside", "near"};
	static const int how_flags[] = {MAP_FIXED, MAP_FIXED_NOREPLACE, 0};
	static const int kind_flags[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
					 MAP_PRIVATE};
	struct range range = some_range();
	enum kind kind = below(KINDS);
	struct page page = {.rights = some_rights(), .kind = kind, .size = range.count};
	unsigned int how = below(3);
	uintptr_t wanted = address_of(range.first) + (how == 2 && chance(30) ? below(PAGE) : 0);
	size_t bytes = bytes_of(range.count);
	void *result;
	long place;

	if (kind == FROM_FILE) {
		page.position = chance(70) ? 0 : below(FILE_PAGES + 2);
		page.size = FILE_PAGES;
	} else if (kind == PRIVATE) {
		page.size = UINT32_MAX;
	}
	result = mmap(pointer(wanted), bytes, (int)page.rights, how_flags[how] | kind_flags[kind],
		      kind == FROM_FILE ? data_file : -1, (off_t)(page.position * PAGE));
	place = place_of(result);
	say("mmap %s %u+%u %s %s from %u: %ld", hows[how], range.first, range.count,
	    rights_name(page.rights), kind_names[kind], page.position, place);
	if (place == PAGES)
		munmap(result, bytes);
	if (place != range.first)
		return;
	page.piece = ++last_piece;
	note_range(range, page);
}

static void map_badly(void)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	struct range range = some_range();
	uintptr_t start = address_of(range.first);
	size_t bytes = bytes_of(range.count);
	unsigned int what = below(6);
	int flags = anonymous | MAP_FIXED, file = -1;
	off_t offset = 0;

	if (what == 0)
		start += 1 + below(PAGE - 1);
	else if (what == 1)
		bytes = 0;
	else if (what == 2)
		bytes = 1ul << 62;
	else if (what == 3)
		flags = MAP_ANONYMOUS | MAP_FIXED;
	else
		flags = MAP_PRIVATE | MAP_FIXED;
	if (what == 5) {
		file = data_file;
		offset = 1 + below(PAGE - 1);
	}
	say("bad mmap %u: %ld", what,
	    place_of(mmap(pointer(start), bytes, PROT_READ, flags, file, offset)));
}

static void unmap(void)
{
	struct range range = some_range();

	forget_range(range);
	say("munmap %u+%u: %ld", range.first, range.count,
	    answer(munmap(pointer(address_of(range.first)), bytes_of(range.count))));
}

static void unmap_badly(void)
{
	struct range range = some_range();
	uintptr_t start = address_of(range.first);
	size_t bytes = bytes_of(range.count);
	unsigned int what = below(4);

	if (what == 0)
		start += 1 + below(PAGE - 1);
	else if (what == 1)
		bytes = 0;
	else if (what == 2)
		bytes = 1ul << 62;
	else
		bytes = ~0ul - below(2 * PAGE);
	say("bad munmap %u: %ld", what, answer(munmap(pointer(start), bytes)));
}

static void protect(void)
{
	struct range range = some_range();
	unsigned int rights = some_rights();

	if (chance(50) && some_mapped() != PAGES)
		range = some_piece();
	note_rights(range, rights);
	say("mprotect %u+%u %s: %ld", range.first, range.count, rights_name(rights),
	    answer(mprotect(pointer(address_of(range.first)), bytes_of(range.count), (int)rights)));
}

static void protect_badly(void)
{
	struct range range = some_range();
	uintptr_t start = address_of(range.first);
	size_t bytes = bytes_of(range.count);
	unsigned int what = below(5);
	int rights = PROT_READ;

	if (what == 0)
		start += 1 + below(PAGE - 1);
	else if (what == 1)
		rights |= 0x40;
	else if (what == 2)
		bytes = ~0ul - below(PAGE - 1);
	else
		bytes = 0;
	if (what == 4)
		rights |= 0x40;
	say("bad mprotect %u: %ld", what, answer(mprotect(pointer(start), bytes, rights)));
}

/* ---- operations: mremap ---- */

/* Pages that were moved, or have grown: the first of them goes on being what it was. */
static void note_remap(struct range old, struct range new, struct page page)
{
	forget_range(old);
	if (new.first != old.first)
		page.piece = ++last_piece;
	note_range(new, page);
}

static long remap_to(void *from, size_t old_bytes, struct range new)
{
	return place_of(mremap(from, old_bytes, new.count *PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			       pointer(address_of(new.first))));
}

static void remap_fixed(void)
{
	struct range old = some_piece(), new = some_range();
	struct page page;

	if (!old.count)
		return;
	if (chance(60))
		new.count = old.count < PAGES - new.first ? old.count : PAGES - new.first;
	page = model[old.first];
	say("mremap %u+%u to %u+%u: %ld", old.first, old.count, new.first, new.count,
	    remap_to(pointer(address_of(old.first)), old.count * PAGE, new));
	/* Ranges that meet are refused. */
	if (old.first < new.first + new.count &&new.first < old.first + old.count)
		return;
	note_remap(old, new, page);
}

/* What the kernel moved away comes back to where chance wants it. */
static void bring_back(void *from, struct range old, struct range new)
{
	struct page page = model[old.first];

	forget_range(old);
	new.first = below(PAGES - new.count + 1);
	say("mremap back to %u+%u: %ld", new.first, new.count,
	    remap_to(from, new.count *PAGE, new));
	page.piece = ++last_piece;
	note_range(new, page);
}

static void remap(void)
{
	struct range old = some_piece(), new = old;
	bool may_move = chance(50);
	void *result;
	long place;

	if (!old.count)
		return;
	new.count = 1 + below(PAGES - old.first < 16 ? PAGES - old.first : 16);
	result = mremap(pointer(address_of(old.first)), old.count * PAGE, new.count *PAGE,
			may_move ? MREMAP_MAYMOVE : 0);
	place = place_of(result);
	say("mremap %u+%u %s %u: %ld", old.first, old.count, may_move ? "anywhere" : "here",
	    new.count, place);
	if (place == PAGES)
		bring_back(result, old, new);
	else if (place == old.first)
		note_remap(old, new, model[old.first]);
}

/* From one piece into the next, which has other rights; or from where nothing is. */
static void remap_nothing(void)
{
	struct range old = some_piece();
	unsigned int end = old.first + old.count;

	if (!old.count || end >= PAGES)
		return;
	if (!model[end].piece)
		old = (struct range){.first = end, .count = 1};
	else if (model[end].rights != model[end - 1].rights)
		old.count++;
	else
		return;
	say("mremap of %u+%u: %ld", old.first, old.count,
	    place_of(mremap(pointer(address_of(old.first)), old.count * PAGE,
			    (old.count + 1) * PAGE, MREMAP_MAYMOVE)));
}

static void remap_badly(void)
{
	struct range old = some_piece();
	uintptr_t start = address_of(old.first), to = ARENA_END;
	size_t old_bytes = old.count * PAGE, new_bytes = old_bytes;
	unsigned int what = below(8);
	int flags = MREMAP_MAYMOVE;

	if (!old.count)
		return;
	if (what == 0)
		start += 1 + below(PAGE - 1);
	else if (what == 1)
		new_bytes = 0;
	else if (what == 2)
		flags = 64;
	else if (what == 3)
		flags = MREMAP_FIXED;
	else if (what == 4 && model[old.first].kind != SHARED)
		old_bytes = 0;
	else
		flags |= MREMAP_FIXED;
	if (what == 5)
		to += 1 + below(PAGE - 1);
	else if (what == 6)
		new_bytes = 1ul << 62;
	else if (flags == (MREMAP_MAYMOVE | MREMAP_FIXED))
		to = start + (old.count - 1) * PAGE;
	say("bad mremap %u: %ld", what,
	    place_of(mremap(pointer(start), old_bytes, new_bytes, flags, pointer(to))));
}

/* ---- operations: madvise, msync, mincore, brk ---- */

/* A range for calls that change nothing in the model; one time in five something is wrong. */
struct span {
	uintptr_t start;
	size_t bytes;
	struct text name;
};

static struct span some_span(void)
{
	struct range range = chance(50) ? some_piece() : some_range();
	struct span span = {.start = address_of(range.first), .bytes = bytes_of(range.count)};

	if (!range.count)
		span.start = ARENA;
	if (chance(7))
		span.start += 1 + below(PAGE - 1);
	if (chance(7))
		span.bytes = 0;
	if (chance(7))
		span.bytes = ~0ul - below(PAGE - 1);
	add(&span.name, "%lx+%lx", span.start - ARENA, span.bytes);
	return span;
}

static void advise(void)
{
	struct span span = some_span();
	int advice = chance(5) ? 99 : MADV_DONTNEED;

	say("madvise %s %d: %ld", span.name.bytes, advice,
	    answer(madvise(pointer(span.start), span.bytes, advice)));
}

static void synchronize(void)
{
	static const int flags[] = {MS_SYNC, MS_ASYNC, 0, MS_SYNC | MS_ASYNC, 64};
	struct span span = some_span();
	int flag = flags[below(5)];

	say("msync %s %d: %ld", span.name.bytes, flag,
	    answer(msync(pointer(span.start), span.bytes, flag)));
}

static void ask_core(void)
{
	static unsigned char residency[PAGES];
	struct span span = some_span();
	unsigned int page = below(PAGES);
	unsigned char *to = residency;

	/* What is resident is the kernel's business: it must not get into the arena. */
	if (chance(30) && !works(page, PROT_WRITE))
		to = pointer(address_of(page));
	say("mincore %s to %s: %ld", span.name.bytes, to == residency ? "us" : "nowhere",
	    answer(mincore(pointer(span.start), span.bytes, to)));
}

static uintptr_t heap;
static size_t heap_bytes;

static uintptr_t set_break(uintptr_t wanted)
{
	return (uintptr_t)syscall(SYS_brk, wanted);
}

static void start_heap(void)
{
	heap = (set_break(0) + PAGE - 1) & ~(PAGE - 1);
	if (set_break(heap) != heap)
		say("no heap");
}

static void say_heap(const char *name)
{
	uintptr_t end = (heap + heap_bytes + PAGE - 1) & ~(PAGE - 1);
	struct access behind = {.act = load, .address = end, .bytes = 1};
	uintptr_t now = set_break(0);

	say("brk %s %zx: %lx, sum %lx, behind it %s", name, heap_bytes, now - heap,
	    checksum(0, pointer(heap), now - heap), survives(&behind) ? "memory" : "nothing");
}

static void move_break(void)
{
	if (chance(10)) {
		set_break(chance(50) ? PAGE : 1ul << 62);
		say_heap("bad");
		return;
	}
	heap_bytes = chance(50) ? below(HEAP_MOST) : below(HEAP_MOST / PAGE) * PAGE;
	set_break(heap + heap_bytes);
	say_heap("to");
	for (size_t at = 0; at < heap_bytes; at += 1 + below(2 * PAGE))
		*(unsigned char *)pointer(heap + at) = (unsigned char)next();
}

/* ---- operations: accesses ---- */

/* At any place, often where two pages meet; not if both are bad, for then either can be named. */
static uintptr_t some_address(unsigned int bytes, unsigned int rights)
{
	unsigned int page = chance(60) ? some_mapped() : below(PAGES);
	unsigned int offset = below(PAGE / 8) * 8;

	if (page == PAGES)
		page = 0;
	if (bytes > 1 && page + 1 < PAGES && chance(40) &&
	    (works(page, rights) || works(page + 1, rights)))
		offset = PAGE - 1 - below(bytes - 1);
	return address_of(page) + offset;
}

static void read_arena(void)
{
	struct access access = {.act = load, .name = "read", .bytes = chance(50) ? 1 : 8};

	access.address = some_address(access.bytes, PROT_READ);
	say_access(&access);
}

static void write_arena(void)
{
	struct access access = {.act = store, .name = "write", .bytes = chance(50) ? 1 : 8};

	access.address = some_address(access.bytes, PROT_WRITE);
	access.value = access.bytes == 1 ? below(256) : next();
	say_access(&access);
}

static void fill_arena(void)
{
	struct access access = {.act = fill, .name = "fill", .value = next()};
	unsigned int most;

	access.address = some_address(1, PROT_WRITE);
	most = (unsigned int)(ARENA_END - access.address) / 8;
	access.bytes = 8 * (1 + below(most < 2048 ? most : 2048));
	say_access(&access);
}

/* A page that may be executed gets code first: mov $number, %eax; ret. */
static void jump_into_arena(void)
{
	unsigned int page = some_mapped(), offset = below(PAGE - 8);
	struct access access = {.act = jump, .name = "jump"};
	uint64_t code = 0xc300000000b8ul | (uint64_t)below(1 << 16) << 8;

	if (page == PAGES || chance(20))
		page = below(PAGES);
	access.address = address_of(page) + offset;
	if (works(page, PROT_EXEC) || (works(page, PROT_WRITE) && chance(70))) {
		note_rights((struct range){page, 1}, PROT_READ | PROT_WRITE);
		mprotect(pointer(address_of(page)), PAGE, PROT_READ | PROT_WRITE);
		memcpy(pointer(access.address), &code, sizeof(code));
		note_rights((struct range){page, 1}, PROT_READ | PROT_EXEC);
		mprotect(pointer(address_of(page)), PAGE, PROT_READ | PROT_EXEC);
	}
	say_access(&access);
}

/* Addresses that are never a program's. */
static void go_wild(void)
{
	static const uintptr_t wild[] = {0, 0x7ffffffff000, 0x8000000000000000, 0xffff800000000000,
					 0xfffffffffffff000};
	uintptr_t address = wild[below(5)];
	struct access access = {.act = chance(50) ? load : store, .address = address, .bytes = 8};
	int ends[2];

	if (survives(&access))
		say("wild %lx: survived", address);
	else
		say("wild %lx: signal %d, code %d, at %lx", address, trouble.signal, trouble.code,
		    trouble.address);
	if (pipe(ends))
		return say("no pipe: %d", errno);
	say("wild write: %ld", answer(write(ends[1], pointer(address), 8)));
	close(ends[0]);
	close(ends[1]);
}

/* ---- operations: the kernel reads and writes ---- */

/* A place for a transfer and its size; see the head of this file for what it may be. */
static size_t some_transfer(uintptr_t *address, unsigned int rights)
{
	unsigned int page = chance(70) ? some_mapped() : below(PAGES), most;

	if (page == PAGES)
		page = 0;
	most = PAGES - page < TRANSFER_PAGES ? PAGES - page : TRANSFER_PAGES;
	*address = address_of(page);
	if (chance(50))
		return bytes_of(1 + below(most));
	*address += 1 + below(PAGE - 1);
	for (unsigned int i = 0; i < most; i++) {
		if (!works(page + i, rights))
			most = i;
	}
	if (!most)
		return 1 + below((unsigned int)(address_of(page + 1) - *address));
	return 1 + below((unsigned int)(address_of(page + most) - *address));
}

/* Each time a new pipe, so that nothing is left of the last. */
static void write_to_pipe(void)
{
	uintptr_t from;
	size_t bytes = some_transfer(&from, PROT_READ);
	long result;
	int ends[2];

	if (pipe(ends))
		return say("no pipe: %d", errno);
	result = answer(write(ends[1], pointer(from), bytes));
	say("to pipe %lx+%zx: %ld", from - ARENA, bytes, result);
	if (result > 0) {
		long again = answer(read(ends[0], buffer, (size_t)result));

		say("through it: %ld, sum %lx", again, checksum(0, buffer, (size_t)result));
	}
	close(ends[0]);
	close(ends[1]);
}

static void read_from_pipe(void)
{
	uintptr_t to;
	size_t bytes = some_transfer(&to, PROT_WRITE);
	int ends[2];

	if (pipe(ends))
		return say("no pipe: %d", errno);
	for (size_t at = 0; at < sizeof(buffer); at++)
		buffer[at] = (unsigned char)(at * 7 + step);
	write_all(ends[1], (char *)buffer, bytes);
	say("from pipe %lx+%zx: %ld", to - ARENA, bytes, answer(read(ends[0], pointer(to), bytes)));
	close(ends[0]);
	close(ends[1]);
}

static void read_from_file(void)
{
	uintptr_t to;
	size_t bytes = some_transfer(&to, PROT_WRITE);
	long offset = chance(50) ? below(FILE_BYTES + PAGE) : below(FILE_PAGES + 1) * (long)PAGE;

	if (lseek(data_file, offset, SEEK_SET) != offset)
		say("no seek: %d", errno);
	say("from file at %lx to %lx+%zx: %ld", offset, to - ARENA, bytes,
	    answer(read(data_file, pointer(to), bytes)));
}

static void open_name(void)
{
	uintptr_t name = some_address(8, PROT_READ);
	int file = open(pointer(name), O_RDONLY);

	say("open %lx: %d", name - ARENA, file < 0 ? -errno : 0);
	if (file >= 0)
		close(file);
}

/* A set of signals that is read, but not used, for the request is a wrong one; and one written. */
static void ask_signals(void)
{
	uintptr_t set = some_address(1, PROT_READ), old = some_address(1, PROT_WRITE);

	say("signals %lx: %ld", set - ARENA,
	    answer(syscall(SYS_rt_sigprocmask, 99, pointer(set), NULL, 8)));
	say("signals to %lx: %ld", old - ARENA,
	    answer(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, pointer(old), 8)));
}

/* ---- operations: processes ---- */

static void run(unsigned int count);

static void have_child(void)
{
	if (depth == DEPTH_MOST || split("child"))
		return;
	run(4 + below(12));
	_exit((int)(say_state() >> 57));
}

static void kill_child(void)
{
	struct access access = {.act = chance(50) ? load : store, .bytes = 8};

	if (split("victim"))
		return;
	access.address = some_address(access.bytes, PROT_WRITE);
	access.value = next();
	handle_trouble(false);
	access.act(&access);
	_exit(0);
}

/* Far below what the stack is, at once or step by step; the pages are all zeros. */
static void grow_stack(void)
{
	uintptr_t top = ((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1)) - 64 * PAGE;
	struct access access = {.act = load, .bytes = 8};
	uint64_t sum = 0;

	if (split("stack"))
		return;
	for (unsigned int down = 0; down < 1000; down += 1 + below(chance(50) ? 4 : 1000)) {
		access.act = load;
		access.address = top - down * PAGE;
		if (!survives(&access))
			return say("stack ends %u pages down", down);
		sum = checksum(sum + down, &access.value, 8);
		access.act = store;
		access.value = next();
		access.act(&access);
	}
	say("stack sum %lx", sum);
	_exit((int)(sum >> 57));
}

/* ---- the whole ---- */

static const struct {
	void (*run)(void);
	unsigned int weight;
} operations[] = {
	{map, 14},           {map_badly, 1},       {unmap, 5},       {unmap_badly, 1},
	{protect, 9},        {protect_badly, 1},   {remap, 5},       {remap_fixed, 5},
	{remap_badly, 1},    {remap_nothing, 1},   {advise, 4},      {synchronize, 2},
	{ask_core, 2},       {move_break, 2},      {read_arena, 10}, {write_arena, 14},
	{fill_arena, 5},     {jump_into_arena, 4}, {go_wild, 1},     {write_to_pipe, 4},
	{read_from_pipe, 4}, {read_from_file, 3},  {open_name, 2},   {ask_signals, 2},
	{have_child, 3},     {kill_child, 2},      {grow_stack, 1},  {state, 4},
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void run(unsigned int count)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < OPERATIONS; i++)
		sum += operations[i].weight;
	while (count--) {
		unsigned int chosen = below(sum), i = 0;

		while (chosen >= operations[i].weight)
			chosen -= operations[i++].weight;
		step++;
		operations[i].run();
	}
}

/* Nothing may be there yet, of what is to be the arena. */
static void check_arena(void)
{
	void *arena = mmap(pointer(ARENA), PAGES * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (place_of(arena) || munmap(arena, PAGES * PAGE))
		say("no arena");
}

static void run_seed(unsigned long seed, unsigned int count)
{
	generator = (seed + 1) * 0x9e3779b97f4a7c15ul;
	handle_trouble(true);
	check_arena();
	start_heap();
	run(count);
	_exit((int)(say_state() >> 57));
}

/* Passes on what the seed's processes say until the last of them is gone. */
static uint64_t follow(int from, bool print)
{
	uint64_t sum = 0;
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0) {
		/* Byte by byte: how the log is cut into parts must not matter. */
		for (ssize_t i = 0; i < got; i++)
			sum = checksum(sum, buffer + i, 1);
		if (print)
			write_all(STDOUT_FILENO, (char *)buffer, (size_t)got);
	}
	return sum;
}

__attribute__((format(printf, 1, 2))) static void print_line(const char *format, ...)
{
	struct text line = {.used = 0};
	va_list list;

	va_start(list, format);
	add_list(&line, format, list);
	va_end(list);
	write_all(STDOUT_FILENO, line.bytes, line.used);
}

static bool start_seed(unsigned long seed, unsigned int count, bool print)
{
	int ends[2], status, child;
	uint64_t sum;

	if (pipe(ends) || (child = fork()) < 0) {
		perror("addresses");
		return false;
	}
	if (!child) {
		close(ends[0]);
		log_file = ends[1];
		run_seed(seed, count);
	}
	close(ends[1]);
	print_line("seed %lu\n", seed);
	sum = follow(ends[0], print);
	close(ends[0]);
	waitpid(child, &status, 0);
	print_line("seed %lu: status %d:%d, sum %016lx\n", seed,
		   WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		   WIFEXITED(status) ? WEXITSTATUS(status) : 0, sum);
	return WIFEXITED(status);
}

static bool make_file(void)
{
	struct text name = {.used = 0};

	add(&name, "/tmp/addresses.%d", getpid());
	data_file = open(name.bytes, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (data_file < 0) {
		perror(name.bytes);
		return false;
	}
	generator = 1;
	for (size_t at = 0; at < FILE_BYTES; at += 8) {
		uint64_t word = next();

		write_all(data_file, (char *)&word, 8);
	}
	unlink(name.bytes);
	return true;
}

int main(int count, char **words)
{
	const struct rlimit no_core = {.rlim_cur = 0};
	unsigned long first, last;
	unsigned int operation_count;
	sigset_t none;
	char *end;
	bool fine = true;

	if (count < 2 || count > 4 || (count == 4 && strcmp(words[3], "sums"))) {
		fprintf(stderr, "usage: addresses SEED[-LAST] [COUNT [sums]]\n");
		return 2;
	}
	first = strtoul(words[1], &end, 10);
	last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
	operation_count = count > 2 ? (unsigned int)strtoul(words[2], NULL, 10) : 300;
	setrlimit(RLIMIT_CORE, &no_core);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!make_file())
		return 1;
	for (unsigned long seed = first; seed <= last; seed++)
		fine &= start_seed(seed, operation_count, count < 4);
	return !fine;
}
