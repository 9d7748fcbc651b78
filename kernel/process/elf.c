// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ELF loader: checks a file's headers, and then maps its segments into a program's address
 * space.
 */
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/elf.h>
#include <mm/user/copy.h>
#include <mm/user/map.h>

enum { TYPE_FIXED = 2, TYPE_ANYWHERE = 3, MACHINE_X86_64 = 62 };
enum { SEGMENT_LOAD = 1, SEGMENT_INTERPRETER = 3 };
enum { CAN_EXECUTE = 1, CAN_WRITE = 2, CAN_READ = 4 };

#define MAX_SEGMENTS 64

struct file_header {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments_offset, sections_offset;
	uint32_t flags;
	uint16_t header_size, segment_size, segment_count, section_size, section_count, names;
};
_Static_assert(sizeof(struct file_header) == 64, "Elf64_Ehdr");

struct segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};
_Static_assert(sizeof(struct segment) == 56, "Elf64_Phdr");

struct program {
	struct file_header header;
	struct segment segment[MAX_SEGMENTS];
};

static bool read_exactly(struct object *file, uint64_t offset, void *to, uint64_t bytes)
{
	return offset <= UINT64_MAX - bytes && object_read(file, offset, to, bytes) == bytes;
}

static bool header_is_ours(const struct file_header *header)
{
	/* ELF, 64 bits, little endian, version 1. */
	static const unsigned char ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	return memcmp(header->ident, ident, sizeof(ident)) == 0 &&
	       (header->type == TYPE_FIXED || header->type == TYPE_ANYWHERE) &&
	       header->machine == MACHINE_X86_64 &&
	       header->segment_size == sizeof(struct segment) && header->segment_count > 0 &&
	       header->segment_count <= MAX_SEGMENTS;
}

static uintptr_t first_page(const struct segment *segment)
{
	return ROUND_DOWN(segment->address, PAGE_SIZE);
}

static uintptr_t end_page(const struct segment *segment)
{
	return ROUND_UP(segment->address + segment->memory_size, PAGE_SIZE);
}

static bool segment_makes_sense(const struct segment *segment)
{
	return segment->memory_size >= segment->file_size && segment->memory_size <= space_end() &&
	       segment->address <= space_end() &&
	       segment->address + segment->memory_size <= space_end() &&
	       segment->offset <= UINT64_MAX / 2 &&
	       segment->offset % PAGE_SIZE == segment->address % PAGE_SIZE &&
	       (segment->flags & (CAN_WRITE | CAN_EXECUTE)) != (CAN_WRITE | CAN_EXECUTE);
}

/*
 * Returns true if the segments are possible and in ascending order of addresses, as the gABI
 * requires ("Program header").
 */
static bool segments_make_sense(const struct program *program)
{
	uintptr_t end = 0;
	unsigned int loaded = 0;

	for (unsigned int i = 0; i < program->header.segment_count; i++) {
		const struct segment *segment = &program->segment[i];

		if (segment->type == SEGMENT_INTERPRETER)
			return false; /* dynamically linked */
		if (segment->type != SEGMENT_LOAD || !segment->memory_size)
			continue;
		if (!segment_makes_sense(segment) || first_page(segment) < end)
			return false;
		end = end_page(segment);
		loaded++;
	}
	return loaded > 0;
}

static unsigned int rights_of(const struct segment *segment)
{
	return (segment->flags & CAN_READ ? SPACE_READ : 0) |
	       (segment->flags & CAN_WRITE ? SPACE_WRITE : 0) |
	       (segment->flags & CAN_EXECUTE ? SPACE_EXECUTE : 0);
}

static long map_at(struct space *space, uintptr_t start, uintptr_t end, unsigned int rights,
		   struct object *file, uint64_t offset)
{
	struct mapping mapping = {
		.address = start,
		.length = end - start,
		.rights = rights,
		.no_replace = true,
		.object = file,
		.offset = offset,
	};
	long result = start < end ? map_add(space, &mapping) : 0;

	return result < 0 ? (result == -ENOMEM ? -ENOMEM : -ENOEXEC) : 0;
}

/*
 * Maps the pages of a segment that are in the file, and pages of zeros after them. Clears the rest
 * of the file's last page. Returns 0 or an error.
 */
static long load_segment(struct object *file, struct space *space, const struct segment *segment,
			 uintptr_t bias)
{
	uintptr_t start = first_page(segment) + bias, end = end_page(segment) + bias;
	uintptr_t data_end = segment->address + segment->file_size + bias;
	uintptr_t file_end = segment->file_size ? ROUND_UP(data_end, PAGE_SIZE) : start;
	uint64_t rest = file_end - data_end;
	long error = map_at(space, start, file_end, rights_of(segment), file,
			    ROUND_DOWN(segment->offset, PAGE_SIZE));

	if (!error)
		error = map_at(space, file_end, end, rights_of(segment), NULL, 0);
	if (error || !segment->file_size || !(segment->flags & CAN_WRITE) ||
	    segment->memory_size == segment->file_size)
		return error;
	return copy_to_space(space, data_end, NULL, rest) == rest ? 0 : -ENOMEM;
}

/*
 * Returns the address of the program headers in the program's memory: inside the segment that maps
 * that part of the file. 0: no segment does.
 */
static uintptr_t find_headers(const struct program *program, uintptr_t bias)
{
	uint64_t offset = program->header.segments_offset;
	uint64_t bytes = program->header.segment_count * sizeof(struct segment);

	for (unsigned int i = 0; i < program->header.segment_count; i++) {
		const struct segment *segment = &program->segment[i];

		if (segment->type == SEGMENT_LOAD && offset >= segment->offset &&
		    offset + bytes <= segment->offset + segment->file_size)
			return segment->address + (offset - segment->offset) + bias;
	}
	return 0;
}

static long load_program(struct object *file, struct space *space, const struct program *program,
			 struct elf_image *image)
{
	uintptr_t bias = program->header.type == TYPE_ANYWHERE ? ELF_PIE_BASE : 0;

	image->entry = program->header.entry + bias;
	image->headers = find_headers(program, bias);
	image->count = program->header.segment_count;
	for (unsigned int i = 0; i < program->header.segment_count; i++) {
		const struct segment *segment = &program->segment[i];
		long error;

		if (segment->type != SEGMENT_LOAD || !segment->memory_size)
			continue;
		if (segment->file_size && segment->offset + segment->file_size > file->bytes)
			return -ENOEXEC; /* the file is truncated */
		error = load_segment(file, space, segment, bias);
		if (error)
			return error;
		image->end = end_page(segment) + bias;
	}
	return image->entry <= pt_user_limit() ? 0 : -ENOEXEC;
}

long elf_load(struct object *file, struct space *space, struct elf_image *image)
{
	struct program program;
	const struct file_header *header = &program.header;

	*image = (struct elf_image){0};
	if (!read_exactly(file, 0, &program.header, sizeof(program.header)) ||
	    !header_is_ours(header) ||
	    !read_exactly(file, header->segments_offset, program.segment,
			  header->segment_count * sizeof(struct segment)) ||
	    !segments_make_sense(&program))
		return -ENOEXEC;
	return load_program(file, space, &program, image);
}
