// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ELF loader: what a sound file becomes, what a program starts with, and that no file whatever
 * does harm.
 */
#include "../model/regions.h"
#include "../model/world.h"
#include "host.h"

#include <elf.h>
#include <kernel/lib/errno.h>
#include <kernel/process/elf.h>
#include <kernel/process/program.h>
#include <mm/frame/frames.h>
#include <mm/user/copy.h>
#include <mm/user/entries.h>
#include <mm/user/region.h>

/* The C library's <elf.h> and the kernel's header meet here: the structures are the former's. */
static unsigned char file[5 * PAGE_SIZE];
static Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)file;
static Elf64_Phdr *segment = (Elf64_Phdr *)(void *)(file + sizeof(Elf64_Ehdr));

static struct object *object;
static struct space *space;
static uint64_t free_before;

static void set(unsigned int i, unsigned int flags, uint64_t offset, uint64_t address,
		uint64_t in_file, uint64_t in_memory)
{
	segment[i] = (Elf64_Phdr){PT_LOAD, flags,   offset,    address,
				  address, in_file, in_memory, PAGE_SIZE};
}

/* Text with the headers in it, constants, and variables that end in zeros. */
static int reset(void **state)
{
	(void)state;
	memset(file, 0xcc, sizeof(file));
	*header = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = 0x400123,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 4,
	};
	set(0, PF_R | PF_X, 0, 0x400000, 0x1800, 0x1800);
	set(1, PF_R, 0x2000, 0x402000, 0x1000, 0x1000);
	set(2, PF_R | PF_W, 0x3010, 0x404010, 0x800, 0x3000);
	segment[3] = (Elf64_Phdr){.p_type = PT_NOTE};
	return 0;
}

static long load(struct elf_image *image)
{
	long result;

	world_start(4, 2048);
	assert_true(entries_init());
	free_before = frames_free_count();
	object = object_create(0);
	assert_int_equal(object_write(object, 0, file, sizeof(file)), sizeof(file));
	space = space_create();
	assert_non_null(space);
	result = elf_load(object, space, image);
	assert_null(regions_check(space));
	return result;
}

static void unload(void)
{
	space_put(space);
	object_put(object);
	assert_int_equal(frames_free_count(), free_before);
	frames_free(zero_page);
	world_stop();
}

static unsigned char byte_at(uintptr_t address)
{
	unsigned char byte = 0x55;

	assert_int_equal(copy_from_space(space, address, &byte, 1), 1);
	return byte;
}

static void a_sound_file(void **state)
{
	struct elf_image image;
	unsigned char byte = 1;

	(void)state;
	assert_int_equal(load(&image), 0);
	assert_int_equal(image.entry, 0x400123);
	assert_int_equal(image.headers, 0x400040);
	assert_int_equal(image.count, 4);
	assert_int_equal(image.end, 0x408000);
	assert_int_equal(byte_at(0x400001), 'E');
	assert_int_equal(byte_at(0x402fff), 0xcc);
	assert_int_equal(region_find(space, 0x400000)->rights, SPACE_READ | SPACE_EXECUTE);
	assert_int_equal(region_find(space, 0x402000)->rights, SPACE_READ);
	assert_int_equal(region_find(space, 0x404000)->rights, SPACE_READ | SPACE_WRITE);
	/* The variables, and the zeros behind them, in their page and after it. */
	assert_int_equal(byte_at(0x40480f), 0xcc);
	assert_int_equal(byte_at(0x404810), 0);
	assert_int_equal(byte_at(0x404fff), 0);
	assert_int_equal(byte_at(0x407000), 0);
	assert_int_equal(copy_from_space(space, 0x408000, &byte, 1), 0);
	/* Writing changes the program's memory and not the file. */
	assert_int_equal(copy_to_space(space, 0x404100, &byte, 1), 1);
	assert_int_equal(copy_to_space(space, 0x400100, &byte, 1), 0);
	object_read(object, 0x3100, &byte, 1);
	assert_int_equal(byte, 0xcc);
	unload();
}

static void a_file_for_any_place(void **state)
{
	struct elf_image image;

	(void)state;
	header->e_type = ET_DYN;
	header->e_entry = 0x123;
	for (unsigned int i = 0; i < 3; i++)
		segment[i].p_vaddr -= 0x400000;
	assert_int_equal(load(&image), 0);
	assert_int_equal(image.entry, ELF_PIE_BASE + 0x123);
	assert_int_equal(image.headers, ELF_PIE_BASE + 0x40);
	assert_int_equal(image.end, ELF_PIE_BASE + 0x8000);
	assert_int_equal(byte_at(ELF_PIE_BASE + 1), 'E');
	unload();
}

static uint64_t word_at(uintptr_t address)
{
	uint64_t word = 0;

	assert_int_equal(copy_from_space(space, address, &word, 8), 8);
	return word;
}

static const char *text_at(uintptr_t address)
{
	static char text[64];

	copy_from_space(space, address, text, sizeof(text) - 1);
	return text;
}

/* The stack, read as a C library's start code reads it. */
static void what_a_program_starts_with(void **state)
{
	static const char *const arguments[] = {"prog", "", "-x"}, *const environment[] = {"A=1",
											   "B"};
	uint64_t auxiliary[64] = {0}, at;
	struct program_start begin;
	struct elf_image image;

	(void)state;
	for (unsigned int count = 0; count <= 3; count++) {
		struct program program = {
			.name = "/bin/prog",
			.arguments = {count, "prog\0\0-x",
				      count == 0   ? 0
				      : count == 1 ? 5
				      : count == 2 ? 6
						   : 9},
			.environment = {2, "A=1\0B", 6},
			.random = {1, 2, 3},
		};

		load(&image); /* for the world; then once more into a space of its own */
		space_put(space);
		space = space_create();
		assert_int_equal(program_load(object, &program, space, &begin), 0);
		assert_int_equal(begin.entry, 0x400123);
		assert_int_equal(begin.stack % 16, 0);
		assert_int_equal(space->break_now, 0x408000);
		assert_int_equal(word_at(begin.stack), count);
		at = begin.stack + 8;
		for (unsigned int i = 0; i < count; i++, at += 8)
			assert_string_equal(text_at(word_at(at)), arguments[i]);
		assert_int_equal(word_at(at), 0);
		at += 8;
		for (unsigned int i = 0; i < 2; i++, at += 8)
			assert_string_equal(text_at(word_at(at)), environment[i]);
		assert_int_equal(word_at(at), 0);
		for (at += 8; word_at(at); at += 16)
			auxiliary[word_at(at)] = word_at(at + 8);
		assert_int_equal(auxiliary[AT_PHDR], 0x400040);
		assert_int_equal(auxiliary[AT_PHNUM], 4);
		assert_int_equal(auxiliary[AT_PHENT], 56);
		assert_int_equal(auxiliary[AT_PAGESZ], PAGE_SIZE);
		assert_int_equal(auxiliary[AT_ENTRY], 0x400123);
		assert_string_equal(text_at(auxiliary[AT_EXECFN]), "/bin/prog");
		assert_string_equal(text_at(auxiliary[AT_PLATFORM]), "x86_64");
		assert_int_equal(word_at(auxiliary[AT_RANDOM]), 0x030201);
		assert_true(region_find(space, begin.stack)->stack);
		unload();
	}
}

static void too_much_to_start_with(void **state)
{
	static char text[PROGRAM_STRINGS_MOST];
	struct program program = {.name = "p", .arguments = {1, text, sizeof(text)}};
	struct program_start begin;
	static pfn_t held[2048];
	struct elf_image image;
	unsigned int count = 0;
	long result;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	load(&image);
	space_put(space);
	space = space_create();
	assert_int_equal(program_load(object, &program, space, &begin), -E2BIG);
	program.arguments.bytes -= 100;
	/* With little memory: an error, and everything comes back. */
	while (pfn_valid(held[count] = frames_alloc(0)))
		count++;
	while ((result = program_load(object, &program, space, &begin))) {
		assert_true(result == -ENOMEM || result == -ENOEXEC);
		space_put(space);
		for (unsigned int i = 0; i < 5; i++)
			frames_free(held[--count]);
		space = space_create();
		assert_non_null(space);
	}
	while (count)
		frames_free(held[--count]);
	unload();
}

static void refused(const char *why)
{
	struct elf_image image;
	long result = load(&image);

	if (result != -ENOEXEC)
		fail_msg("%s: %ld, not ENOEXEC", why, result);
	unload();
	reset(NULL);
}

static void files_that_are_refused(void **state)
{
	(void)state;
	file[0] = 0;
	refused("no ELF file");
	header->e_ident[EI_CLASS] = ELFCLASS32;
	refused("32 bits");
	header->e_machine = EM_386;
	refused("another processor");
	header->e_type = ET_REL;
	refused("an object file");
	header->e_phentsize = 55;
	refused("segments of another size");
	header->e_phnum = 0;
	refused("no segments");
	header->e_phnum = 65;
	refused("too many segments");
	header->e_phoff = sizeof(file) - 10;
	refused("segments past the end");
	header->e_phoff = UINT64_MAX - 10;
	refused("segments past everything");
	segment[3].p_type = PT_INTERP;
	refused("dynamically linked");
	segment[0].p_type = segment[1].p_type = segment[2].p_type = PT_NULL;
	refused("nothing to load");
	segment[2].p_flags |= PF_X;
	refused("writable and executable");
	segment[1].p_vaddr = 0x401000;
	refused("overlapping segments");
	segment[1].p_vaddr = 0x3ff000;
	refused("segments out of order");
	segment[1].p_vaddr += 16;
	refused("an offset that does not fit the address");
	segment[2].p_filesz = segment[2].p_memsz + 1;
	refused("more in the file than in memory");
	segment[2].p_memsz = UINT64_MAX;
	refused("an endless segment");
	segment[2].p_vaddr = 0x800000000010;
	refused("an address of the kernel's");
	segment[2].p_vaddr = 0xffffffffffff0010;
	refused("the last addresses there are");
	segment[0].p_vaddr = 0;
	refused("page 0");
	segment[2].p_filesz = 0x2000;
	refused("a file that was cut off");
	header->e_entry = UINT64_MAX;
	refused("an entry that is no address");
}

/* Any file: an answer, nothing lost, and the invariants hold. */
static void garbage(void **state)
{
	struct elf_image image;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		host_seed(seed);
		reset(NULL);
		for (unsigned int i = 0; i < 1 + seed % 4; i++) {
			uint64_t at = host_random_below(64 + 4 * 56);

			file[at] = (unsigned char)host_random();
		}
		load(&image);
		unload();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sound_file, reset),
		cmocka_unit_test_setup(a_file_for_any_place, reset),
		cmocka_unit_test_setup(what_a_program_starts_with, reset),
		cmocka_unit_test_setup(too_much_to_start_with, reset),
		cmocka_unit_test_setup(files_that_are_refused, reset),
		cmocka_unit_test_setup(garbage, reset),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
