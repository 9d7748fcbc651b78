// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking gzip; see the header. Section numbers are those of RFC 1951, unless they say otherwise.
 *
 * Deflated data is a stream of bits, the lowest of a byte first, in blocks. A block is stored as it
 * is, or made of symbols: literal bytes, and matches, which repeat some of what was unpacked
 * before. Symbols are written in Huffman codes, which a block describes by nothing but the length
 * of each symbol's code. Codes of up to FAST_BITS bits, that is nearly all that occur, take one
 * look into a table; longer ones are found length by length.
 *
 * The first error sticks. Behind it symbols read as the end of a block and numbers as 0, so that a
 * look at "error" at the end of each step is enough.
 */
#include <kernel/lib/inflate.h>
#include <kernel/lib/string.h>

#define FAST_BITS    10
#define LONGEST      15 /* bits of a code */
#define END_OF_BLOCK 256
#define LITERALS     286 /* symbols that a block may describe: literals, the end, and lengths */
#define DISTANCES    30

/* RFC 1952, 2.3. */
#define HEADER_SIZE   10
#define TRAILER_SIZE  8
#define FLAG_HCRC     0x02
#define FLAG_EXTRA    0x04
#define FLAG_NAME     0x08
#define FLAG_COMMENT  0x10
#define FLAG_RESERVED 0xe0

struct stream {
	const unsigned char *next, *end; /* input that is not yet in "bits" */
	uint64_t bits;                   /* the next bits, the first one lowest; then zeros */
	unsigned int held;               /* how many */
	unsigned char *to;
	uint64_t at, room; /* bytes, at <= room */
	uint64_t start;    /* where this member's output began: no match reaches further back */
	const char *error;
};

/*
 * A canonical code (3.2.2): within a length, codes are consecutive numbers in the order of their
 * symbols. "first" is the first of them and "start" its symbol's place in "sorted".
 */
struct code {
	uint16_t fast[1 << FAST_BITS]; /* by the next bits: symbol * 16 + length, or 0 */
	uint16_t sorted[288];
	uint16_t count[LONGEST + 1], first[LONGEST + 1], start[LONGEST + 1];
};

static struct code literals, distances;
static uint32_t crc_table[256];

static bool fail(struct stream *stream, const char *what)
{
	if (!stream->error)
		stream->error = what;
	return false;
}

static bool fail_short(struct stream *stream)
{
	return fail(stream, "the gzip data is cut short");
}

static uint32_t little_endian(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void make_crc_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t rest = byte;

		for (unsigned int bit = 0; bit < 8; bit++)
			rest = rest >> 1 ^ (rest & 1 ? 0xedb88320 : 0);
		crc_table[byte] = rest;
	}
}

static uint32_t crc32(const unsigned char *bytes, uint64_t count)
{
	uint32_t crc = ~0u;

	while (count--)
		crc = crc >> 8 ^ crc_table[(crc ^ *bytes++) & 0xff];
	return ~crc;
}

static void refill(struct stream *stream)
{
	while (stream->held <= 56 && stream->next < stream->end) {
		stream->bits |= (uint64_t)*stream->next++ << stream->held;
		stream->held += 8;
	}
}

static void drop(struct stream *stream, unsigned int count)
{
	stream->bits >>= count;
	stream->held -= count;
}

/* A number of up to 16 bits; 0 if they are not there. */
static unsigned int take(struct stream *stream, unsigned int count)
{
	unsigned int value;

	if (stream->held < count)
		refill(stream);
	if (stream->held < count)
		return fail_short(stream);
	value = (unsigned int)stream->bits & ((1u << count) - 1);
	drop(stream, count);
	return value;
}

/* Gives whole bytes back, for what is not read bit by bit. */
static void to_byte_boundary(struct stream *stream)
{
	stream->next -= stream->held / 8;
	stream->bits = stream->held = 0;
}

/* Codes are numbers whose highest bit comes first in the stream, against all else in it. */
static unsigned int reverse(uint64_t bits, unsigned int count)
{
	unsigned int reversed = 0;

	for (; count; count--, bits >>= 1)
		reversed = reversed << 1 | (bits & 1);
	return reversed;
}

static void enter(struct code *code, unsigned int symbol, unsigned int length, unsigned int nth)
{
	code->sorted[code->start[length] + nth] = (uint16_t)symbol;
	if (length > FAST_BITS)
		return;
	/* Whatever the bits behind the code are. */
	for (unsigned int i = reverse(code->first[length] + nth, length); i < 1 << FAST_BITS;
	     i += 1u << length)
		code->fast[i] = (uint16_t)(symbol * 16 + length);
}

/*
 * Makes the code in which each symbol has a code of the given length, 0 for none. Every sequence of
 * bits must begin with exactly one code. The exception, if "sparse", is a code of one symbol with
 * one bit, or of none (3.2.7).
 */
static bool build(struct stream *stream, struct code *code, const uint8_t *lengths,
		  unsigned int symbols, bool sparse)
{
	uint16_t entered[LONGEST + 1] = {0};
	int unused = 1;

	memset(code, 0, sizeof(*code));
	for (unsigned int symbol = 0; symbol < symbols; symbol++)
		code->count[lengths[symbol]]++;
	code->count[0] = 0;
	for (unsigned int n = 1; n <= LONGEST; n++) {
		unused = unused * 2 - code->count[n];
		if (unused < 0)
			return fail(stream, "a Huffman code of the gzip data has too many symbols");
		code->first[n] = (uint16_t)((code->first[n - 1] + code->count[n - 1]) * 2);
		code->start[n] = (uint16_t)(code->start[n - 1] + code->count[n - 1]);
	}
	if (unused && !(sparse && code->start[LONGEST] + code->count[LONGEST] == code->count[1]))
		return fail(stream, "a Huffman code of the gzip data is incomplete");
	for (unsigned int symbol = 0; symbol < symbols; symbol++) {
		unsigned int length = lengths[symbol];

		if (length)
			enter(code, symbol, length, entered[length]++);
	}
	return true;
}

static unsigned int decode_long(struct stream *stream, const struct code *code)
{
	unsigned int value = reverse(stream->bits, FAST_BITS);

	for (unsigned int length = FAST_BITS + 1; length <= LONGEST; length++) {
		unsigned int nth;

		value = value << 1 | (stream->bits >> (length - 1) & 1);
		nth = value - code->first[length];
		if (length > stream->held) {
			fail_short(stream);
			return END_OF_BLOCK;
		}
		if (nth < code->count[length]) {
			drop(stream, length);
			return code->sorted[code->start[length] + nth];
		}
	}
	fail(stream, "the gzip data has bits that stand for nothing");
	return END_OF_BLOCK;
}

/* The next symbol; END_OF_BLOCK on an error. */
static unsigned int decode(struct stream *stream, const struct code *code)
{
	unsigned int entry, length;

	if (stream->held < LONGEST)
		refill(stream);
	entry = code->fast[stream->bits & ((1 << FAST_BITS) - 1)];
	length = entry % 16;
	if (!length)
		return decode_long(stream, code);
	if (length > stream->held) {
		fail_short(stream);
		return END_OF_BLOCK;
	}
	drop(stream, length);
	return entry / 16;
}

static bool check_room(struct stream *stream, uint64_t bytes)
{
	return bytes <= stream->room - stream->at ||
	       fail(stream, "the gzip data unpacks to more than there is room for");
}

/* The lengths of matches (3.2.5): 3 to 10 one by one, then each power of two in four parts. */
static unsigned int match_length(struct stream *stream, unsigned int n)
{
	unsigned int extra = n / 4 - 1;

	if (n < 8)
		return 3 + n;
	if (n == 28)
		return 258;
	return 3 + ((4 + n % 4) << extra) + take(stream, extra);
}

/* How far back matches begin: 1 to 4 one by one, then each power of two in halves. */
static unsigned int match_distance(struct stream *stream, unsigned int n)
{
	unsigned int extra = n / 2 - 1;

	if (n < 4)
		return 1 + n;
	return 1 + ((2 + n % 2) << extra) + take(stream, extra);
}

static bool repeat_match(struct stream *stream, unsigned int symbol)
{
	unsigned int length, n, distance;
	unsigned char *to;

	if (symbol >= LITERALS)
		return fail(stream, "the gzip data has an unknown length");
	length = match_length(stream, symbol - END_OF_BLOCK - 1);
	n = decode(stream, &distances);
	if (n >= DISTANCES)
		return fail(stream, "the gzip data has an unknown distance");
	distance = match_distance(stream, n);
	if (distance > stream->at - stream->start)
		return fail(stream, "the gzip data repeats what is before its beginning");
	if (!check_room(stream, length))
		return false;
	/* Byte by byte, since a match may overlap itself. */
	to = stream->to + stream->at;
	for (unsigned int i = 0; i < length; i++, to++)
		*to = *(to - distance);
	stream->at += length;
	return !stream->error;
}

static bool unpack_symbols(struct stream *stream)
{
	unsigned int symbol;

	while ((symbol = decode(stream, &literals)) != END_OF_BLOCK) {
		if (symbol > END_OF_BLOCK) {
			if (!repeat_match(stream, symbol))
				return false;
		} else {
			if (!check_room(stream, 1))
				return false;
			stream->to[stream->at++] = (unsigned char)symbol;
		}
	}
	return !stream->error;
}

/* A block without compression (3.2.4). */
static bool unpack_stored(struct stream *stream)
{
	unsigned int length, inverse;

	drop(stream, stream->held % 8);
	length = take(stream, 16);
	inverse = take(stream, 16);
	if ((length ^ inverse) != 0xffff)
		return fail(stream, "the length of a stored block of the gzip data is damaged");
	to_byte_boundary(stream);
	if (length > (uint64_t)(stream->end - stream->next))
		return fail_short(stream);
	if (!check_room(stream, length))
		return false;
	memcpy(stream->to + stream->at, stream->next, length);
	stream->next += length;
	stream->at += length;
	return true;
}

/* A block in the fixed codes (3.2.6). */
static bool unpack_fixed(struct stream *stream)
{
	uint8_t lengths[288];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	build(stream, &literals, lengths, 288, false);
	memset(lengths, 5, 32);
	build(stream, &distances, lengths, 32, false);
	return unpack_symbols(stream);
}

/* Lengths of codes, which are themselves in a code, with symbols for runs (3.2.7). */
static bool read_lengths(struct stream *stream, const struct code *code, uint8_t *lengths,
			 unsigned int count)
{
	unsigned int done = 0;

	while (done < count) {
		unsigned int symbol = decode(stream, code), run = 1;
		uint8_t length = 0;

		if (stream->error)
			return false;
		if (symbol == 16 && !done)
			return fail(stream, "the gzip data repeats a length before the first");
		if (symbol < 16) {
			length = (uint8_t)symbol;
		} else if (symbol == 16) {
			length = lengths[done - 1];
			run = 3 + take(stream, 2);
		} else {
			run = symbol == 17 ? 3 + take(stream, 3) : 11 + take(stream, 7);
		}
		if (run > count - done)
			return fail(stream, "the gzip data has more lengths than symbols");
		memset(lengths + done, length, run);
		done += run;
	}
	return !stream->error;
}

/* A block that begins with the codes that it is in (3.2.7). */
static bool unpack_dynamic(struct stream *stream)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					11, 4,  12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[LITERALS + DISTANCES] = {0};
	unsigned int literal_count = 257 + take(stream, 5);
	unsigned int distance_count = 1 + take(stream, 5);
	unsigned int length_count = 4 + take(stream, 4);

	if (literal_count > LITERALS || distance_count > DISTANCES)
		return fail(stream, "the gzip data describes symbols that do not exist");
	for (unsigned int i = 0; i < length_count; i++)
		lengths[order[i]] = (uint8_t)take(stream, 3);
	/* The code of the lengths is done with before the table is needed for the distances. */
	if (stream->error || !build(stream, &distances, lengths, ARRAY_SIZE(order), false) ||
	    !read_lengths(stream, &distances, lengths, literal_count + distance_count))
		return false;
	if (!lengths[END_OF_BLOCK])
		return fail(stream, "a block of the gzip data has no end");
	return build(stream, &literals, lengths, literal_count, true) &&
	       build(stream, &distances, lengths + literal_count, distance_count, true) &&
	       unpack_symbols(stream);
}

static bool unpack_blocks(struct stream *stream)
{
	bool last, good;

	do {
		last = take(stream, 1);
		switch (take(stream, 2)) {
		case 0:
			good = unpack_stored(stream);
			break;
		case 1:
			good = unpack_fixed(stream);
			break;
		case 2:
			good = unpack_dynamic(stream);
			break;
		default:
			good = fail(stream, "the gzip data has a block of an unknown type");
			break;
		}
	} while (good && !last);
	to_byte_boundary(stream);
	return good;
}

static bool skip(struct stream *stream, uint64_t bytes)
{
	if (bytes > (uint64_t)(stream->end - stream->next))
		return fail_short(stream);
	stream->next += bytes;
	return true;
}

static bool skip_text(struct stream *stream)
{
	while (stream->next < stream->end) {
		if (*stream->next++ == '\0')
			return true;
	}
	return fail_short(stream);
}

/* A length in two bytes, and so much behind it. */
static bool skip_extra(struct stream *stream)
{
	const unsigned char *length = stream->next;

	return skip(stream, 2) && skip(stream, length[0] | (unsigned int)length[1] << 8);
}

static bool read_header(struct stream *stream)
{
	const unsigned char *header = stream->next;
	unsigned int flags, crc;

	if (!gunzip_is(header, (uint64_t)(stream->end - header)))
		return fail(stream, "something is not gzip data");
	if (!skip(stream, HEADER_SIZE))
		return false;
	if (header[2] != 8)
		return fail(stream, "the gzip data is packed in an unknown way");
	flags = header[3];
	if (flags & FLAG_RESERVED)
		return fail(stream, "the gzip data has unknown flags");
	if ((flags & FLAG_EXTRA && !skip_extra(stream)) ||
	    (flags & FLAG_NAME && !skip_text(stream)) ||
	    (flags & FLAG_COMMENT && !skip_text(stream)))
		return false;
	if (flags & FLAG_HCRC) {
		crc = crc32(header, (uint64_t)(stream->next - header)) & 0xffff;
		if (!skip(stream, 2))
			return false;
		if (crc != (stream->next[-2] | (unsigned int)stream->next[-1] << 8))
			return fail(stream, "the checksum of the gzip header is wrong");
	}
	return true;
}

static bool check_trailer(struct stream *stream)
{
	const unsigned char *trailer = stream->next;
	uint64_t length = stream->at - stream->start;

	if (!skip(stream, TRAILER_SIZE))
		return false;
	if (crc32(stream->to + stream->start, length) != little_endian(trailer))
		return fail(stream, "the checksum of the gzip data is wrong");
	if ((uint32_t)length != little_endian(trailer + 4))
		return fail(stream, "the length of the gzip data is wrong");
	return true;
}

bool gunzip_is(const void *from, uint64_t bytes)
{
	return bytes >= 2 && memcmp(from, "\x1f\x8b", 2) == 0;
}

/*
 * The claim is the last four bytes, but its highest may be zeros and then cannot be told from those
 * behind the file. Each that is taken for the claim's makes it 256 times smaller: as many are, up
 * to three, as leave it half the packed size.
 */
uint64_t gunzip_length(const void *from, uint64_t bytes)
{
	const unsigned char *file = from;
	uint64_t end = bytes, packed, claim;

	while (end && file[end - 1] == 0)
		end--;
	if (end < HEADER_SIZE + TRAILER_SIZE - 3)
		return 0;
	packed = end - MIN(end, HEADER_SIZE + TRAILER_SIZE);
	claim = little_endian(file + end - 4);
	for (uint64_t zeros = MIN(bytes - end, 3); zeros; zeros--) {
		if (claim >> 8 * zeros >= packed / 2)
			return claim >> 8 * zeros;
	}
	return claim;
}

const char *gunzip(const void *from, uint64_t bytes, void *to, uint64_t room, uint64_t *length)
{
	struct stream stream = {.next = from, .to = to, .room = room};

	stream.end = stream.next + bytes;
	make_crc_table();
	do {
		stream.start = stream.at;
		if (!read_header(&stream) || !unpack_blocks(&stream) || !check_trailer(&stream))
			return stream.error;
		while (stream.next < stream.end && *stream.next == 0)
			stream.next++;
	} while (stream.next < stream.end);
	*length = stream.at;
	return NULL;
}
