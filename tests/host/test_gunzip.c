// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking gzip: what the real gzip makes of several kinds of data, streams put together bit by
 * bit for every rule that one can break, and small files cut and damaged everywhere. Input and room
 * are always allocations of exactly their size, so that the address sanitizer sees a step outside.
 */
#include "host.h"

#include <kernel/lib/gunzip.h>
#include <unistd.h>

#define KINDS      5
#define KIND_BYTES 300000

struct file {
	unsigned char bytes[400000];
	size_t size;
	unsigned int bit; /* bits of the last byte that are written, 0 if all are */
};

/* One at a time is enough, and it is large. */
static struct file packed;
static unsigned char data[KIND_BYTES];

static void add_bytes(const void *bytes, size_t size)
{
	assert_true(packed.size + size <= sizeof(packed.bytes));
	memcpy(packed.bytes + packed.size, bytes, size);
	packed.size += size;
	packed.bit = 0;
}

static void add_number(uint64_t number, unsigned int bytes)
{
	for (; bytes; bytes--, number >>= 8)
		add_bytes(&(unsigned char){(unsigned char)number}, 1);
}

/* A number, its lowest bit first. */
static void add_bits(unsigned int bits, unsigned int count)
{
	for (; count; count--, bits >>= 1) {
		if (packed.bit == 0)
			add_bytes("", 1);
		packed.bytes[packed.size - 1] |= (unsigned char)((bits & 1) << packed.bit);
		packed.bit = (packed.bit + 1) % 8;
	}
}

/* A Huffman code, its highest bit first. */
static void add_code(unsigned int code, unsigned int count)
{
	while (count--)
		add_bits(code >> count & 1, 1);
}

static void begin(unsigned int flags)
{
	memset(&packed, 0, sizeof(packed));
	add_bytes("\x1f\x8b\x08", 3);
	add_number(flags, 1);
	add_bytes("time\0\3", 6);
}

/* Bit by bit, to have nothing in common with what is tested. */
static uint32_t crc32_of(const unsigned char *bytes, size_t size)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size * 8; i++) {
		uint32_t differs = (crc ^ bytes[i / 8] >> i % 8) & 1;

		crc = crc >> 1 ^ differs * 0xedb88320;
	}
	return ~crc;
}

static void end(const char *text)
{
	add_number(crc32_of((const unsigned char *)text, strlen(text)), 4);
	add_number(strlen(text), 4);
}

static void add_stored(const char *text)
{
	add_bits(1, 3);
	packed.bit = 0;
	add_number(strlen(text), 2);
	add_number(~strlen(text), 2);
	add_bytes(text, strlen(text));
}

static const char *unpack(const void *bytes, size_t size, size_t room, unsigned char **to,
			  uint64_t *length)
{
	unsigned char *copy = malloc(size ? size : 1);
	const char *error;

	*to = malloc(room ? room : 1);
	*length = 0;
	/* Nothing of nothing is the end of the allocation, not its beginning. */
	memcpy(copy, bytes, size);
	error = gunzip(copy + (size ? 0 : 1), size, *to + (room ? 0 : 1), room, length);
	free(copy);
	assert_true(error || *length <= room);
	return error;
}

static void expect_data_in(const void *expected, size_t size, size_t room)
{
	unsigned char *to;
	uint64_t length;
	const char *error = unpack(packed.bytes, packed.size, room, &to, &length);

	if (error)
		fail_msg("%s", error);
	assert_int_equal(length, size);
	if (size)
		assert_memory_equal(to, expected, size);
	free(to);
}

static void expect_data(const void *expected, size_t size)
{
	expect_data_in(expected, size, size);
	expect_data_in(expected, size, size + 1000);
}

static void expect_text(const char *text)
{
	expect_data(text, strlen(text));
}

static void expect_error_in(size_t room, const char *text)
{
	unsigned char *to;
	uint64_t length;
	const char *error = unpack(packed.bytes, packed.size, room, &to, &length);

	free(to);
	if (!error || !strstr(error, text))
		fail_msg("it says \"%s\", not \"%s\"", error ? error : "good", text);
}

static void expect_error(const char *text)
{
	expect_error_in(1000, text);
}

/* Runs gzip with these options on a file "data" with these bytes, and appends what it makes. */
static void add_gzip(const void *bytes, size_t size, const char *options)
{
	char directory[] = "/tmp/gunzip-XXXXXX", path[64], command[256];
	FILE *file;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/data", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "cd %s && gzip -c %s", directory, options);
	file = popen(command, "r");
	assert_non_null(file);
	packed.size +=
		fread(packed.bytes + packed.size, 1, sizeof(packed.bytes) - packed.size, file);
	assert_true(feof(file));
	assert_int_equal(pclose(file), 0);
	unlink(path);
	rmdir(directory);
}

/* Fibonacci numbers of each byte make codes of every length up to the longest. */
static unsigned char skewed(void)
{
	uint64_t at = host_random_below(1 << 20);
	uint64_t a = 1, b = 1;
	unsigned char byte = 0;

	while (byte < 28 && at >= a) {
		at -= a;
		b += a;
		a = b - a;
		byte++;
	}
	return (unsigned char)(byte * 9);
}

static void fill(unsigned int kind)
{
	host_seed(kind);
	for (size_t i = 0; i < sizeof(data); i++) {
		switch (kind) {
		case 0: /* cannot be packed */
			data[i] = (unsigned char)host_random();
			break;
		case 1: /* matches that overlap themselves, of the greatest length */
			data[i] = 0;
			break;
		case 2: /* matches from near and far between literals */
			data[i] = i > 40000 && i % 100 ? data[i - 32768 + i / 100 % 50 * 600]
						       : (unsigned char)host_random();
			break;
		case 3: /* literals only, with long codes */
			data[i] = skewed();
			break;
		default: /* like a text */
			data[i] = (unsigned char)"the cat in a hat. "[host_random_below(18)];
			break;
		}
	}
}

static void made_by_gzip(void **state)
{
	static const char *const options[] = {"-1 data", "-6 data", "-9 data", "-9 <data"};

	(void)state;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		fill(kind);
		for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
			packed.size = 0;
			add_gzip(data, sizeof(data), options[i]);
			expect_data(data, sizeof(data));
			assert_true(gunzip_is(packed.bytes, packed.size));
			assert_int_equal(gunzip_length(packed.bytes, packed.size), sizeof(data));
			expect_error_in(sizeof(data) - 1, "room");
			expect_error_in(0, "room");
		}
	}
}

static void any_length(void **state)
{
	(void)state;
	fill(4);
	for (size_t size = 0; size < 70; size++) {
		packed.size = 0;
		add_gzip(data, size, "-9 data");
		expect_data(data, size);
		if (size)
			expect_error_in(size - 1, "room");
	}
}

static void several_members(void **state)
{
	(void)state;
	fill(4);
	packed.size = 0;
	add_gzip(data, 5000, "data");
	add_gzip("", 0, "data");
	add_gzip(data + 5000, 2345, "-1 <data");
	expect_data(data, 7345);
	assert_int_equal(gunzip_length(packed.bytes, packed.size), 2345);
	expect_error_in(7344, "room");
}

static void padding(void **state)
{
	static const char zeros[4096];

	(void)state;
	fill(4);
	for (size_t count = 0; count < 4097; count = count * 2 + 1) {
		packed.size = 0;
		add_gzip(data, 70000, "data");
		add_bytes(zeros, count);
		assert_int_equal(gunzip_length(packed.bytes, packed.size), 70000);
		expect_data(data, 70000);
		add_gzip(data + 70000, 65536, "data");
		add_bytes(zeros, count);
		assert_int_equal(gunzip_length(packed.bytes, packed.size), 65536);
		expect_data(data, 135536);
		add_bytes("x", 1);
		expect_error_in(200000, "not gzip");
	}
}

static void hint_without_a_file(void **state)
{
	static const unsigned char zeros[100] = {0x1f, 0x8b, 8};

	(void)state;
	assert_int_equal(gunzip_length(zeros, 0), 0);
	assert_int_equal(gunzip_length(zeros, 3), 0);
	assert_int_equal(gunzip_length(zeros, 100), 0);
	assert_int_equal(gunzip_length("\x1f\x8b\x08 cut short", 14), 0);
	assert_false(gunzip_is(zeros, 0));
	assert_false(gunzip_is(zeros, 1));
	assert_true(gunzip_is(zeros, 2));
	assert_false(gunzip_is("070701", 6));
	packed.size = 0;
	expect_error("not gzip");
}

static void every_header(void **state)
{
	(void)state;
	for (unsigned int flags = 0; flags < 32; flags++) {
		for (unsigned int damage = 0; damage < 2; damage++) {
			begin(flags);
			if (flags & 4) {
				add_number(300, 2);
				packed.size += 300;
			}
			if (flags & 8)
				add_bytes("name", 5);
			if (flags & 16)
				add_bytes("a comment", 10);
			if (flags & 2)
				add_number(crc32_of(packed.bytes, packed.size) ^ damage << 15, 2);
			add_stored("hello");
			end("hello");
			if (damage && flags & 2)
				expect_error("checksum of the gzip header");
			else
				expect_text("hello");
		}
	}
	for (unsigned int flag = 0x20; flag < 0x100; flag *= 2) {
		begin(flag);
		add_stored("hello");
		end("hello");
		expect_error("unknown flags");
	}
}

static void wrong_header_or_trailer(void **state)
{
	static const struct {
		unsigned int back; /* from the end of the file, or 0 */
		unsigned int at;
		const char *error;
	} cases[] = {
		{0, 0, "not gzip"},
		{0, 1, "not gzip"},
		{0, 2, "unknown way"},
		{8, 0, "checksum"},
		{5, 0, "checksum"},
		{4, 0, "length of the gzip data"},
		{1, 0, "length of the gzip data"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(0);
		add_stored("hello");
		end("hello");
		expect_text("hello");
		packed.bytes[cases[i].back ? packed.size - cases[i].back : cases[i].at] ^= 0x80;
		expect_error(cases[i].error);
	}
}

static void stored_blocks(void **state)
{
	(void)state;
	begin(0);
	add_bits(0, 3);
	packed.bit = 0;
	add_number(0xfffd0002, 4);
	add_bytes("ab", 2);
	add_bits(0, 3);
	packed.bit = 0;
	add_number(0xffff0000, 4);
	add_bits(1, 3);
	packed.bit = 0;
	add_number(0xfffe0001, 4);
	add_bytes("c", 1);
	end("abc");
	expect_text("abc");
	expect_error_in(2, "room");

	begin(0);
	add_bits(1, 3);
	packed.bit = 0;
	add_number(0xfffe0002, 4);
	add_bytes("ab", 2);
	end("ab");
	expect_error("stored block");

	begin(0);
	add_bits(1, 3);
	packed.bit = 0;
	add_number(0x0000ffff, 4);
	add_bytes("ab", 2);
	end("ab");
	expect_error_in(100000, "cut short");

	begin(0);
	add_bits(7, 3);
	end("");
	expect_error("unknown type");
}

/* A block in the fixed codes: the literal 'a', then a match. */
static void add_fixed(unsigned int length_code, unsigned int length_bits, unsigned int distance)
{
	begin(0);
	add_bits(3, 3);
	add_code(0x30 + 'a', 8);
	add_code(length_code, length_bits);
	add_code(distance, 5);
}

static void fixed_blocks(void **state)
{
	(void)state;
	add_fixed(1, 7, 0); /* length 3, distance 1 */
	add_code(0, 7);
	end("aaaa");
	expect_text("aaaa");
	expect_error_in(3, "room");

	add_fixed(1, 7, 1); /* distance 2 */
	add_code(0, 7);
	end("aaaa");
	expect_error("before its beginning");

	add_fixed(1, 7, 29); /* the greatest distance */
	add_bits(8191, 13);
	add_code(0, 7);
	end("aaaa");
	expect_error("before its beginning");

	for (unsigned int distance = 30; distance < 32; distance++) {
		add_fixed(1, 7, distance);
		add_code(0, 7);
		end("aaaa");
		expect_error("unknown distance");
	}
	for (unsigned int code = 0xc6; code < 0xc8; code++) { /* 286, 287 */
		add_fixed(code, 8, 0);
		add_code(0, 7);
		end("aaaa");
		expect_error("unknown length");
	}
}

/* A match may not reach into the member before. */
static void distance_into_another_member(void **state)
{
	struct file first;

	(void)state;
	begin(0);
	add_stored("hello");
	end("hello");
	first = packed;
	add_fixed(1, 7, 1);
	add_code(0, 7);
	end("aoao");
	memmove(packed.bytes + first.size, packed.bytes, packed.size);
	memcpy(packed.bytes, first.bytes, first.size);
	packed.size += first.size;
	expect_error("before its beginning");
}

/*
 * The beginning of a block with its own codes, in which all lengths have the same code for lengths:
 * each is written in five bits, except 16 to 18, which have six.
 */
static void begin_dynamic(unsigned int literal_count, unsigned int distance_count)
{
	static const unsigned char order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					      11, 4,  12, 3, 13, 2, 14, 1, 15};

	begin(0);
	add_bits(5, 3);
	add_bits(literal_count - 257, 5);
	add_bits(distance_count - 1, 5);
	add_bits(15, 4);
	/* 13 of four bits, 6 of five: all codes are used. */
	for (size_t i = 0; i < sizeof(order); i++)
		add_bits(order[i] < 13 ? 4 : 5, 3);
}

static void add_length(unsigned int length)
{
	if (length < 13)
		add_code(length, 4);
	else
		add_code(26 + length - 13, 5);
}

/* From 11 to 138 symbols that have no code. */
static void add_absent(unsigned int count)
{
	while (count > 138) {
		add_absent(100);
		count -= 100;
	}
	if (count < 11) {
		while (count--)
			add_length(0);
		return;
	}
	add_length(18);
	add_bits(count - 11, 7);
}

/* Literals 'a' and 'b' and the end of the block with these lengths, then distances with these. */
static void add_codes(unsigned int a, unsigned int b, unsigned int stop, const char *distances)
{
	begin_dynamic(258, (unsigned int)strlen(distances));
	add_absent('a');
	add_length(a);
	add_length(b);
	add_absent(256 - 'c');
	add_length(stop);
	add_length(2);
	for (; *distances; distances++)
		add_length((unsigned int)(*distances - '0'));
}

static void dynamic_blocks(void **state)
{
	(void)state;
	/* a 00, b 01, the end 10, a match of length 3 11. */
	add_codes(2, 2, 2, "11");
	add_code(0, 2);
	add_code(1, 2);
	add_code(3, 2);
	add_code(1, 1); /* distance 2 */
	add_code(2, 2);
	end("ababa");
	expect_text("ababa");

	/* A lone distance has one bit, and the other value of that bit stands for nothing. */
	for (unsigned int value = 0; value < 2; value++) {
		add_codes(2, 2, 2, "1");
		add_code(0, 2);
		add_code(3, 2);
		add_code(value, 1);
		add_code(2, 2);
		end("aaaa");
		if (value)
			expect_error("stand for nothing");
		else
			expect_text("aaaa");
	}

	/* No distance at all. */
	add_codes(2, 2, 2, "0");
	add_code(0, 2);
	add_code(2, 2);
	end("a");
	expect_text("a");
	add_codes(2, 2, 2, "0");
	add_code(0, 2);
	add_code(3, 2);
	add_code(2, 2);
	end("a");
	expect_error("stand for nothing");
}

/*
 * Codes of all lengths: 'a' is 0, 'b' 10, and so on to 'o', fourteen ones and a zero; the end is
 * fifteen ones. Cut inside of it, there must not be read a letter.
 */
static void long_codes(void **state)
{
	static const char letters[] = "aaaaaaaaabcdefghijklmno";

	(void)state;
	for (unsigned int skipped = 0; skipped < 8; skipped++) {
		const char *text = letters + skipped;

		begin_dynamic(257, 1);
		add_absent('a');
		for (unsigned int length = 1; length <= 15; length++)
			add_length(length);
		add_absent(256 - 'p');
		add_length(15);
		add_length(0);
		for (const char *letter = text; *letter; letter++) {
			unsigned int ones = (unsigned int)(*letter - 'a');

			add_code((2u << ones) - 2, ones + 1);
		}
		add_code(0x7fff, 15);
		end(text);
		expect_text(text);
		while (--packed.size > 1)
			expect_error("cut short");
	}
}

static void wrong_codes(void **state)
{
	static const struct {
		unsigned int a, b, stop;
		const char *distances, *error;
	} cases[] = {
		{2, 2, 2, "2", "incomplete"},  {2, 2, 2, "12", "incomplete"},
		{2, 2, 2, "111", "too many"},  {2, 2, 2, "1222", "too many"},
		{2, 2, 3, "11", "incomplete"}, {2, 2, 15, "11", "incomplete"},
		{1, 2, 2, "11", "too many"},   {1, 1, 15, "11", "too many"},
		{2, 1, 0, "11", "no end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		add_codes(cases[i].a, cases[i].b, cases[i].stop, cases[i].distances);
		packed.bit = 0;
		add_bytes("some more bytes", 15);
		expect_error(cases[i].error);
	}
}

static void wrong_lengths(void **state)
{
	(void)state;
	begin_dynamic(287, 1);
	expect_error("do not exist");
	begin_dynamic(257, 31);
	expect_error("do not exist");

	begin_dynamic(257, 1);
	add_length(16);
	add_bits(0, 2);
	add_number(0, 8);
	expect_error("before the first");

	begin_dynamic(257, 1);
	add_absent(138);
	add_absent(138); /* of 120 */
	add_number(0, 8);
	expect_error("more lengths than symbols");

	begin_dynamic(257, 1);
	add_absent(255);
	add_length(1);
	add_length(16);
	add_bits(0, 2);
	add_number(0, 8);
	expect_error("more lengths than symbols");

	/* The code of the lengths: nothing, one symbol, a third of one bit. */
	for (unsigned int ones = 0; ones < 4; ones++) {
		begin(0);
		add_bits(5, 3);
		add_bits(0, 10);
		add_bits(0, 4);
		for (unsigned int i = 0; i < 4; i++)
			add_bits(i < ones, 3);
		add_number(0, 80);
		expect_error(ones < 2 ? "incomplete" : ones == 2 ? "repeats" : "too many");
	}
}

/* A small file with a name, literals, matches and codes of its own. */
static size_t small_file(void)
{
	fill(4);
	packed.size = 0;
	add_gzip(data, 400, "-9 data");
	assert_int_equal(packed.bytes[10], 'd');
	assert_int_equal(packed.bytes[15] & 6, 4); /* dynamic */
	return 400;
}

static void truncated_at_every_byte(void **state)
{
	size_t size = small_file();

	(void)state;
	expect_data(data, size);
	while (packed.size--)
		expect_error(packed.size < 2 ? "not gzip" : "cut short");
	begin(4 | 8 | 16 | 2);
	add_bytes("\4\0morename\0a comment", 21);
	add_number(crc32_of(packed.bytes, packed.size), 2);
	add_stored("hello");
	end("hello");
	expect_text("hello");
	while (--packed.size > 1)
		expect_error("cut short");
}

/* Flags that do not matter, the time, how it was packed and where. And the name. */
static bool does_not_matter(size_t bit)
{
	return bit == 3 * 8 || (bit >= 4 * 8 && bit < 10 * 8) ||
	       (bit >= 10 * 8 && bit < 14 * 8 && packed.bytes[bit / 8]);
}

static void every_bit_flipped(void **state)
{
	size_t size = small_file();

	(void)state;
	for (size_t bit = 0; bit < packed.size * 8; bit++) {
		unsigned char *to;
		uint64_t length;
		const char *error;

		packed.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		error = unpack(packed.bytes, packed.size, 1000, &to, &length);
		if (does_not_matter(bit))
			assert_null(error);
		else if (bit < 15 * 8 || bit >= (packed.size - 8) * 8)
			assert_non_null(error);
		/* Between them, the same data may just be written in another way. */
		if (!error) {
			assert_int_equal(length, size);
			assert_memory_equal(to, data, size);
		}
		free(to);
		packed.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void any_damage_is_survived(void **state)
{
	static struct file good;

	(void)state;
	small_file();
	add_gzip(data, 3000, "-1 data");
	good = packed;
	host_seed(7);
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned char *to;
		uint64_t length;

		for (uint64_t n = host_random_below(4) + 1; n; n--)
			packed.bytes[host_random_below(good.size)] = (unsigned char)host_random();
		unpack(packed.bytes, packed.size, host_random_below(4000), &to, &length);
		gunzip_length(packed.bytes, packed.size);
		free(to);
		memcpy(packed.bytes, good.bytes, good.size);
	}
	/* Mere noise behind a header. */
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned char *to;
		uint64_t length;

		for (size_t i = 10; i < 200; i++)
			packed.bytes[i] = (unsigned char)host_random();
		packed.bytes[3] = 0;
		unpack(packed.bytes, 200, 4000, &to, &length);
		free(to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_by_gzip),
		cmocka_unit_test(any_length),
		cmocka_unit_test(several_members),
		cmocka_unit_test(padding),
		cmocka_unit_test(hint_without_a_file),
		cmocka_unit_test(every_header),
		cmocka_unit_test(wrong_header_or_trailer),
		cmocka_unit_test(stored_blocks),
		cmocka_unit_test(fixed_blocks),
		cmocka_unit_test(distance_into_another_member),
		cmocka_unit_test(dynamic_blocks),
		cmocka_unit_test(long_codes),
		cmocka_unit_test(wrong_codes),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(every_bit_flipped),
		cmocka_unit_test(any_damage_is_survived),
	};

	return cmocka_run_group_tests_name("gunzip", tests, NULL, NULL);
}
