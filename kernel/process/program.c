// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The initial stack of a program: its arguments, environment and auxiliary vector.
 *
 * From the top down it holds the strings, the vectors of pointers to them, and the count of
 * arguments, where rsp points.
 */
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/program.h>
#include <mm/user/copy.h>
#include <mm/user/map.h>

#define STACK_AT_FIRST (33ul * PAGE_SIZE)

/* Entries of the auxiliary vector (getauxval(3)). */
enum {
	AUX_END = 0,
	AUX_HEADERS = 3,
	AUX_HEADER_SIZE = 4,
	AUX_HEADER_COUNT = 5,
	AUX_PAGE_SIZE = 6,
	AUX_BASE = 7,
	AUX_FLAGS = 8,
	AUX_ENTRY = 9,
	AUX_UID = 11,
	AUX_EUID = 12,
	AUX_GID = 13,
	AUX_EGID = 14,
	AUX_PLATFORM = 15,
	AUX_CLOCK_TICKS = 17,
	AUX_SECURE = 23,
	AUX_RANDOM = 25,
	AUX_NAME = 31,
};

/* A stack that is filled downwards. After something did not fit, nothing more is written. */
struct builder {
	struct space *space;
	uintptr_t at;
	bool failed;
};

static uintptr_t push(struct builder *stack, const void *bytes, uint64_t count)
{
	stack->at -= count;
	if (!stack->failed && copy_to_space(stack->space, stack->at, bytes, count) != count)
		stack->failed = true;
	return stack->at;
}

static uintptr_t push_text(struct builder *stack, const char *text)
{
	return push(stack, text, strlen(text) + 1);
}

static void push_word(struct builder *stack, uint64_t word)
{
	push(stack, &word, sizeof(word));
}

/* Pushes the auxiliary vector in reverse order, so AUX_END, its last entry, is first. */
static void push_auxiliary(struct builder *stack, const struct elf_image *image, uintptr_t random,
			   uintptr_t platform, uintptr_t name)
{
	const uint64_t vector[][2] = {
		{AUX_END, 0},
		{AUX_NAME, name},
		{AUX_RANDOM, random},
		{AUX_PLATFORM, platform},
		{AUX_SECURE, 0},
		{AUX_CLOCK_TICKS, 100},
		{AUX_EGID, 0},
		{AUX_GID, 0},
		{AUX_EUID, 0},
		{AUX_UID, 0},
		{AUX_ENTRY, image->entry},
		{AUX_FLAGS, 0},
		{AUX_BASE, 0},
		{AUX_PAGE_SIZE, PAGE_SIZE},
		{AUX_HEADER_COUNT, image->count},
		{AUX_HEADER_SIZE, 56},
		{AUX_HEADERS, image->headers},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(vector); i++)
		push(stack, vector[i], sizeof(vector[i]));
}

/* Pushes pointers to consecutive strings that begin at "first", and a NULL after them. */
static void push_pointers(struct builder *stack, const struct strings *strings, uintptr_t first)
{
	uint64_t offset = strings->bytes;

	push_word(stack, 0);
	for (unsigned int i = 0; i < strings->count; i++) {
		/* The last string first: from its NUL back to its first byte. */
		for (offset--; offset && strings->text[offset - 1]; offset--)
			;
		push_word(stack, first + offset);
	}
}

static uint64_t words_of(const struct program *program)
{
	/* The count, two NULLs and the pointers decide the alignment. */
	return 3 + program->arguments.count + program->environment.count;
}

static long build_stack(const struct program *program, const struct elf_image *image,
			struct space *space, uintptr_t top, uintptr_t *rsp)
{
	struct builder stack = {.space = space, .at = top - 8};
	uintptr_t name, environment, arguments, random, platform;

	name = push_text(&stack, program->name);
	environment = push(&stack, program->environment.text, program->environment.bytes);
	arguments = push(&stack, program->arguments.text, program->arguments.bytes);
	platform = push_text(&stack, "x86_64");
	stack.at = ROUND_DOWN(stack.at, 16);
	random = push(&stack, program->random, sizeof(program->random));
	/* rsp must be a multiple of 16 when the program starts. */
	if (words_of(program) % 2)
		push_word(&stack, 0);
	push_auxiliary(&stack, image, random, platform, name);
	push_pointers(&stack, &program->environment, environment);
	push_pointers(&stack, &program->arguments, arguments);
	push_word(&stack, program->arguments.count);
	*rsp = stack.at;
	return stack.failed ? -ENOMEM : 0;
}

long program_load(struct object *file, const struct program *program, struct space *space,
		  struct program_start *start)
{
	uintptr_t top = ROUND_DOWN(pt_user_ceiling(0), PAGE_SIZE);
	struct mapping stack = {
		.address = top - STACK_AT_FIRST,
		.length = STACK_AT_FIRST,
		.rights = SPACE_READ | SPACE_WRITE,
		.no_replace = true,
		.stack = true,
	};
	uint64_t strings = program->arguments.bytes + program->environment.bytes +
			   8 * words_of(program) + strlen(program->name);
	struct elf_image image;
	long error;

	if (strings > PROGRAM_STRINGS_MOST)
		return -E2BIG;
	error = elf_load(file, space, &image);
	if (!error && map_add(space, &stack) < 0)
		error = -ENOMEM;
	if (error)
		return error;
	space->break_start = space->break_now = image.end;
	start->entry = image.entry;
	return build_stack(program, &image, space, top, &start->stack);
}
