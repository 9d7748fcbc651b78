// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cpio reader: an archive made by the real cpio, every way in which an archive can be wrong,
 * and every byte of one damaged in turn. The archive is always placed at the very end of an
 * allocation, so that the address sanitizer sees a read past its end.
 */
#include "host.h"

#include <kernel/lib/cpio.h>
#include <unistd.h>

struct archive {
	unsigned char bytes[8192];
	size_t size;
};

static void add_bytes(struct archive *archive, const void *bytes, size_t size)
{
	assert_true(archive->size + size <= sizeof(archive->bytes));
	memcpy(archive->bytes + archive->size, bytes, size);
	archive->size += size;
}

static void pad(struct archive *archive)
{
	while (archive->size % 4)
		add_bytes(archive, "", 1);
}

static void add_entry(struct archive *archive, const char *magic, const char *name,
		      unsigned int mode, const char *data, unsigned int check)
{
	char header[128];

	snprintf(header, sizeof(header), "%s%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		 magic, 7, mode, 0, 0, 1, 0, strlen(data), 0, 0, 0, 0, strlen(name) + 1, check);
	add_bytes(archive, header, 110);
	add_bytes(archive, name, strlen(name) + 1);
	pad(archive);
	add_bytes(archive, data, strlen(data));
	pad(archive);
}

static void add_file(struct archive *archive, const char *name, const char *data)
{
	add_entry(archive, "070701", name, 0100644, data, 0);
}

static void add_trailer(struct archive *archive)
{
	add_entry(archive, "070701", "TRAILER!!!", 0, "", 0);
}

/* Reads everything; the last entry's name stays in "last". Returns the number of entries. */
static unsigned int read_all(const void *bytes, size_t size, const char **error, char *last)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct cpio_reader reader;
	struct cpio_entry entry;
	unsigned int count = 0;
	volatile unsigned char sum = 0;

	memcpy(copy, bytes, size);
	cpio_open(&reader, copy, size);
	last[0] = '\0';
	while (cpio_next(&reader, &entry)) {
		count++;
		snprintf(last, 64, "%s", entry.name);
		for (uint64_t i = 0; i < entry.size; i++)
			sum = (unsigned char)(sum + entry.data[i]);
		assert_true(count < 1000);
	}
	*error = reader.error;
	assert_true(reader.offset <= size);
	assert_false(cpio_next(&reader, &entry)); /* the end stays the end */
	free(copy);
	return count;
}

static unsigned int read_archive(const struct archive *archive, const char **error)
{
	char last[64];

	return read_all(archive->bytes, archive->size, error, last);
}

static void expect_error(const struct archive *archive, const char *text)
{
	const char *error;

	read_archive(archive, &error);
	assert_non_null(error);
	if (!strstr(error, text))
		fail_msg("the reader says \"%s\", not \"%s\"", error, text);
}

static void nothing_at_all(void **state)
{
	struct archive archive = {.size = 0};
	const char *error;

	(void)state;
	assert_int_equal(read_archive(&archive, &error), 0);
	assert_null(error);
	/* A page of zeros: what a toolstack passes for an empty file. */
	archive.size = 4096;
	assert_int_equal(read_archive(&archive, &error), 0);
	assert_null(error);
}

static void made_by_hand(void **state)
{
	struct archive archive = {.size = 0};
	struct cpio_reader reader;
	struct cpio_entry entry;

	(void)state;
	add_entry(&archive, "070701", ".", 0040755, "", 0);
	add_file(&archive, "./dir/file", "hello");
	add_file(&archive, "odd", "1234567");
	add_entry(&archive, "070701", "link", 0120777, "odd", 0);
	add_trailer(&archive);

	cpio_open(&reader, archive.bytes, archive.size);
	assert_true(cpio_next(&reader, &entry));
	assert_string_equal(entry.name, "");
	assert_int_equal(entry.mode & CPIO_TYPE_MASK, CPIO_DIRECTORY);
	assert_true(cpio_next(&reader, &entry));
	assert_string_equal(entry.name, "dir/file");
	assert_int_equal(entry.size, 5);
	assert_memory_equal(entry.data, "hello", 5);
	assert_int_equal(entry.mode, 0100644);
	assert_true(cpio_next(&reader, &entry));
	assert_int_equal(entry.size, 7);
	assert_true(cpio_next(&reader, &entry));
	assert_int_equal(entry.mode & CPIO_TYPE_MASK, CPIO_SYMLINK);
	assert_false(cpio_next(&reader, &entry));
	assert_null(reader.error);
}

static void made_by_cpio(void **state)
{
	static const char *const formats[] = {"newc", "crc"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char command[256], bytes[8192], last[64];
		const char *error;
		FILE *pipe;
		size_t size;

		snprintf(command, sizeof(command),
			 "cd /tmp && d=$(mktemp -d) && cd $d && mkdir a && echo hello >a/b && "
			 "printf '%%s' odd >c && ln -s c l && find . | sort | "
			 "cpio --quiet -o -H %s; rm -rf $d",
			 formats[i]);
		pipe = popen(command, "r");
		assert_non_null(pipe);
		size = fread(bytes, 1, sizeof(bytes), pipe);
		assert_int_equal(pclose(pipe), 0);
		assert_true(size > 500);
		assert_int_equal(read_all(bytes, size, &error, last), 5);
		assert_null(error);
		assert_string_equal(last, "l");
	}
}

static void several_archives(void **state)
{
	struct archive archive = {.size = 0};
	const char *error;

	(void)state;
	add_file(&archive, "one", "1");
	add_trailer(&archive);
	archive.size += 512; /* zeros between them */
	add_file(&archive, "two", "2");
	add_trailer(&archive);
	archive.size += 100;
	assert_int_equal(read_archive(&archive, &error), 2);
	assert_null(error);
}

static void truncated_at_every_byte(void **state)
{
	struct archive archive = {.size = 0};
	const char *error;
	unsigned int whole;

	(void)state;
	add_file(&archive, "first", "some data");
	add_file(&archive, "second", "more data");
	whole = (unsigned int)archive.size;
	add_trailer(&archive);
	for (size_t size = 0; size < archive.size; size++) {
		char last[64];
		unsigned int count = read_all(archive.bytes, size, &error, last);

		assert_true(count <= 2);
		/* Sound only between entries, or without the last entry's padding. */
		if (count == 0 && size > 0)
			assert_non_null(error);
		if (size > whole)
			assert_non_null(error);
	}
}

static void not_an_archive(void **state)
{
	struct archive archive = {.size = 0};

	(void)state;
	add_bytes(&archive, "#!/bin/sh\necho this is no archive\n", 34);
	expect_error(&archive, "not a cpio archive");
	archive.size = 0;
	add_entry(&archive, "070707", "old", 0100644, "", 0);
	expect_error(&archive, "not a cpio archive");
	archive.size = 0;
	add_file(&archive, "good", "data");
	add_bytes(&archive, "rubbish behind a good entry", 27);
	expect_error(&archive, "not a cpio archive");
}

static void hostile_names(void **state)
{
	static const struct {
		const char *name, *error;
	} cases[] = {
		{"..", "\"..\""},    {"../up", "\"..\""},  {"a/../b", "\"..\""},
		{"a/..", "\"..\""},  {"./../x", "\"..\""}, {"/etc/passwd", "absolute"},
		{"//x", "absolute"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct archive archive = {.size = 0};

		add_file(&archive, cases[i].name, "x");
		add_trailer(&archive);
		expect_error(&archive, cases[i].error);
	}
}

static void harmless_names(void **state)
{
	static const char *const names[] = {"...", "a..b", "..a", "a/...", ".hidden", "a//b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct archive archive = {.size = 0};
		const char *error;

		add_file(&archive, names[i], "x");
		add_trailer(&archive);
		assert_int_equal(read_archive(&archive, &error), 1);
		assert_null(error);
	}
}

/* Overwrites header field "field" (0 the inode) of the entry at "offset". */
static void set_field(struct archive *archive, size_t offset, unsigned int field,
		      const char *digits)
{
	memcpy(archive->bytes + offset + 6 + 8 * field, digits, 8);
}

static void hostile_sizes(void **state)
{
	static const struct {
		unsigned int field;
		const char *digits, *error;
	} cases[] = {
		{6, "ffffffff", "larger than the rest"}, {6, "00000400", "larger than the rest"},
		{6, "7fffffff", "larger than the rest"}, {11, "00000000", "size of a name"},
		{11, "00001001", "size of a name"},      {11, "ffffffff", "size of a name"},
		{11, "00000fff", "inside a name"},       {11, "00000003", "does not end"},
		{11, "00000007", "does not end"},        {1, "00000000", "known type"},
		{6, "0000000g", "hexadecimal"},          {6, " 0000001", "hexadecimal"},
		{6, "0x000001", "hexadecimal"},          {0, "-0000001", "hexadecimal"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct archive archive = {.size = 0};

		add_file(&archive, "name", "data");
		add_trailer(&archive);
		set_field(&archive, 0, cases[i].field, cases[i].digits);
		expect_error(&archive, cases[i].error);
	}
}

static void checksums(void **state)
{
	struct archive archive = {.size = 0};
	const char *error;

	(void)state;
	add_entry(&archive, "070702", "sum", 0100644, "abc", 'a' + 'b' + 'c');
	add_trailer(&archive);
	assert_int_equal(read_archive(&archive, &error), 1);
	assert_null(error);
	archive.size = 0;
	add_entry(&archive, "070702", "sum", 0100644, "abc", 1);
	expect_error(&archive, "checksum");
}

static void any_damage_is_survived(void **state)
{
	struct archive good = {.size = 0};

	(void)state;
	add_file(&good, "dir/first", "some data");
	add_entry(&good, "070702", "second", 0100644, "xyz", 'x' + 'y' + 'z');
	add_trailer(&good);
	host_seed(3);
	for (unsigned int round = 0; round < 20000; round++) {
		struct archive bad = good;
		const char *error;

		for (uint64_t n = host_random_below(4) + 1; n; n--)
			bad.bytes[host_random_below(bad.size)] =
				round % 2 ? (unsigned char)host_random()
					  : (unsigned char)"0123456789abcdef"[host_random() % 16];
		read_archive(&bad, &error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(made_by_hand),
		cmocka_unit_test(made_by_cpio),
		cmocka_unit_test(several_archives),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(not_an_archive),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(harmless_names),
		cmocka_unit_test(hostile_sizes),
		cmocka_unit_test(checksums),
		cmocka_unit_test(any_damage_is_survived),
	};

	return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
