// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a cpio archive, an entry at a time.
 *
 * An entry is a header of 110 bytes (a magic number and thirteen fields of eight hexadecimal
 * digits), the NUL-terminated name, and the data; name and data are each padded to a multiple of
 * four. Sizes are only compared with what is left of the archive, so that no arithmetic on them can
 * overflow.
 */
#include <kernel/lib/cpio.h>
#include <kernel/lib/string.h>
#include <kernel/lib/text.h>

#define HEADER_SIZE 110
#define NAME_MAX    4096
#define TRAILER     "TRAILER!!!"

enum {
	FIELD_INODE,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_LINKS,
	FIELD_MTIME,
	FIELD_SIZE,
	FIELD_DEVMAJOR,
	FIELD_DEVMINOR,
	FIELD_RDEVMAJOR,
	FIELD_RDEVMINOR,
	FIELD_NAMESIZE,
	FIELD_CHECK,
	FIELDS
};

void cpio_open(struct cpio_reader *reader, const void *archive, uint64_t size)
{
	*reader = (struct cpio_reader){.archive = archive, .size = size};
}

static bool fail(struct cpio_reader *reader, const char *what)
{
	reader->error = what;
	return false;
}

/* Parses exactly eight hexadecimal digits. */
static bool parse_field(const unsigned char *digits, uint32_t *value)
{
	char text[9];
	uint64_t wide;

	memcpy(text, digits, 8);
	text[8] = '\0';
	/* text_to_address() would accept "0x". */
	if (strnlen(text, 8) != 8 || text[1] == 'x' || text[1] == 'X' ||
	    !text_to_address(text, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

/* Skips the zeros between an archive and the next one or the end. */
static void skip_zeros(struct cpio_reader *reader)
{
	while (reader->offset < reader->size && reader->archive[reader->offset] == 0)
		reader->offset++;
}

/*
 * Returns a message for a name that could lead out of the directory that it is unpacked into, or
 * that no file can have; else NULL.
 */
static const char *check_name(const char *name)
{
	if (*name == '/')
		return "a name is absolute";
	while (*name) {
		size_t length = 0;

		while (name[length] && name[length] != '/')
			length++;
		if (text_equals(name, length, ".."))
			return "a name has a component \"..\"";
		name += length;
		while (*name == '/')
			name++;
	}
	return NULL;
}

static const char *strip_dot(const char *name)
{
	while (name[0] == '.' && name[1] == '/') {
		for (name += 2; *name == '/'; name++)
			;
	}
	return strcmp(name, ".") == 0 ? name + 1 : name;
}

static uint32_t checksum(const unsigned char *data, uint64_t size)
{
	uint32_t sum = 0;

	while (size--)
		sum += *data++;
	return sum;
}

static const char *check_type(uint32_t mode)
{
	switch (mode & CPIO_TYPE_MASK) {
	case CPIO_FILE:
	case CPIO_DIRECTORY:
	case CPIO_SYMLINK:
	case 0010000: /* pipe */
	case 0020000: /* character device */
	case 0060000: /* block device */
	case 0140000: /* socket */
		return NULL;
	default:
		return "a mode has no known type of file";
	}
}

/* Reads the entry at the offset, and moves the offset past it. */
static bool read_entry(struct cpio_reader *reader, struct cpio_entry *entry)
{
	const unsigned char *header = reader->archive + reader->offset;
	uint64_t left = reader->size - reader->offset;
	uint32_t field[FIELDS];
	uint64_t data_start, total;
	const char *name, *problem;

	if (left < 6 || memcmp(header, "07070", 5) != 0 || (header[5] != '1' && header[5] != '2'))
		return fail(reader, "no \"070701\" here: not a cpio archive in the new format");
	if (left < HEADER_SIZE)
		return fail(reader, "the archive ends inside a header");
	for (unsigned int i = 0; i < FIELDS; i++) {
		if (!parse_field(header + 6 + 8 * i, &field[i]))
			return fail(reader, "a header field is not a hexadecimal number");
	}

	if (field[FIELD_NAMESIZE] == 0 || field[FIELD_NAMESIZE] > NAME_MAX)
		return fail(reader, "the size of a name is 0 or more than 4096");
	data_start = ROUND_UP((uint64_t)HEADER_SIZE + field[FIELD_NAMESIZE], 4);
	if (data_start > left)
		return fail(reader, "the archive ends inside a name");
	name = (const char *)header + HEADER_SIZE;
	if (strnlen(name, field[FIELD_NAMESIZE]) != field[FIELD_NAMESIZE] - 1)
		return fail(reader, "a name does not end where its size says");
	if (field[FIELD_SIZE] > left - data_start)
		return fail(reader, "a file is larger than the rest of the archive");
	/* The padding of the very last file may be missing. */
	total = MIN(ROUND_UP(data_start + field[FIELD_SIZE], 4), left);

	*entry = (struct cpio_entry){
		.name = name,
		.data = header + data_start,
		.size = field[FIELD_SIZE],
		.mode = field[FIELD_MODE],
		.links = field[FIELD_LINKS],
		.mtime = field[FIELD_MTIME],
		.inode = field[FIELD_INODE],
		.device = (uint64_t)field[FIELD_DEVMAJOR] << 32 | field[FIELD_DEVMINOR],
		.archive = reader->archives,
	};
	if (strcmp(name, TRAILER) != 0) {
		if ((problem = check_name(name)) || (problem = check_type(entry->mode)))
			return fail(reader, problem);
		if (header[5] == '2' && (entry->mode & CPIO_TYPE_MASK) == CPIO_FILE &&
		    checksum(entry->data, entry->size) != field[FIELD_CHECK])
			return fail(reader, "the checksum of a file is wrong");
		entry->name = strip_dot(name);
	}
	reader->offset += total;
	return true;
}

bool cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
	for (;;) {
		skip_zeros(reader);
		if (reader->offset == reader->size || reader->error)
			return false;
		if (!read_entry(reader, entry))
			return false;
		if (strcmp(entry->name, TRAILER) != 0)
			return true;
		reader->archives++;
	}
}
