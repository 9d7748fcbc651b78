// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking ELF notes: good ones are found, cut or nonsensical ones end the walk.
 */
#include "host.h"

#include <boot/notes.h>

static unsigned char section[256];
static size_t size;

static void add(uint32_t name_size, uint32_t value_size, uint32_t type, const char *name,
		const void *value, size_t length)
{
	uint32_t header[3] = {name_size, value_size, type};

	memcpy(section + size, header, 12);
	memcpy(section + size + 12, name, 4);
	memcpy(section + size + 16, value, length);
	size += 16 + ROUND_UP(length, 4);
}

static unsigned int count(size_t bytes)
{
	unsigned char *copy = malloc(bytes ? bytes : 1); /* the sanitizer guards its end */
	const unsigned char *position = NULL;
	struct note note;
	unsigned int found = 0;

	memcpy(copy, section, bytes);
	while (note_next(copy, bytes, &position, &note)) {
		found++;
		for (uint32_t i = 0; i < note.size; i++)
			assert_true(((const unsigned char *)note.value)[i] < 0xff);
	}
	free(copy);
	return found;
}

static void good_notes(void **state)
{
	const unsigned char *position = NULL;
	struct note note;

	(void)state;
	memset(section, 0, sizeof(section));
	size = 0;
	add(4, 8, 3, "Xen", "\1\2\3\4\5\6\7\10", 8);
	add(4, 5, 6, "Xen", "text", 5);
	add(4, 0, 9, "Xen", "", 0);
	assert_true(note_next(section, size, &position, &note));
	assert_int_equal(note.type, 3);
	assert_int_equal(note.size, 8);
	assert_true(note_next(section, size, &position, &note));
	assert_string_equal(note.value, "text");
	assert_true(note_next(section, size, &position, &note));
	assert_int_equal(note.size, 0);
	assert_false(note_next(section, size, &position, &note));
	for (size_t cut = 0; cut < size; cut++)
		assert_true(count(cut) < 3);
}

static void bad_notes(void **state)
{
	(void)state;
	memset(section, 0, sizeof(section));
	size = 0;
	add(4, 8, 3, "GNU", "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(count(size), 0);
	size = 0;
	add(4, 0xffffffff, 3, "Xen", "", 0);
	assert_int_equal(count(size), 0);
	size = 0;
	add(0xfffffffd, 8, 3, "Xen", "12345678", 8);
	assert_int_equal(count(size), 0);
	size = 0;
	add(4, 9, 3, "Xen", "12345678", 8);
	assert_int_equal(count(size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_notes),
		cmocka_unit_test(bad_notes),
	};

	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
